"""Estimates: used only when asked for, from declared assumptions, each value naming its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from trueline.catalog.measures import UNPRICED
from trueline.core.money import divide
from trueline.core.period import Period
from trueline.core.quality import Quality, Reason
from trueline.engine.derive import UNTOLD
from trueline.engine.value import MeasureValue

if TYPE_CHECKING:
    from trueline.engine.resolve import Resolver


def _named(assumption: str, message: str) -> Reason:
    return Reason("assumed", f"Estimated: {message} (assumption {assumption}).")


def recurring_quality(resolver: Resolver, found: MeasureValue, at: date) -> MeasureValue:
    """What unpriced items and an assumed price history make of a recurring amount."""
    if found.value is None:
        return found
    unpriced = resolver.items_at(UNPRICED.get(found.key, "unpriced_items"), at)
    if unpriced:
        found = _unpriced(resolver, found, at, unpriced)
    if found.value is None:
        return found
    assumed = resolver.items_at("assumed_items", at)
    return _assumed(resolver, found, assumed) if assumed else found


def _unpriced(resolver: Resolver, found: MeasureValue, at: date, count: int) -> MeasureValue:
    extra = _tier_price_total(resolver, at) if resolver.allow_estimates else None
    # A declared price says nothing of discounts, nor of what is to end.
    if extra is not None and found.key == "mrr":
        who = (
            "1 live subscription takes its"
            if count == 1
            else f"{count} live subscriptions take their"
        )
        reason = _named("tier_prices", f"{who} plan's declared price")
        return replace(found, value=(found.value or 0) + extra, quality=Quality.ESTIMATED).because(
            reason
        )
    which = {"trial_mrr": "trialing", "at_risk_mrr": "past-due"}.get(found.key, "live")
    who = f"{which} subscription has" if count == 1 else f"{which} subscriptions have"
    reason = Reason(
        "unpriced_items",
        f"{count} {who} no price, quantity or interval; the others come to "
        f"{(found.value or Decimal(0)).normalize():f}, a lower bound (excluded_count {count}).",
        "Record unit_amount, quantity and interval for every subscription.",
    )
    return found.blocked(reason)


def priced_by_tier(found: MeasureValue) -> bool:
    """Whether declared prices of plans make up a part of an amount."""
    return any(
        r.code == "assumed" and "(assumption tier_prices)" in r.message for r in found.reasons
    )


def _tier_price_total(resolver: Resolver, at: date) -> Decimal | None:
    """Declared monthly price x quantity of the unpriced items; None if a plan has no price, or a
    quantity is not known."""
    prices = resolver.settings.assumptions.tier_prices
    if not prices or resolver.cut or resolver.as_of is not None:
        return None
    rows = resolver.warehouse.rows(
        "SELECT plan, sum(unpriced_quantity) FROM mrr_changes WHERE day < ? "
        "GROUP BY plan HAVING sum(unpriced_quantity) <> 0",
        [at],
    )
    if any(plan not in prices or quantity >= UNTOLD for plan, quantity in rows):
        return None
    return sum((prices[plan] * int(quantity) for plan, quantity in rows), Decimal(0))


def _assumed(resolver: Resolver, found: MeasureValue, count: int) -> MeasureValue:
    if resolver.allow_estimates:
        reason = _named(
            "todays_prices",
            f"{count} subscriptions without recorded changes are taken to have had, before they "
            "were loaded, the price and status that they had then",
        )
        return replace(found, quality=Quality.ESTIMATED).because(reason)
    reason = Reason(
        "no_price_history",
        f"{count} subscriptions have no recorded changes: what they were before they were "
        "first loaded, or after a trial's end that no newer load tells of, is not known.",
        "Load subscription_events (or, for a trial that is over, subscriptions), or ask with "
        "allow_estimates=true.",
    )
    return found.blocked(reason)


def assumed_cost(resolver: Resolver, group: str, period: Period) -> MeasureValue | None:
    """A cost group without any entry, from declared assumptions; None where none applies."""
    if not resolver.allow_estimates or resolver.cut:
        return None
    given = resolver.settings.assumptions
    if group == "sales_marketing_cost" and given.cost_per_customer is not None:
        reason = _named("cost_per_customer", f"{given.cost_per_customer} for each new customer")
        return _share_of(resolver, group, period, "new_customers", given.cost_per_customer, reason)
    if group == "cogs_paid" and given.cogs_share is not None:
        reason = _named("cogs_share", f"{given.cogs_share * 100:f}% of revenue")
        return _share_of(resolver, group, period, "revenue", given.cogs_share, reason)
    if group == "operating_cost":
        return _assumed_operating(resolver, group, period)
    return None


def _share_of(
    resolver: Resolver, group: str, period: Period, key: str, share: Decimal, reason: Reason
) -> MeasureValue | None:
    """A cost as so much for each of another measure; None where that is not known."""
    of = resolver.value(key, period)
    if of.value is None:
        return None
    return MeasureValue(group, of.value * share, Quality.ESTIMATED, of.completeness, (reason,))


def _assumed_operating(resolver: Resolver, group: str, period: Period) -> MeasureValue | None:
    given = resolver.settings.assumptions
    monthly = [
        (name, amount)
        for name, amount in (
            ("infrastructure_cost", given.infrastructure_cost),
            ("personnel_cost", given.personnel_cost),
        )
        if amount is not None
    ]
    if not monthly:
        return None
    length = period.begun(resolver.today).months
    months = divide(length.numerator, length.denominator)
    reasons = tuple(_named(name, f"{amount} a month") for name, amount in monthly)
    total = sum((amount for _, amount in monthly), Decimal(0)) * months
    return MeasureValue(group, total, Quality.ESTIMATED, reasons=reasons)
