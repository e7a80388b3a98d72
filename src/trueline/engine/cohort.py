"""Cohort retention by month: what customers of one first month did in the months after."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from trueline.catalog.measures import daily
from trueline.core.errors import InputError, UnknownKeyError
from trueline.core.money import EXACT, divide
from trueline.core.period import FIRST_DAY, Period, add_months
from trueline.core.quality import Reason
from trueline.engine import knowledge, left_out
from trueline.engine.unknown_months import unknown_months, unrated_months, why
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

    ``values[k]`` is what they did k months later: how many paid at that month's end (or ordered in
    it), or the revenue. Who left within the first month is of its ``size``, and not of
    ``values[0]``. A month that is not covered is None, and so is revenue that no rate converts;
    nobody left is 0. A first month that is not covered makes no cohort: who else came in it is not
    known.
    """

    cohort: date
    size: int
    values: tuple[Cell, ...]
    rates: tuple[float | None, ...]


@dataclass(frozen=True)
class Cohorts:
    """All cohorts; ``average[k]`` is their mean rate (%) after k months, weighted by size (or by
    first-month revenue). Cohorts at 0% are in it, unknown rates are not."""

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
    resolver: Resolver,
    kind: str,
    by: str,
    start: date | None = None,
    end: date | None = None,
    *,
    before: date | None = None,
) -> Cohorts:
    """Cohorts by first paid month, those first months lying in ``[start, end)`` when given.

    ``kind`` subscriptions: paying at the end of the month; orders: ordered in the month. ``before``
    leaves out what is known of that month and of later ones.
    """
    if kind not in KINDS:
        raise UnknownKeyError.among("kind of cohort", kind, KINDS)
    if by not in MEASURED:
        raise UnknownKeyError.among("cohort measure", by, MEASURED)
    if resolver.cut:
        cut = " and ".join(resolver.cut.by)
        raise InputError(f"Cohorts cannot be cut by {cut}.", "Ask for them without a slice.")
    table = "orders" if kind == "orders" else "subscription_events"
    cover = [resolver.covers[t] for t in knowledge.TABLES_OF.get(table, (table,))]
    kept = [c for c in cover if c.kept]
    if not kept:
        return Cohorts(kind, by, resolver.currency, (), (), (knowledge.not_kept(table),))
    until = _last_known_month(resolver, kind, max(c.last_day or resolver.today for c in kept))
    grid, reason = _grid(resolver, kind, until, by)
    if reason is not None:
        return Cohorts(kind, by, resolver.currency, (), (), (reason,))
    until = min(until, before or until)
    firsts = {m for m, _ in grid if (start is None or m >= start) and (end is None or m < end)}
    months = sorted(month for month in firsts if month < until)
    unknown = unknown_months(resolver, kind, months[0], until) if months else {}
    rows = tuple(_row(grid, m, until, by, unknown) for m in months if m not in unknown)
    lacking = left_out.notes(resolver.covers.left_out, (c.table for c in kept))
    shown = {row.cohort for row in rows}
    unrated = unrated_months(grid, shown, until) if by == "revenue" else {}
    reasons = (*why(unknown), *why(unrated), *lacking)
    return Cohorts(kind, by, resolver.currency, rows, average(rows, by), reasons)


Grid = dict[tuple[date, date], tuple[int, Decimal | Reason]]
"""By first month and month: how many customers, and the amount, or why it is not known."""
SIZE = FIRST_DAY
"""In place of a month: how many a cohort has, where its first month does not say."""


def _grid(resolver: Resolver, kind: str, until: date, by: str) -> tuple[Grid, Reason | None]:
    """Every cohort's months, counted once for a state of the facts; amounts only for revenue."""
    place = kind, until, by
    found = resolver.grids.get(place)
    if found is None:
        with localcontext(EXACT):
            counted = _orders if kind == "orders" else _subscriptions
            found = counted(resolver, until, by == "revenue")
        resolver.grids[place] = found
    return found


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
    resolver: Resolver,
    people: Iterable[tuple[date, date, int]],
    money: Iterable[tuple[date, date, str, date, Decimal]],
) -> Grid:
    """Customers (first month, month, how many) and amounts (first month, month, currency, the day
    whose rate holds, amount) in one grid and one currency."""
    from trueline.engine.fx import missing_rate

    counts = {(first, month): int(n) for first, month, n in people}
    amounts: dict[tuple[date, date], Decimal | Reason] = {}
    for first, month, currency, day, amount in money:
        rate = resolver.rates.on(currency, day)
        so_far = amounts.get((first, month), Decimal(0))
        if isinstance(so_far, Reason) or not amount:
            continue
        amounts[first, month] = (
            missing_rate(currency, resolver.currency, day)
            if rate is None
            else so_far + amount * rate
        )
    nothing = Decimal(0)
    return {
        place: (counts.get(place, 0), amounts.get(place, nothing)) for place in {*counts, *amounts}
    }


