"""Daily measures counted from facts: of several slices at once, or as known at an earlier moment.

The roll-up holds the whole and one dimension at a time, as facts are now. What it does not hold is
counted by the very expressions that fill it (see ``counting``), over the rows of the slice alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trueline.catalog.bases import BASES
from trueline.catalog.measure import Base
from trueline.catalog.measures import daily
from trueline.core.errors import InputError
from trueline.core.period import Period
from trueline.engine.daily import Cut
from trueline.settings import Settings
from trueline.warehouse.seam import Warehouse

if TYPE_CHECKING:
    from trueline.engine.view import FactsView

Rows = list[tuple[Any, ...]]
Counted = tuple[Cut, list[str], Rows]


class FromFacts:
    """The facts at one moment of knowledge (naive UTC; None: now), as queries see them."""

    def __init__(
        self, warehouse: Warehouse, settings: Settings, as_of: datetime | None = None
    ) -> None:
        self._warehouse = warehouse
        self._settings = settings
        self.as_of = as_of
        self._view: FactsView | None = None

    def view(self) -> FactsView:
        """The facts that expressions are made over."""
        if self._view is None:
            from trueline.engine.rollup import view_for

            self._view = view_for(self._warehouse, self._settings, self.as_of)
        return self._view

    def query(
        self, key: tuple[Any, ...], build: Callable[..., Any], period: Period | None = None
    ) -> str:
        """SQL of an expression over these facts; ``key`` names it.

        It is compiled once for all moments and, where ``period`` is given, for all periods:
        ``build`` then makes it over the period it is handed.
        """
        from trueline.engine.view import compiled, compiled_period

        view, dialect = self.view(), self._warehouse.dialect
        if period is None:
            text = compiled(view, key, build, dialect)
        else:
            text = compiled_period(view, key, build, period, dialect)
        if self.as_of is None:
            return text
        from trueline.engine.earlier import as_known

        return as_known(text, view, self.as_of, dialect)

    def counted(self, keys: Collection[str], cuts: Sequence[Cut]) -> Iterator[Counted]:
        """What the bases of these measures count within slices of the same dimensions: for each
        base and slice all the base's measures, and rows as ``Dailies.keep`` takes them. A query a
        base, however many slices."""
        from trueline.engine.counting import measures_of

        wanted = {daily(key).base for key in keys}
        for base in BASES:
            if base.key in wanted:
                measures = [item.key for item in measures_of(base)]
                for cut, rows in self._of_base(base, cuts).items():
                    yield cut, measures, rows

    def _of_base(self, base: Base, cuts: Sequence[Cut]) -> dict[Cut, Rows]:
        from trueline.engine.counting import PARTS, daily_query, measures_of
        from trueline.engine.view import day_of

        by = cuts[0].by
        slices = slices_of(base, by)
        text = self.query(*daily_query(base, self.view(), slices))
        if by:
            # Values are no part of the query's text: it is compiled once for all of them.
            one = " AND ".join(f'counted."{name}" = ?' for name in by)
            where = " OR ".join([f"({one})"] * len(cuts))
            text = f"SELECT * FROM ({text}) AS counted WHERE {where}"
        columns = list(dict.fromkeys(("day", "currency", *slices)))
        found = {tuple(value for _, value in cut.pairs): (cut, Rows()) for cut in cuts}
        values = [value for cut in cuts for _, value in cut.pairs]
        for row in sorted(self._warehouse.rows(text, values), key=lambda row: row[0]):
            _, rows = found[tuple(row[columns.index(name)] for name in by)]
            # Money has its currency; what has none is counted within one.
            currency = "" if "currency" in slices else row[1]
            for number, item in enumerate(measures_of(base)):
                at = len(columns) + len(PARTS) * number
                parts = row[at : at + len(PARTS)]
                if parts[PARTS.index("rows")]:
                    rows.append((item.key, currency, day_of(row[0]), *parts))
        return dict(found.values())


def slices_of(base: Base, by: Sequence[str]) -> tuple[str, ...]:
    """The dimensions by which a base counts; money is told apart by its currency anyway.

    Raises InputError for a dimension that the rows do not have: 0 of them is no answer.
    """
    lacking = [name for name in by if name not in (*base.slices, "currency")]
    if lacking:
        raise InputError(
            f"{base.key.replace('_', ' ').capitalize()} cannot be cut by {' or '.join(lacking)}.",
            f"They can be cut by: {', '.join(base.slices) or 'nothing'}.",
        )
    return tuple(name for name in by if name in base.slices)
