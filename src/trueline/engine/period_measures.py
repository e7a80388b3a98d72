"""Measures that need a whole period at once: movements, churn history, cohorts' returns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from trueline.core.period import Period, add_months
from trueline.core.quality import Quality, Reason
from trueline.engine import knowledge
from trueline.engine.balances import cash, refuse_slice
from trueline.engine.estimates import priced_by_tier
from trueline.engine.first_days import doubted, doubted_gain, uncertain
from trueline.engine.movements import COUNTS, MONEY, Movements, movements_of, until_now
from trueline.engine.movements import fetch as fetch_movements
from trueline.engine.product_measures import PRODUCT_SOURCES, within
from trueline.engine.product_measures import fetch as fetch_of_events
from trueline.engine.signup_measures import SIGNUP_SOURCES
from trueline.engine.signup_measures import fetch as fetch_of_signups
from trueline.engine.survey_measures import SURVEY_SOURCES
from trueline.engine.value import MeasureValue
from trueline.engine.view import FactsView

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.resolve import Resolver

Values = dict[str, MeasureValue]
_VALUED = (*MONEY, "gained", "closing", "fx")
"""Amounts of the movements; ``gained`` is new and reactivation, where they cannot be told apart."""

_FIRST_OR_NOT = ("movement_new", "movement_reactivation", "customers_first_gained")
"""Movements that tell who never paid before from who did."""

_WHO_PASSED = Reason(
    "unpriced_items",
    "Subscriptions began in the period of which it is not known whether they paid.",
    "Record unit_amount, quantity and interval for every subscription.",
)

_UNPRICED = Reason(
    "unpriced_items",
    "Subscriptions without a price were live at the start or the end: declared prices make up the "
    "total, and do not tell what each customer paid.",
    "Record unit_amount, quantity and interval for every subscription.",
)

LONGEST_HISTORY = 12
"""Months of churn that a lifetime is read from, at the most."""


def movements(resolver: Resolver, period: Period) -> Values:
    """What moved recurring revenue between the period's start and its end, by customer."""
    keys = [f"movement_{name}" for name in _VALUED] + list(COUNTS)
    opening = resolver.value("mrr", period, "opening")
    closing = resolver.value("mrr", period, "closing")
    worst = Quality.worst((opening.quality, closing.quality))
    reasons = tuple(dict.fromkeys((*opening.reasons, *closing.reasons)))
    if opening.value is None or closing.value is None:
        unknown = MeasureValue("", None, worst, reasons=reasons, table=closing.table)
        return {key: replace(unknown, key=key) for key in keys}
    if priced_by_tier(opening) or priced_by_tier(closing):
        # A total may be made up by declared prices; who moved, they do not tell.
        unknown = closing.blocked(_UNPRICED)
        return {key: replace(unknown, key=key) for key in keys}
    moved = until_now(resolver, period)
    if moved is None:
        nothing = Reason("not_yet", f"No facts of {period.start} or later are recorded yet.")
        unknown = MeasureValue("", None, Quality.INSUFFICIENT, reasons=(nothing,))
        return {key: replace(unknown, key=key) for key in keys}
    found = movements_of(resolver, moved)
    base = replace(closing, quality=worst, reasons=reasons, by_currency={})
    values = _valued(resolver, moved, base, found) | {
        key: replace(base, key=key, value=Decimal(found.counts[key])) for key in COUNTS
    }
    if found.counts["customers_first_gained"]:
        values |= {key: doubted_gain(resolver, values[key], moved) for key in _FIRST_OR_NOT}
    if uncertain(resolver, moved):
        passed = values["customers_passed"].blocked(_WHO_PASSED)
        values["customers_passed"] = passed
    return values


def _valued(resolver: Resolver, period: Period, base: MeasureValue, found: Movements) -> Values:
    """Movements in the reporting currency: who came, at the rates of the end; who was there, at
    the rates of the start, and what rates changed since on what they pay now is ``fx``.

    Prices may have been filled from tier prices: then the bridge cannot say by whom, and is null.
    """
    values: dict[str, Decimal] = dict.fromkeys(_VALUED, Decimal(0))
    for code, money in found.money.items():
        gained = money["new"] + money["reactivation"]
        stayed = money["opening"] + money["expansion"] - money["contraction"] - money["churn"]
        before = _rate(resolver, code, period.start)
        after = _rate(resolver, code, period.end)
        # A rate is needed for what there is of a currency, not for what was or will be.
        there = any(money[name] for name in MONEY if name not in _AT_THE_END)
        lacks = code in found.unrated or (before is None and (there or stayed))
        if lacks or (after is None and (gained or stayed)):
            return _unrated(resolver, base, code, period.start if lacks else period.end)
        before, after = before or Decimal(0), after or Decimal(0)
        for name in MONEY:
            values[name] += money[name] * (after if name in _AT_THE_END else before)
        values["gained"] += gained * after
        values["closing"] += (gained + stayed) * after
        values["fx"] += stayed * (after - before)
    return {
        f"movement_{name}": replace(base, key=f"movement_{name}", value=value)
        for name, value in values.items()
    }


