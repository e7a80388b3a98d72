"""Counting a base's rows: all its measures by day, currency and slices, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from trueline.catalog.measure import Base, Measure
from trueline.catalog.measures import DAILY
from trueline.engine.levels import paying

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.view import FactsView

PARTS = ("value", "rows", "first", "last")
"""What is counted of each measure; the n-th one's columns are ``value_n rows_n first_n last_n``."""

_ADDED = {"value": "sum", "rows": "sum", "first": "min", "last": "max"}
Query = tuple[tuple[Any, ...], Callable[[], Any]]


@cache
def measures_of(base: Base) -> tuple[Measure, ...]:
    """The daily measures that count a base's rows."""
    return tuple(m for m in DAILY if m.base == base.key)


def passes(base: Base) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The passes that count a base: by which slices it counts, and which cuts come of it.

    A pass counts by all slices at once and the rest is added up. Only who pays must be decided
    anew within each slice that is not the customer's own.
    """
    if base.key == "paying":
        own = ("channel", "country")
        others = [name for name in base.slices if name not in own]
        return [(own, ("", *own)), *(((name,), (name,)) for name in others)]
    return [(base.slices, ("", *base.slices))]


def daily_query(
    base: Base, view: FactsView, slices: tuple[str, ...], days: ir.Table | None = None
) -> Query:
    """The expression that counts a base's measures, and the name it is compiled under."""
    build = partial(daily, base, measures_of(base), view, slices, days)
    return ("daily", base.key, slices, days is None), build


def daily(
    base: Base,
    measures: Sequence[Measure],
    view: FactsView,
    slices: tuple[str, ...] = (),
    days: ir.Table | None = None,
) -> ir.Table:
    """Measures of a base by day, currency and slices. ``days`` limits it to some days."""
    import ibis

    if base.key == "paying":
        rows = paying(view, slices, days)
    else:
        rows = base.rows(view)
        if days is not None:
            rows = rows.semi_join(days, rows.day == days.day)
    currency = rows.currency if "currency" in rows.columns else ibis.literal("")
    rows = rows.mutate(currency=currency)
    aggregates: dict[str, Any] = {}
    for number, item in enumerate(measures):
        aggregates |= _aggregates(number, item, rows, item.where(rows) if item.where else None)
    return rows.group_by(list(dict.fromkeys(["day", "currency", *slices]))).agg(**aggregates)


def _aggregates(number: int, item: Measure, rows: ir.Table, where: Any) -> dict[str, Any]:
    value = item.value(rows)
    if where is not None:
        value = _filtered(value, where)
    return {
        f"value_{number}": value.cast("decimal(38, 10)"),
        f"rows_{number}": rows.count(where=where),
        f"first_{number}": rows["at"].min(where=where),
        f"last_{number}": rows["at"].max(where=where),
    }


def _filtered(value: Any, where: Any) -> Any:
    """The same aggregate over the rows for which ``where`` holds."""
    operation = value.op()
    return operation.copy(where=where).to_expr()


def cut_sql(base: Base, cut: str, counted: str) -> str:
    """What was counted (a table, or a query in brackets) added up for one cut of it."""
    added = ", ".join(
        f"{_ADDED[part]}({part}_{number}) AS {part}_{number}"
        for number in range(len(measures_of(base)))
        for part in PARTS
    )
    label = f'counted."{cut}"' if cut else "''"
    # Money has its currency anyway; what has none may be counted within one.
    currency = "''" if cut == "currency" else "counted.currency"
    by = ["counted.day", "counted.currency", *([label] if cut not in ("", "currency") else [])]
    keys = f"counted.day, {currency} AS currency, '{cut}' AS slice_by, {label} AS slice"
    return f"SELECT {keys}, {added} FROM {counted} AS counted GROUP BY {', '.join(by)}"


def measure_rows_sql(base: Base, watermark: int) -> str:
    """Rows of ``metrics_daily`` from the table ``cuts``: one per measure that has facts."""
    return " UNION ALL ".join(
        f"SELECT '{item.key}', day, slice_by, slice, currency, value_{number}, rows_{number}, "
        f"first_{number}, last_{number}, {watermark}, '{item.key}@1' "
        f"FROM cuts WHERE rows_{number} > 0"
        for number, item in enumerate(measures_of(base))
    )
