"""Daily values in memory: read once, added up over any window without a query.

The roll-up has those of the whole and of one slice. Those of several slices at once, and those of
an earlier moment, are counted from facts (see ``from_facts``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, localcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trueline.core.money import EXACT
from trueline.core.period import Period
from trueline.warehouse.seam import Warehouse

if TYPE_CHECKING:
    from trueline.engine.from_facts import FromFacts

SLICES = ("channel", "plan", "country", "currency", "feature")
"""The dimensions, in the order in which a reading names them."""
MOST_SERIES = 400
"""Series kept at the most (a measure and slice each, some 300 kB for three years); the oldest go
first."""


@dataclass(frozen=True)
class Cut:
    """A slice: dimensions, each at one value, in the order of ``SLICES``; the whole has none."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, wanted: Mapping[str, str] | None) -> Cut:
        """The slice of these values, in whatever order they are given."""
        given = wanted or {}
        return cls(tuple((by, given[by]) for by in SLICES if by in given))

    def __bool__(self) -> bool:
        return bool(self.pairs)

    @cached_property
    def by(self) -> tuple[str, ...]:
        """Its dimensions."""
        return tuple(by for by, _ in self.pairs)

    def value(self, by: str) -> str | None:
        """Its value of a dimension; None where it has none."""
        return next((value for name, value in self.pairs if name == by), None)

    def having(self, by: str, value: str) -> Cut:
        """The same at this value of a dimension too."""
        return Cut.of(self.as_dict() | {by: value})

    def without(self, by: str) -> Cut:
        """The same whatever the value of this dimension."""
        return Cut(tuple(pair for pair in self.pairs if pair[0] != by))

    def only(self, by: str) -> Cut:
        """The part of it that is of this dimension: the whole, where nothing is."""
        if self.by == (by,):
            return self
        return Cut(((by, self.as_dict()[by]),)) if by in self.by else WHOLE

    def as_dict(self) -> dict[str, str]:
        """The slice as readings give it."""
        return dict(self.pairs)


WHOLE = Cut()


@dataclass(frozen=True)
class Totals:
    """What the roll-up holds of one measure in a window, by currency."""

    values: dict[str, Decimal]
    rows: int
    first: datetime | None
    last: datetime | None


NOTHING = Totals({}, 0, None, None)


def together(parts: Iterable[Totals]) -> Totals:
    """What several windows hold, as one."""
    values: dict[str, Decimal] = {}
    rows, firsts, lasts = 0, [], []
    for part in parts:
        for currency, value in part.values.items():
            values[currency] = values.get(currency, Decimal(0)) + value
        rows += part.rows
        firsts += [part.first] if part.first else []
        lasts += [part.last] if part.last else []
    return Totals(values, rows, min(firsts, default=None), max(lasts, default=None))


@dataclass
class DailySeries:
    """One measure in one currency, day by day, with running totals."""

    days: list[date] = field(default_factory=list)
    values: list[Decimal] = field(default_factory=list)
    running: list[Decimal] = field(default_factory=lambda: [Decimal(0)])
    rows: list[int] = field(default_factory=lambda: [0])
    firsts: list[datetime | None] = field(default_factory=list)
    lasts: list[datetime | None] = field(default_factory=list)

    def add(
        self, day: date, value: Decimal, rows: int, first: datetime | None, last: datetime | None
    ) -> None:
        """The next day's values; days come in order."""
        self.days.append(day)
        self.values.append(value)
        self.running.append(self.running[-1] + value)
        self.rows.append(self.rows[-1] + rows)
        self.firsts.append(first)
        self.lasts.append(last)

    def between(self, window: Period) -> tuple[int, int]:
        """Places of the window's days."""
        return bisect_left(self.days, window.start), bisect_left(self.days, window.end)


