"""What panels of one evaluation share: the company, the view, readings that are computed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from trueline.catalog.kpis import kpi
from trueline.catalog.measure import NO_SLICE
from trueline.catalog.target import MONTH, grows, target
from trueline.core import words
from trueline.core.errors import InputError
from trueline.core.period import Grain, Period
from trueline.core.quality import Completeness, Quality, Reason
from trueline.core.reading import Reading
from trueline.engine.daily import WHOLE, Cut
from trueline.engine.engine import fetch_together
from trueline.engine.evaluate import Evaluator
from trueline.home import Trueline
from trueline.web.boards.restated import first_reported, restated
from trueline.web.boards.shown import Cell, Missing
from trueline.web.boards.view import View, shown_period
from trueline.web.charts.axis import MINUTE
from trueline.web.pages.range import Range, preset
from trueline.web.pages.saying import on_page

COARSER = list(Grain)
COLOURS = ("c1", "c2", "c3", "c4", "c5", "c6", "muted", "faint")
MOST_VALUES = 8
"""Values of a dimension that a chart shows; how many others there are is said below it."""


@dataclass(frozen=True)
class Bucket:
    """A whole bucket and the part of it that is over, with its texts."""

    whole: Period
    part: Period
    label: str
    when: str

    @property
    def at(self) -> str:
        """Its first day for a chart's time axis."""
        return f"{self.whole.start}{MINUTE}"


