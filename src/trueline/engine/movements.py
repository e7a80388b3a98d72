"""What moved recurring revenue between two moments: new, expanded, contracted, churned, returned.

Only customers whose revenue changed within a period moved. Their levels before and after each
change are derived once (see ``levels``), so that the movements of many periods are one query over
the changes of those days; what was there at the start is the roll-up's.
"""

from __future__ import annotations

import functools
import operator
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
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
_LOST = ("contraction", "churn")
_PASSED = "passed"
MONEY = ("opening", *_MOVED, "kept")
COUNTS = (
    "customers_at_start",
    "customers_at_end",
    "customers_lost",
    "customers_gained",
    "customers_first_gained",
    "customers_passed",
)
_RATE, _AMOUNT = "decimal(28, 10)", "decimal(38, 10)"
_NO_RATE = "0"
"""Stands for a rate that is not recorded; nothing can be told by a rate of 0 either."""
MOST_MOVES = 10_000
"""Periods whose movements are kept."""

ASKED = {"number": "BIGINT", "start_on": "DATE", "end_on": "DATE"}
"""The periods asked for, as the query sees them."""


@dataclass(frozen=True)
class Movements:
    """Amounts by currency, as they are billed (losses as positive amounts), and customers.

    Whoever stayed and pays in several currencies has grown or shrunk in all of them together: what
    it pays less in one is then a negative expansion there (or more, a negative contraction), so
    that amounts times rates add up over currencies. ``unrated`` are currencies without the rate
    that such a customer's growth is told by.
    """

    money: dict[str, dict[str, Decimal]]
    counts: dict[str, int]
    unrated: tuple[str, ...] = ()


def movements_of(resolver: Resolver, period: Period) -> Movements:
    """Movements from the period's start to its end.

    A customer is new, lost, grown or returned by all of its subscriptions together, whatever
    currencies they are in.
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
    codes = tuple(resolver.currencies("mrr"))
    rates = partial(_rates_at, resolver, codes) if len(codes) > 1 else None
    key = ("movements", resolver.cut, compared(codes))
    by_period: dict[int, list[tuple[Any, ...]]] = {}
    build = partial(_expression, resolver, compared(codes))
    for number, *row in resolver.ask_over(key, build, wanted, rates) if codes else ():
        by_period.setdefault(int(number), []).append(tuple(row))
    if len(resolver.moves) > MOST_MOVES:
        resolver.moves.clear()
    for number, period in enumerate(wanted):
        resolver.moves[period] = _completed(resolver, period, codes, by_period.get(number, []))


def compared(codes: Sequence[str]) -> tuple[str, ...]:
    """The currencies a query tells apart; a single one needs no name."""
    return tuple(codes) if len(codes) > 1 else ()


def _rates_at(resolver: Resolver, codes: tuple[str, ...], period: Period) -> dict[str, str]:
    """What each currency was worth at a period's start, as text for the query."""
    found = (resolver.rates.on(code, period.start - timedelta(days=1)) for code in codes)
    texts = (_NO_RATE if rate is None else f"{rate:f}" for rate in found)
    return {f"rate_{number}": f"'{text}'" for number, text in enumerate(texts)}


def until_now(resolver: Resolver, period: Period) -> Period | None:
    """The part of a period that can have moved yet; None where nothing can."""
    end = knowledge.present(resolver.covers, "subscription_events", period.end, resolver.today)
    return None if end <= period.start else Period(period.start, end)


