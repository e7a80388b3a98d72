"""Every customer's recurring revenue at two moments, and what became of it in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from trueline.core.period import Period

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.resolve import Resolver

MONEY = ("opening", "new", "reactivation", "expansion", "contraction", "churn", "kept")
COUNTS = (
    "customers_at_start",
    "customers_at_end",
    "customers_lost",
    "customers_gained",
    "customers_first_gained",
)


@dataclass(frozen=True)
class Movements:
    """Amounts and customers of one currency; losses as positive amounts."""

    money: dict[str, Decimal]
    counts: dict[str, int]


def movements_by_currency(resolver: Resolver, period: Period) -> dict[str, Movements]:
    """Movements from the period's start to its end, in each currency as it is billed.

    A customer is new, lost or returned by all of its subscriptions together. Where one customer
    pays in several currencies, each currency's amounts are compared apart.
    """
    rows = resolver.ask(*movements_query(resolver), period)
    found = {}
    for row in rows:
        money = dict(zip(MONEY, (Decimal(v) for v in row[1 : 1 + len(MONEY)]), strict=True))
        counts = dict(zip(COUNTS, (int(v) for v in row[1 + len(MONEY) :]), strict=True))
        found[row[0]] = Movements(money, counts)
    return found


def movements_query(
    resolver: Resolver,
) -> tuple[tuple[Any, ...], Callable[[Period], ir.Table]]:
    """The movements' query over a period, and the name it is compiled under."""
    several = len(resolver.currencies("mrr")) > 1
    return ("movements", resolver.cut, several), partial(_expression, resolver, several)


def customers_at(resolver: Resolver, period: Period) -> ir.Table:
    """Per customer and currency: ``m0``, ``m1`` and the first day with revenue."""
    import ibis

    from trueline.catalog import bases

    rows = bases.recurring(resolver.view())
    rows = rows.filter(rows.day < period.end)
    if resolver.cut.by:
        rows = rows.filter(rows[resolver.cut.by] == resolver.cut.value)
    zero = ibis.literal("0").cast("decimal(28, 10)")
    before = ibis.ifelse(rows.day < period.start, rows.mrr, zero)
    return rows.group_by(["customer_id", "currency"]).agg(
        m0=before.sum().cast("decimal(28, 10)"),
        m1=rows.mrr.sum().cast("decimal(28, 10)"),
        first_on=rows.day.min(where=rows.mrr > 0),
    )


def _expression(resolver: Resolver, several: bool, period: Period) -> ir.Table:
    """The movements as one query: a row per currency."""
    import ibis

    c = customers_at(resolver, period)
    if several:
        mine = ibis.window(group_by=c.customer_id)
        first = ibis.window(group_by=c.customer_id, order_by=c.currency)
        c = c.mutate(
            paid0=(c.m0.sum().over(mine) > 0),
            paid1=(c.m1.sum().over(mine) > 0),
            began=c.first_on.min().over(mine),
            head=(ibis.row_number().over(first) == 0),
        )
    else:
        c = c.mutate(paid0=c.m0 > 0, paid1=c.m1 > 0, began=c.first_on, head=ibis.literal(True))
    return _aggregated(c, period)


def _aggregated(c: Any, period: Period) -> ir.Table:
    """Sum each customer's movement into its kind."""
    import ibis

    zero = ibis.literal("0").cast("decimal(28, 10)")

    def total(condition: Any, amount: Any) -> Any:
        return ibis.ifelse(condition, amount, zero).sum().cast("decimal(38, 10)")

    before = (c.began < period.start).fill_null(False)
    stayed = c.paid0 & c.paid1
    gained = ~c.paid0 & c.paid1
    lower = ibis.ifelse(c.m1 < c.m0, c.m1, c.m0)
    money = {
        "opening": total(c.paid0, c.m0),
        "new": total(gained & ~before, c.m1),
        "reactivation": total(gained & before, c.m1),
        "expansion": total(stayed & (c.m1 > c.m0), c.m1 - c.m0),
        "contraction": total(stayed & (c.m1 < c.m0), c.m0 - c.m1),
        "churn": total(c.paid0 & ~c.paid1, c.m0),
        "kept": total(c.paid0, lower),
    }
    counts = {
        "customers_at_start": (c.head & c.paid0).sum(),
        "customers_at_end": (c.head & c.paid1).sum(),
        "customers_lost": (c.head & c.paid0 & ~c.paid1).sum(),
        "customers_gained": (c.head & gained).sum(),
        "customers_first_gained": (c.head & gained & ~before).sum(),
    }
    return c.group_by("currency").agg(**money, **counts).select("currency", *MONEY, *COUNTS)
