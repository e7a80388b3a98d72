"""PostgreSQL that is not there, goes away, or does not let us: a clear message, nothing lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from companies import NOW, empty, fill, open_company, orders
from postgres_server import Server

from trueline.core.errors import AwayError, BusyError, HomeError, TruelineError
from trueline.home import Trueline
from trueline.settings import WarehouseSettings
from trueline.warehouse.postgres import PostgresWarehouse
from trueline.warehouse.schema import SCHEMA_VERSION


@pytest.fixture(scope="module")
def shop(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trueline]:
    with open_company(tmp_path_factory.mktemp("faults"), postgres.url("faults")) as tl:
        yield tl


@pytest.fixture
def company(shop: Trueline) -> Trueline:
    empty(shop)
    return shop


def ours(server: Server, **words: Any) -> psycopg.Connection[Any]:
    """The owner's own session."""
    url = server.url("x").split("?", maxsplit=1)[0]
    return psycopg.connect(url, autocommit=True, **words)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda url: url.replace(":secret@", ":wrong@"), "password authentication failed"),
        (lambda url: url.replace("127.0.0.1:", "127.0.0.1:1"), "cannot be reached"),
        (lambda url: url.replace("127.0.0.1", "nowhere.invalid"), "Check the host"),
        (lambda url: url.replace("/postgres?", "/other?"), "does not exist"),
        (lambda url: url.replace("owner:secret", "nobody:secret"), "nobody"),
    ],
)
def test_a_wrong_address_or_password_is_told(
    postgres: Server, tmp_path: Path, change: Callable[[str], str], says: str
) -> None:
    url = change(postgres.url()).replace(f":1{postgres.port}", ":1")
    with pytest.raises(AwayError) as told:
        PostgresWarehouse(url, WarehouseSettings(), tmp_path)
    assert says in str(told.value)
    assert "\t" not in told.value.message and ".." not in told.value.message  # no half sentence
    assert "secret" not in str(told.value) and "wrong" not in str(told.value)


def test_a_schema_of_odd_name_is_refused(postgres: Server, tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="no name for a schema"):
        PostgresWarehouse(postgres.url('x"; drop'), WarehouseSettings(), tmp_path)


def test_a_load_whose_session_dies_leaves_nothing(company: Trueline, postgres: Server) -> None:
    fill(company, [("orders", orders(0, 5))])
    with pytest.raises(AwayError, match="not committed"), company.warehouse.loading("orders") as c:
        c.execute("INSERT INTO orders (order_id, load_id) VALUES ('half', 2)")
        _end_sessions(postgres)
    assert company.warehouse.rows("SELECT count(*) FROM orders")[0][0] == 5
    assert fill(company, [("orders", orders(0, 7))])[0].accepted == 2


def _end_sessions(server: Server) -> None:
    with ours(server) as own:
        own.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'trueline'"
        )


