"""Every measure. A visible tuple; ``measure(key)`` finds one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueline.catalog.measure import Absence, Measure, MeasureKind, PeriodMeasure, Sum
from trueline.catalog.product_measures import PRODUCT_DAILY, PRODUCT_PERIOD
from trueline.core.errors import UnknownKeyError
from trueline.facts.tables import COST_TYPES, REVENUE_TYPES

if TYPE_CHECKING:
    import ibis.expr.types as ir

_FLOW, _LEVEL = MeasureKind.FLOW, MeasureKind.LEVEL
_SINGLE = ("usage", "one_time")
_RECURRING = tuple(kind for kind in REVENUE_TYPES if kind not in _SINGLE)
NAMELESS = ("nameless_charges", "nameless_recurring")
"""Charges by entries that name no customer; the second are those of subscriptions."""


def _rows(t: ir.Table) -> ir.NumericValue:
    return t.count()


def _amount(t: ir.Table) -> ir.NumericValue:
    return t.amount.sum()


def _cost(cost_type: str) -> Measure:
    return Measure(
        f"cost_{cost_type}",
        f"{cost_type} cost",
        "money",
        _FLOW,
        "costs",
        _amount,
        where=lambda t: t.cost_type == cost_type,
        absence=Absence.RECORDED,
        table="costs",
        category=cost_type,
    )


def _spend(key: str, label: str, column: str, unit: str = "count") -> Measure:
    return Measure(
        key,
        label,
        unit,
        _FLOW,
        "spend",
        lambda t: t[column].sum(),
        where=lambda t: t[column].notnull(),
        table="spend",
        category_slice="channel",
        silent=f"{key}_silent" if column in _OPTIONAL else "",
    )


_OPTIONAL = ("impressions", "clicks", "conversions")
"""What a row of spend need not say."""


def _silent(column: str) -> Measure:
    """How many rows of spend do not say."""
    return Measure(
        f"{column}_silent",
        f"rows of spend that do not say how many {column}",
        "count",
        _FLOW,
        "spend",
        _rows,
        where=lambda t: t[column].isnull(),
        table="spend",
        category_slice="channel",
    )


def _nameless(key: str, label: str, types: tuple[str, ...]) -> Measure:
    """How many charges were paid by nobody knows whom."""
    return Measure(
        key,
        label,
        "count",
        _FLOW,
        "revenue",
        _rows,
        where=lambda t: t.customer_id.isnull() & (t.amount > 0) & t.revenue_type.isin(types),
        table="revenue",
    )


def _level(key: str, label: str, column: str, unit: str = "money") -> Measure:
    return Measure(
        key,
        label,
        unit,
        _LEVEL,
        "recurring",
        lambda t: t[column].sum(),
        absence=Absence.STATE,
        table="subscription_events",
    )


def _period(
    source: str, tables: tuple[str, ...], unit: str, **labels: str
) -> tuple[PeriodMeasure, ...]:
    return tuple(PeriodMeasure(key, label, unit, source, tables) for key, label in labels.items())


DAILY: tuple[Measure, ...] = (
    Measure("order_revenue", "order amounts", "money", _FLOW, "orders", _amount, table="orders"),
    Measure("orders", "orders", "count", _FLOW, "orders", _rows, table="orders"),
    Measure(
        "order_cogs",
        "cost of goods",
        "money",
        _FLOW,
        "orders",
        lambda t: t.cogs.sum(),
        where=lambda t: t.cogs.notnull(),
        table="orders",
        silent="order_cogs_silent",
    ),
    Measure(
        "order_cogs_silent",
        "orders that do not say what their goods cost",
        "count",
        _FLOW,
        "orders",
        _rows,
        where=lambda t: t.cogs.isnull(),
        table="orders",
    ),
    Measure(
        "revenue_entries", "revenue entries", "money", _FLOW, "revenue", _amount, table="revenue"
    ),
    _nameless(NAMELESS[0], "single charges that name no customer", _SINGLE),
    _nameless(NAMELESS[1], "recurring charges that name no customer", _RECURRING),
    Measure("refunded", "refunds", "money", _FLOW, "refunds", _amount, table="refunds"),
    *(_cost(cost_type) for cost_type in COST_TYPES),
    _spend("ad_spend", "ad spend", "amount", "money"),
    _spend("impressions", "impressions", "impressions"),
    _spend("clicks", "clicks", "clicks"),
    _spend("conversions", "conversions", "conversions"),
    *(_silent(column) for column in _OPTIONAL),
    Measure(
        "new_customers",
        "customers who paid for the first time",
        "count",
        _FLOW,
        "firsts",
        _rows,
        table="firsts",
        seen_by=("orders", "revenue_entries"),
    ),
    Measure(
        "first_orders",
        "customers' first orders",
        "count",
        _FLOW,
        "first_orders",
        _rows,
        table="orders",
        seen_by=("orders",),
    ),
    _level("mrr", "monthly recurring revenue", "mrr"),
    _level("net_mrr", "monthly recurring revenue after lasting discounts", "net_mrr"),
    _level("trial_mrr", "monthly revenue on trial", "trial_mrr"),
    _level("at_risk_mrr", "monthly revenue past due", "at_risk_mrr"),
    _level("committed_mrr", "monthly revenue not scheduled to end", "committed_mrr"),
    _level(
        "unpriced_items", "live items without a price, quantity or interval", "unpriced", "count"
    ),
    _level(
        "unpriced_trials",
        "items on trial without a price, quantity or interval",
        "unpriced_trials",
        "count",
    ),
    _level(
        "unpriced_past_due",
        "items past due without a price, quantity or interval",
        "unpriced_past_due",
        "count",
    ),
    _level("assumed_items", "items whose price and status then are assumed", "assumed", "count"),
    Measure(
        "paying_customers",
        "customers with recurring revenue",
        "count",
        _LEVEL,
        "paying",
        lambda t: t.change.sum(),
        absence=Absence.STATE,
        table="subscription_events",
    ),
    *PRODUCT_DAILY,
)

UNPRICED = {"trial_mrr": "unpriced_trials", "at_risk_mrr": "unpriced_past_due"}
"""What counts the items that make an amount unknown; ``unpriced_items`` for all others."""

DOUBTS = frozenset({"unpriced_items", "assumed_items", *UNPRICED.values()})
"""Measures that say of others whether they are known."""

_SUBSCRIPTIONS = ("subscription_events", "subscriptions")
PERIOD: tuple[PeriodMeasure, ...] = (
    *_period(
        "movements",
        _SUBSCRIPTIONS,
        "money",
        movement_opening="MRR at the start",
        movement_closing="MRR at the end",
        movement_new="MRR of customers who never paid before",
        movement_reactivation="MRR of customers who paid before and came back",
        movement_gained="MRR of customers who did not pay before, new and returned",
        movement_expansion="MRR added by customers who stayed",
        movement_contraction="MRR lost from customers who stayed",
        movement_churn="MRR lost with customers who left",
        movement_fx="what exchange rates changed",
        movement_kept="MRR kept from the opening's customers, growth left out",
    ),
    *_period(
        "movements",
        _SUBSCRIPTIONS,
        "count",
        customers_at_start="paying customers at the start",
        customers_at_end="paying customers at the end",
        customers_lost="of those at the start, how many no longer pay at the end",
        customers_gained="customers paying at the end who did not at the start",
        customers_first_gained="of those gained, how many never paid before",
        customers_passed="customers who paid neither at the start nor at the end, but between",
    ),
    *_period(
        "churn_history",
        _SUBSCRIPTIONS,
        "count",
        churn_months="complete months with recorded subscriptions, the last 12 at most",
        churned_in_months="customers lost in those months, month by month",
        exposed_in_months="paying customers at the start of each of those months, added up",
    ),
    *_period(
        "cash", ("cash_balances",), "money", cash="the accounts' last balances before the end"
    ),
    *_period(
        "first_period_revenue",
        ("orders", "revenue"),
        "money",
        new_customer_revenue="revenue from customers who first paid in the period",
    ),
    *_period(
        "repeat_30",
        ("orders",),
        "count",
        repeat_30_cohort="customers whose first order fell in the period",
        repeat_30_returned="of those, ordered again within 30 days",
    ),
    *_period(
        "repeat_60",
        ("orders",),
        "count",
        repeat_60_cohort="customers whose first order fell in the period",
        repeat_60_returned="of those, ordered again within 60 days",
    ),
    *_period(
        "repeat_90",
        ("orders",),
        "count",
        repeat_90_cohort="customers whose first order fell in the period",
        repeat_90_returned="of those, ordered again within 90 days",
    ),
    *PRODUCT_PERIOD,
)

SUMS: tuple[Sum, ...] = (
    Sum("revenue", "revenue", ("order_revenue", "revenue_entries"), "kept"),
    Sum(
        "sales_marketing_cost",
        "sales and marketing cost",
        ("cost_marketing", "cost_sales", "cost_advertising", "ad_spend"),
        "any",
    ),
    Sum(
        "marketing_spending",
        "marketing cost and ad spend",
        ("cost_marketing", "cost_advertising", "ad_spend"),
        "any",
    ),
    Sum(
        "operating_cost",
        "operating cost",
        ("cost_infrastructure", "cost_personnel", "cost_research", "cost_admin", "cost_other"),
        "any",
    ),
    Sum(
        "outflow",
        "all operating outflow",
        ("sales_marketing_cost", "cogs_paid", "operating_cost"),
        "all",
    ),
    Sum("channel_spend", "ad spend of the channel", ("ad_spend",), "any"),
    Sum("refunds_kept", "refunds, where they are kept", ("refunded",), "kept"),
    Sum("cogs", "cost of goods sold", ("cost_cogs", "order_cogs"), "goods"),
    Sum("cogs_paid", "cost of goods sold", ("cost_cogs",), "any"),
)

MEASURES: tuple[Measure | PeriodMeasure | Sum, ...] = (*DAILY, *PERIOD, *SUMS)
_BY_KEY = {item.key: item for item in MEASURES}


def daily(key: str) -> Measure:
    """The measure of that key, which is counted by day. Raises UnknownKeyError for any other."""
    found = measure(key)
    if not isinstance(found, Measure):
        raise UnknownKeyError.among("daily measure", key, [item.key for item in DAILY])
    return found


def measure(key: str) -> Measure | PeriodMeasure | Sum:
    """The measure of that key. Raises UnknownKeyError."""
    found = _BY_KEY.get(key)
    if found is None:
        raise UnknownKeyError.among("measure", key, _BY_KEY)
    return found