_AT_THE_END = ("new", "reactivation")
"""Movements of those for whom there is no earlier rate to compare with."""


def _unrated(resolver: Resolver, base: MeasureValue, code: str, at: date) -> Values:
    """No movement of money is known, for want of a rate."""
    from trueline.engine.fx import missing_rate

    lost = base.blocked(missing_rate(code, resolver.currency, at - timedelta(days=1)))
    names = (f"movement_{name}" for name in _VALUED)
    return {name: replace(lost, key=name) for name in names}


def _rate(resolver: Resolver, code: str, at: date) -> Decimal | None:
    if code == resolver.currency:
        return Decimal(1)
    return resolver.rates.on(code, at - timedelta(days=1))


def churn_history(resolver: Resolver, period: Period) -> Values:
    """Customers lost and exposed over the last complete months, twelve at most."""
    months, lost, exposed, facts = 0, Decimal(0), Decimal(0), 0
    worst = Quality.ACTUAL
    fetch_movements(resolver, months_before(period, resolver.today))
    for month in months_before(period, resolver.today):
        opening = resolver.value("paying_customers", month, "opening")
        closing = resolver.value("paying_customers", month, "closing")
        if closing.value is None or not opening.value:
            break
        months += 1
        lost += movements_of(resolver, month).counts["customers_lost"]
        exposed += opening.value
        facts = max(facts, closing.rows)
        worst = Quality.worst((worst, opening.quality, closing.quality))
    base = MeasureValue("", Decimal(0), worst, table="subscription_events", rows=facts)
    return {
        "churn_months": replace(base, key="churn_months", value=Decimal(months)),
        "churned_in_months": replace(base, key="churned_in_months", value=lost),
        "exposed_in_months": replace(base, key="exposed_in_months", value=exposed),
    }


def months_before(period: Period, today: date) -> list[Period]:
    """The last complete months before a period's end (and before today), latest first."""
    end = min(period.end, today).replace(day=1)
    return [
        Period(add_months(end, -back - 1), add_months(end, -back))
        for back in range(LONGEST_HISTORY)
    ]


def first_period_revenue(resolver: Resolver, period: Period) -> Values:
    """Revenue from customers whose first paid day lies in the period."""
    key = "new_customer_revenue"
    whole = resolver.value("revenue", period)
    if whole.value is None and not _only_rates_lack(resolver, period):
        return {key: replace(whole, key=key)}
    rows = _new_revenue_over(resolver, [period])[period]
    nameless = sum(int(r[3]) for r in rows)
    # What others paid needs no rate here.
    notes = tuple(reason for reason in whole.reasons if reason.code != "missing_rate")
    base = replace(whole, key=key, by_currency={}, reasons=notes, quality=Quality.ACTUAL)
    if nameless:
        reason = Reason(
            "unattributed_revenue",
            f"{nameless} revenue entries name no customer: whose they are is not known.",
            "Record customer_id on revenue entries.",
        )
        return {key: base.blocked(reason)}
    total = Decimal(0)
    for day, code, amount, _ in rows:
        rate = Decimal(1) if code == resolver.currency else resolver.rates.on(code, day)
        if rate is None and amount:
            from trueline.engine.fx import missing_rate

            return {key: base.blocked(missing_rate(code, resolver.currency, day))}
        total += amount * (rate or 0)
    begun = period.begun(resolver.today)
    return {key: doubted(resolver, replace(base, value=total), begun)}


def _only_rates_lack(resolver: Resolver, period: Period) -> bool:
    """Whether revenue is known but for the worth of other currencies."""
    tables = (("order_revenue", "orders"), ("revenue_entries", "revenue"))
    parts = [resolver.value(name, period) for name, table in tables if resolver.covers[table].kept]
    lacking = [part.reasons[0].code for part in parts if part.value is None]
    return bool(parts) and set(lacking) <= {"missing_rate"}


def _new_revenue(view: FactsView, period: Period) -> ir.Table:
    """Per asked period: revenue by day and currency, new customers' alone, and how many entries
    name nobody."""
    import ibis

    firsts = view.derived("customer_firsts")
    won = firsts.filter(firsts.first_paid_on >= period.start, firsts.first_paid_on < period.end)
    won = won.select(winner=won.customer_id, won_on=won.first_paid_on)
    orders, entries = view.table("orders"), view.table("revenue")
    both = ibis.union(
        orders.select("customer_id", "currency", day=orders.ordered_on, amount=orders.amount),
        entries.select("customer_id", "currency", day=entries.revenue_date, amount=entries.amount),
    )
    both = both.filter(both.day >= period.start, both.day < period.end)
    joined = both.left_join(won, both.customer_id == won.winner)
    daily = joined.group_by(["day", "currency", "won_on"]).agg(
        amount=joined.amount.sum().cast("decimal(38, 4)"),
        nameless=joined.customer_id.isnull().sum(),
    )
    t = within(daily, "day")
    theirs = ((t.won_on >= t.start_on) & (t.won_on < t.end_on)).fill_null(False)
    return t.group_by(["number", "day", "currency"]).agg(
        amount=ibis.ifelse(theirs, t.amount, 0).sum().cast("decimal(38, 4)"),
        nameless=t.nameless.sum(),
    )


