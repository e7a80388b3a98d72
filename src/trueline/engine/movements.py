"""What moved recurring revenue between two moments: new, expanded, contracted, churned, returned.

Only customers whose revenue changed within a period moved. Their levels before and after each
change are derived once (see ``levels``), so that the movements of many periods are one query over
the changes of those days; what was there at the start is the roll-up's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from trueline.catalog.measures import daily
from trueline.core.period import Period
from trueline.engine import knowledge
from trueline.engine.levels import levels_within
from trueline.engine.view import bound

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.resolve import Resolver

_MOVED = ("new", "reactivation", "expansion", "contraction", "churn")
_COUNTED = ("lost", "gained", "first_gained", "passed")
MONEY = ("opening", *_MOVED, "kept")
COUNTS = (
    "customers_at_start",
    "customers_at_end",
    "customers_lost",
    "customers_gained",
    "customers_first_gained",
    "customers_passed",
)
MOST_MOVES = 10_000
"""Periods whose movements are kept."""

ASKED = {"number": "BIGINT", "start_on": "DATE", "end_on": "DATE"}
"""The periods asked for, as the query sees them."""


@dataclass(frozen=True)
class Movements:
    """Amounts by currency, as they are billed (losses as positive amounts), and customers."""

    money: dict[str, dict[str, Decimal]]
    counts: dict[str, int]


def movements_of(resolver: Resolver, period: Period) -> Movements:
    """Movements from the period's start to its end.

    A customer is new, lost or returned by all of its subscriptions together. Where one customer
    pays in several currencies, each currency's amounts are compared apart.
    """
    found = resolver.moves.get(period)
    if found is None:
        fetch(resolver, [period])
        found = resolver.moves[period]
    return found


def fetch(resolver: Resolver, periods: Iterable[Period]) -> None:
    """Find the movements of all these periods, in one query."""
    wanted = [p for p in dict.fromkeys(periods) if p not in resolver.moves]
    if not wanted:
        return
    by_period: dict[int, list[tuple[Any, ...]]] = {}
    for number, *row in resolver.ask_over(*movements_query(resolver), wanted):
        by_period.setdefault(int(number), []).append(tuple(row))
    if len(resolver.moves) > MOST_MOVES:
        resolver.moves.clear()
    for number, period in enumerate(wanted):
        resolver.moves[period] = _completed(resolver, period, by_period.get(number, []))


def until_now(resolver: Resolver, period: Period) -> Period | None:
    """The part of a period that can have moved yet; None where nothing can."""
    end = knowledge.present(resolver.covers, "subscription_events", period.end, resolver.today)
    return None if end <= period.start else Period(period.start, end)


def _completed(resolver: Resolver, period: Period, rows: list[tuple[Any, ...]]) -> Movements:
    """What moved, with what was there at the start."""
    opening = _at(resolver, "mrr", period)
    money = {
        code: {"opening": amount, **dict.fromkeys(_MOVED, Decimal(0))}
        for code, amount in opening.items()
    }
    counts = dict.fromkeys(_COUNTED, 0)
    for code, *values in rows:
        mine = money.setdefault(code, {"opening": Decimal(0)})
        mine |= zip(_MOVED, (Decimal(v) for v in values[: len(_MOVED)]), strict=True)
        for name, count in zip(_COUNTED, values[len(_MOVED) :], strict=True):
            counts[name] += int(count)
    for mine in money.values():
        mine["kept"] = mine["opening"] - mine["churn"] - mine["contraction"]
    start = int(sum(_at(resolver, "paying_customers", period).values(), Decimal(0)))
    return Movements(
        money,
        {
            "customers_at_start": start,
            "customers_at_end": start - counts["lost"] + counts["gained"],
            **{f"customers_{name}": count for name, count in counts.items()},
        },
    )


def _at(resolver: Resolver, key: str, period: Period) -> dict[str, Decimal]:
    from trueline.engine.resolve import BEGINNING

    return resolver.totals(daily(key), Period(BEGINNING, period.start)).values


def movements_query(
    resolver: Resolver,
) -> tuple[tuple[Any, ...], Callable[[Period], ir.Table]]:
    """The movements' query, and the name it is compiled under."""
    several = len(resolver.currencies("mrr")) > 1
    return ("movements", resolver.cut, several), partial(_expression, resolver, several)


def movers(resolver: Resolver, several: bool, days: Period) -> ir.Table:
    """Per asked period, customer and currency with a change in it: ``m0``, ``m1``, ``paid0``,
    ``paid1``, ``between`` (whether it paid after any of its changes), ``was_before`` (whether it
    ever paid before the period) and ``once`` (one row of each customer).

    ``several`` says that there are several currencies; ``days`` reach from the first period's start
    to the last one's end.
    """
    import ibis

    t = levels_within(resolver.view(), resolver.cut.by, resolver.cut.value)
    t = t.filter(t.day >= days.start, t.day < days.end)
    asked = bound("asked_periods", ASKED)
    t = t.join(asked, [t.day >= asked.start_on, t.day < asked.end_on])
    c = t.group_by(["number", "start_on", "customer_id", "currency"]).agg(
        m0=t.before.argmin(t.day),
        m1=t.after.argmax(t.day),
        paid0=t.paid_before.argmin(t.day),
        paid1=t.paid_after.argmax(t.day),
        between=t.paid_after.cast("int64").max(),
        began=t.began.min(),
        first_on=t.day.min(),
        last_on=t.day.max(),
    )
    once = ibis.literal(True)
    if several:
        mine = [c.number, c.customer_id]
        once = ibis.row_number().over(ibis.window(group_by=mine, order_by=c.currency)) == 0
        first = ibis.window(group_by=mine, order_by=[c.first_on, c.currency])
        last = ibis.window(group_by=mine, order_by=[c.last_on.desc(), c.currency])
        c = c.mutate(
            paid0=c.paid0.first().over(first),
            paid1=c.paid1.first().over(last),
            between=c.between.max().over(ibis.window(group_by=mine)),
            once=once,
        )
    else:
        c = c.mutate(once=once)
    return c.mutate(was_before=(c.began < c.start_on).fill_null(False))


def _expression(resolver: Resolver, several: bool, days: Period) -> ir.Table:
    """Each mover's movement summed into its kind: a row per asked period and currency."""
    import ibis

    c = movers(resolver, several, days)
    zero = ibis.literal("0").cast("decimal(28, 10)")

    def total(condition: Any, amount: Any) -> Any:
        return ibis.ifelse(condition, amount, zero).sum().cast("decimal(38, 10)")

    stayed, gained, lost = c.paid0 & c.paid1, ~c.paid0 & c.paid1, c.paid0 & ~c.paid1
    money = {
        "new": total(gained & ~c.was_before, c.m1),
        "reactivation": total(gained & c.was_before, c.m1),
        "expansion": total(stayed & (c.m1 > c.m0), c.m1 - c.m0),
        "contraction": total(stayed & (c.m1 < c.m0), c.m0 - c.m1),
        "churn": total(lost, c.m0),
    }
    counts = {
        "lost": (c.once & lost).cast("int64").sum(),
        "gained": (c.once & gained).cast("int64").sum(),
        "first_gained": (c.once & gained & ~c.was_before).cast("int64").sum(),
        "passed": (c.once & ~c.paid0 & ~c.paid1 & (c.between > 0)).cast("int64").sum(),
    }
    found = c.group_by(["number", "currency"]).agg(**money, **counts)
    return found.select("number", "currency", *_MOVED, *_COUNTED)
