"""A ClickHouse server that several processes use, that goes away, or does not let us."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_server import ZONE, ClickHouseServer
from companies import NOW, empty, fill, open_company, orders, seen

from trueline.core.errors import AwayError, HomeError
from trueline.home import Trueline
from trueline.settings import WarehouseSettings
from trueline.warehouse import clickhouse_lock
from trueline.warehouse.choose import open_warehouse
from trueline.warehouse.clickhouse import ClickHouseWarehouse
from trueline.warehouse.schema import SCHEMA_VERSION


@pytest.fixture(scope="module")
def shop(
    clickhouse: ClickHouseServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trueline]:
    with open_company(tmp_path_factory.mktemp("server"), clickhouse.url("shop")) as tl:
        yield tl


@pytest.fixture
def company(shop: Trueline) -> Trueline:
    empty(shop)
    shop.engine._state = None
    return shop


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda url: url.replace(":secret@", ":wrong@"), "Check user and password"),
        (lambda url: url.replace("owner:secret", "nobody:secret"), "Check user and password"),
        (lambda url: url.replace("127.0.0.1", "nowhere.invalid"), "Check the host"),
    ],
)
def test_a_wrong_address_or_password_is_told(
    clickhouse: ClickHouseServer, tmp_path: Path, change: Callable[[str], str], says: str
) -> None:
    with pytest.raises(AwayError) as told:
        open_warehouse(change(clickhouse.url("shop")), WarehouseSettings(), tmp_path)
    assert says in f"{told.value} {told.value.fix}"
    assert "settings" not in str(told.value) and "session_timezone" not in str(told.value)
    assert "secret" not in str(told.value) and "wrong" not in str(told.value)


def test_a_user_who_only_reads_may_read(company: Trueline, clickhouse: ClickHouseServer) -> None:
    fill(company, [("orders", orders(0, 5))])
    company.engine.refresh()
    url = clickhouse.url("shop", "reader:looks")
    with open_company(company.home / "reader", url) as tl:
        found = tl.readings(["revenue"], start="2026-02-01", end="2026-03-01")
        assert found["revenue"].value == 50
        with pytest.raises(HomeError, match="may only be read"):
            tl.load_rows("orders", orders(0, 9))
    warehouse: Any = company.warehouse
    versions = f"{warehouse.database}.schema_version"
    warehouse.command(f"TRUNCATE TABLE {versions}")
    warehouse.command(f"INSERT INTO {versions} VALUES (6)")
    with pytest.raises(HomeError, match=r"of an older Trueline \(schema 6; .* not brought up to"):
        open_company(company.home / "reader", url)
    warehouse.command(f"INSERT INTO {versions} VALUES ({SCHEMA_VERSION})")
    assert seen(company)[0] == 5


def test_a_user_whose_session_cannot_be_set_up_is_refused(
    clickhouse: ClickHouseServer, tmp_path: Path
) -> None:
    """Without its settings a sum of nothing would be 0."""
    with pytest.raises(HomeError, match="does not let this user set") as told:
        open_warehouse(clickhouse.url("shop", "fixed:looks"), WarehouseSettings(), tmp_path)
    assert "readonly = 2" in str(told.value.fix)


def test_the_server_s_zone_and_clock_do_not_matter(company: Trueline) -> None:
    """The server lives in Nepal, UTC+05:45; the company in Toronto."""
    assert company.warehouse.rows("SELECT serverTimezone()") == [(ZONE,)]
    fill(company, [("orders", [orders(0, 1)[0] | {"ordered_at": "2026-02-01T23:59:59"}])])
    row = company.warehouse.rows("SELECT ordered_on, ordered_at, recorded_at FROM orders")[0]
    assert [str(value) for value in row] == [
        "2026-02-01", "2026-02-02 04:59:59", NOW.strftime("%Y-%m-%d %H:%M:%S"),
    ]  # fmt: skip


def test_a_server_killed_while_a_load_is_sent_shows_nothing_of_it(
    company: Trueline, clickhouse: ClickHouseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies after the facts were sent, before the load's own row; the same process goes on."""
    warehouse: Any = company.warehouse
    fill(company, [("orders", orders(0, 5))])
    insert = warehouse._insert

    def dying(bench: Any, table: str, query: str) -> None:
        if table == "loads":
            clickhouse.kill()
        insert(bench, table, query)

    monkeypatch.setattr(warehouse, "_insert", dying)
    with pytest.raises(AwayError):
        fill(company, [("orders", orders(0, 9, "11"))])
    monkeypatch.undo()
    clickhouse.start()
    assert seen(company) == (5, 50, 5)
    report = fill(company, [("orders", orders(0, 9, "11"))])[0]
    assert (report.accepted, report.updated) == (9, 5)
    assert seen(company) == (9, 99, 9)