def test_a_load_that_is_killed_while_it_is_sent_leaves_nothing(
    company: Trueline, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends the session after the facts were copied, before the load's row was."""
    warehouse: Any = company.warehouse
    fill(company, [("orders", orders(0, 5))])
    copy = warehouse._copy

    def dying(session: Any, bench: Any, table: str, *more: Any) -> None:
        if table == "loads":
            _end_sessions(postgres)
        copy(session, bench, table, *more)

    monkeypatch.setattr(warehouse, "_copy", dying)
    with pytest.raises(AwayError):
        fill(company, [("orders", orders(0, 9, "11"))])
    monkeypatch.undo()
    found = warehouse.rows("SELECT count(*), sum(amount) FROM orders")
    assert found == [(5, 50)]
    assert warehouse.rows("SELECT count(*) FROM orders_history")[0][0] == 0
    report = fill(company, [("orders", orders(0, 9, "11"))])[0]
    assert (report.accepted, report.updated) == (9, 5)
    assert warehouse.rows("SELECT count(*), sum(amount) FROM orders") == [(9, 99)]


def test_a_server_that_was_restarted_is_found_again(company: Trueline, postgres: Server) -> None:
    fill(company, [("orders", orders(0, 5))])
    company.readings(["revenue"], start="2026-02-01", end="2026-03-01")
    postgres.stop()
    with pytest.raises(AwayError):
        company.warehouse.rows("SELECT 1")
    postgres.start()
    found = company.readings(["revenue"], start="2026-02-01", end="2026-03-01")["revenue"]
    assert found.value == 50


def test_two_loaders_at_once_take_turns(company: Trueline, postgres: Server) -> None:
    """Eight loads over sessions of two owners, of overlapping keys: none lost, none twice."""
    other = open_company(company.home / "other", postgres.url("faults"))
    told: list[Exception] = []

    def load(tl: Trueline, first: int) -> None:
        try:
            for n in range(4):
                fill(tl, [("orders", orders(first + n, first + n + 10, str(first + n + 1)))])
        except Exception as error:  # noqa: BLE001  whatever it is, the test tells
            told.append(error)

    threads = [threading.Thread(target=load, args=(tl, n)) for n, tl in enumerate((company, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert not told
    rows = company.warehouse.rows
    loads = [row[0] for row in rows("SELECT load_id FROM loads ORDER BY load_id")]
    assert loads == list(range(1, 9))
    assert rows("SELECT count(*), count(DISTINCT order_id) FROM orders")[0] == (14, 14)
    accepted, updated = rows("SELECT sum(accepted), sum(updated) FROM loads")[0]
    assert accepted - updated == 14
    assert rows("SELECT count(*) FROM orders_history")[0][0] == updated


def test_a_writer_that_waits_too_long_is_told(
    company: Trueline, postgres: Server, tmp_path: Path
) -> None:
    slow = PostgresWarehouse(
        postgres.url("faults"), WarehouseSettings(), tmp_path, wait_seconds=0.2
    )
    with company.warehouse.writing(), pytest.raises(BusyError), slow.writing():
        pass
    with slow.writing() as writer:
        assert writer.execute("SELECT 1").fetchone() == (1,)
    slow.close()


def test_a_role_that_only_reads_may_read(company: Trueline, postgres: Server) -> None:
    fill(company, [("orders", orders(0, 5))])
    company.engine.refresh()
    with ours(postgres) as own:
        own.execute("DROP ROLE IF EXISTS looker")
        own.execute("CREATE ROLE looker LOGIN PASSWORD 'looks'")
        with pytest.raises(HomeError, match="may not use the schema"):
            open_company(company.home / "looker", postgres.url("faults", "looker:looks"))
        own.execute("GRANT USAGE ON SCHEMA faults TO looker")
        own.execute("GRANT SELECT ON ALL TABLES IN SCHEMA faults TO looker")
    url = postgres.url("faults", "looker:looks")
    with open_company(company.home / "looker", url) as tl:
        found = tl.readings(["revenue"], start="2026-02-01", end="2026-03-01")
        assert found["revenue"].value == 50
        with pytest.raises(HomeError, match="may not do that"):
            tl.load_rows("orders", orders(0, 9))
    with ours(postgres) as own:
        own.execute("REVOKE SELECT ON faults.revenue FROM looker")
        with (
            open_company(company.home / "looker", url) as tl,
            pytest.raises(HomeError) as told,
        ):
            tl.warehouse.rows("SELECT * FROM revenue")
        assert "but not write" not in told.value.message, "it may not even read it"
        own.execute("UPDATE faults.schema_version SET version = 6")
        with pytest.raises(HomeError, match=r"of an older Trueline \(schema 6; .* not brought up"):
            open_company(company.home / "looker", url)
        own.execute("UPDATE faults.schema_version SET version = %s", [SCHEMA_VERSION])
        own.execute("DROP OWNED BY looker")
        own.execute("DROP ROLE looker")
    assert company.warehouse.rows("SELECT count(*) FROM orders")[0][0] == 5


def test_a_newer_schema_is_left_alone(company: Trueline, postgres: Server, tmp_path: Path) -> None:
    newer = SCHEMA_VERSION + 1
    with ours(postgres) as own:
        own.execute("INSERT INTO faults.schema_version VALUES (%s)", [newer])
        with pytest.raises(HomeError, match="newer Trueline"):
            PostgresWarehouse(postgres.url("faults"), WarehouseSettings(), tmp_path)
        own.execute("DELETE FROM faults.schema_version WHERE version = %s", [newer])


def test_an_older_schema_is_brought_up_to_date_with_its_data(
    company: Trueline, postgres: Server
) -> None:
    """Version 1 had no source_marks, and no count of unpriced trials."""
    fill(company, [("orders", orders(0, 5))])
    with ours(postgres) as own:
        own.execute("DROP TABLE faults.source_marks")
        own.execute("ALTER TABLE faults.mrr_changes DROP COLUMN unpriced_trials")
        own.execute("UPDATE faults.schema_version SET version = 1")
        own.execute("DELETE FROM faults.days WHERE day > '2026-01-01'")
    with open_company(company.home / "newer", postgres.url("faults")) as tl:
        assert tl.warehouse.rows("SELECT count(*) FROM source_marks") == [(0,)]
        assert tl.warehouse.rows("SELECT count(unpriced_trials) FROM mrr_changes") == [(0,)]
        assert tl.warehouse.rows("SELECT max(version) FROM schema_version") == [(SCHEMA_VERSION,)]
        assert tl.warehouse.rows("SELECT count(*) FROM orders") == [(5,)]
        assert fill(tl, [("orders", orders(3, 8))])[0].accepted == 3


def test_a_migration_that_is_cut_short_leaves_the_older_schema(
    company: Trueline, postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trueline.warehouse import postgres_schema

    with ours(postgres) as own:
        own.execute("DROP TABLE faults.source_marks")
        own.execute("UPDATE faults.schema_version SET version = 1")
    made = postgres_schema.create_statements()
    monkeypatch.setattr(postgres_schema, "create_statements", lambda: [*made, "SELECT 1/0"])
    with pytest.raises(TruelineError):
        PostgresWarehouse(postgres.url("faults"), WarehouseSettings(), tmp_path)
    with ours(postgres) as own:
        assert own.execute("SELECT to_regclass('faults.source_marks')").fetchone() == (None,)
    monkeypatch.undo()
    PostgresWarehouse(postgres.url("faults"), WarehouseSettings(), tmp_path).close()
    assert company.warehouse.rows("SELECT count(*) FROM source_marks") == [(0,)]


def test_every_process_hears_of_a_change(company: Trueline, postgres: Server) -> None:
    heard: list[int] = []
    with open_company(company.home / "listener", postgres.url("faults")) as other:
        stop = other.warehouse.subscribe(heard.append)
        company.load_rows("orders", orders(0, 5))
        _until(lambda: bool(heard))
        assert heard[-1] == 1
        _end_sessions(postgres)  # the listener comes back, and is told what it missed
        company.load_rows("orders", orders(5, 6))
        _until(lambda: heard[-1] == 2)
        stop()


def _until(done: Callable[[], bool]) -> None:
    last = time.monotonic() + 20
    while not done():
        assert time.monotonic() < last
        time.sleep(0.05)


def test_the_servers_zone_and_clock_do_not_matter(company: Trueline, postgres: Server) -> None:
    """The server lives in Nepal, UTC+05:45; the company in Toronto."""
    with ours(postgres) as own:
        assert own.execute("SHOW timezone").fetchone() == ("Asia/Kathmandu",)
    fill(company, [("orders", [orders(0, 1)[0] | {"ordered_at": "2026-02-01T23:59:59"}])])
    row = company.warehouse.rows("SELECT ordered_on, ordered_at, recorded_at FROM orders")[0]
    assert [str(value) for value in row] == [
        "2026-02-01", "2026-02-02 04:59:59", NOW.strftime("%Y-%m-%d %H:%M:%S"),
    ]  # fmt: skip
