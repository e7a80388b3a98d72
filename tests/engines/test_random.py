"""Companies made up at random: loaded, corrected and read again, the same on every engine."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import asked
import pytest
from companies import NOW, OTHERS, SOAK, Url, empty, fill, open_company
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trueline.catalog.kpis import from_facts
from trueline.facts.load import declare_coverage, remove_rows
from trueline.home import Trueline

EXAMPLES = 100 if SOAK else 1
"""A company takes a minute: most of it is the embedded ClickHouse's."""
ASKED_AS_KNOWN = None if SOAK else 12
"""So many KPIs, drawn for each company, are asked as of a moment: planning such a query takes
ClickHouse seconds, however little there is to read."""
OF_TODAY = date.today().toordinal()  # another first company every day
FIRST = date(2025, 11, 1)
SETTINGS = """
[product]
signup = "customers"
activation = ["start", "buy"]
conversion = ["buy"]
key_events = ["buy"]
paid_channels = ["ads"]
[product.features]
Search = "search"
"""
NAMES = ("page_view", "start", "buy", "search")


@pytest.fixture(scope="module")
def companies(
    tmp_path_factory: pytest.TempPathFactory, url_of: Url
) -> Iterator[dict[str, Trueline]]:
    folder = tmp_path_factory.mktemp("random")
    with ExitStack() as stack:
        yield {
            engine: stack.enter_context(
                open_company(folder / engine, url_of(engine), SETTINGS, clock=_Clock())
            )
            for engine in ("duckdb", *OTHERS)
        }


class _Clock:
    hours = 0

    def __call__(self) -> Any:
        return NOW + timedelta(hours=self.hours)


# fmt: off
def _company(chance: random.Random) -> dict[str, list[dict[str, Any]]]:
    """Rows of every table that a person might bring, many of them about the same few customers."""

    def day(span: int = 134) -> date:
        return FIRST + timedelta(days=chance.randrange(span))

    def moment() -> str:
        return f"{day()}T{timedelta(seconds=chance.randrange(86_400))!s:0>8}Z"

    def money(most: int = 50_000) -> Decimal:
        return Decimal(chance.randrange(most)) / 100

    def who() -> str:
        return f"c{chance.randrange(9)}"

    def many(least: int, most: int) -> range:
        return range(chance.randint(least, most))

    channels = ("ads", "search é", None, 'O\'Neil \\N, "x"', "%s ? {p0:String}")
    currencies = ("USD", "USD", "CAD")
    customers = [
        {"customer_id": f"c{n}", "created_at": moment(), "channel": chance.choice(channels),
         "country": chance.choice(("CA", "US", None)),
         "referred": chance.choice((True, False, None)),
         "is_test": chance.random() < 0.1}
        for n in range(7)
    ]
    orders = [
        {"order_id": f"o{n}", "customer_id": who(), "ordered_at": moment(), "amount": money(),
         "cogs": chance.choice((None, Decimal("1.2345"))), "currency": chance.choice(currencies),
         "channel": chance.choice(channels)}
        for n in many(3, 25)
    ]
    entries = [
        {"revenue_id": f"v{n}", "revenue_date": day().isoformat(), "amount": money(),
         "customer_id": chance.choice((who(), who(), who(), None)),
         "revenue_type": chance.choice(("subscription", "usage", "one_time")), "currency": "USD"}
        for n in many(0, 6)
    ]
    events = [
        {"event_id": f"e{n}", "subscription_id": f"s{n % 6}", "customer_id": f"c{n % 6 // 2}",
         "effective_at": moment(), "plan": chance.choice(("Basic", "Pro")),
         "status": chance.choice(("active", "active", "trialing", "past_due", "canceled")),
         "quantity": chance.randrange(4), "unit_amount": chance.choice((None, money())),
         "currency": chance.choice(currencies),
         "interval": chance.choice(("month", "year", "week")),
         "interval_count": chance.randint(1, 3)}
        for n in many(3, 25)
    ]
    listed = [
        {"subscription_id": f"l{n}", "customer_id": who(), "plan": "Basic", "status": "active",
         "quantity": 1, "unit_amount": money(), "currency": "USD", "interval": "year",
         "interval_count": 1, "started_at": moment()}
        for n in many(0, 4)
    ]
    uses = [
        {"event_id": f"u{n}", "user_id": who(), "occurred_at": moment(),
         "name": chance.choice(NAMES), "session_id": chance.choice((None, None, "x")),
         "channel": chance.choice(channels), "is_key_event": chance.choice((True, False, None)),
         "customer_id": chance.choice((None, who()))}
        for n in many(3, 40)
    ]
    return {
        "customers": customers,
        "orders": orders,
        "revenue": entries,
        "subscription_events": events,
        "subscriptions": listed,
        "events": uses,
        "refunds": [
            {
                "refund_id": f"r{n}",
                "order_id": f"o{n}",
                "refunded_at": "2026-03-13",
                "amount": "0",
                "currency": orders[n]["currency"],
            }
            for n in range(min(3, len(orders)))
        ],
        "costs": [
            {
                "cost_id": f"k{n}",
                "cost_date": day().isoformat(),
                "amount": money(),
                "cost_type": chance.choice(("marketing", "sales", "infrastructure", "cogs")),
                "currency": "USD",
                "service_start": "2026-01-10",
                "service_end": "2026-02-17",
            }
            for n in many(0, 6)
        ],
        "surveys": [
            {
                "response_id": f"v{n}",
                "survey": "nps",
                "answered_at": moment(),
                "scale_max": 10,
                "score": chance.randint(0, 10),
                "customer_id": who(),
            }
            for n in many(0, 9)
        ],
        "fx_rates": [
            {
                "rate_date": (FIRST + timedelta(days=7 * n - 7)).isoformat(),
                "currency": "CAD",
                "rate": Decimal("0.75") - Decimal(n) / 1000,
            }
            for n in range(24)
        ],
    }