def test_a_server_that_was_restarted_is_found_again(
    company: Trueline, clickhouse: ClickHouseServer
) -> None:
    fill(company, [("orders", orders(0, 5))])
    company.readings(["revenue"], start="2026-02-01", end="2026-03-01")
    clickhouse.kill()
    with pytest.raises(AwayError, match="cannot be reached"):
        company.warehouse.rows("SELECT 1")
    clickhouse.start()
    found = company.readings(["revenue"], start="2026-02-01", end="2026-03-01")["revenue"]
    assert found.value == 50


def test_a_server_killed_while_its_schema_is_made_is_made_whole_later(
    clickhouse: ClickHouseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ClickHouseWarehouse.command
    statements = iter(range(1000))

    def dying(self: ClickHouseWarehouse, sql: str) -> Any:
        if next(statements) == 12:
            clickhouse.kill()
        return command(self, sql)

    monkeypatch.setattr(ClickHouseWarehouse, "command", dying)
    with pytest.raises(AwayError):
        open_warehouse(clickhouse.url("cut"), WarehouseSettings(), tmp_path)
    monkeypatch.undo()
    clickhouse.start()
    monkeypatch.setattr(clickhouse_lock, "STALE_SECONDS", -5)  # whose turn it was died with it
    with open_company(tmp_path, clickhouse.url("cut")) as tl:
        assert tl.warehouse.rows("SELECT max(version) FROM schema_version") == [(SCHEMA_VERSION,)]
        assert fill(tl, [("orders", orders(0, 3))])[0].accepted == 3


LOADER = """
import sys
from companies import fill, open_company, orders
from pathlib import Path

home, url, first = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with open_company(home, url) as tl:
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(3):
        fill(tl, [("orders", orders(first + n, first + n + 10, str(first + n + 1)))])
"""


def _process(program: str, *words: str) -> subprocess.Popen[bytes]:
    here = Path(__file__).parent
    started = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *words],
        cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert started.stdout is not None
    assert started.stdout.readline() == b"ready\n"
    return started


def test_two_processes_that_load_at_once_take_turns(
    company: Trueline, clickhouse: ClickHouseServer
) -> None:
    """Six loads of two processes, of overlapping keys: none lost, none twice."""
    url = clickhouse.url("shop")
    both = [_process(LOADER, str(company.home / f"p{n}"), url, str(n)) for n in range(2)]
    for one in both:
        one.communicate(b"\n")
    assert [one.returncode for one in both] == [0, 0]
    rows = company.warehouse.rows
    assert [row[0] for row in rows("SELECT load_id FROM loads ORDER BY load_id")] == [*range(1, 7)]
    assert seen(company)[::2] == (13, 13)
    accepted, updated = rows("SELECT sum(accepted), sum(updated) FROM loads")[0]
    assert accepted - updated == 13
    assert rows("SELECT count(*) FROM orders_history")[0][0] == updated


DYING = """
import os, signal, sys
from pathlib import Path
from companies import fill, open_company, orders

home, url, at = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
with open_company(home, url) as tl:
    insert = tl.warehouse._insert

    def dying(bench, table, query):
        insert(bench, table, query)
        if table == at:
            os.kill(os.getpid(), signal.SIGKILL)

    tl.warehouse._insert = dying
    print("ready", flush=True)
    fill(tl, [("orders", orders(0, 9, "11"))])
"""


@pytest.mark.parametrize("at", ["orders_gone", "orders_rows", "loads"])
def test_a_process_killed_while_it_loads_holds_nobody_up(
    company: Trueline, clickhouse: ClickHouseServer, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """What it sent is seen whole once its load's row is there, and not at all before."""
    fill(company, [("orders", orders(0, 5))])
    dead = _process(DYING, str(company.home / "dying"), clickhouse.url("shop"), at)
    assert dead.wait() == -9
    assert dead.stdin is not None and dead.stdout is not None
    dead.stdin.close()
    dead.stdout.close()
    assert seen(company) == ((9, 99, 9) if at == "loads" else (5, 50, 5))
    monkeypatch.setattr(clickhouse_lock, "STALE_SECONDS", 0)
    assert fill(company, [("orders", orders(0, 12, "12"))])[0].accepted == 12
    assert seen(company) == (12, 144, 12)
    company.engine._state = None
    found = company.kpi("revenue", start="2026-02-01", end="2026-03-01")
    assert found.value == 144


def test_another_process_s_load_is_heard_of(
    company: Trueline, clickhouse: ClickHouseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    told = threading.Event()
    with open_company(company.home / "listener", clickhouse.url("shop")) as other:
        stop = other.warehouse.subscribe(lambda load: told.set() if load == 1 else None)
        company.load_rows("orders", orders(0, 5))
        company.engine.refresh()
        assert told.wait(30)
        stop()
