"""The rows behind a number: exactly those that were counted, as they are or as they were known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from small_company import EVENTS
from trueline.catalog.kpis import from_facts
from trueline.core.errors import InputError, UnknownKeyError

if TYPE_CHECKING:
    from small_company import Company

EARLIER = datetime(2026, 3, 15, 17, 0, tzinfo=UTC)
JANUARY = {"start": "2026-01-01", "end": "2026-02-01"}
ORDERS = """order_id,customer_id,ordered_at,amount,currency
    o1,c1,2026-01-01T04:59:00Z,10.00,USD
    o2,c2,2026-01-01T05:00:00Z,20.00,USD
    o3,c2,2026-02-01T04:59:00Z,30.00,USD
    o4,c2,2026-02-01T05:00:00Z,40.00,USD"""
COSTS = """cost_id,cost_date,cost_type,amount,currency,service_start,service_end
    k1,2026-01-05,marketing,5.00,USD,,
    k2,2026-01-06,sales,6.00,USD,,
    k3,2025-12-01,sales,12.00,USD,2025-12-01,2026-03-01
    k4,2025-12-02,sales,7.00,USD,,"""


def keys(found: dict[str, object], name: str) -> list[str]:
    rows = found["rows"]
    assert isinstance(rows, list)
    return [row[name] for row in rows]


def test_only_rows_of_the_local_days_are_behind_a_flow(company: Company) -> None:
    company.load("orders", ORDERS)
    found = company.tl.rows_behind("aov", "order_value", **JANUARY)
    assert (found["table"], found["total"]) == ("orders", 2)
    assert keys(found, "order_id") == ["o2", "o3"]
    row = found["rows"][0]
    assert (row["source"], row["load_id"]) == ("orders-1.csv", 1)
    assert row["recorded_at"].endswith("+00:00")


def test_pages_hold_every_row_once(company: Company) -> None:
    lines = "\n".join(f"o{n:03d},c1,2026-01-{n % 28 + 1:02d},1.00,USD" for n in range(107))
    company.load("orders", "order_id,customer_id,ordered_at,amount,currency\n" + lines)
    seen: list[str] = []
    for offset in (0, 50, 100):
        page = company.tl.rows_behind("aov", "orders", offset=offset, **JANUARY)
        assert page["total"] == 107
        seen += keys(page, "order_id")
    assert len(seen) == len(set(seen)) == 107


def test_a_cost_spread_over_the_period_is_behind_it_whenever_it_is_dated(company: Company) -> None:
    company.load("costs", COSTS)
    found = company.tl.rows_behind("cac", "total_sales_spending", **JANUARY)
    assert found["category"] == "sales"
    assert keys(found, "cost_id") == ["k3", "k2"]


def test_a_state_rests_on_every_row_until_its_moment(company: Company) -> None:
    head = EVENTS.removesuffix(",interval_count")
    company.load(
        "subscription_events",
        f"""{head}
        e1,s1,c1,2025-06-03T15:00:00Z,active,Pro,1,100.00,USD,month
        e2,s1,c1,2026-01-20T15:00:00Z,active,Pro,1,150.00,USD,month
        e3,s1,c1,2026-02-20T15:00:00Z,active,Pro,1,170.00,USD,month""",
    )
    closing = company.tl.rows_behind("net_new_mrr", "closing", **JANUARY)
    opening = company.tl.rows_behind("net_new_mrr", "opening", **JANUARY)
    assert keys(closing, "event_id") == ["e1", "e2"]
    assert keys(opening, "event_id") == ["e1"]


def test_rows_as_of_an_earlier_moment_are_those_known_then(company: Company) -> None:
    company.load("orders", ORDERS)
    company.now += timedelta(hours=2)
    company.load(
        "orders",
        "order_id,customer_id,ordered_at,amount,currency\no2,c2,2026-01-01T05:00:00Z,25.00,USD",
    )
    amounts = [
        company.tl.rows_behind("aov", "order_value", **JANUARY, as_of=as_of)["rows"][0]["amount"]
        for as_of in (None, EARLIER)
    ]
    assert amounts == [25, 20]


def test_rows_of_test_customers_are_behind_nothing(company: Company) -> None:
    company.load("customers", "customer_id,created_at,is_test\nc2,2026-01-01,true")
    company.load("orders", ORDERS)
    assert company.tl.rows_behind("aov", "orders", **JANUARY)["total"] == 0


def test_an_input_that_is_a_kpi_names_it(company: Company) -> None:
    found = company.tl.rows_behind("clv_cac_ratio", "cac", **JANUARY)
    assert (found["kpi"], found["tables"], found["rows"]) == ("cac", [], [])


def test_every_input_of_the_catalogue_can_be_asked_for(company: Company) -> None:
    company.load("orders", ORDERS)
    company.load("costs", COSTS)
    for definition in from_facts():
        for name in definition.origins():
            found = company.tl.rows_behind(definition.key, name, **JANUARY)
            assert found["total"] >= len(found["rows"])


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"name": "nothing"}, UnknownKeyError),
        ({"name": "orders", "table": "costs"}, UnknownKeyError),
        ({"name": "orders", "table": "orders; DROP TABLE orders"}, UnknownKeyError),
        ({"name": "orders", "offset": -1}, InputError),
        ({"name": "orders", "limit": 0}, InputError),
        ({"name": "orders", "limit": 1001}, InputError),
    ],
)
def test_what_cannot_be_shown_is_refused(
    company: Company, words: dict[str, Any], error: type[Exception]
) -> None:
    company.load("orders", ORDERS)
    with pytest.raises(error):
        company.tl.rows_behind("aov", **words, **JANUARY)


def test_a_moment_that_has_not_come_cannot_be_read(company: Company) -> None:
    company.load("orders", ORDERS)
    with pytest.raises(InputError, match="has not come yet"):
        company.tl.kpi("revenue", **JANUARY, as_of=company.now + timedelta(days=1))


def test_costs_of_other_types_are_not_behind_a_sum_of_some(company: Company) -> None:
    company.load("costs", COSTS + "\n    k5,2026-01-07,personnel,90.00,USD,,")
    company.load(
        "spend",
        "spend_date,channel,campaign,amount,currency\n2026-01-05,Meta,m,3.00,USD",
        full=True,
    )
    found = company.tl.rows_behind("sales_efficiency", "sales_marketing_cost", **JANUARY)
    assert keys(found, "cost_id") == ["k3", "k1", "k2"]
    assert found["category"] == "marketing, sales, advertising"


def test_the_balance_of_a_week_ago_is_behind_the_cash_of_today(company: Company) -> None:
    company.load(
        "cash_balances",
        """balance_date,account,amount,currency
        2026-01-09,main,70.00,USD
        2026-01-16,main,50.00,USD
        2026-01-12,other,8.00,USD""",
    )
    days = {"start": "2026-01-20", "end": "2026-01-21"}
    item = company.tl.kpi("cash_balance", **days).inputs[0]
    found = company.tl.rows_behind("cash_balance", "amount", **days)
    assert [row["amount"] for row in found["rows"]] == [8, 50]
    assert item.rows == found["total"] == 2
