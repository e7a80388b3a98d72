"""What was spent, and what is in the bank."""

from __future__ import annotations

from trueline.facts.contract import Column, Computed, Contract, Kind, Rule
from trueline.facts.tables.columns import CURRENCY, key, text

COST_TYPES = (
    "marketing",
    "sales",
    "advertising",
    "infrastructure",
    "personnel",
    "cogs",
    "research",
    "admin",
    "other",
)
COSTS = Contract(
    "costs",
    "one cost that is no ad spend",
    ("cost_id",),
    (
        key("cost_id", "which"),
        Column("cost_date", Kind.DAY, "the local day it counts on"),
        Column("cost_type", Kind.CHOICE, "what it was for", choices=COST_TYPES),
        Column("amount", Kind.MONEY, "how much, positive", least=0),
        CURRENCY,
        text("description", "in words"),
        text("channel", "acquisition channel"),
        Column("service_start", Kind.DAY, "first day of the service it pays for", required=False),
        Column("service_end", Kind.DAY, "the day after its last", required=False),
    ),
    day="cost_date",
    aliases=("acquisition_costs",),
    category="cost_type",
    computed=(
        Computed("service_days", "BIGINT", "days it is spread over; null if it is not spread"),
        Computed("daily_amount", "DECIMAL(18,4)", "amount of each day, rounded down"),
        Computed(
            "extra_days",
            "BIGINT",
            "how many first days carry 0.0001 more, so that the days sum to the amount",
        ),
    ),
    rules=(
        Rule(
            "service_end",
            "service_end > service_start",
            "service_end is not after service_start",
            "service_end is the day after the last day of service.",
        ),
        Rule(
            "service_end",
            "(service_start IS NULL) = (service_end IS NULL)",
            "only one of service_start and service_end is given",
            "Give both or neither.",
        ),
    ),
)
SPEND = Contract(
    "spend",
    "ad spend of a channel's campaign on a day",
    ("spend_date", "channel", "campaign"),
    (
        Column("spend_date", Kind.DAY, "the local day"),
        key("channel", "Meta, TikTok..."),
        key("campaign", "which campaign"),
        Column("amount", Kind.MONEY, "what it cost", least=0),
        CURRENCY,
        Column("impressions", Kind.COUNT, "times shown", required=False, least=0),
        Column("clicks", Kind.COUNT, "clicks", required=False, least=0),
        Column(
            "conversions",
            Kind.COUNT,
            "conversions as the channel counts them",
            required=False,
            least=0,
        ),
    ),
    day="spend_date",
    category="channel",
)
CASH_BALANCES = Contract(
    "cash_balances",
    "an account's balance at the end of a day",
    ("balance_date", "account"),
    (
        Column("balance_date", Kind.DAY, "the local day"),
        key("account", "which account"),
        Column("amount", Kind.MONEY, "the balance"),
        CURRENCY,
    ),
    day="balance_date",
)
