"""The embedded engine: one DuckDB file, owned by one process.

One writer at a time (a lock), each write a transaction; readers take a cursor of their own and
never wait. Never fork after opening: a child could write to the same file unnoticed.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueline.core.errors import BusyError, HomeError, HomeOwnedError
from trueline.warehouse.schema import SCHEMA_VERSION, create_statements, fill_days, shapes
from trueline.warehouse.seam import Receive, Warehouse, Writer

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

BATCH = 200_000
_OWNER = re.compile(r"PID (\d+)")


class _Scratched(Exception):  # noqa: N818 - no error: undoes what was only for trying
    pass


class _InPlace(Writer):
    """The bench is the warehouse: statements run on its one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(sql, list(parameters))

    def temporary(self, name: str, query: str) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")


class DuckDBWarehouse(Warehouse):
    """A warehouse in one file.

    ``path`` None keeps it in memory (tests). ``memory_limit`` is what the engine may hold; the
    process takes 60 to 80 MB more. ``temp_folder`` takes what does not fit, up to ``temp_limit``.
    Raises HomeOwnedError when another process has the file open.
    """

    dialect = "duckdb"

    def __init__(
        self,
        path: Path | None,
        *,
        memory_limit: str = "512MB",
        temp_folder: Path | None = None,
        temp_limit: str = "20GB",
        threads: int | None = None,
    ) -> None:
        super().__init__()
        self.path = path
        config: dict[str, Any] = {
            "memory_limit": memory_limit,
            "max_temp_directory_size": temp_limit,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # Rows carry their own order: keeping the file's would take memory by its size.
            "preserve_insertion_order": False,
        }
        if temp_folder is not None:
            config["temp_directory"] = str(temp_folder)
        if threads is not None:
            config["threads"] = threads
        self._connection = _connect(path, config)
        self._write_lock = threading.RLock()
        self._local = threading.local()
        self._migrate()

    def _migrate(self) -> None:
        with self.loading() as connection:
            known = connection.execute(
                "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'schema_version'"
            ).fetchone()
            if known and known[0]:
                found = connection.execute("SELECT max(version) FROM schema_version").fetchone()
                version = found[0] if found and found[0] is not None else 0
                if version > SCHEMA_VERSION:
                    raise HomeError(
                        f"The warehouse was written by a newer Trueline (schema {version}; "
                        f"this one knows {SCHEMA_VERSION}).",
                        "Upgrade Trueline.",
                    )
                if version == SCHEMA_VERSION:
                    return
            for statement in create_statements():
                connection.execute(statement)
            filled = connection.execute("SELECT 1 FROM days LIMIT 1").fetchone()
            if not filled:
                connection.execute(fill_days())
            connection.execute("INSERT INTO schema_version VALUES (?)", [SCHEMA_VERSION])

    @property
    def reader(self) -> duckdb.DuckDBPyConnection:
        """This thread's cursor: a connection must not be shared by threads."""
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._connection.cursor()
        return cursor

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query, as tuples of Python values (decimals exact, null as None)."""
        connection = self._connection if self._writing_here() else self.reader
        found: list[tuple[Any, ...]] = connection.execute(sql, list(parameters)).fetchall()
        return found

    def arrow(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The rows of a query as an Arrow table."""
        connection = self._connection if self._writing_here() else self.reader
        return connection.execute(sql, list(parameters)).to_arrow_table()

    def _writing_here(self) -> bool:
        return getattr(self._local, "writing", False)

    @property
    def bench(self) -> DuckDBWarehouse:
        """Itself."""
        return self

    @property
    def address(self) -> str:
        """The file."""
        return "memory" if self.path is None else str(self.path)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """The one writer, inside a transaction."""
        with self.loading() as connection:
            yield _InPlace(connection)

    def recall(
        self, connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], keys: str
    ) -> None:
        """Nothing to bring: what is recorded is there."""

    @contextmanager
    def sending(self, table: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
        """The table itself."""
        columns = ", ".join(f'"{name}"' for name in shapes()[table])
        yield self.reader, f'SELECT {columns} FROM "{table}"'

    @contextmanager
    def receiving(self) -> Iterator[Receive]:
        """Tables of another warehouse, in one transaction."""
        with self.loading() as connection:

            def take(table: str, other: duckdb.DuckDBPyConnection, query: str) -> None:
                columns = ", ".join(f'"{name}"' for name in shapes()[table])
                other.execute("SELECT 1").fetchall()
                connection.register("arriving", other.sql(query).to_arrow_reader(BATCH))
                connection.execute(
                    f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM arriving'
                )
                connection.unregister("arriving")

            yield take

    @contextmanager
    def loading(
        self,
        table: str = "",  # noqa: ARG002  the bench needs no preparation
        *,
        wait_seconds: float = 600,
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """The one writer, inside a transaction: all of it is committed, or nothing.

        Nests: an inner block joins the outer transaction. Raises BusyError after
        ``wait_seconds`` of waiting for another writer.
        """
        if self._writing_here():
            yield self._connection
            return
        if not self._write_lock.acquire(timeout=wait_seconds):
            raise BusyError("Another load is being written.", "Try again in a moment.")
        try:
            self._local.writing = True
            self._connection.execute("BEGIN TRANSACTION")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        finally:
            self._local.writing = False
            self._write_lock.release()

    def copy_to(self, path: Path) -> None:
        """A whole copy in a new file, as of one moment, while readers and writers go on."""
        cursor = self._connection.cursor()
        try:
            name = cursor.execute("SELECT current_database()").fetchone()
            quoted = str(path).replace("'", "''")
            cursor.execute(f"ATTACH '{quoted}' AS backup_copy")
            try:
                cursor.execute(f'COPY FROM DATABASE "{name[0] if name else ""}" TO backup_copy')
            finally:
                cursor.execute("DETACH backup_copy")
        finally:
            cursor.close()

    @contextmanager
    def scratch(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The one writer in a transaction that is undone at its end: a bench."""
        try:
            with self.loading() as connection:
                yield connection
                raise _Scratched
        except _Scratched:
            pass

    def interrupt(self) -> None:
        """Stop this process's running queries."""
        self._connection.interrupt()
        self.reader.interrupt()

    def close(self) -> None:
        """Close the file, so that another process may open it."""
        self._connection.close()

    def __enter__(self) -> DuckDBWarehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _connect(path: Path | None, config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    import duckdb

    try:
        return duckdb.connect(":memory:" if path is None else str(path), config=config)
    except duckdb.IOException as error:
        owner = _OWNER.search(str(error))
        if owner:
            raise HomeOwnedError(
                f"Process {owner[1]} has {path} open.",
                "Stop that process, or run `trueline serve` there and let commands go through it.",
            ) from error
        raise HomeError(f"{path} could not be opened: {error}") from error
