"""The embedded engine: one DuckDB file, owned by one process.

One writer at a time (a lock), each write a transaction; readers take a cursor of their own and
never wait. Never fork after opening: a child could write to the same file unnoticed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueline.core.errors import AwayError, BusyError, HomeError
from trueline.warehouse.deadline import Deadlines
from trueline.warehouse.duckdb_core import connect, core, relation
from trueline.warehouse.schema import (
    SCHEMA_VERSION,
    create_statement,
    create_statements,
    fill_days,
    outdated,
    shapes,
)
from trueline.warehouse.seam import Receive, Warehouse, Writer

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

BATCH = 200_000
MOST_WAITING = 16
"""Writers that may wait for their turn; one more is told to come back."""


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
    A reader's query may take ``query_seconds``, then it is interrupted (BusyError). After a fatal
    error (AwayError) the file is opened again when it is next used.
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
        query_seconds: float = 120,
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
        self._config = config
        self._connection = connect(path, config)
        self._cursors: list[duckdb.DuckDBPyConnection] = []
        self._failed = False
        self._write_lock = threading.RLock()
        self._state_lock = threading.Lock()
        self._waiting = 0
        self._commits = 0
        self._uncommitted: int | None = None
        self._local = threading.local()
        self._deadlines = Deadlines(query_seconds)
        self._migrate()

    def _migrate(self) -> None:
        with self._transaction() as connection:
            # Made where it is not there: to ask for it among the tables takes ten times as long.
            connection.execute(create_statement("schema_version"))
            found = connection.execute("SELECT max(version) FROM schema_version").fetchone()
            version = 0 if found is None or found[0] is None else found[0]
            if version > SCHEMA_VERSION:
                raise HomeError(
                    f"The warehouse was written by a newer Trueline (schema {version}; "
                    f"this one knows {SCHEMA_VERSION}).",
                    "Upgrade Trueline.",
                )
            if version == SCHEMA_VERSION:
                return
            for name in outdated(version):
                connection.execute(f'DROP TABLE IF EXISTS "{name}"')
            for statement in create_statements():
                connection.execute(statement)
            filled = connection.execute("SELECT 1 FROM days LIMIT 1").fetchone()
            if not filled:
                connection.execute(fill_days())
            connection.execute("INSERT INTO schema_version VALUES (?)", [SCHEMA_VERSION])

    @property
    def reader(self) -> duckdb.DuckDBPyConnection:
        """This thread's cursor: a connection must not be shared by threads."""
        if self._failed:
            self._reopen()
        cursor, parent = getattr(self._local, "cursor", (None, None))
        if cursor is None or parent is not self._connection:
            cursor = self._connection.cursor()
            self._local.cursor = cursor, self._connection
            with self._state_lock:
                self._cursors.append(cursor)
        return cursor

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query, as tuples of Python values (decimals exact, null as None)."""
        with self._reading() as connection:
            found: list[tuple[Any, ...]] = connection.execute(sql, list(parameters)).fetchall()
            return found

    def arrow(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The rows of a query as an Arrow table."""
        with self._reading() as connection:
            return relation(connection, sql, parameters).to_arrow_table()

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for one query: a writer sees what it has written, without a time limit."""
        if self._writing_here():
            yield self._connection
            return
        if getattr(self._local, "torn", False):
            raise BusyError("A query before this one was stopped.", "Ask again, or for less.")
        connection = self.reader
        with self._deadlines.over(connection) as query:
            try:
                yield connection
            except Exception as error:  # any: it is raised again
                # The engine answers nothing more of a moment of which one query has failed.
                self._local.torn = getattr(self._local, "snapshot", False)
                if query.overdue:
                    raise BusyError(
                        f"The query ran for {self._deadlines.seconds:g} s and was stopped.",
                        "Ask for less, or give it more time: [warehouse] query_seconds.",
                    ) from error
                self._told(error)
                raise

    @contextmanager
    def snapshot(self) -> Iterator[bool]:
        """What this thread reads inside is of one moment."""
        if self._writing_here() or getattr(self._local, "snapshot", False):
            yield True
            return
        connection = self.reader
        try:
            connection.execute("BEGIN TRANSACTION READ ONLY")
        except core.Error as error:
            self._told(error)
            raise
        self._local.snapshot = True
        try:
            yield True
        finally:
            self._local.snapshot = self._local.torn = False
            with suppress(core.Error):  # a query that was stopped has ended it already
                connection.execute("ROLLBACK")

    @property
    def commits(self) -> int | None:
        """How often this process, which alone has the file, has committed."""
        return self._commits

    def _told(self, error: BaseException) -> None:
        """Raise what an error of the engine means for a person; note where it is the end of it."""
        from trueline.warehouse.duckdb_errors import fatal, in_words

        if fatal(error):
            self._failed = True
        words = in_words(error, self.address)
        if words is not None:
            raise words from error

    def _reopen(self) -> None:
        """Open the file again after a fatal error: what was committed is in it."""
        with self._write_lock, self._state_lock:
            if not self._failed:
                return
            if self.path is None:
                raise AwayError("The warehouse in memory has failed.", "Open the home again.")
            # The engine shares a file among the connections of a process: all have to go.
            for connection in (*self._cursors, self._connection):
                connection.close()
            self._cursors.clear()
            self._connection = connect(self.path, self._config)
            self._failed = False

    @property
    def failed(self) -> bool:
        """Whether it answers nothing any more until it is opened again."""
        return self._failed

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
                connection.register("arriving", relation(other, query).to_arrow_reader(BATCH))
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
        import duckdb  # noqa: F401  lets the engine take what is loaded as Arrow

        with self._transaction(wait_seconds) as connection:
            yield connection

    @contextmanager
    def _transaction(self, wait_seconds: float = 600) -> Iterator[duckdb.DuckDBPyConnection]:
        if self._writing_here():
            yield self._connection
            return
        self._take_turn(wait_seconds)
        try:
            if self._failed:
                self._reopen()
            self._local.writing = True
            try:
                self._connection.execute("BEGIN TRANSACTION")
                yield self._connection
                self._count_now()
                self._connection.execute("COMMIT")
                # After the commit: what is read in between is newer than said, never older.
                self._commits += 1
                counted, self._uncommitted = self._uncommitted, None
            except BaseException as error:  # an interrupt, too, must not leave half a load
                self._uncommitted = None
                self._undo()
                self._told(error)
                raise
        finally:
            self._local.writing = False
            self._write_lock.release()
        if counted is not None:
            super().announce(counted)

    def announce(self, load: int) -> None:
        """Tell subscribers; what is still being written, once it is committed."""
        if self._writing_here():
            self._uncommitted = load
        else:
            super().announce(load)

    def _take_turn(self, wait_seconds: float) -> None:
        with self._state_lock:
            if self._waiting >= MOST_WAITING:
                raise BusyError(f"{self._waiting} loads are waiting already.", "Try again later.")
            self._waiting += 1
        try:
            if not self._write_lock.acquire(timeout=wait_seconds):
                raise BusyError("Another load is being written.", "Try again in a moment.")
        finally:
            with self._state_lock:
                self._waiting -= 1

    def _undo(self) -> None:
        """Roll back; where even that fails, the file is opened again before it is next used."""
        try:
            self._connection.execute("ROLLBACK")
        except core.TransactionException:
            pass  # a commit that failed has rolled back by itself
        except core.Error:
            self._failed = True

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
        self._deadlines.stop()
        self._connection.close()

    def __enter__(self) -> DuckDBWarehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
