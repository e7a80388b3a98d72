"""The same company on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from clickhouse_server import ClickHouseServer
from companies import SOAK, Url
from postgres_server import Server, binaries

from trueline.warehouse.clickhouse_rows import SETTINGS

_numbers = count()

if not SOAK:
    # Small tables, many queries: compiling them takes a quarter of the time. The soak compiles.
    SETTINGS.update(compile_expressions=0, compile_aggregate_expressions=0)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server; its clock is set to Nepal's time."""
    if binaries() is None:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[ClickHouseServer]:
    """ClickHouse behind HTTP, in a process of its own; its clock is set to Nepal's time."""
    server = ClickHouseServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def url_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Url:
    """A URL of a warehouse that nobody has used yet, by engine."""
    embedded = tmp_path_factory.mktemp("chdb")  # a process may open one folder only

    def url(engine: str) -> str:
        number = next(_numbers)
        if engine == "postgres":
            server: Server = request.getfixturevalue("postgres")
            return server.url(f"company_{number}")
        if engine == "clickhouse-server":
            of_http: ClickHouseServer = request.getfixturevalue("clickhouse")
            return of_http.url(f"company_{number}")
        if engine == "clickhouse":
            return f"chdb://{embedded}?database=company_{number}"
        return "duckdb://warehouse.duckdb"

    return url