# fmt: on
def _later(first: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The same keys with other content, new keys, and some rows unchanged."""
    second = _company(chance)
    second.pop("fx_rates")
    for table, rows in second.items():
        before = first[table]
        for number in range(0, min(len(rows), len(before)), 3):
            rows[number] = before[number]
    return second


def _live(tl: Trueline, seed: int) -> dict[str, Any]:
    """A company's two days, and everything that can be asked of it."""
    empty(tl)
    tl.engine._state = None
    clock: Any = tl.clock
    clock.hours = 0
    chance = random.Random(seed)
    company = _company(chance)
    reports = fill(tl, company.items(), keep_good=True)
    for table in ("orders", "revenue", "events", "subscription_events"):
        declare_coverage(
            tl.warehouse, tl.settings, table, start=date(2020, 1, 1), end=date(2026, 3, 15),
            now=tl.clock(),
        )  # fmt: skip
    then = asked.readings(tl, asked.PERIODS[:1])
    clock.hours = 2
    reports += fill(tl, _later(company, chance).items(), keep_good=True)
    remove_rows(tl.warehouse, "orders", [{"order_id": "o1"}], source="x", now=tl.clock())
    every = [kpi.key for kpi in from_facts()]
    some = every if ASKED_AS_KNOWN is None else sorted(chance.sample(every, ASKED_AS_KNOWN))
    found = {
        "reports": [asked.plain(r.to_json() | {"seconds": 0, "rejects_path": 0}) for r in reports],
        "then": then,
        "now": asked.readings(tl, asked.PERIODS[: 2 if SOAK else 1]),
        "earlier": asked.earlier(NOW + timedelta(hours=1), some)(tl),
        "usage": asked.usage(tl),
        "cohorts": asked.cohorts(tl),
        "bridges": asked.bridges(tl),
        "tables": asked.tables(tl),
        "facts": asked.facts(tl),
    }
    for key, value in found["earlier"].items():
        assert value["value"] == then[key]["value"], key
    return found


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
@given(seed=st.integers(OF_TODAY, 2**32))
def test_any_company_is_counted_alike(companies: dict[str, Trueline], seed: int) -> None:
    mine = _live(companies["duckdb"], seed)
    for engine in OTHERS:
        theirs = _live(companies[engine], seed)
        assert theirs == mine, f"{engine}: {asked.difference(mine, theirs)}"
