"""Every number can be followed to the query behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from trueline.catalog.inputs import NOT_MEASURED
from trueline.catalog.kpis import from_facts
from trueline.home import Trueline

PERIOD = {"start": "2026-02-01", "end": "2026-03-01"}
ORDERS = """order_id,customer_id,ordered_at,amount,currency
o1,ann,2026-01-03,100.00,USD
o2,ann,2026-02-02,50.00,USD
o3,bob,2026-02-05,20.00,USD
"""
CHANGES = """event_id,subscription_id,customer_id,effective_at,status,plan,quantity,unit_amount,\
currency,interval,interval_count,evidence
e1,s1,ann,2026-01-05,active,pro,1,100.00,USD,month,1,csv
e2,s1,ann,2026-02-10,active,max,1,150.00,USD,month,1,csv
"""
SPEND = """spend_date,channel,campaign,amount,currency
2026-02-04,Meta,x,30.00,USD
2026-02-04,Search,x,7.00,USD
"""
CASH = "balance_date,account,amount,currency\n2026-02-27,bank,900.00,USD\n"


@pytest.fixture(scope="module")
def tl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trueline]:
    """One company, of whose February explanations are asked."""
    from small_company import Company

    company = Company(tmp_path_factory.mktemp("explained"))
    company.load("orders", ORDERS, full=True)
    company.load("subscription_events", CHANGES, full=True)
    company.load("cash_balances", CASH)
    company.load("spend", SPEND)
    yield company.tl
    company.tl.close()


@pytest.fixture(scope="module")
def explained(tl: Trueline) -> Callable[[str], dict[str, Any]]:
    """Explanations of its February."""
    return lambda key: tl.explain(key, **PERIOD)


@pytest.mark.parametrize("key", ["nrr", "cash_balance", "retention_30d", "clv", "sales_efficiency"])
def test_a_known_inputs_query_is_shown(
    explained: Callable[[str], dict[str, Any]], key: str
) -> None:
    for item in explained(key)["inputs"]:
        if item["value"] is None or item["source"] in NOT_MEASURED:
            continue
        for query in item["queries"]:
            assert "see" in query or "SELECT" in query["sql"].upper(), item


@pytest.mark.parametrize("key", [k.key for k in from_facts()])
def test_every_kpi_can_be_explained(explained: Callable[[str], dict[str, Any]], key: str) -> None:
    found = explained(key)
    assert found["formula"]
    assert {i["name"] for i in found["inputs"]} == {i["name"] for i in found["reading"]["inputs"]}


@pytest.mark.parametrize(
    ("key", "cut", "amount"),
    [
        ("mrr", {"plan": "max"}, 150),
        ("customers", {"plan": "pro"}, 0),  # one came in January, and left it for the other
        ("mrr", {"currency": "USD"}, 150),
        ("spend", {"channel": "Meta"}, 30),
        # Of a channel it is the ad spend of the channel; sales cost is not asked for at all.
        ("cac", {"channel": "Meta"}, 30),
    ],
)
def test_the_query_of_a_slice_gives_the_slices_number(
    tl: Trueline, key: str, cut: dict[str, str], amount: int
) -> None:
    inputs = tl.explain(key, slice=cut, **PERIOD)["inputs"]
    queries = [query for item in inputs[:2] for query in item["queries"]]
    rows = [row for query in queries[:1] for row in tl.warehouse.rows(query["sql"])]
    assert sum(row[-4] for row in rows) == amount
    if key == "cac":
        assert [item["source"] for item in inputs[:2]] == ["channel_spend", "none"]
        assert len(queries) == 1
