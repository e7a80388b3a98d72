"""The store in PostgreSQL: what the tests of the file hold for, with several processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from companies import open_company
from postgres_server import Server

from trueline.core.errors import AwayError, ConflictError, HomeError, InputError
from trueline.core.quality import Completeness, Quality
from trueline.core.reading import Reading
from trueline.store import Store

DAY = date(2026, 3, 15)
NOON = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def reading(key: str, value: Any) -> Reading:
    return Reading(
        key=key, label=key, value=value, unit="USD", currency="USD", start=date(2026, 2, 13),
        end=DAY, quality=Quality.ACTUAL, completeness=Completeness.COMPLETE, reasons=(),
        inputs=(), definition="1", as_of=NOON,
    )  # fmt: skip


def keep(store: Store, *found: Reading) -> Any:
    return store.save_snapshot(
        DAY, list(found), stages={r.key: "all" for r in found}, watermark=1, moment=NOON
    )


def history(store: Store) -> list[dict[str, Any]]:
    return store.history(key=None, stage=None, start=DAY, end=date(2026, 3, 16))[0]


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    plain = postgres.url("x").split("?", maxsplit=1)[0]
    with psycopg.connect(plain, autocommit=True) as own:
        own.execute("DROP SCHEMA IF EXISTS kept CASCADE")
    yield postgres.url("kept")


def test_what_was_reported_stays_and_a_change_is_a_restatement(url: str) -> None:
    store = Store(url)
    exact = Decimal("1234567890123456.7890123456")
    keep(store, reading("revenue", exact), reading("nrr", None))
    assert keep(store, reading("revenue", exact), reading("nrr", None)).stored == 0
    changed = keep(store, reading("revenue", exact + 1), reading("nrr", None))
    assert list(changed.restated) == ["revenue"]
    store.close()
    again = Store(url)
    rows = history(again)
    assert {str(row["kpi_value"]) for row in rows if row["kpi_type"] == "revenue"} == {
        str(exact), str(exact + 1),
    }  # fmt: skip
    again.close()


def test_one_of_many_processes_gets_a_slot_and_a_key(url: str) -> None:
    stores = [Store(url) for _ in range(6)]
    taken: list[bool] = []
    begun: list[str] = []
    gate = threading.Barrier(len(stores))

    def race(store: Store) -> None:
        gate.wait()
        taken.append(store.claim("daily", NOON))
        try:
            begun.append(type(store.begin("k", "POST /x", "hash")).__name__)
        except ConflictError:
            begun.append("running")

    threads = [threading.Thread(target=race, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 5 + [True]
    assert sorted(begun) == ["Fresh"] + ["running"] * 5
    stores[0].finish("k", "POST /x", 201, "{}")
    assert type(stores[1].begin("k", "POST /x", "hash")).__name__ == "Replay"
    with pytest.raises(InputError):
        stores[2].begin("k", "POST /x", "another")
    for store in stores:
        store.close()


def test_two_that_open_a_new_store_at_once_make_one(url: str) -> None:
    made: list[Any] = []

    def opens() -> None:
        try:
            made.append(Store(url))
        except Exception as error:  # noqa: BLE001  whatever it is, the test tells
            made.append(error)

    threads = [threading.Thread(target=opens) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(found, Store) for found in made), made
    for store in made:
        store.close()


def test_a_newer_store_is_left_alone(url: str, postgres: Server) -> None:
    Store(url).close()
    with psycopg.connect(postgres.url("x").split("?", maxsplit=1)[0], autocommit=True) as own:
        own.execute("UPDATE kept.alembic_version SET version_num = '9999'")
    with pytest.raises(HomeError, match="newer Trueline"):
        Store(url)


def test_a_store_that_is_away_is_told_without_the_password(postgres: Server) -> None:
    with pytest.raises(AwayError) as told:
        Store(postgres.url("kept", "owner:hush"))
    assert "password" in str(told.value) and "hush" not in str(told.value)
    with pytest.raises(HomeError, match="no name for a schema"):
        Store(postgres.url('k"x'))


def test_a_company_keeps_both_in_one_database(postgres: Server, tmp_path: Any) -> None:
    more = f'\n[store]\nurl = "{postgres.url("together")}"\n'
    with open_company(tmp_path / "a", postgres.url("together"), more) as tl:
        tl.load_rows("orders", [{"order_id": "1", "customer_id": "c", "amount": "5",
                                 "currency": "USD", "ordered_at": "2026-03-01"}])  # fmt: skip
        assert tl.snapshot()["revision"] == 1
        assert not (tl.home / "store.sqlite").exists()
    with open_company(tmp_path / "b", postgres.url("together"), more) as tl:
        assert tl.history(days=5)[0]
        assert tl.kpi("revenue", start="2026-03-01", end="2026-03-02").value == 5
