"""What was charged, and what was given back."""

from __future__ import annotations

from trueline.facts.contract import Column, Contract, Kind, Rule
from trueline.facts.tables.columns import AMOUNT, CURRENCY, CUSTOMER, MAYBE_CUSTOMER, key, text

REVENUE_TYPES = ("subscription", "upsell", "expansion", "usage", "one_time")

REVENUE = Contract(
    "revenue",
    "one revenue entry that is no order",
    ("revenue_id",),
    (
        key("revenue_id", "which"),
        Column("revenue_date", Kind.DAY, "the local day it counts on"),
        MAYBE_CUSTOMER,
        text("subscription_id", "for which subscription"),
        Column("revenue_type", Kind.CHOICE, "what it was for", choices=REVENUE_TYPES),
        AMOUNT,
        CURRENCY,
        text("tier", "plan or tier", aliases=("plan",)),
        text("billing_period", "monthly or annual"),
    ),
    day="revenue_date",
    aliases=("revenue_tracking",),
)
ORDERS = Contract(
    "orders",
    "one order",
    ("order_id",),
    (
        key("order_id", "which"),
        CUSTOMER,
        Column("ordered_at", Kind.MOMENT, "when it was placed"),
        AMOUNT,
        Column(
            "discount",
            Kind.MONEY,
            "taken off before amount; for information",
            required=False,
            least=0,
        ),
        Column("tax", Kind.MONEY, "on top of amount; for information", required=False, least=0),
        Column("cogs", Kind.PRICE, "cost of the goods sold", required=False, least=0),
        CURRENCY,
        text("channel", "where the order came from"),
        Column(
            "new_customer",
            Kind.FLAG,
            "the shop's own word that it is a first order",
            required=False,
        ),
    ),
    day="ordered_on",
)
REFUNDS = Contract(
    "refunds",
    "money given back",
    ("refund_id",),
    (
        key("refund_id", "which"),
        text("order_id", "of which order"),
        text("revenue_id", "of which revenue entry"),
        Column("refunded_at", Kind.MOMENT, "when it was given back"),
        Column("amount", Kind.MONEY, "how much, positive", least=0),
        CURRENCY,
    ),
    day="refunded_on",
    rules=(
        Rule(
            "order_id",
            "order_id IS NOT NULL OR revenue_id IS NOT NULL",
            "neither order_id nor revenue_id is given",
            "Name the order or the revenue entry that was refunded.",
        ),
    ),
)
