"""KPIs evaluated to readings: inputs resolved, rules applied, the formula, the worst quality."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext
from typing import Any

from trueline.catalog.kpi import NOT_MEASURED, From, Interval, Kpi, Needs, Window, finished
from trueline.catalog.kpis import kpi
from trueline.catalog.measure import NO_SLICE
from trueline.core.errors import InputError
from trueline.core.money import EXACT, divide
from trueline.core.period import Period, add_months
from trueline.core.quality import Completeness, Quality, Reason
from trueline.core.reading import Reading, ReadingInput, Value
from trueline.engine import left_out
from trueline.engine.daily import Cut
from trueline.engine.product_measures import days_of_events
from trueline.engine.resolve import Resolver
from trueline.engine.value import MeasureValue

MOST_READINGS = 4000
"""Readings kept of one slice and state of the facts."""


def window(period: Period, which: Window, today: date) -> Period:
    """The days an input is read over; a month that is not over is no complete one."""
    if which is Window.PREVIOUS:
        return period.previous()
    if which is Window.YEAR_EARLIER:
        return period.year_earlier()
    if which is Window.LAST_3_MONTHS:
        end = min(period.end, today).replace(day=1)
        return Period(add_months(end, -3), end)
    return period


class Evaluator:
    """Readings of KPIs at one moment of knowledge and for one slice; each computed once.

    ``as_of`` is the moment they carry, ``load`` the last load they rest on.
    """

    def __init__(self, resolver: Resolver, as_of: datetime | None = None, load: int = -1) -> None:
        self.resolver = resolver
        self.load = load
        self._moment = as_of or datetime.now(UTC).replace(microsecond=0)

    def all_of(self, pairs: Sequence[tuple[str, Period]]) -> list[Reading]:
        """Readings of KPIs over periods, their queries shared."""
        kept = self.resolver.readings
        self.prefetch([pair for pair in pairs if pair not in kept])
        return [self.reading(key, period) for key, period in pairs]

    def prefetch(self, pairs: Iterable[tuple[str, Period]]) -> None:
        """Fetch what these readings need, in as few queries as can be."""
        cut, today = self.resolver.cut, self.resolver.today
        able = pairs
        if cut:
            wanted = list(pairs)
            refused = {key for key in {key for key, _ in wanted} if uncut(kpi(key), cut.by)}
            able = [pair for pair in wanted if pair[0] not in refused]
        self.resolver.prefetch(
            need for key, period in able for need in _needs(kpi(key), period, cut, today)
        )

    def prefetch_each(self, keys: Iterable[str], cuts: Sequence[Cut]) -> None:
        """Fetch what KPIs need within several slices of the same dimensions, at once."""
        if not cuts:
            return
        today, by = self.resolver.today, cuts[0].by
        able = [kpi(key) for key in keys if not uncut(kpi(key), by)]
        over = Period(today - timedelta(days=1), today)
        sources = {s for k in able for s, _ in _needs(k, over, cuts[0], today)}
        self.resolver.prefetch_each(sources, cuts)

    def reading(self, key: str, period: Period) -> Reading:
        """One KPI's reading. Raises UnknownKeyError, or InputError for a slice it lacks."""
        kept = self.resolver.readings
        found = kept.get((key, period))
        if found is None:
            found = self._evaluate(kpi(key), period)
            if len(kept) >= MOST_READINGS:
                kept.clear()
            kept[key, period] = found
        if found.as_of != self._moment:
            found = replace(found, as_of=self._moment)
        return found

    def _evaluate(self, definition: type[Kpi], period: Period) -> Reading:
        self._check_slice(definition)
        origins = definition.origins()
        if not origins:
            raise InputError(
                f"{definition.label} is a calculator only: no facts feed it.",
                f"Give its inputs to POST /metrics/{definition.key.replace('_', '-')}.",
            )
        inputs = {name: self._input(name, origin, period) for name, origin in origins.items()}
        missing = [found for found in inputs.values() if found.value is None]
        parts = [found.completeness for found in inputs.values()]
        value: Value = None
        exact: Decimal | None = None
        interval: Interval | None = None
        why = [reason for found in missing for reason in found.reasons]
        unlike = _unlike(origins, inputs)
        if unlike and not missing:
            why = [unlike]
        elif not missing:
            exact, interval, why = self._formula(definition, inputs)
            value = None if exact is None else finished(definition.unit, exact)
        # What takes the value away comes first: some readers show one reason only.
        notes = [reason for found in inputs.values() for reason in found.reasons]
        tables = [name for found in inputs.values() for name in _tables(found)]
        lacking = left_out.notes(self.resolver.covers.left_out, tables)
        reasons = list(dict.fromkeys([*why, *notes, *lacking]))
        quality = Quality.worst(found.quality for found in inputs.values())
        if value is None:
            quality = Quality.INSUFFICIENT
        worst = Completeness.worst(parts)
        return self._reading(
            definition, period, value, quality, worst, reasons, inputs, interval, exact
        )

    def _check_slice(self, definition: type[Kpi]) -> None:
        by = self.resolver.cut.by
        if by and (lacking := uncut(definition, by)):
            can = ", ".join(definition.slices) or "nothing"
            raise InputError(
                f"{definition.label} cannot be cut by {' or '.join(lacking)}.",
                f"It can be cut by: {can}.",
            )

    def _input(self, name: str, origin: From, period: Period) -> MeasureValue:
        source = source_of(origin, self.resolver.cut)
        over = window(period, origin.window, self.resolver.today)
        if source == "none":
            return MeasureValue(name, Decimal(0))
        if source == "months":
            months = over.begun(self.resolver.today).months
            return MeasureValue(name, divide(months.numerator, months.denominator))
        if source == "days":
            return MeasureValue(name, Decimal(days_of_events(self.resolver, over)))
        if source.startswith("kpi:"):
            return _from_reading(self.reading(source.removeprefix("kpi:"), over))
        if source == origin.by_channel and self.resolver.cut.value("channel") == NO_SLICE:
            return MeasureValue.unknown(name, _NO_CHANNEL)
        found = self.resolver.value(source, over, origin.at)
        # What stands for it within a channel is no part of the group: its absence is its own.
        if found.value is None and origin.group and source == origin.source:
            return self._part_of_group(found, origin.group, over)
        return found

    def _part_of_group(self, found: MeasureValue, group: str, over: Period) -> MeasureValue:
        """A part without entries is 0 as soon as its group is known."""
        whole = self.resolver.value(group, over)
        if whole.value is None:
            return found
        note = Reason(
            "types_without_entries",
            f"No entries in the period for: {found.key.removeprefix('cost_')}.",
        )
        if whole.quality is Quality.ESTIMATED:
            # The group itself is assumed: its first part carries it, the others add nothing.
            carries = "marketing" in found.key
            return MeasureValue(
                found.key, whole.value if carries else Decimal(0), whole.quality,
                whole.completeness, whole.reasons,
            )  # fmt: skip
        return MeasureValue(found.key, Decimal(0), reasons=(note,), table=found.table)

    def _formula(
        self, definition: type[Kpi], inputs: dict[str, MeasureValue]
    ) -> tuple[Decimal | None, Interval | None, list[Reason]]:
        for name, need in definition.needs().items():
            amount = inputs[name].value
            if amount is not None and amount <= need.above:
                return None, None, [_reason(need)]
        given = {name: found.value for name, found in inputs.items()}
        try:
            model = definition.model_validate(given)
            with localcontext(EXACT):
                return Decimal(model.formula()), model.interval(), []
        except (DivisionByZero, InvalidOperation, ZeroDivisionError):
            return None, None, [_reason(definition.undefined)]
        except ValueError as error:
            return None, None, [Reason("contradicting_inputs", _in_words(error))]

    def _reading(
        self,
        definition: type[Kpi],
        period: Period,
        value: Value,
        quality: Quality,
        completeness: Completeness,
        reasons: list[Reason],
        inputs: dict[str, MeasureValue],
        interval: Interval | None,
        exact: Decimal | None,
    ) -> Reading:
        currency = self.resolver.currency
        return Reading(
            key=definition.key,
            label=definition.label,
            value=value,
            unit=definition.unit.written(currency),
            currency=currency if definition.unit.is_money else None,
            start=period.start,
            end=period.end,
            quality=quality,
            completeness=completeness,
            reasons=tuple(reasons),
            inputs=tuple(
                ReadingInput(
                    name, _plain(found, definition, name), found.quality, found.key,
                    found.table, found.rows, found.first, found.last,
                )
                for name, found in inputs.items()
            ),
            definition=definition.definition(),
            as_of=self._moment,
            slice=self.resolver.cut.as_dict(),
            interval=interval,
            exact=exact,
        )  # fmt: skip


