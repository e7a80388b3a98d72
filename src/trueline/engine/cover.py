"""From when to when facts are complete, and what that says of a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from trueline.core.period import Period
from trueline.engine.known_rows import known_rows
from trueline.engine.left_out import left_out
from trueline.facts.exports import full_exports
from trueline.facts.tables import contract
from trueline.warehouse.seam import Warehouse

Span = tuple[date, date]


def merged(spans: Sequence[Span]) -> list[Span]:
    """Overlapping and touching spans joined, in order."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def within(period: Period, spans: Sequence[Span]) -> bool:
    """Whether the spans cover the whole of the period."""
    return any(start <= period.start and period.end <= end for start, end in merged(spans))


def overlapping(period: Period, spans: Sequence[Span]) -> bool:
    """Whether the period shares a day with one of the spans."""
    return any(period.overlap(start, end) for start, end in spans)


def without(period: Period, spans: Sequence[Span]) -> list[Period]:
    """The parts of the period that lie in none of the spans."""
    out: list[Period] = []
    start = period.start
    for first, end in merged(spans):
        if start < first < period.end:
            out.append(Period(start, first))
        elif first >= period.end:
            break
        start = max(start, end)
    return [*out, Period(start, period.end)] if start < period.end else out


@dataclass(frozen=True)
class TableCover:
    """What is known of one table: declared spans by category, and what loads have brought."""

    table: str
    complete: tuple[tuple[str, date, date], ...]
    incomplete: tuple[tuple[str, date, date], ...]
    first_day: date | None
    last_day: date | None
    loaded_on: date | None

    @property
    def kept(self) -> bool:
        """Whether the company has ever recorded or declared anything here."""
        return self.first_day is not None or bool(self.complete)

    def declared(self, category: str = "*") -> list[Span]:
        """Spans declared complete for a category (or for all)."""
        return [(a, b) for name, a, b in self.complete if name in ("*", category)]

    def gaps(self, category: str = "*") -> list[Span]:
        """Spans declared incomplete for a category (or for all); of the whole, those of any part
        of it, as a whole without a part is not whole."""
        return [
            (a, b) for name, a, b in self.incomplete if category == "*" or name in ("*", category)
        ]

    def observed(self) -> list[Span]:
        """From the first to the last recorded day: presumed gapless as long as it has rows."""
        if self.first_day is None or self.last_day is None:
            return []
        return [(self.first_day, self.last_day + timedelta(days=1))]

    def beside(self, seen: Sequence[Span], category: str = "*") -> list[Span]:
        """The declared days with those of ``seen`` before the first and after the last of them:
        what lies between two declarations was left out of both."""
        said = merged(self.declared(category))
        holes = [(end, start) for (_, end), (start, _) in pairwise(said)]
        parts = [p for a, b in seen if a < b for p in without(Period(a, b), holes)]
        return merged([*said, *((part.start, part.end) for part in parts)])


class Covers:
    """The cover of every table at a moment (naive UTC; None: now)."""

    def __init__(self, warehouse: Warehouse, zone: Any, as_of: datetime | None = None) -> None:
        self._tables: dict[str, TableCover] = {}
        self._spans = _declared(warehouse, as_of)
        self._full = full_exports(warehouse, (span[0] for span in self._spans))
        self._loads = _loaded(warehouse, zone, as_of)
        self.left_out = left_out(warehouse, as_of)

    def __getitem__(self, table: str) -> TableCover:
        if table not in self._tables:
            first, last, loaded = self._loads.get(table, (None, None, None))
            spans = [self._counted(s, first) for s in self._spans if s[0] == table]
            mine = [(c, a, b, complete) for c, a, b, complete in spans if a < b]
            self._tables[table] = TableCover(
                table,
                tuple((c, a, b) for c, a, b, complete in mine if complete),
                tuple((c, a, b) for c, a, b, complete in mine if not complete),
                first,
                last,
                loaded,
            )
        return self._tables[table]

    def _counted(self, span: tuple[Any, ...], first: date | None) -> tuple[str, date, date, bool]:
        """A span as it counts: a full export of what is often cut covers from its first row on, and
        from no mistyped day of a row that was corrected or removed since."""
        table, load, category, start, end, complete = span
        if (table, load) in self._full:
            start = max(start, first or end)
        return category, start, end, complete


def _declared(warehouse: Warehouse, as_of: datetime | None) -> list[tuple[Any, ...]]:
    columns = 'table_name, load_id, category, from_day, to_day, "complete"'
    return warehouse.rows(*known_rows("coverage", columns, as_of))


def _loaded(
    warehouse: Warehouse, zone: Any, as_of: datetime | None
) -> dict[str, tuple[date | None, date | None, date | None]]:
    from datetime import UTC

    found = warehouse.rows(
        "SELECT table_name, min(first_day), max(last_day), "
        "max(CASE WHEN accepted + duplicate > 0 THEN recorded_at END), "
        'sum(updated + CASE WHEN "read" = 0 THEN 1 ELSE 0 END) FROM loads '
        "WHERE status IN ('loaded', 'unchanged') AND recorded_at <= ? GROUP BY table_name",
        [as_of or datetime.max.replace(microsecond=0)],
    )
    loaded = {}
    for table, first, last, moment, replaced in found:
        if moment is None:
            continue
        days = (first, last)
        if replaced and first is not None and _at_an_edge(warehouse, table, first, last):
            days = _remaining(warehouse, table, last, as_of)
        loaded[table] = (*days, moment.replace(tzinfo=UTC).astimezone(zone).date())
    return loaded


def _at_an_edge(warehouse: Warehouse, table: str, first: date, last: date | None) -> bool:
    """Whether a row that was replaced or removed may have been the table's first or last one."""
    day = contract(table).day
    low, high = warehouse.rows(f'SELECT min("{day}"), max("{day}") FROM {table}_history')[0]
    return low is not None and (low <= first or last is None or high >= last)


def _remaining(
    warehouse: Warehouse, table: str, last: date | None, as_of: datetime | None
) -> tuple[date | None, date | None]:
    """The first and last day (until ``last``: what lies ahead covers no day) of the rows known."""
    day = contract(table).day
    rows, values = known_rows(table, f'"{day}" AS day', as_of)
    low, high = warehouse.rows(
        f"SELECT min(day), max(CASE WHEN day <= ? THEN day END) FROM ({rows}) AS known",
        [last or datetime.max.date(), *values],
    )[0]
    return low, high