def _completed(
    resolver: Resolver, period: Period, codes: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> Movements:
    """What moved, with what was there at the start."""
    opening = _at(resolver, "mrr", period)
    money = {
        code: {"opening": opening.get(code, Decimal(0)), **dict.fromkeys(_MOVED, Decimal(0))}
        for code in {**opening, **dict.fromkeys(codes)}
    }
    counts: dict[str, int] = defaultdict(int)
    unrated = set()
    for kind, customers, lacking, *changes in rows:
        counts[kind] += int(customers)
        if kind not in _MOVED:
            continue
        if int(lacking) >= 0:
            unrated.add(codes[int(lacking)])
        for code, change in zip(codes, changes, strict=True):
            money[code][kind] = -Decimal(change) if kind in _LOST else Decimal(change)
    for mine in money.values():
        mine["kept"] = mine["opening"] - mine["churn"] - mine["contraction"]
    start = int(sum(_at(resolver, "paying_customers", period).values(), Decimal(0)))
    gained = counts["new"] + counts["reactivation"]
    end = start - counts["churn"] + gained
    numbers = (start, end, counts["churn"], gained, counts["new"], counts[_PASSED])
    return Movements(money, dict(zip(COUNTS, numbers, strict=True)), tuple(sorted(unrated)))


def _at(resolver: Resolver, key: str, period: Period) -> dict[str, Decimal]:
    from trueline.engine.resolve import BEGINNING

    if period.start <= BEGINNING:  # there is no day before it
        return {}
    return resolver.totals(daily(key), Period(BEGINNING, period.start)).values


def change_names(codes: tuple[str, ...]) -> list[str]:
    """The columns that say by how much a customer's amount in each currency changed."""
    return [f"change_{number}" for number in range(max(1, len(codes)))]


def movers(resolver: Resolver, codes: tuple[str, ...], days: Period) -> ir.Table:
    """Per asked period, every customer with a change in it: ``paid0`` and ``paid1`` (whether it
    paid, in any currency, at the start and at the end), ``between`` (whether after any of its
    changes), ``was_before`` (whether it ever paid before the period) and its changes by currency.

    Who came pays what has changed, and who left paid it: nothing else needs to be looked up.
    ``codes`` are the currencies to tell apart; ``days`` reach from the first period's start to the
    last one's end.
    """
    import ibis

    t = levels_within(resolver.view(), resolver.cut.pairs)
    t = t.filter(t.day >= days.start, t.day < days.end)
    asked = bound("asked_periods", ASKED)
    t = t.join(asked, [t.day >= asked.start_on, t.day < asked.end_on])
    change, zero = t.after - t.before, ibis.literal("0").cast("decimal(28, 10)")
    each = [ibis.ifelse(t.currency == code, change, zero) for code in codes] or [change]
    sums = dict(zip(change_names(codes), (e.sum().cast(_AMOUNT) for e in each), strict=True))
    c = t.group_by(["number", "start_on", "customer_id"]).agg(
        paid0=t.paid_before.argmin(t.day),
        paid1=t.paid_after.argmax(t.day),
        between=t.paid_after.cast("int64").max(),
        began=t.began.min(),
        **sums,
    )
    return c.mutate(was_before=(c.began < c.start_on).fill_null(False))


def _compared(c: ir.Table, codes: tuple[str, ...]) -> ir.Table:
    """Movers with ``grew`` (whether they pay more than before) and ``lacking``: which currency's
    rate it would take to tell, and nobody recorded; -1 for none.

    One with changes in several currencies is compared in all of them together, at the rates of its
    period's start.
    """
    import ibis

    none = ibis.literal(-1).cast("int64")
    if not codes:
        return c.mutate(grew=c.change_0 > 0, lacking=none)
    names = [f"rate_{number}" for number in range(len(codes))]
    asked = bound("asked_periods", {"number": "BIGINT"} | dict.fromkeys(names, "VARCHAR"))
    rates = asked.select(of=asked.number, **{name: asked[name].cast(_RATE) for name in names})
    c = c.left_join(rates, c.number == rates.of)
    both = [(c[change], c[rate]) for change, rate in zip(change_names(codes), names, strict=True)]
    changed = functools.reduce(operator.add, ((a != 0).cast("int64") for a, _ in both))
    plain = functools.reduce(operator.add, (a for a, _ in both))
    worth = functools.reduce(operator.add, (a.cast(_RATE) * rate for a, rate in both))
    unknown = [((a != 0) & (rate == 0), number) for number, (a, rate) in enumerate(both)]
    return c.mutate(
        grew=ibis.ifelse(changed == 1, plain > 0, worth > 0),
        lacking=ibis.ifelse(changed == 1, none, ibis.cases(*unknown, else_=-1)),
    )


def _expression(resolver: Resolver, codes: tuple[str, ...], days: Period) -> ir.Table:
    """Movers by what they did, a row per asked period: how many, and by how much they changed."""
    import ibis

    c = _compared(movers(resolver, codes, days), codes)
    stayed, gained, lost = c.paid0 & c.paid1, ~c.paid0 & c.paid1, c.paid0 & ~c.paid1
    kind = ibis.cases(
        (lost, "churn"),
        (gained & c.was_before, "reactivation"),
        (gained, "new"),
        (stayed & c.grew, "expansion"),
        (stayed, "contraction"),
        (c.between > 0, _PASSED),
        else_="",
    )
    c = c.mutate(kind=kind, lacking=ibis.ifelse(stayed, c.lacking, -1))
    sums = {name: c[name].sum().cast(_AMOUNT) for name in change_names(codes)}
    found = c.group_by(["number", "kind"]).agg(customers=c.count(), lacking=c.lacking.max(), **sums)
    return found.select("number", "kind", "customers", "lacking", *sums)