_NO_CHANNEL = Reason(
    "no_channel",
    "The channel of these customers is not recorded: nothing says what was spent to win them.",
    "Record the channel of customers or of their orders.",
)


def _unlike(origins: dict[str, From], inputs: dict[str, MeasureValue]) -> Reason | None:
    """A period is never compared with one that is covered differently, nor is a month that is
    covered in part a complete one."""
    for name, origin in origins.items():
        partial = inputs[name].completeness is Completeness.PARTIAL
        if origin.window is Window.LAST_3_MONTHS and partial:
            return Reason(
                "incomplete_months",
                "One of the last three months is covered only in part.",
                "Load what is missing of these months, or declare coverage for them.",
            )
    if (
        len(
            {origin.window for origin in origins.values()}
            & {Window.PERIOD, Window.PREVIOUS, Window.YEAR_EARLIER}
        )
        < 2
    ):
        return None
    compared = {
        inputs[name].completeness
        for name, origin in origins.items()
        if origin.window is not Window.LAST_3_MONTHS
    }
    if Completeness.PARTIAL not in compared:
        return None
    return Reason(
        "unequal_coverage",
        "One of the periods compared is covered only in part.",
        "Choose a period that is over and whose facts are complete.",
    )


def _tables(found: MeasureValue) -> list[str]:
    """The fact tables behind an input."""
    return found.table.split(", ") if found.table else []