class Ground:
    """One company at one view. Not for several threads at once."""

    def __init__(self, tl: Trueline, view: View) -> None:
        self.tl = tl
        self.view = view
        self.company = tl.settings.company
        self.locale = self.company.locale
        self.calendar = self.company.calendar
        self.today = tl.engine.today()
        self._evaluators: dict[Cut, Evaluator] = {}
        self._values: dict[str, list[str]] = {}
        self._reported: dict[date, dict[str, dict[str, Any]]] = {}

    # -- periods ------------------------------------------------------------------------------

    def period(self, own: str | None) -> Period:
        """A panel's period."""
        return shown_period(self.view, own, self.today, self.calendar)

    def grain(self, period: Period, finest: str | None, most: int) -> Grain:
        """The finest grain, not below ``finest``, with at most so many buckets."""
        first = COARSER.index(Grain(finest)) if finest else 0
        sizes = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
        for grain in COARSER[first:]:
            if period.days / sizes[grain.value] <= most:
                return grain
        return Grain.YEAR

    def buckets(self, period: Period, grain: Grain) -> list[Bucket]:
        """Whole buckets that touch a period; one that is not over is cut at today."""
        from trueline.web.pages.frame import span

        out = []
        for whole in self.calendar.buckets(period, grain):
            if whole.start >= self.today:
                break
            part = Period(whole.start, min(whole.end, self.today))
            when = span(part, self.locale)
            out.append(Bucket(whole, part, bucket_label(whole, grain, self.locale), when))
        return out

    def whole(self, period: Period) -> Bucket:
        """A period as one bucket."""
        from trueline.web.pages.frame import span

        when = span(period, self.locale)
        return Bucket(period, period, when, when)

    def before(self, buckets: list[Bucket], grain: Grain) -> list[Bucket]:
        """As many buckets right before those."""
        first, number = buckets[0].whole.start, len(buckets)
        reach = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[grain.value]
        start = first - timedelta(days=reach * number)
        return self.buckets(Period(start, first), grain)[-number:]

    def linked(self, link: str, own: str | None, view: View | None = None) -> str:
        """The address of a KPI's page over the days that a panel shows, with the page's slice."""
        if not link.startswith("/kpi/"):
            return link
        view = view or self.view
        if own is not None:
            period, usual = self.period(own), preset(own, self.today, self.calendar)
            view = replace(view, range=usual if usual.period == period else Range("", period))
        return link + view.data_query

    def part(self, key: str, by: str, value: str, own: str | None = None) -> str | None:
        """The address of one value's page of a KPI; None where no value has that name."""
        if value not in self.values(by):
            return None
        sliced = self.view.sliced(by, value)
        return self.linked(f"/kpi/{key}", own, sliced)

    # -- readings -----------------------------------------------------------------------------

    def evaluator(self, cut: Cut = WHOLE) -> Evaluator:
        """The evaluator of a slice. Raises UnknownKeyError for a value that is not recorded."""
        if cut not in self._evaluators:
            self._evaluators[cut] = self.tl.engine.evaluator(
                slice=cut.as_dict(), allow_estimates=self.view.estimates
            )
        return self._evaluators[cut]

    def prefetch(self, keys: Iterable[str], period: Period) -> None:
        """Fetch what KPIs need over a period and those that it is compared with, at once."""
        periods = [period, period.previous(), period.year_earlier()]
        self.evaluator(self.view.cut).prefetch([(key, p) for key in keys for p in periods])

    def prefetch_each(self, keys: Iterable[str], by: str, values: Iterable[str]) -> None:
        """Fetch what KPIs need at each value of a dimension within the page's slice, at once."""
        cuts = [self.view.cut.having(by, value) for value in values]
        fetch_together([self.evaluator(cut) for cut in cuts], list(keys))

    @property
    def loads(self) -> set[int]:
        """The loads up to which readings counted: more than one where facts came in between."""
        return {evaluator.load for evaluator in self._evaluators.values()}

    def reading(self, key: str, period: Period, part: tuple[str, str] | None = None) -> Reading:
        """A KPI over a period in the page's slice, or in a part of it: at a dimension's value."""
        return self._within(part).reading(key, period)

    def _within(self, part: tuple[str, str] | None) -> Evaluator:
        return self.evaluator(self.view.cut.having(*part) if part else self.view.cut)

    def reported(self, reading: Reading) -> str:
        """What was reported of the whole company's reading instead, where it was restated."""
        if self.view.cut or self.view.estimates:
            return ""
        if reading.end not in self._reported:
            self._reported[reading.end] = first_reported(self.tl, reading.end)
        return restated(reading, self._reported[reading.end].get(reading.key), self.locale)

    def series(
        self, key: str, buckets: list[Bucket], part: tuple[str, str] | None = None
    ) -> list[Reading]:
        """A reading a bucket; one that is cut at today is partial."""
        evaluator = self._within(part)
        found = evaluator.all_of([(key, bucket.part) for bucket in buckets])
        return [
            _so_far(reading) if bucket.part != bucket.whole else reading
            for reading, bucket in zip(found, buckets, strict=True)
        ]

    def values(self, by: str) -> list[str]:
        """The recorded values of a dimension, the largest first; those without one come last."""
        if by not in self._values:
            self._values[by] = self.tl.engine.slice_values(by)
        return self._values[by]

    def colour(self, by: str, value: str) -> str:
        """A value's colour: the same in every panel."""
        known = self.values(by)
        return COLOURS[min(known.index(value), len(COLOURS) - 1)] if value in known else "faint"

    def colours(self, by: str, names: Sequence[str]) -> list[str]:
        """The colours of values in one panel: their own, and of those that have none, what is left,
        so that parts of one drawing are told apart."""
        own = [self.colour(by, name) for name in names]
        left = [look for look in COLOURS[:-1] if look not in own]
        known = set(self.values(by))
        return [
            left.pop(0) if look == "faint" and left and name in known else look
            for name, look in zip(names, own, strict=True)
        ]

    # -- words --------------------------------------------------------------------------------

    def text(self, reading: Reading) -> str:
        """A reading's value as people read it."""
        return words.value(reading, self.locale)

    def amount(self, number: Any, reading_unit: str, currency: str | None) -> str:
        """A number in a unit."""
        return words.amount(number, reading_unit, currency, self.locale)

    def texts(self, readings: Sequence[Reading]) -> list[str]:
        """Readings of one KPI that stand beside each other: all with as many decimals."""
        return texts_of(readings, self.locale)

    def cell(self, reading: Reading) -> Cell:
        """A reading as a cell of a table."""
        return _cell(self.text(reading), reading)

    def cells(self, readings: Sequence[Reading]) -> list[Cell]:
        """Readings of one KPI as the cells of a column."""
        texts = self.texts(readings)
        return [_cell(text, reading) for text, reading in zip(texts, readings, strict=True)]

    def target(self, key: str, own: Any = None) -> dict[str, Any] | None:
        """A KPI's target: the panel's own, else the company's, else the catalogue's."""
        if own is not None:
            per = MONTH if grows(kpi(key)) else None
            return {"value": own, "source": "this dashboard's file", "per": per}
        return target(key, self.tl.settings.targets)

    def goals(self, keys: Iterable[str], grain: Grain, own: Any = None) -> list[float]:
        """Where targets are drawn: a month's is no line across weeks or quarters, and the company's
        none across a slice."""
        if self.view.cut:
            return []
        found = [self.target(key, own) for key in keys]
        drawn = [f["value"] for f in found if f and f["per"] in (None, grain.value)]
        return list(dict.fromkeys(float(value) for value in drawn))

    def missing(self, reading: Reading) -> Missing:
        """Why a reading has no value, and where to mend it."""
        return missing_of(reading.reasons, reading)


