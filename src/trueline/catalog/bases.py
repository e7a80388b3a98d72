"""The rows that measures count, each with its local day, moment, currency and slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueline.catalog.measure import NO_SLICE, Base, Facts
from trueline.catalog.product_bases import PRODUCT_BASES

if TYPE_CHECKING:
    import ibis.expr.types as ir


def _attributes(facts: Facts) -> ir.Table:
    customers = facts.table("customers")
    return customers.select(
        attributes_of=customers.customer_id,
        customer_channel=customers.channel,
        customer_country=customers.country,
    )


def _with_customer(rows: ir.Table, facts: Facts) -> ir.Table:
    # A view of its own: several joins in one query must not be taken for one relation.
    attributes = _attributes(facts).view()
    return rows.left_join(attributes, rows.customer_id == attributes.attributes_of)


def orders(facts: Facts) -> ir.Table:
    """Orders; the channel is the order's own, else the customer's."""
    t = _with_customer(facts.table("orders"), facts)
    return t.select(
        day=t.ordered_on,
        at=t.ordered_at,
        currency=t.currency,
        channel=t.channel.coalesce(t.customer_channel, NO_SLICE),
        country=t.customer_country.coalesce(NO_SLICE),
        customer_id=t.customer_id,
        amount=t.amount,
        cogs=t.cogs,
    )


def revenue(facts: Facts) -> ir.Table:
    """Revenue entries that are no orders."""
    t = _with_customer(facts.table("revenue"), facts)
    return t.select(
        day=t.revenue_date,
        at=t.revenue_date.cast("timestamp"),
        currency=t.currency,
        channel=t.customer_channel.coalesce(NO_SLICE),
        country=t.customer_country.coalesce(NO_SLICE),
        plan=t.tier.coalesce(NO_SLICE),
        customer_id=t.customer_id,
        revenue_type=t.revenue_type,
        amount=t.amount,
    )


def refunds(facts: Facts) -> ir.Table:
    """Refunds, on the day they happen; channel and country of the customer who was charged."""
    orders, entries = facts.table("orders"), facts.table("revenue")
    paid = orders.select(
        paid_order=orders.order_id,
        order_customer=orders.customer_id,
        order_channel=orders.channel,
    )
    earned = entries.select(paid_entry=entries.revenue_id, entry_customer=entries.customer_id)
    t = facts.table("refunds")
    t = t.left_join(paid, t.order_id == paid.paid_order)
    t = t.left_join(earned, t.revenue_id == earned.paid_entry)
    t = _with_customer(t.mutate(customer_id=t.order_customer.coalesce(t.entry_customer)), facts)
    return t.select(
        day=t.refunded_on,
        at=t.refunded_at,
        currency=t.currency,
        channel=t.order_channel.coalesce(t.customer_channel, NO_SLICE),
        country=t.customer_country.coalesce(NO_SLICE),
        amount=t.amount,
    )


def costs(facts: Facts) -> ir.Table:
    """Costs by day: on their date, or spread over the days of the service they pay for."""
    import ibis

    t = facts.table("costs")
    once = t.filter(t.service_days.isnull())
    spread = t.filter(t.service_days.notnull())
    days = facts.derived("days")
    daily = spread.join(days, [days.day >= spread.service_start, days.day < spread.service_end])
    age = daily.day.delta(daily.service_start, unit="day")
    extra = ibis.ifelse(
        age < daily.extra_days,
        ibis.literal("0.0001").cast("decimal(18, 4)"),
        ibis.literal("0").cast("decimal(18, 4)"),
    )
    return ibis.union(
        once.select(
            day=once.cost_date,
            at=once.cost_date.cast("timestamp"),
            currency=once.currency,
            channel=once.channel.coalesce(NO_SLICE),
            cost_type=once.cost_type,
            amount=once.amount.cast("decimal(38, 10)"),
        ),
        daily.select(
            day=daily.day,
            at=daily.cost_date.cast("timestamp"),
            currency=daily.currency,
            channel=daily.channel.coalesce(NO_SLICE),
            cost_type=daily.cost_type,
            amount=(daily.daily_amount + extra).cast("decimal(38, 10)"),
        ),
    )


def spend(facts: Facts) -> ir.Table:
    """Ad spend by channel."""
    t = facts.table("spend")
    return t.select(
        day=t.spend_date,
        at=t.spend_date.cast("timestamp"),
        currency=t.currency,
        channel=t.channel,
        amount=t.amount,
        impressions=t.impressions,
        clicks=t.clicks,
        conversions=t.conversions,
    )


def firsts(facts: Facts) -> ir.Table:
    """Customers on the day they first paid: for an order, by an entry, or as recurring revenue."""
    t = facts.derived("customer_firsts")
    t = t.filter(t.first_paid_on.notnull())
    return t.select(
        day=t.first_paid_on,
        at=t.at,
        channel=t.channel.coalesce(NO_SLICE),
        country=t.country.coalesce(NO_SLICE),
        customer_id=t.customer_id,
    )


def first_orders(facts: Facts) -> ir.Table:
    """Customers on the day of their first order."""
    t = facts.derived("customer_firsts")
    t = t.filter(t.first_order_on.notnull())
    return t.select(
        day=t.first_order_on,
        at=t.first_order_at,
        country=t.country.coalesce(NO_SLICE),
        customer_id=t.customer_id,
    )


def recurring(facts: Facts) -> ir.Table:
    """Daily differences of recurring revenue, by subscription."""
    t = _with_customer(facts.derived("mrr_changes"), facts)
    return t.select(
        day=t.day,
        at=t["at"],
        currency=t.currency,
        channel=t.customer_channel.coalesce(NO_SLICE),
        country=t.customer_country.coalesce(NO_SLICE),
        plan=t.plan.coalesce(NO_SLICE),
        customer_id=t.customer_id,
        mrr=t.mrr,
        net_mrr=t.net_mrr,
        trial_mrr=t.trial_mrr,
        at_risk_mrr=t.at_risk_mrr,
        committed_mrr=t.committed_mrr,
        unpriced=t.unpriced,
        unpriced_trials=t.unpriced_trials,
        unpriced_past_due=t.unpriced_past_due,
        assumed=t.assumed,
    )


BASES: tuple[Base, ...] = (
    Base("orders", ("orders", "customers"), orders, ("channel", "country"), by_customer=True),
    Base(
        "revenue",
        ("revenue", "customers"),
        revenue,
        ("channel", "country", "plan"),
        by_customer=True,
    ),
    Base(
        "refunds",
        ("refunds", "orders", "revenue", "customers"),
        refunds,
        ("channel", "country"),
        by_customer=True,
    ),
    Base("costs", ("costs",), costs, ("channel",)),
    Base("spend", ("spend",), spend, ("channel",)),
    Base(
        "firsts",
        ("orders", "revenue", "subscription_events", "subscriptions", "customers"),
        firsts,
        ("channel", "country"),
        by_customer=True,
    ),
    Base("first_orders", ("orders", "customers"), first_orders, ("country",), by_customer=True),
    Base(
        "recurring",
        ("subscription_events", "subscriptions", "customers"),
        recurring,
        ("channel", "country", "plan"),
        by_customer=True,
    ),
    Base(
        "paying",
        ("subscription_events", "subscriptions", "customers"),
        recurring,
        ("channel", "country", "plan", "currency"),
        by_customer=True,
    ),
    *PRODUCT_BASES,
)
