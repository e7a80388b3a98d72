"""The engine: what the library, the API, the CLI and the pages ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple, TypeVar

from trueline.catalog.kpis import from_facts, kpi
from trueline.catalog.measure import NO_SLICE
from trueline.core.errors import BusyError, InputError, UnknownKeyError
from trueline.core.period import Grain, Period
from trueline.core.quality import Completeness, Reason
from trueline.core.reading import Reading
from trueline.engine.daily import SLICES, Cut
from trueline.engine.evaluate import Evaluator
from trueline.engine.rollup import Progress, Rollup, standing
from trueline.engine.state import State
from trueline.settings import Settings
from trueline.warehouse.seam import Warehouse

Found = TypeVar("Found")
MOST_TRIES = 3
"""Attempts to read everything from one load while others come in."""

MOST_BUCKETS = 4000
"""A series has at most so many buckets: a daily one over eleven years."""
AHEAD = timedelta(minutes=1)
"""So far may another machine's clock be ahead of this one's."""


class Asked(NamedTuple):
    """One reading that is asked for among many: a KPI, its period and, where wanted, a slice."""

    key: str
    period: Period
    slice: dict[str, str] | None = None


class Engine:
    """Readings from one warehouse. ``clock`` gives the present (aware); tests set it."""

    def __init__(
        self,
        warehouse: Warehouse,
        settings: Settings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.warehouse = warehouse
        self.settings = settings
        self.clock = clock
        self._state: State | None = None
        self._catching_up = threading.Lock()
        self._local = threading.local()

    def today(self) -> date:
        """The company's local day."""
        return self.clock().astimezone(self.settings.company.zone).date()

    def refresh(self, *, rebuild: bool = False, progress: Progress | None = None) -> dict[str, Any]:
        """Count what loads have touched since the last time."""
        done = Rollup(self.warehouse, self.settings, progress).refresh(rebuild=rebuild)
        if rebuild:
            self._state = None
        return done

    def _fresh(self) -> State:
        """What is known as of the last load and today; the roll-up is brought up to it."""
        last: int | None = getattr(self._local, "load", None)
        if last is None:
            last, counted = standing(self.warehouse, self.settings.product)
            if counted != last:
                last = self._catch_up()
        state, today = self._state, self.today()
        if state is None or (state.load, state.today) != (last, today):
            state = State(self.warehouse, self.settings, load=last, today=today)
            if self._state is None or self._state.load <= last:
                self._state = state
        if getattr(self._local, "load", None) is not None:
            state.commits = self._local.commits
        return state

    def _catch_up(self) -> int:
        """Count what a load has left uncounted; the last load's number.

        A load counts by itself, before anybody sees it. Only where one has died in between, or
        definitions have changed, is it left to who reads first: to one of them.
        """
        with self._catching_up:
            last, counted = standing(self.warehouse, self.settings.product)
            if counted != last:
                last = self.refresh()["watermark"]
            return last

    @contextmanager
    def one_state(self) -> Iterator[bool]:
        """All that this thread reads inside is of one load, counted in whole, where the engine
        can hold one; gives whether it can. Raises BusyError where loads leave no moment for it."""
        if getattr(self._local, "load", None) is not None:
            yield True
            return
        for _ in range(MOST_TRIES):
            commits = self.warehouse.commits
            with self.warehouse.snapshot() as held:
                last, counted = standing(self.warehouse, self.settings.product)
                if last == counted:
                    self._local.load = last if held else None
                    self._local.commits = commits
                    try:
                        yield held
                    finally:
                        self._local.load = None
                    return
            self._catch_up()
        raise BusyError("Facts are being loaded all the time.", "Try again in a moment.")

    def evaluator(
        self,
        *,
        slice: dict[str, str] | None = None,
        allow_estimates: bool = False,
        as_of: datetime | None = None,
    ) -> Evaluator:
        """Readings that share their knowledge, slice and options (and so their queries)."""
        return self._evaluator(
            self._fresh(), slice=slice, allow_estimates=allow_estimates, as_of=as_of
        )

    def _evaluator(
        self,
        state: State,
        *,
        slice: dict[str, str] | None = None,
        allow_estimates: bool = False,
        as_of: datetime | None = None,
    ) -> Evaluator:
        cut = self._cut(slice, state)
        moment = self._earlier(as_of)
        if moment is not None:
            state = State(
                self.warehouse, self.settings, load=state.load, today=state.today, as_of=moment
            )
        aware = moment.replace(tzinfo=UTC) if moment else self.clock().replace(microsecond=0)
        return Evaluator(state.resolver(cut, allow_estimates=allow_estimates), aware, state.load)

    def settled(self, compute: Callable[[Evaluator], Found], **options: Any) -> Found:
        """What ``compute`` finds, all of it from one load. Raises BusyError (see one_state)."""
        return self._settled(lambda state: compute(self._evaluator(state, **options)))

    def _settled(self, work: Callable[[State], Found]) -> Found:
        """What ``work`` finds, all of it from one state of the facts."""
        if getattr(self._local, "load", None) is not None:
            return work(self._fresh())
        before, state = self.warehouse.commits, self._state
        if state is not None and before is not None and state.is_of(before, self.today()):
            found = work(state)
            if self.warehouse.commits == before:
                return found
        for _ in range(MOST_TRIES):
            with self.one_state() as held:
                state = self._fresh()
                found = work(state)
                if held or self._fresh().load == state.load:
                    return found
        raise BusyError("Facts are being loaded all the time.", "Try again in a moment.")

    def _earlier(self, moment: datetime | None) -> datetime | None:
        """The moment as naive UTC. What will be known later cannot be read today."""
        if moment is None:
            return None
        if moment.tzinfo is None:
            raise InputError("as_of has no UTC offset.", "Write it as 2026-01-31T12:00:00Z.")
        if moment > self.clock() + AHEAD:
            raise InputError(
                f"as_of {moment.isoformat()[:40]} has not come yet.",
                "Give an earlier moment, or leave it out for the present.",
            )
        return moment.astimezone(UTC).replace(tzinfo=None)

    def _cut(self, wanted: Mapping[str, str] | None, state: State) -> Cut:
        for by, value in (wanted or {}).items():
            if by not in SLICES:
                raise UnknownKeyError.among("slice", by, SLICES)
            known = self._values(by, state)
            if value not in known:
                named = [name for name in known if name != NO_SLICE]
                raise UnknownKeyError.among(by, value, named or ["(none recorded)"])
        return Cut.of(wanted)

    def slice_values(self, by: str) -> list[str]:
        """The recorded values of a dimension, largest first where money says so."""
        return self._settled(partial(self._values, by))

    def _values(self, by: str, state: State) -> list[str]:
        if by == "feature":
            return list(self.settings.product.features)
        return state.slice_values(by, partial(self._recorded, by))

    def _recorded(self, by: str) -> list[str]:
        if by == "currency":
            query = "SELECT DISTINCT currency FROM metrics_daily WHERE currency <> '' ORDER BY 1"
            return [row[0] for row in self.warehouse.rows(query)]
        rows = self.warehouse.rows(
            "SELECT slice FROM metrics_daily WHERE slice_by = ? GROUP BY slice "
            "ORDER BY sum(rows) DESC, slice",
            [by],
        )
        return [row[0] for row in rows]

    def period(
        self,
        start: str | date | None = None,
        end: str | date | None = None,
        period_days: int | None = None,
    ) -> Period:
        """``[start, end)``, or the last ``period_days`` complete days (30 if nothing is given)."""
        if start is None and end is None:
            return Period.trailing(30 if period_days is None else period_days, self.today())
        if start is None or end is None or period_days is not None:
            raise InputError(
                "Give start and end, or period_days, not a mixture.",
                "start is the first day, end the day after the last.",
            )
        return Period.parse(start, end)

    def reading(self, key: str, period: Period, **options: Any) -> Reading:
        """One KPI over one period; options: slice, allow_estimates, as_of."""
        kpi(key)
        return self.settled(lambda evaluator: evaluator.all_of([(key, period)])[0], **options)

    def readings(
        self, keys: Iterable[str] | None, period: Period, **options: Any
    ) -> dict[str, Reading]:
        """Many KPIs over one period, their queries shared."""
        wanted = [k.key for k in from_facts()] if keys is None else list(keys)
        pairs = [(key, period) for key in wanted]
        found = self.settled(lambda evaluator: evaluator.all_of(pairs), **options)
        return dict(zip(wanted, found, strict=True))

    def many(
        self,
        asked: Iterable[Asked],
        *,
        allow_estimates: bool = False,
        as_of: datetime | None = None,
    ) -> list[Reading]:
        """Readings of any KPIs, periods and slices, in the order asked: what a page needs at once.

        Queries are shared: one for each kind of measure and slice, over all its periods. What was
        read since the last load is not read again.
        """
        wanted = list(asked)
        places: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for number, one in enumerate(wanted):
            places.setdefault(tuple(sorted((one.slice or {}).items())), []).append(number)

        def read(state: State) -> dict[int, Reading]:
            found: dict[int, Reading] = {}
            options: dict[str, Any] = {"allow_estimates": allow_estimates, "as_of": as_of}
            evaluators = [self._evaluator(state, slice=dict(cut), **options) for cut in places]
            fetch_together(evaluators, {one.key for one in wanted})
            for evaluator, numbers in zip(evaluators, places.values(), strict=True):
                pairs = [(wanted[n].key, wanted[n].period) for n in numbers]
                found |= zip(numbers, evaluator.all_of(pairs), strict=True)
            return found

        found = self._settled(read)
        return [found[number] for number in range(len(wanted))]

    def series(self, key: str, grain: str, period: Period, **options: Any) -> list[Reading]:
        """A reading a bucket. The first and last are whole buckets' parts, marked partial."""
        kpi(key)
        calendar = self.settings.company.calendar
        buckets = list(calendar.buckets(period, Grain.parse(grain)))
        if len(buckets) > MOST_BUCKETS:
            raise InputError(
                f"{len(buckets)} buckets were asked for; at most {MOST_BUCKETS} are given.",
                "Choose a coarser grain or a shorter period.",
            )
        parts = [_clipped(bucket, period) for bucket in buckets]
        pairs = [(key, part) for part in parts]
        found = self.settled(lambda evaluator: evaluator.all_of(pairs), **options)
        return [
            _cut_short(reading) if part != bucket else reading
            for reading, part, bucket in zip(found, parts, buckets, strict=True)
        ]

    def breakdown(
        self,
        key: str,
        by: str,
        period: Period,
        *,
        slice: dict[str, str] | None = None,
        **options: Any,
    ) -> list[Reading]:
        """A reading for each recorded value of a dimension, within a slice where one is given."""
        definition = kpi(key)
        if by not in definition.slices:
            can = ", ".join(definition.slices) or "nothing"
            raise InputError(
                f"{definition.label} cannot be cut by {by}.", f"It can be cut by: {can}."
            )

        within = slice or {}

        def read(state: State) -> list[Reading]:
            values = [within[by]] if by in within else self._values(by, state)
            cuts = [within | {by: value} for value in values]
            found = [self._evaluator(state, slice=cut, **options) for cut in cuts]
            fetch_together(found, [key])
            return [evaluator.reading(key, period) for evaluator in found]

        return self._settled(read)

    def compare(self, key: str, period: Period, **options: Any) -> dict[str, Any]:
        """A reading beside those of the previous period and of a year earlier, and the changes."""
        kpi(key)
        others = {"previous": period.previous(), "year_earlier": period.year_earlier()}
        pairs = [(key, period), *((key, other) for other in others.values())]
        reading, *earlier = self.settled(lambda evaluator: evaluator.all_of(pairs), **options)
        out: dict[str, Any] = {"reading": reading}
        for name, found in zip(others, earlier, strict=True):
            out[name] = found
            out[f"change_{name}"] = change(reading, found)
        return out

    def explain(self, key: str, period: Period, **options: Any) -> dict[str, Any]:
        """A reading with its formula, inputs and the queries behind them."""
        from trueline.engine.explain import explain

        return self.settled(lambda evaluator: explain(evaluator, key, period), **options)


