"""The embedded engine gives up, is asked too much or is somebody else's: what people are told."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from starlette.testclient import TestClient

import trueline
from trueline.core.errors import AwayError, BusyError
from trueline.home import Trueline
from trueline.warehouse import duckdb as engine
from trueline.warehouse.duckdb import MOST_WAITING, DuckDBWarehouse
from trueline.web import create_app

COST = {"cost_type": "sales", "amount": 1, "cost_date": "2026-01-05"}


class Dying:
    """A connection whose database gives up at a statement; from then on it answers nothing."""

    def __init__(self, real: Any, at: str) -> None:
        self._real, self._at, self.dead = real, at, False

    def execute(self, sql: str, *words: Any) -> Any:
        if sql.startswith(self._at):
            self._real.execute(sql, *words)  # what was committed may well be on the disk
            self.dead = True
        if self.dead:
            raise duckdb.FatalException("FATAL Error: database has been invalidated")
        return self._real.execute(sql, *words)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def dies(tl: Trueline, at: str) -> None:
    warehouse: Any = tl.warehouse
    warehouse._connection = Dying(warehouse._connection, at)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return trueline.init(tmp_path / "home")


def test_after_a_fatal_error_the_file_is_opened_again(home: Path) -> None:
    row = {"cost_id": "k1", **COST}
    with trueline.open(home) as tl:
        dies(tl, "COMMIT")
        with pytest.raises(AwayError, match="is opened again"):
            tl.load_rows("costs", [row])
        # It may have been committed, as here: recorded again, it is known.
        assert tl.load_rows("costs", [row]).duplicate == 1
        assert tl.warehouse.rows("SELECT count(*) FROM costs") == [(1,)]
        with trueline_elsewhere(home) as refusal:
            assert "has" in refusal  # still this process's own


def test_a_write_that_died_before_its_commit_left_nothing(home: Path) -> None:
    with trueline.open(home) as tl:
        dies(tl, "INSERT INTO loads")
        with pytest.raises(AwayError):
            tl.load_rows("costs", [{"cost_id": "k1", **COST}])
        assert tl.warehouse.rows("SELECT count(*) FROM costs") == [(0,)]


def test_health_is_503_until_the_warehouse_answers_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trueline.open(home) as tl, TestClient(create_app(tl)) as client:
        assert client.get("/health").status_code == 200
        dies(tl, "COMMIT")
        answer = client.post("/api/kpi/costs", json=COST)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "opened again" in answer.json()["detail"]

        def gone(*_: object) -> Any:
            raise AwayError("The disk is gone.")

        with monkeypatch.context() as patch:
            patch.setattr(engine, "connect", gone)
            health = client.get("/health")
            assert health.status_code == 503
            assert health.json()["warehouse"] == "AwayError"
            assert client.get("/health/live").status_code == 200
        assert client.get("/health").status_code == 200
        assert client.post("/api/kpi/costs", json=COST).status_code in (200, 201)


@contextmanager
def trueline_elsewhere(home: Path) -> Iterator[str]:
    """What another process is told that opens the home."""
    command = [sys.executable, "-m", "trueline.cli", "facts", "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done
    assert "Traceback" not in done.stderr
    yield " ".join((done.stdout + done.stderr).split())


def test_a_second_process_is_told_who_has_the_home(home: Path) -> None:
    with trueline.open(home), trueline_elsewhere(home) as refusal:
        assert f"Process {os.getpid()} has" in refusal
        assert "trueline serve" in refusal


@contextmanager
def somebody_writes(warehouse: DuckDBWarehouse) -> Iterator[None]:
    """A load that is under way in another thread."""
    begun, end = threading.Event(), threading.Event()

    def write() -> None:
        with warehouse.loading() as connection:
            connection.execute("CREATE TEMP TABLE scratch AS SELECT 1")
            begun.set()
            end.wait(60)

    thread = threading.Thread(target=write)
    thread.start()
    assert begun.wait(30)
    try:
        yield
    finally:
        end.set()
        thread.join()


def test_readers_do_not_wait_for_a_load(home: Path) -> None:
    with trueline.open(home) as tl, TestClient(create_app(tl)) as client:
        client.post("/api/kpi/costs", json=COST)
        with somebody_writes(tl.warehouse):
            assert client.get("/health").status_code == 200
            assert client.get("/api/kpi/sales_cost").status_code in (200, 404)
            assert client.get("/api/kpi/mrr").status_code == 200
            assert client.get("/api/facts").status_code == 200


def test_a_full_queue_is_a_503_that_says_when_to_come_back(home: Path) -> None:
    with trueline.open(home) as tl, TestClient(create_app(tl)) as client:
        answers: list[int] = []
        assert client.post("/api/kpi/costs", json=COST).status_code < 300
        with somebody_writes(tl.warehouse):

            def post() -> None:
                answers.append(client.post("/api/kpi/costs", json=COST).status_code)

            waiting = [threading.Thread(target=post) for _ in range(MOST_WAITING)]
            for thread in waiting:
                thread.start()
            warehouse: Any = tl.warehouse
            _until(lambda: warehouse._waiting == MOST_WAITING)
            refused = client.post("/api/kpi/costs", json=COST)
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
            assert refused.json()["code"] == "busy"
            # Those who read are answered all the same.
            assert client.get("/api/kpi/mrr").status_code == 200
        for thread in waiting:
            thread.join()
        assert all(status < 300 for status in answers)
        assert tl.warehouse.rows("SELECT count(*) FROM costs") == [(MOST_WAITING + 1,)]


def _until(reached: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(20_000):
        if reached():
            return
        pause.wait(0.01)
    raise AssertionError("it never came to that")


ENDLESS = (
    "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range % 7 = b.range % 5"
)


def test_a_query_that_takes_too_long_is_interrupted() -> None:
    with DuckDBWarehouse(None, query_seconds=0.4) as warehouse:
        with pytest.raises(BusyError, match="and was stopped"):
            warehouse.rows(ENDLESS)
        with pytest.raises(BusyError):
            warehouse.arrow(ENDLESS)
        assert warehouse.rows("SELECT 42") == [(42,)]


def test_a_query_in_time_is_left_alone_beside_one_that_is_not() -> None:
    with DuckDBWarehouse(None, query_seconds=0.4) as warehouse:
        found: list[Any] = []

        def endless() -> None:
            try:
                warehouse.rows(ENDLESS)
            except BusyError as error:
                found.append(error)

        thread = threading.Thread(target=endless)
        thread.start()
        while thread.is_alive():
            assert warehouse.rows("SELECT 42") == [(42,)]
        thread.join()
        assert len(found) == 1


def test_a_load_may_take_its_time() -> None:
    """A writer is never interrupted for its time: what it does is needed."""
    with DuckDBWarehouse(None, query_seconds=0.1) as warehouse, warehouse.loading() as connection:
        connection.execute("CREATE TEMP TABLE slow AS SELECT sum(range) FROM range(60000000)")
        assert warehouse.rows("SELECT count(*) FROM slow") == [(1,)]
