"""Names that exports often give: suggested to whoever loads a file, never taken by themselves."""

from __future__ import annotations

import pytest

from trueline.facts.load.suggest import Suggested, often_called, spelled, suggest
from trueline.facts.tables import CONTRACTS, ORDERS, SUBSCRIPTIONS


@pytest.mark.parametrize("name", ["Order ID", "orderId", "order-id", " order_id ", "ORDER ID"])
def test_a_name_is_the_same_however_it_is_spelled(name: str) -> None:
    assert spelled(name) == "order_id"


def test_what_an_export_calls_a_column_is_suggested() -> None:
    header = ["Order Number", "Client ID", "created_at", "total", "sku", "Currency Code"]
    found = suggest(ORDERS, header, ["order_id", "customer_id", "ordered_at", "amount", "currency"])
    assert found["order_id"].likely == "Order Number"
    assert found["customer_id"].likely == "Client ID"
    assert found["ordered_at"].likely == "created_at"
    assert found["currency"].likely == "Currency Code"
    assert found["amount"] == Suggested(perhaps=("total",)), "it may hold tax"
    assert suggest(SUBSCRIPTIONS, ["sku"], ["plan"]) == {"plan": Suggested(perhaps=("sku",))}


def test_one_column_is_likely_one_thing_only() -> None:
    found = suggest(ORDERS, ["id"], ["order_id", "customer_id"])
    assert found == {"order_id": Suggested("id")}


def test_names_are_those_of_columns_there_are() -> None:
    columns = {table.name: set(table.by_name) for table in CONTRACTS}
    columns["any"] = set().union(*columns.values())
    for table, called in often_called().items():
        assert set(called) <= columns[table], table
        for column, names in called.items():
            assert len(set(names)) == len(names), (table, column)
            assert all(name == spelled(name) + "?" * name.endswith("?") for name in names), column


def test_a_name_is_likely_of_one_column_of_a_table() -> None:
    """What is likely two things is likely neither."""
    for table in CONTRACTS:
        own = often_called().get(table.name, {})
        names = [name for called in own.values() for name in called if not name.endswith("?")]
        assert len(set(names)) == len(names), table.name
        assert not set(names) & set(table.by_name), table.name