def fetch_together(evaluators: Iterable[Evaluator], keys: Collection[str]) -> None:
    """Fetch what KPIs need within all slices of the same dimensions at once."""
    alike: dict[tuple[str, ...], list[Evaluator]] = {}
    for evaluator in evaluators:
        if evaluator.resolver.as_of is None:  # an earlier moment's know nothing of one another
            alike.setdefault(evaluator.resolver.cut.by, []).append(evaluator)
    for first, *others in alike.values():
        first.prefetch_each(keys, [each.resolver.cut for each in (first, *others)])


def change(reading: Reading, earlier: Reading) -> dict[str, Any]:
    """By how much a reading differs; null with a reason where they must not be compared."""
    out: dict[str, Any] = {"absolute": None, "percent": None, "good": None, "reason": None}
    if reading.value is None or earlier.value is None:
        lacking = reading if reading.value is None else earlier
        why = lacking.reasons[0].message if lacking.reasons else "It is not known."
        last = lacking.end - timedelta(days=1)
        return out | {"reason": f"{lacking.start} to {last}: {why}"}
    if Completeness.PARTIAL in (reading.completeness, earlier.completeness):
        return out | {"reason": "One of the two periods is covered only in part."}
    now, then = Decimal(str(reading.value)), Decimal(str(earlier.value))
    out["absolute"] = now - then
    if then > 0:
        out["percent"] = float(100 * (now - then) / then)
    direction = kpi(reading.key).direction
    if now != then and direction.value != "neutral":
        out["good"] = (now > then) == (direction.value == "up_is_good")
    return out


def _clipped(bucket: Period, period: Period) -> Period:
    return Period(max(bucket.start, period.start), min(bucket.end, period.end))


def _cut_short(reading: Reading) -> Reading:
    """A bucket of which only a part was asked for is partial, and says so."""
    from dataclasses import replace

    note = Reason("bucket_cut_short", "Only a part of this bucket lies in the period asked for.")
    return replace(reading, completeness=Completeness.PARTIAL, reasons=(*reading.reasons, note))


def together(readings: Sequence[Reading]) -> list[dict[str, Any]]:
    """Readings as JSON objects."""
    return [reading.to_json() for reading in readings]
