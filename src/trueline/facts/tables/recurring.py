"""Subscriptions, as they are and as they changed; metered use."""

from __future__ import annotations

from trueline.facts.contract import Column, Computed, Contract, Kind, Rule
from trueline.facts.tables.columns import CURRENCY, CUSTOMER, key, text

STATUSES = (
    "trialing",
    "active",
    "past_due",
    "paused",
    "unpaid",
    "incomplete",
    "incomplete_expired",
    "canceled",
)
INTERVALS = ("day", "week", "month", "year")
_INTERVAL_WORDS = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "annual": "year",
    "annually": "year",
    "yearly": "year",
}
EVIDENCE = ("webhook", "api", "invoice", "csv", "inferred")
_MRR = (
    Computed(
        "mrr", "DECIMAL(28,10)", "unit_amount x quantity per month; null if any part is unknown"
    ),
    Computed("net_mrr", "DECIMAL(28,10)", "mrr less discounts that hold for ever"),
)
_STATE = (
    Column(
        "status",
        Kind.CHOICE,
        "the subscription's status",
        choices=STATUSES,
        spellings={"cancelled": "canceled"},
    ),
    Column("plan", Kind.TEXT, "plan or tier", required=False, aliases=("tier",)),
    Column(
        "quantity",
        Kind.COUNT,
        "seats or units; unknown if empty",
        required=False,
        default="1",
        least=0,
    ),
    Column(
        "unit_amount",
        Kind.PRICE,
        "price of one unit and interval; unknown if empty",
        required=False,
        least=0,
    ),
    CURRENCY,
    Column(
        "interval",
        Kind.CHOICE,
        "billing interval",
        required=False,
        choices=INTERVALS,
        spellings=_INTERVAL_WORDS,
        aliases=("billing_period",),
        advice="For a quarter, write month with interval_count 3.",
    ),
    Column(
        "interval_count",
        Kind.COUNT,
        "intervals per bill",
        required=False,
        default="1",
        least=1,
        most=120,
    ),
    Column(
        "discount",
        Kind.JSON,
        'as {"kind":"percent","value":"20","duration":"forever"}',
        required=False,
    ),
    Column("trial_end", Kind.MOMENT, "when the trial ends", required=False),
    Column("cancel_at", Kind.MOMENT, "when it is scheduled to end", required=False),
)
SUBSCRIPTIONS = Contract(
    "subscriptions",
    "one subscription as it is now",
    ("subscription_id",),
    (
        key("subscription_id", "which"),
        CUSTOMER,
        *_STATE,
        Column("started_at", Kind.MOMENT, "when it began", aliases=("created_at", "start_date")),
        Column("canceled_at", Kind.MOMENT, "when the cancellation was asked for", required=False),
        Column("ended_at", Kind.MOMENT, "when it ended", required=False),
    ),
    day="started_on",
    computed=_MRR,
    rules=(
        Rule(
            "ended_at",
            "ended_at >= started_at",
            "ended_at is before started_at",
            "Correct one of the two.",
        ),
        Rule(
            "cancel_at",
            "cancel_at >= started_at",
            "cancel_at is before started_at",
            "Correct one of the two.",
        ),
    ),
)
SUBSCRIPTION_EVENTS = Contract(
    "subscription_events",
    "a subscription's full state after a change",
    ("event_id",),
    (
        key("event_id", "which"),
        key("subscription_id", "of which subscription"),
        CUSTOMER,
        Column("effective_at", Kind.MOMENT, "from when on the state holds"),
        *_STATE,
        Column("evidence", Kind.CHOICE, "how it is known", required=False, choices=EVIDENCE),
    ),
    day="effective_on",
    computed=_MRR,
)
USAGE = Contract(
    "usage",
    "metered use",
    ("usage_id",),
    (
        key("usage_id", "which"),
        CUSTOMER,
        text("subscription_id", "on which subscription"),
        Column("used_at", Kind.MOMENT, "when"),
        Column("quantity", Kind.NUMBER, "how much", least=0),
        Column("amount", Kind.PRICE, "what it costs", required=False, least=0),
        Column("currency", Kind.CURRENCY, "ISO 4217 code", required=False),
    ),
    day="used_on",
    often_cut=True,
    aliases=("billing_usage",),
)
