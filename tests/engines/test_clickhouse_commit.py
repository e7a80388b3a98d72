"""ClickHouse has no transactions: what readers see must change all at once all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from companies import Url, empty, fill, open_company, orders, seen

from trueline.core.errors import AwayError, BusyError, HomeError, TruelineError
from trueline.facts.tables import CONTRACTS
from trueline.home import Trueline
from trueline.settings import WarehouseSettings
from trueline.warehouse import clickhouse_lock, clickhouse_migrate
from trueline.warehouse.choose import open_warehouse
from trueline.warehouse.clickhouse_schema import (
    FACTS,
    create_statements,
    fill_days,
    sort_key,
    tables,
)
from trueline.warehouse.schema import SCHEMA_VERSION, shapes


@pytest.fixture(scope="module")
def url(url_of: Url) -> str:
    return url_of("clickhouse")


@pytest.fixture(scope="module")
def shop(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trueline]:
    with open_company(tmp_path_factory.mktemp("commit"), url) as tl:
        yield tl


@pytest.fixture
def company(shop: Trueline) -> Trueline:
    empty(shop)
    shop.engine._state = None
    return shop


@pytest.mark.parametrize("at", ["orders_gone", "orders_rows", "loads"])
def test_a_load_that_dies_is_never_seen_and_is_cleared_away(
    company: Trueline, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """It dies before or after each of the tables that it writes."""
    warehouse: Any = company.warehouse
    fill(company, [("orders", orders(0, 5))])
    before = seen(company)
    insert = warehouse._insert

    def dying(bench: Any, table: str, query: str) -> None:
        if table == at == "loads":
            raise OSError("the power went")
        insert(bench, table, query)
        if table == at:
            raise OSError("the power went")

    monkeypatch.setattr(warehouse, "_insert", dying)
    with pytest.raises(TruelineError):
        fill(company, [("orders", orders(0, 9, "11"))])
    monkeypatch.undo()
    assert seen(company) == before
    assert company.warehouse.rows("SELECT count(*) FROM orders_history")[0][0] == 0
    report = fill(company, [("orders", orders(3, 9, "12"))])[0]
    assert (report.load_id, report.accepted, report.updated) == (2, 6, 2)
    assert seen(company) == (9, 3 * 10 + 6 * 12, 9)
    assert company.warehouse.rows("SELECT count(*) FROM orders_history")[0][0] == 2


def test_a_reader_never_sees_two_versions(
    company: Trueline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two of the writer's inserts, every key is there once."""
    warehouse: Any = company.warehouse
    fill(company, [("orders", orders(0, 5))])
    found = []
    insert = warehouse._insert

    def watched(*words: Any) -> None:
        insert(*words)
        found.append(seen(company))

    monkeypatch.setattr(warehouse, "_insert", watched)
    fill(company, [("orders", orders(0, 5, "20"))])
    assert len(found) == 3
    assert found == [(5, 50, 5), (5, 50, 5), (5, 100, 5)]


def test_one_query_knows_one_last_load(company: Trueline) -> None:
    """The views ask for the last load by one scalar, which a query works out once."""
    same = company.warehouse.rows(
        "SELECT (SELECT generateUUIDv4()) = (SELECT generateUUIDv4()) FROM numbers(3)"
    )
    assert same == [(True,)] * 3 or same == [(1,)] * 3