def _new_revenue_over(resolver: Resolver, periods: Sequence[Period]) -> dict[Period, list[Any]]:
    return resolver.rows_over(("first_revenue",), partial(_new_revenue, resolver.view()), periods)


def repeat(days: int, resolver: Resolver, period: Period) -> Values:
    """Customers whose first order fell in the period, and who of them ordered again in time."""
    names = (f"repeat_{days}_cohort", f"repeat_{days}_returned")
    refuse_slice(resolver, f"retention_{days}d")
    cohort = resolver.value("first_orders", period)
    if cohort.value is None:
        return {name: replace(cohort, key=name) for name in names}
    base = replace(cohort, by_currency={})
    watched = Period(period.start, period.end + timedelta(days=days))
    cover = resolver.covers["orders"]
    spans = cover.declared() or cover.observed()
    mature = watched.end <= resolver.today and any(watched.end <= b for _, b in spans)
    if not mature:
        reason = Reason(
            "immature_cohort",
            f"Whether these customers order again within {days} days is known on {watched.end}.",
            f"Choose a period that ends at least {days} days before the last recorded order.",
        )
        lost = base.blocked(reason)
        return {name: replace(lost, key=name) for name in names}
    unseen = _unseen(resolver, period, watched)
    if unseen:
        return {name: replace(base.blocked(*unseen), key=name) for name in names}
    found = _returned_over(days, resolver, [period])[period]
    returned = found[0][0] if found else 0
    return {
        names[0]: replace(base, key=names[0]),
        names[1]: replace(base, key=names[1], value=Decimal(int(returned))),
    }


def _unseen(resolver: Resolver, period: Period, watched: Period) -> tuple[Reason, ...]:
    """Why it is not known who came back: days not covered, or silence that may be a gap."""
    uncovered = knowledge.unwatched(resolver.covers, "orders", watched)
    if uncovered is not None:
        return (uncovered,)
    after = resolver.value("orders", Period(period.end, watched.end))
    return after.reasons if after.value is None else ()


def _returned(view: FactsView, days: int, period: Period) -> ir.Table:
    """Per asked period: how many of its first-order customers ordered again in so many days."""
    firsts, orders = view.derived("customer_firsts"), view.table("orders")
    first = firsts.filter(
        firsts.first_order_on >= period.start, firsts.first_order_on < period.end
    ).select(who=firsts.customer_id, first_on=firsts.first_order_on)
    joined = orders.join(first, orders.customer_id == first.who)
    later = joined.ordered_on.delta(joined.first_on, unit="day")
    back = joined.filter(later >= 1, later <= days).select("who", "first_on").distinct()
    by_day = back.group_by("first_on").agg(people=back.count())
    t = within(by_day, "first_on")
    return t.group_by("number").agg(people=t.people.sum())


def _returned_over(
    days: int, resolver: Resolver, periods: Sequence[Period]
) -> dict[Period, list[Any]]:
    build = partial(_returned, resolver.view(), days)
    return resolver.rows_over(("repeat", days), build, periods)


def fetch(resolver: Resolver, needed: Mapping[str, list[Period]]) -> None:
    """Ask for many periods at once what can be: ``needed`` are periods by source."""
    asked = defaultdict(list, needed)
    if resolver.covers["events"].kept:
        fetch_of_events(resolver, asked)
        fetch_of_signups(resolver, asked)
    if asked["first_period_revenue"]:
        _new_revenue_over(resolver, asked["first_period_revenue"])
    for days in (30, 60, 90):
        if asked[f"repeat_{days}"] and not resolver.cut:
            _returned_over(days, resolver, asked[f"repeat_{days}"])
    if not any(resolver.covers[name].kept for name in knowledge.SUBSCRIPTION_TABLES):
        return
    moved = [until_now(resolver, period) for period in asked["movements"] + asked["referred"]]
    months = [
        month
        for period in asked["churn_history"]
        for month in months_before(period, resolver.today)
    ]
    fetch_movements(resolver, [period for period in (*moved, *months) if period is not None])


SOURCES: dict[str, Callable[[Resolver, Period], Values]] = {
    "movements": movements,
    "churn_history": churn_history,
    "cash": cash,
    "first_period_revenue": first_period_revenue,
    "repeat_30": partial(repeat, 30),
    "repeat_60": partial(repeat, 60),
    "repeat_90": partial(repeat, 90),
    **PRODUCT_SOURCES,
    **SIGNUP_SOURCES,
    **SURVEY_SOURCES,
}