def _orders(resolver: Resolver, until: date, valued: bool) -> tuple[Grid, Reason | None]:
    view, currency = resolver.view(), resolver.currency
    people = resolver.ask(("cohorts who ordered",), partial(_who_ordered, view))
    counts = [(day_of(a), day_of(b), n) for a, b, n in people]
    if not valued:
        return _rated(resolver, counts, ()), None
    money = resolver.ask(("cohorts' orders", currency), partial(_ordered, view, currency))
    rows = ((day_of(a), day_of(b), c, day_of(d), v) for a, b, c, d, v in money)
    return _rated(resolver, counts, [row for row in rows if row[1] < until]), None


def _first_orders(view: FactsView) -> ir.Table:
    """The month of each customer's first order."""
    firsts = view.derived("customer_firsts")
    # Who has only orders that say they are no new customer's has no first one, and no cohort.
    firsts = firsts.filter(firsts.first_order_on.notnull())
    return firsts.select("customer_id", first_month=firsts.first_order_on.truncate("M"))


def _who_ordered(view: FactsView) -> ir.Table:
    """How many customers ordered, by month of their first order and month."""
    orders = view.table("orders")
    # One row per customer first: counting rows is exact on every engine, nunique is not; and
    # before anything is joined, as there are fewer of these than of orders.
    each = orders.select("customer_id", month=orders.ordered_on.truncate("M")).distinct()
    t = each.join(_first_orders(view), "customer_id")
    return t.group_by(["first_month", "month"]).agg(customers=t.count())


def _ordered(view: FactsView, reporting: str) -> ir.Table:
    """For how much was ordered, by first month, month and currency; of other currencies by day,
    as each day has its rate."""
    import ibis

    t = view.table("orders").join(_first_orders(view), "customer_id")
    t = t.mutate(month=t.ordered_on.truncate("M"))
    t = t.mutate(valued_on=ibis.ifelse(t.currency == reporting, t.month, t.ordered_on))
    return t.group_by(["first_month", "month", "currency", "valued_on"]).agg(
        amount=t.amount.sum().cast("decimal(38, 4)")
    )


def _subscriptions(resolver: Resolver, until: date, valued: bool) -> tuple[Grid, Reason | None]:
    uncertain = _uncertain(resolver)
    if uncertain is not None:
        return {}, uncertain
    view = resolver.view()
    turns = resolver.ask(("cohorts' payers",), partial(_payers, view))
    people = _carried(((day_of(f), ""), day_of(m), v) for f, m, v in turns if f)
    counts = [
        (first, month, int(n))
        for (first, _), levels in people.items()
        for month, n in _monthly(levels, first, until)
    ]
    sizes = resolver.ask(("cohorts' sizes",), partial(_sizes, view))
    counts += [(day_of(first), SIZE, int(n)) for first, n in sizes]
    return _rated(resolver, counts, _paid(resolver, until) if valued else ()), None


def _paid(resolver: Resolver, until: date) -> Iterator[tuple[date, date, str, date, Decimal]]:
    """What cohorts paid a month, at the rates of the month's last day: its level's worth then."""
    changes = resolver.ask(("cohorts' changes",), partial(_changed, resolver.view()))
    amounts = _carried(((day_of(f), c), day_of(m), v) for f, m, c, v in changes if f)
    for (first, currency), levels in amounts.items():
        for month, amount in _monthly(levels, first, until):
            yield first, month, currency, add_months(month, 1) - timedelta(days=1), amount


def _uncertain(resolver: Resolver) -> Reason | None:
    """Items whose price or history is not known leave cohorts that nothing vouches for."""
    ever = Period(FIRST_DAY, resolver.today + timedelta(days=1))
    for key, reason in _UNCERTAIN.items():
        if any(v > 0 for _, _, v in resolver.by_day(daily(key), ever)):
            return reason
    return None


_UNCERTAIN = {
    "unpriced_items": Reason(
        "unpriced_items",
        "Some subscriptions have no price, quantity or interval: who paid, and what, is not known.",
        "Record unit_amount, quantity and interval for every subscription.",
    ),
    "assumed_items": Reason(
        "no_price_history",
        "Some subscriptions have no recorded changes: what they were before they were first "
        "loaded, or after a trial's end that no newer load tells of, is not known.",
        "Load subscription_events.",
    ),
}


