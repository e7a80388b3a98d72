"""Customers, what they do and what they say."""

from __future__ import annotations

from trueline.facts.contract import Column, Contract, Kind, Rule
from trueline.facts.tables.columns import CUSTOMER, key, text

SURVEYS = ("nps", "csat", "osat", "ces")

CUSTOMERS = Contract(
    "customers",
    "one customer or user account",
    ("customer_id",),
    (
        CUSTOMER,
        Column("created_at", Kind.MOMENT, "when the account was made"),
        text("channel", "how the customer was won"),
        Column("referred", Kind.FLAG, "won by a referral", required=False),
        text("country", "ISO 3166 code or name"),
        text("plan", "plan or tier", aliases=("tier",)),
        Column("is_test", Kind.FLAG, "a test account: left out of every number", required=False),
    ),
    day="created_on",
    aliases=("users",),
)
EVENTS = Contract(
    "events",
    "one thing a user did",
    ("event_id",),
    (
        key("event_id", "which"),
        key("user_id", "who"),
        Column("occurred_at", Kind.MOMENT, "when"),
        key("name", "what"),
        text("session_id", "in which session"),
        text("customer_id", "of which customer"),
        text("channel", "traffic source"),
        Column("is_key_event", Kind.FLAG, "a key event", required=False),
        Column("properties", Kind.JSON, "a JSON object", required=False),
    ),
    day="occurred_on",
    often_cut=True,
)
SURVEY_RESPONSES = Contract(
    "surveys",
    "one answer to a survey",
    ("response_id",),
    (
        key("response_id", "which"),
        Column("survey", Kind.CHOICE, "which survey", choices=SURVEYS),
        Column("answered_at", Kind.MOMENT, "when"),
        Column("score", Kind.NUMBER, "the score", least=0),
        Column("scale_max", Kind.COUNT, "the highest score possible", least=1, most=100),
        text("customer_id", "of which customer"),
    ),
    day="answered_on",
    often_cut=True,
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