def _cell(text: str, reading: Reading) -> Cell:
    """A value with what it is worth; of one that is not known, why."""
    unknown = reading.value is None and reading.reasons
    why = reading.reasons[0].message if unknown else ""
    return Cell(text, reading.value, mark_of(reading), why=why, unit=unit_in_file(reading.unit))


def unit_in_file(unit: str) -> str:
    """What a file counts in: a currency, ``%``, months; nothing is said of a count or a ratio."""
    return "" if unit in ("count", "ratio", "score", "users") else unit


def mark_of(reading: Reading) -> str:
    """What a value is worth, in a word or two; empty for an actual, complete one."""
    return "unknown" if reading.value is None else ", ".join(marks_of([reading]))


def is_estimated(reading: Reading) -> bool:
    """Whether there is a value, and an assumption is in it."""
    return reading.value is not None and reading.quality is Quality.ESTIMATED


def is_partial(reading: Reading) -> bool:
    """Whether there is a value, of a part of its period; that part may be estimated, too."""
    return reading.value is not None and reading.completeness is Completeness.PARTIAL


def is_loose(reading: Reading) -> bool:
    """Whether a line to its value is dashed."""
    return is_estimated(reading) or is_partial(reading)


def texts_of(readings: Sequence[Reading], locale: str) -> list[str]:
    """Readings of one KPI as they stand beside each other: with as many decimals, by currency."""
    places: dict[str | None, list[int]] = {}
    for place, reading in enumerate(readings):
        places.setdefault(reading.currency, []).append(place)
    out = [""] * len(readings)
    for currency, mine in places.items():
        values = [readings[place].value for place in mine]
        written = words.alike(values, readings[mine[0]].unit, currency, locale)
        for place, text in zip(mine, written, strict=True):
            out[place] = f"~{text}" if is_estimated(readings[place]) else text
    return out


def marks_of(readings: Iterable[Reading]) -> tuple[str, ...]:
    """The marks that occur, the gravest first, of readings that have a value."""
    listed = list(readings)
    found = (("estimated", is_estimated), ("partial", is_partial))
    return tuple(mark for mark, bears in found if any(map(bears, listed)))


_WAITING = {"immature_cohort", "not_yet", "period_not_over", "bucket_cut_short", "window_not_over"}


def worth_drawing(found: list[tuple[str, list[Reading]]]) -> list[tuple[str, list[Reading]]]:
    """Values of a dimension that are not 0 throughout; where all are, those known to be 0."""
    some = [item for item in found if any(reading.value for reading in item[1])]
    return some or [item for item in found if any(r.value is not None for r in item[1])]