class Dailies:
    """Daily values of one state of the facts; each is fetched when it is first asked for."""

    def __init__(self, warehouse: Warehouse, facts: FromFacts) -> None:
        self._warehouse = warehouse
        self._facts = facts
        self._series: dict[tuple[str, Cut], dict[str, DailySeries]] = {}

    def fetch(self, keys: Collection[str], cut: Cut) -> int:
        """Fetch what is missing of these measures, in as few queries as can be: how many."""
        missing = sorted({key for key in keys if (key, cut) not in self._series})
        if not missing:
            return 0
        self._make_room(len(missing))
        if self._facts.as_of is None and len(cut.pairs) <= 1:
            self.keep(cut, missing, self._query(missing, cut))
            return 1
        counted = list(self._facts.counted(missing, [cut]))
        for _, measures, rows in counted:
            self.keep(cut, measures, rows)
        return len(counted)

    def fetch_each(self, keys: Collection[str], cuts: Sequence[Cut]) -> None:
        """Fetch these measures within several slices, each of the same dimensions: facts that are
        counted for them are looked at once."""
        missing = [cut for cut in cuts if any((key, cut) not in self._series for key in keys)]
        rolled_up = self._facts.as_of is None and bool(missing) and len(missing[0].pairs) < 2
        if len(missing) < 2 or rolled_up:
            return
        self._make_room(len(keys) * len(missing))
        for cut, measures, rows in self._facts.counted(keys, missing):
            self.keep(cut, [key for key in measures if key in keys], rows)

    def _make_room(self, wanted: int) -> None:
        """Let the oldest series go."""
        while len(self._series) + wanted > MOST_SERIES and self._series:
            self._series.pop(next(iter(self._series)), None)

    def keep(self, cut: Cut, keys: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
        """Take rows (measure, currency, day, value, rows, first, last), days in order."""
        found: dict[str, dict[str, DailySeries]] = defaultdict(lambda: defaultdict(DailySeries))
        with localcontext(EXACT):
            for key, currency, *values in rows:
                found[key][currency].add(*values)
        for key in keys:
            self._series[key, cut] = dict(found.get(key, {}))

    def _query(self, keys: list[str], cut: Cut) -> list[tuple[Any, ...]]:
        by, value = cut.pairs[0] if cut else ("", "")
        if by == "currency":
            # Money by its currency; customers, who have none, as counted within one.
            where = "(slice_by = '' AND currency = ? OR slice_by = 'currency' AND slice = ?)"
            values = [value, value]
        else:
            where, values = "slice_by = ? AND slice = ?", [by, value]
        marks = ", ".join("?" * len(keys))
        return self._warehouse.rows(
            "SELECT measure, currency, day, value, rows, first_fact, last_fact FROM metrics_daily "
            f"WHERE {where} AND measure IN ({marks}) ORDER BY day",
            [*values, *keys],
        )

    def currencies(self, key: str, cut: Cut) -> list[str]:
        """The currencies that a measure was ever counted in."""
        return sorted(self._of(key, cut))

    def _of(self, key: str, cut: Cut) -> dict[str, DailySeries]:
        """A measure's series by currency; fetched again where others have pushed it out."""
        while True:
            self.fetch([key], cut)
            found = self._series.get((key, cut))
            if found is not None:
                return found

    def totals(self, key: str, cut: Cut, window: Period) -> Totals:
        """One measure added up over a window."""
        values: dict[str, Decimal] = {}
        rows, firsts, lasts = 0, [], []
        for currency, series in self._of(key, cut).items():
            a, b = series.between(window)
            if a == b:
                continue
            values[currency] = EXACT.subtract(series.running[b], series.running[a])
            rows += series.rows[b] - series.rows[a]
            firsts += [m for m in series.firsts[a:b] if m is not None]
            lasts += [m for m in series.lasts[a:b] if m is not None]
        return Totals(values, rows, min(firsts, default=None), max(lasts, default=None))

    def by_day(self, key: str, cut: Cut, window: Period) -> list[tuple[date, str, Decimal]]:
        """One measure day by day and currency by currency."""
        out = []
        for currency, series in self._of(key, cut).items():
            a, b = series.between(window)
            out += [(series.days[n], currency, series.values[n]) for n in range(a, b)]
        return sorted(out)
