"""Every fact table's contract. A visible tuple: adding one here adds it everywhere."""

from __future__ import annotations

from trueline.core.errors import UnknownKeyError
from trueline.facts.contract import Column, Computed, Contract, Kind, Rule

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
REVENUE_TYPES = ("subscription", "upsell", "expansion", "usage", "one_time")
SURVEYS = ("nps", "csat", "osat", "ces")
STAGES = ("pre", "production")
EVIDENCE = ("webhook", "api", "invoice", "csv", "inferred")


def _key(name: str, meaning: str, *aliases: str) -> Column:
    return Column(name, Kind.KEY, meaning, aliases=aliases)


def _text(name: str, meaning: str, **more: object) -> Column:
    return Column(name, Kind.TEXT, meaning, required=False, **more)  # type: ignore[arg-type]


CUSTOMER = Column("customer_id", Kind.KEY, "who", aliases=("user_id",))
MAYBE_CUSTOMER = Column("customer_id", Kind.TEXT, "who", required=False, aliases=("user_id",))
CURRENCY = Column(
    "currency",
    Kind.CURRENCY,
    "ISO 4217 code; the company's default where the file has no such column",
)
AMOUNT = Column("amount", Kind.MONEY, "what was charged: after discount, without tax", least=0)
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

CUSTOMERS = Contract(
    "customers",
    "one customer or user account",
    ("customer_id",),
    (
        CUSTOMER,
        Column("created_at", Kind.MOMENT, "when the account was made"),
        _text("channel", "how the customer was won"),
        Column("referred", Kind.FLAG, "won by a referral", required=False),
        _text("country", "ISO 3166 code or name"),
        _text("plan", "plan or tier", aliases=("tier",)),
        Column("is_test", Kind.FLAG, "a test account: left out of every number", required=False),
    ),
    day="created_on",
    aliases=("users",),
)
SUBSCRIPTIONS = Contract(
    "subscriptions",
    "one subscription as it is now",
    ("subscription_id",),
    (
        _key("subscription_id", "which"),
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
        _key("event_id", "which"),
        _key("subscription_id", "of which subscription"),
        CUSTOMER,
        Column("effective_at", Kind.MOMENT, "from when on the state holds"),
        *_STATE,
        Column("evidence", Kind.CHOICE, "how it is known", required=False, choices=EVIDENCE),
    ),
    day="effective_on",
    computed=_MRR,
)
REVENUE = Contract(
    "revenue",
    "one revenue entry that is no order",
    ("revenue_id",),
    (
        _key("revenue_id", "which"),
        Column("revenue_date", Kind.DAY, "the local day it counts on"),
        MAYBE_CUSTOMER,
        _text("subscription_id", "for which subscription"),
        Column("revenue_type", Kind.CHOICE, "what it was for", choices=REVENUE_TYPES),
        AMOUNT,
        CURRENCY,
        _text("tier", "plan or tier", aliases=("plan",)),
        _text("billing_period", "monthly or annual"),
    ),
    day="revenue_date",
    aliases=("revenue_tracking",),
)
ORDERS = Contract(
    "orders",
    "one order",
    ("order_id",),
    (
        _key("order_id", "which"),
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
        _text("channel", "where the order came from"),
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
        _key("refund_id", "which"),
        _text("order_id", "of which order"),
        _text("revenue_id", "of which revenue entry"),
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
USAGE = Contract(
    "usage",
    "metered use",
    ("usage_id",),
    (
        _key("usage_id", "which"),
        CUSTOMER,
        _text("subscription_id", "on which subscription"),
        Column("used_at", Kind.MOMENT, "when"),
        Column("quantity", Kind.NUMBER, "how much", least=0),
        Column("amount", Kind.PRICE, "what it costs", required=False, least=0),
        Column("currency", Kind.CURRENCY, "ISO 4217 code", required=False),
    ),
    day="used_on",
    aliases=("billing_usage",),
)
COSTS = Contract(
    "costs",
    "one cost that is no ad spend",
    ("cost_id",),
    (
        _key("cost_id", "which"),
        Column("cost_date", Kind.DAY, "the local day it counts on"),
        Column("cost_type", Kind.CHOICE, "what it was for", choices=COST_TYPES),
        Column("amount", Kind.MONEY, "how much, positive", least=0),
        CURRENCY,
        _text("description", "in words"),
        _text("channel", "acquisition channel"),
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
        _key("channel", "Meta, TikTok..."),
        _key("campaign", "which campaign"),
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
        _key("account", "which account"),
        Column("amount", Kind.MONEY, "the balance"),
        CURRENCY,
    ),
    day="balance_date",
)
EVENTS = Contract(
    "events",
    "one thing a user did",
    ("event_id",),
    (
        _key("event_id", "which"),
        _key("user_id", "who"),
        Column("occurred_at", Kind.MOMENT, "when"),
        _key("name", "what"),
        _text("session_id", "in which session"),
        _text("customer_id", "of which customer"),
        _text("channel", "traffic source"),
        Column("is_key_event", Kind.FLAG, "a key event", required=False),
        Column("properties", Kind.JSON, "a JSON object", required=False),
    ),
    day="occurred_on",
)
SURVEY_RESPONSES = Contract(
    "surveys",
    "one answer to a survey",
    ("response_id",),
    (
        _key("response_id", "which"),
        Column("survey", Kind.CHOICE, "which survey", choices=SURVEYS),
        Column("answered_at", Kind.MOMENT, "when"),
        Column("score", Kind.NUMBER, "the score", least=0),
        Column("scale_max", Kind.COUNT, "the highest score possible", least=1, most=100),
        _text("customer_id", "of which customer"),
    ),
    day="answered_on",
    category="survey",
    rules=(
        Rule(
            "score",
            "score <= scale_max",
            "score is above scale_max",
            "Correct the score or the scale.",
        ),
    ),
)
SPRINTS = Contract(
    "sprints",
    "one sprint",
    ("sprint_id",),
    (
        _key("sprint_id", "which"),
        Column("started_on", Kind.DAY, "first day"),
        Column("ended_on", Kind.DAY, "last day"),
        Column("points_accepted", Kind.NUMBER, "accepted story points", least=0),
        Column("team_size", Kind.COUNT, "people", required=False, least=1),
    ),
    day="ended_on",
    rules=(
        Rule(
            "ended_on",
            "ended_on >= started_on",
            "ended_on is before started_on",
            "Correct one of the two.",
        ),
    ),
)
RELEASES = Contract(
    "releases",
    "one release",
    ("release_id",),
    (
        _key("release_id", "which"),
        Column("released_at", Kind.MOMENT, "when"),
        Column("features", Kind.COUNT, "features in it", required=False, least=0),
    ),
    day="released_on",
)
DEFECTS = Contract(
    "defects",
    "one defect found",
    ("defect_id",),
    (
        _key("defect_id", "which"),
        Column("found_at", Kind.MOMENT, "when"),
        Column("stage", Kind.CHOICE, "found before or in production", choices=STAGES),
        _text("release_id", "of which release"),
    ),
    day="found_on",
    category="stage",
)
FX_RATES = Contract(
    "fx_rates",
    "what one unit of a currency was worth in the reporting currency",
    ("rate_date", "currency"),
    (
        Column("rate_date", Kind.DAY, "the local day"),
        CURRENCY,
        Column("rate", Kind.NUMBER, "units of the reporting currency for one unit", least=0),
        Column("rate_source", Kind.TEXT, "who says so", required=False, aliases=("source",)),
    ),
    day="rate_date",
    rules=(Rule("rate", "rate > 0", "rate is 0", "Give what one unit of the currency is worth."),),
)
PLAN = Contract(
    "plan",
    "the finance model's value of a KPI for a month",
    ("kpi", "month", "scenario"),
    (
        _key("kpi", "which KPI"),
        Column("month", Kind.DAY, "the month's first day"),
        Column("value", Kind.NUMBER, "the planned value"),
        Column("scenario", Kind.KEY, "which scenario", required=False, default="base"),
    ),
    day="month",
)
COVERAGE = Contract(
    "coverage",
    "from when to when a table is complete",
    ("table_name", "category", "from_day"),
    (
        Column("table_name", Kind.KEY, "which table", aliases=("table",)),
        Column(
            "category",
            Kind.KEY,
            "which cost type or channel; * for all",
            required=False,
            default="*",
        ),
        Column("from_day", Kind.DAY, "first day that is complete", aliases=("from",)),
        Column("to_day", Kind.DAY, "the day after the last", aliases=("to",)),
        Column("complete", Kind.FLAG, "whether nothing is missing in it"),
    ),
    day="from_day",
    rules=(
        Rule(
            "to_day",
            "to_day > from_day",
            "to is not after from",
            "to is the day after the last complete day.",
        ),
    ),
)

CONTRACTS: tuple[Contract, ...] = (
    CUSTOMERS,
    SUBSCRIPTIONS,
    SUBSCRIPTION_EVENTS,
    REVENUE,
    ORDERS,
    REFUNDS,
    USAGE,
    COSTS,
    SPEND,
    CASH_BALANCES,
    EVENTS,
    SURVEY_RESPONSES,
    SPRINTS,
    RELEASES,
    DEFECTS,
    FX_RATES,
    PLAN,
    COVERAGE,
)

_BY_NAME = {name: contract for contract in CONTRACTS for name in (contract.name, *contract.aliases)}


def contract(name: str) -> Contract:
    """The table of that name or alias. Raises UnknownKeyError, naming its neighbours."""
    found = _BY_NAME.get(name)
    if found is None:
        raise UnknownKeyError.among("table", name, _BY_NAME)
    return found