def not_shown(unknown: Sequence[str], more: int, by: str) -> tuple[str, ...]:
    """What a panel by a dimension lacks: values that are not known, and how many others."""
    said = []
    if unknown:
        named = [name[:60] for name in unknown[:5] if name != NO_SLICE]
        named += [f"facts that name no {by}"] if NO_SLICE in unknown[:5] else []
        listed = " and ".join((", ".join(named[:-1]), named[-1])) if named[1:] else named[0]
        rest = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        said.append(f"Not known for {listed}{rest}.")
    if more:
        one = more == 1
        said.append(f"{more} more value{'' if one else 's'} {'is' if one else 'are'} not shown.")
    return tuple(said)


def missing_of(reasons: Iterable[Reason], reading: Reading | None = None) -> Missing:
    """The first reason in words, and the page on which it can be mended, if on any."""
    listed = list(reasons)
    if not listed:
        return Missing("It is not known.")
    first = replace(listed[0], message=on_page(listed[0].message))
    fix = on_page(first.enable)
    if first.code == "rejected_rows":
        return Missing(first.message, fix, link="/data", link_text="See the rejected rows")
    if first.code in _WAITING or not fix:
        return Missing(first.message, fix)
    tables = set() if reading is None else {item.table for item in reading.inputs}
    if first.code == "no_cost_recorded" or (tables == {"costs"} and "cost" in fix):
        return Missing(first.message, fix, link="/costs", link_text="Record costs")
    if first.code in ("not_declared", "threshold_unknown"):
        return Missing(first.message, fix, link="/settings", link_text="Open settings")
    if first.code in ("zero_denominator", "zero_opening", "cash_flow_positive"):
        return Missing(first.message, fix)
    return Missing(first.message, fix, link="/data", link_text="Load or declare")


def check_cut(label: str, can: Iterable[str], cut: Cut) -> None:
    """Raises InputError where what a panel shows cannot be filtered by a slice's dimensions."""
    slices = list(can)
    lacking = [by for by in cut.by if by not in slices]
    if not lacking:
        return
    if not slices:
        raise InputError(
            f"{label} can only be shown for the whole company.", "Take the filter off to see that."
        )
    raise InputError(
        f"{label} can be filtered by {' or '.join(slices)}, not by {' or '.join(lacking)}.",
        f"Take the {_named(lacking) if len(lacking) < len(cut.by) else 'filter'} off to see it.",
    )


def _named(filters: Sequence[str]) -> str:
    """Some of a page's filters in words."""
    return f"{' and '.join(filters)} filter{'s' if len(filters) > 1 else ''}"


def _so_far(reading: Reading) -> Reading:
    note = Reason("bucket_cut_short", "This bucket is not over yet.")
    return replace(reading, completeness=Completeness.PARTIAL, reasons=(*reading.reasons, note))


def bucket_label(whole: Period, grain: Grain, locale: str) -> str:
    """A bucket's short name, unique on an axis."""
    from babel.dates import format_date, format_skeleton

    start: date = whole.start
    if grain is Grain.YEAR:
        return str(format_date(start, "yyyy", locale=locale))
    day = str(format_skeleton(_SKELETONS.get(grain, "MMMd"), start, locale=locale))
    return f"{day}+" if grain is Grain.QUARTER else day


_SKELETONS = {Grain.MONTH: "yMMM", Grain.QUARTER: "yMMM"}
"""A month with all of its year: 'Nov 25' would be a day as well as a month."""


def days_of(buckets: list[Bucket], locale: str) -> str:
    """The days that buckets hold, from the first one's first to the last one's last."""
    from trueline.web.pages.frame import span

    return span(Period(buckets[0].whole.start, buckets[-1].part.end), locale)


def label_of(key: str) -> str:
    """A KPI's name."""
    return kpi(key).label