Levels = list[tuple[date, Decimal]]


def _carried(
    rows: Iterable[tuple[tuple[date, str], date, Any]],
) -> dict[tuple[date, str], Levels]:
    """Changes (of what, in which month, by how much) added up to levels, in order."""
    found: dict[tuple[date, str], Levels] = {}
    for key, month, change in sorted(rows, key=lambda row: row[:2]):
        levels = found.setdefault(key, [])
        levels.append((month, (levels[-1][1] if levels else Decimal(0)) + Decimal(change)))
    return found


def _monthly(levels: Levels, first: date, until: date) -> Iterator[tuple[date, Decimal]]:
    """The level at every month's end, while there is one."""
    known, level, month = dict(levels), Decimal(0), first
    while month < until:
        level = known.get(month, level)
        if level:
            yield month, level
        month = add_months(month, 1)


def _by_month(view: FactsView) -> ir.Table:
    """By how much each customer's recurring revenue changed, by month and currency, with the
    month in which it first paid."""
    t = view.derived("mrr_changes")
    t = (
        t.mutate(month=t.day.truncate("M"))
        .group_by(["customer_id", "currency", "month"])
        .agg(change=lambda g: g.mrr.sum())
    )
    return t.join(_first_months(view), "customer_id")


def _first_months(view: FactsView) -> ir.Table:
    """The month in which each customer first paid, even if it left before its end."""
    t = view.derived("customer_levels")
    t = t.filter(t.began.notnull()).group_by("customer_id").agg(began=t.began.min())
    return t.select("customer_id", first_month=t.began.truncate("M"))


def _sizes(view: FactsView) -> ir.Table:
    """How many customers first paid in each month."""
    t = _first_months(view)
    return t.group_by("first_month").agg(customers=t.count())


def _changed(view: FactsView) -> ir.Table:
    """Changes by first month, month and currency."""
    t = _by_month(view)
    return t.group_by(["first_month", "month", "currency"]).agg(
        change=t.change.sum().cast("decimal(38, 10)")
    )


def _payers(view: FactsView) -> ir.Table:
    """By how much the number of customers who pay at a month's end changed, by first month."""
    import ibis

    t = _by_month(view)
    t = t.group_by(["customer_id", "first_month", "month"]).agg(change=t.change.sum())
    so_far = ibis.window(group_by=t.customer_id, order_by=t.month, preceding=None, following=0)
    t = t.mutate(after=t.change.sum().over(so_far))
    pays, paid = (t.after > 0).cast("int64"), ((t.after - t.change) > 0).cast("int64")
    t = t.mutate(turned=pays - paid)
    return t.group_by(["first_month", "month"]).agg(turned=t.turned.sum())


def _row(grid: Grid, first: date, until: date, by: str, unknown: Container[date]) -> CohortRow:
    size = grid.get((first, SIZE), grid.get((first, first), (0, None)))[0]
    values: list[Cell] = []
    month = first
    while month < until:
        customers, amount = grid.get((first, month), (0, Decimal(0)))
        known = customers if by == "customers" else amount
        values.append(None if month in unknown or isinstance(known, Reason) else known)
        month = add_months(month, 1)
    whole = Decimal(size) if by == "customers" else Decimal(values[0] or 0)
    rates = tuple(
        None if value is None or not whole else float(100 * divide(Decimal(value), whole))
        for value in values
    )
    return CohortRow(first, size, tuple(values), rates)


def average(rows: tuple[CohortRow, ...], by: str) -> tuple[float | None, ...]:
    """The mean rate (%) of cohorts after each number of months, of those that were watched so long,
    weighted by their size, or by the revenue of their first month."""
    longest = max((len(row.values) for row in rows), default=0)
    out: list[float | None] = []
    for age in range(longest):
        # A cohort whose first month brought nothing has no rate, whatever came of it later.
        known = [row for row in rows if len(row.rates) > age and row.rates[age] is not None]
        whole = sum((_whole(row, by) for row in known), Decimal(0))
        kept = sum((Decimal(row.values[age] or 0) for row in known), Decimal(0))
        out.append(float(100 * divide(kept, whole)) if whole else None)
    return tuple(out)


def _whole(row: CohortRow, by: str) -> Decimal:
    return Decimal(row.size) if by == "customers" else Decimal(row.values[0] or 0)
