"""Exchange rates, the finance model, and what is known to be complete."""

from __future__ import annotations

from trueline.facts.contract import Column, Contract, Kind, Rule
from trueline.facts.tables.columns import CURRENCY, key
from trueline.facts.tables.delivery import DEFECTS, RELEASES, SPRINTS
from trueline.facts.tables.outlay import CASH_BALANCES, COSTS, SPEND
from trueline.facts.tables.people import CUSTOMERS, EVENTS, SURVEY_RESPONSES
from trueline.facts.tables.recurring import SUBSCRIPTION_EVENTS, SUBSCRIPTIONS, USAGE
from trueline.facts.tables.sales import ORDERS, REFUNDS, REVENUE

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
        key("kpi", "which KPI, by its key: one that facts feed"),
        Column("month", Kind.DAY, "the month's first day"),
        Column("value", Kind.NUMBER, "the planned value"),
        Column("scenario", Kind.KEY, "which scenario", required=False, default="base"),
    ),
    day="month",
    rules=(
        Rule(
            "month",
            "day(month) = 1",
            "month is not the first day of a month",
            "Give the month's first day, such as 2026-03-01: a KPI has one planned value a month.",
        ),
    ),
)
_COVERED = (
    *(CUSTOMERS, EVENTS, SURVEY_RESPONSES),
    *(SUBSCRIPTIONS, SUBSCRIPTION_EVENTS, USAGE),
    *(REVENUE, ORDERS, REFUNDS),
    *(COSTS, SPEND, CASH_BALANCES),
    *(SPRINTS, RELEASES, DEFECTS),
    *(FX_RATES, PLAN),
)
COVERAGE = Contract(
    "coverage",
    "from when to when a table is complete",
    ("table_name", "category", "from_day"),
    (
        Column(
            "table_name",
            Kind.CHOICE,
            "which table",
            choices=tuple(table.name for table in _COVERED),
            spellings={alias: table.name for table in _COVERED for alias in table.aliases},
            aliases=("table",),
        ),
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