def _plain(found: MeasureValue, definition: type[Kpi], name: str) -> Value:
    value = found.value
    if value is None:
        return None
    kind = definition.model_fields[name].annotation
    return int(value) if kind is int else value


def _reason(need: Needs) -> Reason:
    return Reason(need.code, need.message, need.enable)


def _in_words(error: ValueError) -> str:
    problems = getattr(error, "errors", None)
    if problems is None:
        return str(error)
    first: dict[str, Any] = problems()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg'].removeprefix('Value error, ')}".removeprefix(": ")


def _from_reading(found: Reading) -> MeasureValue:
    rows = [i.rows for i in found.inputs if i.rows]
    tables = dict.fromkeys(i.table for i in found.inputs if i.table)
    return MeasureValue(
        f"kpi:{found.key}",
        found.exact,
        found.quality,
        found.completeness,
        found.reasons,
        ", ".join(tables) or None,
        max(rows, default=0),
        min((i.first for i in found.inputs if i.first), default=None),
        max((i.last for i in found.inputs if i.last), default=None),
    )


def uncut(definition: type[Kpi], dimensions: Iterable[str]) -> list[str]:
    """The dimensions that a KPI cannot be cut by."""
    return [by for by in dimensions if by not in definition.slices]


def source_of(origin: From, cut: Cut) -> str:
    """Where an input comes from within a slice."""
    return origin.by_channel if "channel" in cut.by and origin.by_channel else origin.source


def _needs(
    definition: type[Kpi], period: Period, cut: Cut, today: date
) -> Iterable[tuple[str, Period]]:
    """Every measure a KPI needs and over which days, through the KPIs it is made of."""
    for origin in definition.origins().values():
        source, over = source_of(origin, cut), window(period, origin.window, today)
        if source.startswith("kpi:"):
            yield from _needs(kpi(source.removeprefix("kpi:")), over, cut, today)
        elif source not in NOT_MEASURED:
            yield source, over
            if origin.group:
                yield origin.group, over
