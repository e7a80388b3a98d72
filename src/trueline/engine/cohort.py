"""Cohort retention by month: what customers of one first month did in the months after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from trueline.core.errors import UnknownKeyError
from trueline.core.money import divide
from trueline.core.period import add_months
from trueline.core.quality import Reason
from trueline.engine import knowledge
from trueline.engine.view import FactsView, day_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.resolve import Resolver

KINDS = ("subscriptions", "orders")
MEASURED = ("customers", "revenue")
Cell = Decimal | int | None


@dataclass(frozen=True)
class CohortRow:
    """Customers whose first paid month is ``cohort``.

    ``values[k]`` is what they did k months later: how many still paid (or ordered), or the
    revenue. A month that is not over, or not covered, is None; nobody left is 0.
    """

    cohort: date
    size: int
    values: tuple[Cell, ...]
    rates: tuple[float | None, ...]


@dataclass(frozen=True)
class Cohorts:
    """All cohorts; ``average[k]`` is their mean rate (%) after k months, weighted by size (or by
    first-month revenue). Cohorts at 0% are in it, unknown cells are not."""

    kind: str
    by: str
    currency: str
    rows: tuple[CohortRow, ...]
    average: tuple[float | None, ...]
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """The cohorts as a JSON object."""
        return {
            "kind": self.kind,
            "by": self.by,
            "currency": self.currency,
            "rows": [
                {
                    "cohort": row.cohort.isoformat(),
                    "size": row.size,
                    "values": list(row.values),
                    "rates": list(row.rates),
                }
                for row in self.rows
            ],
            "average": list(self.average),
            "reasons": [reason.to_json() for reason in self.reasons],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Cohorts:
        """The cohorts that ``to_json`` wrote."""
        return cls(
            data["kind"],
            data["by"],
            data["currency"],
            tuple(
                CohortRow(
                    date.fromisoformat(row["cohort"]),
                    row["size"],
                    tuple(row["values"]),
                    tuple(None if r is None else float(r) for r in row["rates"]),
                )
                for row in data["rows"]
            ),
            tuple(None if r is None else float(r) for r in data["average"]),
            tuple(Reason(**reason) for reason in data["reasons"]),
        )


def cohorts(
    resolver: Resolver, kind: str, by: str, start: date | None = None, end: date | None = None
) -> Cohorts:
    """Cohorts by first paid month, those first months lying in ``[start, end)`` when given.

    ``kind`` subscriptions: paying at the end of the month; orders: ordered in the month.
    """
    if kind not in KINDS:
        raise UnknownKeyError.among("kind of cohort", kind, KINDS)
    if by not in MEASURED:
        raise UnknownKeyError.among("cohort measure", by, MEASURED)
    table = "orders" if kind == "orders" else "subscription_events"
    cover = [resolver.covers[t] for t in knowledge.TABLES_OF.get(table, (table,))]
    kept = [c for c in cover if c.kept]
    if not kept:
        return Cohorts(kind, by, resolver.currency, (), (), (knowledge.not_kept(table),))
    grid, reason = (_orders if kind == "orders" else _subscriptions)(resolver)
    if reason is not None:
        return Cohorts(kind, by, resolver.currency, (), (), (reason,))
    firsts = {m for m, _ in grid if (start is None or m >= start) and (end is None or m < end)}
    until = _last_known_month(resolver, kind, max(c.last_day or resolver.today for c in kept))
    rows = tuple(_row(grid, month, until, by) for month in sorted(firsts) if month < until)
    return Cohorts(kind, by, resolver.currency, rows, _average(rows, by), ())


Grid = dict[tuple[date, date], tuple[int, Decimal]]


def _last_known_month(resolver: Resolver, kind: str, last_day: date) -> date:
    """First month that is not over, or not covered any more."""
    name = "orders" if kind == "orders" else "subscription_events"
    covers = [resolver.covers[t] for t in knowledge.TABLES_OF.get(name, (name,))]
    ends = [b for c in covers for _, b in c.declared()]
    if kind == "subscriptions" and not ends:
        ends = [c.loaded_on for c in covers if c.loaded_on]
    elif not ends:
        following = add_months(last_day.replace(day=1), 1)
        # The last month counts when its last day has a fact; else it may be cut short.
        ends = [following if (following - last_day).days <= 1 else last_day]
    return min(max(ends), resolver.today).replace(day=1)


def _rated(
    resolver: Resolver, rows: list[tuple[Any, ...]], at_end: bool
) -> tuple[Grid, Reason | None]:
    """Rows (first month, month, currency, customers, amount) added up in one currency."""
    from trueline.engine.resolve import missing_rate

    grid: Grid = {}
    for first, month, currency, count, amount in rows:
        rate = Decimal(1)
        if currency != resolver.currency:
            day = add_months(month, 1) if at_end else month
            found = resolver.rates.on(currency, day)
            if found is None:
                return {}, missing_rate(currency, resolver.currency, day)
            rate = found
        customers, total = grid.get((first, month), (0, Decimal(0)))
        grid[first, month] = (customers + int(count), total + amount * rate)
    return grid, None


def _orders(resolver: Resolver) -> tuple[Grid, Reason | None]:
    rows = resolver.ask(("cohorts of orders",), partial(_ordered, resolver.view()))
    return _rated(resolver, [(day_of(a), day_of(b), c, n, v) for a, b, c, n, v in rows], False)


def _ordered(view: FactsView) -> ir.Table:
    """Customers who ordered, and for how much, by month of their first order, month, currency."""
    orders, firsts = view.table("orders"), view.derived("customer_firsts")
    joined = orders.join(firsts.select("customer_id", "first_order_on"), "customer_id")
    joined = joined.mutate(
        first_month=joined.first_order_on.truncate("M"), month=joined.ordered_on.truncate("M")
    )
    # One row per customer first: counting rows is exact on every engine, nunique is not.
    each = joined.group_by(["first_month", "month", "currency", "customer_id"]).agg(
        amount=joined.amount.sum()
    )
    return each.group_by(["first_month", "month", "currency"]).agg(
        customers=each.count(), amount=each.amount.sum().cast("decimal(38, 4)")
    )


def _subscriptions(resolver: Resolver) -> tuple[Grid, Reason | None]:
    rows = resolver.ask(("cohorts of subscriptions",), partial(_changed, resolver.view()))
    return _walk(resolver, rows)


def _changed(view: FactsView) -> ir.Table:
    """By how much each customer's recurring revenue changed, by month and currency."""
    t = view.derived("mrr_changes")
    return (
        t.mutate(month=t.day.truncate("M"))
        .group_by(["customer_id", "currency", "month"])
        .agg(change=lambda g: g.mrr.sum(), unpriced=lambda g: g.unpriced.sum())
    )


