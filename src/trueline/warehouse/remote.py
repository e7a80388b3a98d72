"""What warehouses outside this process share: a bench for each load, and what is sent from it."""

from __future__ import annotations

import os
import tempfile
import threading
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trueline.core.errors import BusyError, HomeError, TruelineError
from trueline.facts.contract import Contract
from trueline.facts.load.checks import quoted
from trueline.facts.tables import CONTRACTS
from trueline.settings import WarehouseSettings
from trueline.warehouse.duckdb import DuckDBWarehouse
from trueline.warehouse.duckdb_core import relation
from trueline.warehouse.schema import LOADS, SCHEMA_VERSION, shapes
from trueline.warehouse.seam import Warehouse

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

KEYS = {c.name: c.key for c in CONTRACTS} | {"loads": ("load_id",), "source_marks": ("load_id",)}


def listed(columns: Sequence[str]) -> str:
    """Columns as a list of identifiers."""
    return ", ".join(map(quoted, columns))


@dataclass(frozen=True)
class Change:
    """What a load changes in one table: queries on the bench.

    ``gone`` gives the keys of superseded rows with ``load_id superseded_at superseded_by``;
    ``new`` the rows that came. ``None`` where there are none.
    """

    table: str
    contract: Contract | None
    gone: str | None
    new: str | None


def changes(connection: duckdb.DuckDBPyConnection, base: int) -> Iterator[Change]:
    """What the bench holds beyond the load ``base``, table by table; the loads come last."""
    for contract in CONTRACTS:
        name, history = quoted(contract.name), quoted(f"{contract.name}_history")
        gone = f"FROM {history} WHERE superseded_by > {base}"
        new = f"FROM {name} WHERE load_id > {base}"
        any_gone, any_new = (
            connection.execute(f"SELECT 1 {part} LIMIT 1").fetchone() for part in (gone, new)
        )
        if any_gone or any_new:
            keys = listed((*contract.key, "load_id", "superseded_at", "superseded_by"))
            yield Change(
                contract.name,
                contract,
                f"SELECT {keys} {gone}" if any_gone else None,
                f"SELECT {listed(tuple(contract.stored))} {new}" if any_new else None,
            )
    for table in ("source_marks", "loads"):
        new = f"FROM {table} WHERE load_id > {base}"
        if connection.execute(f"SELECT 1 {new} LIMIT 1").fetchone():
            columns = listed(tuple(shapes()[table]))
            yield Change(table, None, None, f"SELECT {columns} {new}")


class RemoteWarehouse(Warehouse):
    """A database elsewhere, with a bench in memory (which may spill to ``home/tmp``)."""

    def __init__(self, settings: WarehouseSettings, home: Path, wait_seconds: float = 600) -> None:
        super().__init__()
        self._temp = home / "tmp"
        self._temp.mkdir(parents=True, exist_ok=True)
        self._settings = settings
        self._wait_seconds = wait_seconds
        self._bench: DuckDBWarehouse | None = None
        self._turn = threading.RLock()

    @property
    def bench(self) -> DuckDBWarehouse:
        """The embedded engine, opened when it is first needed; anew where it has failed, as
        nothing lies on it between two loads."""
        with self._turn:
            if self._bench is not None and self._bench.failed:
                self._bench.close()
                self._bench = None
            if self._bench is None:
                self._bench = DuckDBWarehouse(
                    None,
                    memory_limit=self._settings.memory_limit,
                    temp_folder=self._temp,
                    temp_limit=self._settings.temp_limit,
                    threads=self._settings.threads or os.cpu_count(),
                )
            return self._bench

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """One writer of this process at a time."""
        if not self._turn.acquire(timeout=self._wait_seconds):
            raise BusyError("Another load is being written.", "Try again in a moment.")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def loading(self, table: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """A load into ``table``: worked out on the bench, then sent in one piece."""
        with self._in_turn(), self._locked(table) as base, self.bench.scratch() as connection:
            blank = ", ".join("NULL" for _ in range(len(LOADS) - 1))
            connection.execute(f"INSERT INTO loads VALUES ({int(base)}, {blank})")
            self.recall(connection, "coverage", ("table_name",), f"SELECT '{table}'")
            yield connection
            self._send(connection, base)

    @abstractmethod
    def _locked(self, table: str) -> AbstractContextManager[int]:
        """The one writer of all processes; gives the number of the last load."""

    @abstractmethod
    def _send(self, connection: duckdb.DuckDBPyConnection, base: int) -> None:
        """Write what the bench holds beyond ``base``: seen by others all at once, or never."""

    def _take(self, connection: duckdb.DuckDBPyConnection, table: str, relation: str) -> None:
        """Rows of ``relation`` (on the bench) that the bench does not hold yet."""
        columns, key = listed(tuple(shapes()[table])), listed(KEYS[table])
        connection.execute(
            f"INSERT INTO {quoted(table)} ({columns}) SELECT {columns} FROM {relation} r "
            f"ANTI JOIN {quoted(table)} t USING ({key})"
        )

    @contextmanager
    def _file(self, suffix: str) -> Iterator[Path]:
        """A file of our own for rows on their way, removed afterwards."""
        handle, name = tempfile.mkstemp(suffix=suffix, dir=self._temp)
        os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the bench."""
        if self._bench is not None:
            self._bench.close()


def untyped(sql: str, mark: str) -> str:
    """``?`` outside quotes replaced by another mark, for drivers that know no ``?``."""
    parts = sql.split("'")
    return "'".join(part.replace("?", mark) if n % 2 == 0 else part for n, part in enumerate(parts))


def secret_free(url: str) -> str:
    """The URL without its password."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    where = parts.hostname or ""
    if parts.port:
        where += f":{parts.port}"
    who = f"{parts.username}@" if parts.username else ""
    return f"{parts.scheme}://{who}{where}{parts.path}"


def not_brought_forward(error: TruelineError, address: str, found: int) -> TruelineError:
    """The error in words, where an older schema (``found``; 0: none) is left as it is by it."""
    if not found or type(error) is not HomeError:  # away or busy: another time
        return error
    return HomeError(
        f"The warehouse {address} is of an older Trueline (schema {found}; this one works with "
        f"{SCHEMA_VERSION}), and was not brought up to date: {error.message}",
        "Open it first by a role that may write: `trueline doctor` is enough.",
    )


def stream(connection: duckdb.DuckDBPyConnection, query: str, rows: int) -> pa.RecordBatchReader:
    """A query's rows, so many at once, without holding them all."""
    connection.execute("SELECT 1").fetchall()  # lets go of an earlier result that nobody finished
    return relation(connection, query).to_arrow_reader(rows)