def test_what_is_counted_is_exchanged_only_when_it_is_done(
    company: Trueline, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(company, [("orders", orders(0, 5))])
    company.engine.refresh()
    asked = "SELECT measure, value FROM metrics_daily WHERE measure = 'order_revenue'"
    before = company.warehouse.rows(asked)
    fill(company, [("orders", orders(0, 5, "20"))])
    with pytest.raises(RuntimeError), company.warehouse.writing() as writer:
        writer.clear("metrics_daily")
        raise RuntimeError("the power went")
    assert company.warehouse.rows(asked) == before
    monkeypatch.setattr(company.warehouse, "_exchange", _half(company.warehouse))
    with pytest.raises(RuntimeError):
        company.engine.refresh()
    monkeypatch.undo()
    company.engine._state = None
    found = company.kpi("revenue", start="2026-02-01", end="2026-03-01")
    assert found.value == 100


def _half(warehouse: Any) -> Any:
    def exchange() -> None:
        warehouse.command(f"TRUNCATE TABLE {warehouse.database}.rollup_state")
        warehouse.command(
            f"EXCHANGE TABLES {warehouse.database}.metrics_daily AND {warehouse.work}.metrics_daily"
        )
        raise RuntimeError("the power went")

    return exchange


def test_two_writers_take_turns_and_a_dead_one_is_buried(
    company: Trueline, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse: Any = company.warehouse
    first = clickhouse_lock.Turn(warehouse.command, warehouse.database)
    first.take(1)
    second = clickhouse_lock.Turn(warehouse.command, warehouse.database)
    with pytest.raises(BusyError):
        second.take(0.3)
    monkeypatch.setattr(clickhouse_lock, "STALE_SECONDS", -5)
    second.take(5)
    with pytest.raises(AwayError, match="turn to write was lost"):
        first.check()
    first.give_back()
    second.check()
    second.give_back()


def test_values_come_back_as_they_were(company: Trueline) -> None:
    fill(company, [("orders", [orders(0, 1)[0] | {"amount": "0.01", "cogs": "1234567890.1234"}])])
    found = company.warehouse.rows(
        "SELECT amount, cogs, ordered_on, ordered_at, channel FROM orders WHERE order_id = ? "
        "AND ordered_on < ? AND 'a?' = 'a?'",
        ["o0", __import__("datetime").date(2027, 1, 1)],
    )
    assert [str(value) for value in found[0]] == [
        "0.0100", "1234567890.1234", "2026-02-01", "2026-02-01 05:00:00", "None",
    ]  # fmt: skip


def test_a_newer_schema_is_left_alone(company: Trueline, url: str) -> None:
    warehouse: Any = company.warehouse
    newer = SCHEMA_VERSION + 1
    warehouse.command(f"INSERT INTO {warehouse.database}.schema_version VALUES ({newer})")
    with pytest.raises(HomeError, match="newer Trueline"):
        open_warehouse(url, WarehouseSettings(), company.home)
    warehouse.command(
        f"ALTER TABLE {warehouse.database}.schema_version DELETE WHERE version = {newer}"
    )


def test_an_older_schema_is_brought_up_to_date(company: Trueline, url: str) -> None:
    """What is counted in another shape is made anew, and counted again. Processes that first opened
    it at once each filled the calendar: a cost was spread over every day as often."""
    warehouse: Any = company.warehouse
    warehouse.command(fill_days(warehouse.database))
    warehouse.command(f"ALTER TABLE {warehouse.database}.mrr_changes DROP COLUMN unpriced_trials")
    warehouse.command(f"TRUNCATE TABLE {warehouse.database}.schema_version")
    warehouse.command(f"INSERT INTO {warehouse.database}.schema_version VALUES (4)")
    with closing(open_warehouse(url, WarehouseSettings(), company.home)) as newer:
        assert newer.rows("SELECT count(unpriced_trials) FROM mrr_changes") == [(0,)]
        assert newer.rows("SELECT count(*) - count(DISTINCT day) FROM days") == [(0,)]
        assert newer.rows("SELECT max(version) FROM schema_version") == [(SCHEMA_VERSION,)]


def test_a_schema_is_brought_up_to_date_by_one_process_only(
    company: Trueline, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that looked before another was done dropped what that one had counted: nobody was new."""
    fill(company, [("orders", orders(0, 5))])
    company.engine.refresh()
    looked = iter([6])
    version = clickhouse_migrate._version
    monkeypatch.setattr(
        clickhouse_migrate, "_version", lambda *words: next(looked, None) or version(*words)
    )
    with closing(open_warehouse(url, WarehouseSettings(), company.home)) as late:
        assert late.rows("SELECT count(*) FROM customer_firsts") == [(1,)]


def test_a_server_that_is_not_there_is_told(company: Trueline) -> None:
    with pytest.raises(AwayError, match="cannot be reached") as told:
        open_warehouse("clickhouse://me:hush@127.0.0.1:1/x", WarehouseSettings(), company.home)
    assert "hush" not in str(told.value)


def test_every_table_has_a_sort_key_and_a_place_in_a_cluster() -> None:
    statements = list(create_statements("trueline", "blue"))
    made = {name.removesuffix("_rows") for name, _, _ in tables()}
    assert made >= set(shapes()) - {f"{c.name}_history" for c in CONTRACTS}
    for name, _, key in tables():
        assert key
        spread = [s for s in statements if f'"{name}_local"' in s]
        assert len(spread) == 2 * (name in FACTS), name
        assert all('ON CLUSTER "blue"' in s for s in spread)
    assert all(sort_key(c)[0] == c.day and sort_key(c)[-1] == "load_id" for c in CONTRACTS)