def _walk(resolver: Resolver, rows: list[tuple[Any, ...]]) -> tuple[Grid, Reason | None]:
    """Month by month, each customer's level carried forward from its changes."""
    changes: dict[str, dict[str, dict[date, Decimal]]] = {}
    for customer, currency, month, change, _ in rows:
        changes.setdefault(customer, {}).setdefault(currency, {})[day_of(month)] = change
    last = resolver.today.replace(day=1)
    found: dict[tuple[date, date, str], list[Any]] = {}
    for currencies in changes.values():
        _walk_customer(currencies, last, found)
    flat = [(a, b, c, n, v) for (a, b, c), (n, v) in found.items()]
    return _rated(resolver, flat, True)


def _walk_customer(
    currencies: dict[str, dict[date, Decimal]],
    last: date,
    found: dict[tuple[date, date, str], list[Any]],
) -> None:
    begins = [m for changes in currencies.values() for m, v in changes.items() if v > 0]
    if not begins:
        return
    first = min(begins)
    levels = dict.fromkeys(currencies, Decimal(0))
    month = first
    while month <= last:
        paying = False
        for currency, changes in currencies.items():
            levels[currency] += changes.get(month, Decimal(0))
        for currency, level in levels.items():
            if level > 0:
                cell = found.setdefault((first, month, currency), [0, Decimal(0)])
                cell[0] += 0 if paying else 1
                cell[1] += level
                paying = True
        month = add_months(month, 1)


def _row(grid: Grid, first: date, until: date, by: str) -> CohortRow:
    size, opening = grid.get((first, first), (0, Decimal(0)))
    values: list[Cell] = []
    month = first
    while month < until:
        customers, amount = grid.get((first, month), (0, Decimal(0)))
        values.append(customers if by == "customers" else amount)
        month = add_months(month, 1)
    whole = Decimal(size) if by == "customers" else opening
    rates = tuple(
        None if value is None or not whole else float(100 * divide(Decimal(value), whole))
        for value in values
    )
    return CohortRow(first, size, tuple(values), rates)


def _average(rows: tuple[CohortRow, ...], by: str) -> tuple[float | None, ...]:
    longest = max((len(row.values) for row in rows), default=0)
    out: list[float | None] = []
    for age in range(longest):
        known = [row for row in rows if len(row.values) > age and row.values[age] is not None]
        whole = sum((_whole(row, by) for row in known), Decimal(0))
        kept = sum((Decimal(row.values[age] or 0) for row in known), Decimal(0))
        out.append(float(100 * divide(kept, whole)) if whole else None)
    return tuple(out)


def _whole(row: CohortRow, by: str) -> Decimal:
    return Decimal(row.size) if by == "customers" else Decimal(row.values[0] or 0)
