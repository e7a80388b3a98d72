"""Facts in PostgreSQL (Supabase included): many processes, one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

from trueline.core.errors import BusyError, ConflictError
from trueline.facts.load.checks import quoted
from trueline.settings import WarehouseSettings
from trueline.warehouse.postgres_errors import in_words, lost
from trueline.warehouse.postgres_listen import Listener
from trueline.warehouse.postgres_schema import LOCK, migrate, typed, without_schema
from trueline.warehouse.remote import (
    KEYS,
    Change,
    RemoteWarehouse,
    changes,
    listed,
    secret_free,
    untyped,
)
from trueline.warehouse.schema import shapes
from trueline.warehouse.seam import Receive, Tell, Writer

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Found = TypeVar("Found")
PIECE = 1 << 20
_CSV = "FORMAT csv, NULL '\\N'"


class PostgresWarehouse(RemoteWarehouse):
    """A warehouse in one schema of a PostgreSQL database (``?schema=``, else ``trueline``).

    Every session runs in UTC whatever the server's time zone. One writer of all processes at a
    time (an advisory lock); readers never wait. ``wait_seconds`` is how long a writer waits for
    its turn. Raises HomeError where the database cannot be reached or used.
    """

    dialect = "postgres"

    def __init__(
        self, url: str, settings: WarehouseSettings, home: Path, wait_seconds: float = 600
    ) -> None:
        super().__init__(settings, home, wait_seconds)
        self._url, self.schema = without_schema(url)
        self._address = secret_free(self._url)
        self._local = threading.local()
        self._open: set[psycopg.Connection[Any]] = set()
        self._held: psycopg.Connection[Any] | None = None
        self._listener: Listener | None = None
        with self._worded(), self._connection() as connection:
            migrate(connection, self.schema, self._address)

    @property
    def address(self) -> str:
        """The server and database, without a password."""
        return self._address

    # -- connections --------------------------------------------------------------------------

    def connect(self) -> psycopg.Connection[Any]:
        """A new session of our own, in UTC and in our schema."""
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=10,
            application_name="trueline",
            options=f"-c timezone=UTC -c datestyle=ISO -c search_path={self.schema} "
            "-c client_encoding=UTF8",
        )
        self._open.add(connection)
        return connection

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        connection = self.connect()
        try:
            yield connection
        finally:
            self._open.discard(connection)
            connection.close()

    @contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise in_words(error, self._address) from error

    def _reader(self) -> psycopg.Connection[Any]:
        """This thread's session (the writer's, for the thread that writes)."""
        if self._held is not None and getattr(self._local, "writing", False):
            return self._held
        found: psycopg.Connection[Any] | None = getattr(self._local, "reader", None)
        if found is None or found.closed:
            if found is not None:
                self._open.discard(found)
            found = self._local.reader = self.connect()
        return found

    # -- reading ------------------------------------------------------------------------------

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query. A session that the server has ended meanwhile is opened anew."""
        with self._worded():
            return self._again_if_lost(lambda: _execute(self._reader(), sql, parameters).fetchall())

    def _again_if_lost(self, run: Callable[[], Found]) -> Found:
        """What ``run`` finds, in a new session where the server has ended the old one."""
        try:
            return run()
        except psycopg.OperationalError as error:
            if self._in_transaction or not lost(error):
                raise
            self._local.reader.close()
            return run()

    @property
    def _in_transaction(self) -> bool:
        return any(getattr(self._local, name, False) for name in ("writing", "snapshot"))

    @contextmanager
    def snapshot(self) -> Iterator[bool]:
        """What this thread reads inside is of one moment."""
        if self._in_transaction:
            yield True
            return
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        with self._worded():
            self._again_if_lost(lambda: self._reader().execute(begin))
        self._local.snapshot = True
        try:
            yield True
        finally:
            self._local.snapshot = False
            with suppress(psycopg.Error):  # a session that is lost has none to end
                self._local.reader.execute("ROLLBACK")

    def arrow(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The rows of a query as an Arrow table."""
        import pyarrow as pa

        with self._worded():
            cursor = _execute(self._reader(), sql, parameters)
            columns = [column.name for column in cursor.description or ()]
            found = cursor.fetchall()
        values = list(zip(*found, strict=True)) or [()] * len(columns)
        return pa.table(dict(zip(columns, map(pa.array, values), strict=True)))

    # -- writing ------------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[psycopg.Connection[Any]]:
        """The one writer of all processes; its session holds the lock until it ends."""
        if getattr(self._local, "writing", False) and self._held is not None:
            yield self._held
            return
        with self._worded(), self._in_turn(), self._connection() as connection:
            self._lock(connection)
            self._local.writing, self._held = True, connection
            try:
                yield connection
            finally:
                self._local.writing, self._held = False, None

    def _lock(self, connection: psycopg.Connection[Any]) -> None:
        waited = f"{int(self._wait_seconds * 1000)}ms"
        connection.execute("SELECT set_config('lock_timeout', %s, false)", [waited])
        try:
            connection.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [LOCK, self.schema])
        except psycopg.errors.LockNotAvailable:
            raise BusyError(
                "Another process is writing to the warehouse.", "Try again in a moment."
            ) from None
        connection.execute("SET lock_timeout = 0")

    @contextmanager
    def _locked(self, table: str) -> Iterator[int]:
        del table
        with self._alone() as connection:
            found = connection.execute("SELECT coalesce(max(load_id), 0) FROM loads").fetchone()
            yield int(found[0]) if found else 0

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """The one writer, in a transaction."""
        with self._alone() as connection, connection.transaction():
            yield _PostgresWriter(connection)

    def _send(self, connection: duckdb.DuckDBPyConnection, base: int) -> None:
        with self._alone() as session, session.transaction():
            for change in changes(connection, base):
                self._change(session, connection, change)
            self._count_now()

    def _change(
        self,
        session: psycopg.Connection[Any],
        bench: duckdb.DuckDBPyConnection,
        change: Change,
    ) -> None:
        if change.gone and change.contract:
            shape = {name: change.contract.stored[name] for name in change.contract.key}
            shape |= {"load_id": "BIGINT", "superseded_at": "TIMESTAMP", "superseded_by": "BIGINT"}
            self._copy_keys(session, bench, "gone", shape, change.gone)
            _supersede(session, change.table, tuple(change.contract.stored), change.contract.key)
        if change.new:
            self._copy(session, bench, change.table, shapes()[change.table], change.new)

    def _copy_keys(
        self,
        session: psycopg.Connection[Any],
        bench: duckdb.DuckDBPyConnection,
        name: str,
        shape: dict[str, str],
        query: str,
    ) -> None:
        columns = ", ".join(f"{quoted(c)} {typed(kind)}" for c, kind in shape.items())
        session.execute(f"DROP TABLE IF EXISTS pg_temp.{name}".encode())
        session.execute(f"CREATE TEMP TABLE {name} ({columns})".encode())
        self._copy(session, bench, name, shape, query)
        session.execute(f"ANALYZE {name}".encode())

    def _copy(
        self,
        session: psycopg.Connection[Any],
        bench: duckdb.DuckDBPyConnection,
        table: str,
        shape: dict[str, str],
        query: str,
    ) -> None:
        """COPY the rows of a query on the bench into a table."""
        columns = listed(tuple(shape))
        text = ", ".join(quoted(c) for c, kind in shape.items() if kind == "VARCHAR")
        forced = f", FORCE_QUOTE ({text})" if text else ""
        with self._file(".csv") as path:
            bench.execute(
                f"COPY (SELECT * FROM ({query}) AS t({columns})) TO '{_escaped(path)}' "
                f"(FORMAT csv, HEADER false, NULLSTR '\\N'{forced})"
            )
            statement = f"COPY {quoted(table)} ({columns}) FROM STDIN ({_CSV})"
            with session.cursor().copy(statement.encode()) as copy, path.open("rb") as file:
                while piece := file.read(PIECE):
                    copy.write(piece)

    def recall(
        self, connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], keys: str
    ) -> None:
        """Bring the recorded rows of these keys by COPY."""
        with self._alone() as session:
            if not session.execute(f"SELECT 1 FROM {quoted(table)} LIMIT 1".encode()).fetchone():
                return
            shape = shapes()[table]
            self._copy_keys(session, connection, "wanted", {c: shape[c] for c in columns}, keys)
            stored = ", ".join(f"t.{quoted(c)}" for c in shape)
            found = (
                f"SELECT {stored} FROM {quoted(table)} t JOIN pg_temp.wanted USING "
                f"({listed(tuple(columns))}) UNION ALL (SELECT {stored} FROM {quoted(table)} t "
                "LIMIT 1)"
            )
            with self._file(".csv") as path:
                self._copied(session, found, path)
                rows = _file_rows(path, shape)
                one = f"(SELECT DISTINCT ON ({listed(KEYS[table])}) * FROM {rows})"
                self._take(connection, table, one)

    @contextmanager
    def sending(self, table: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
        """The table by COPY, in a file that is removed afterwards."""
        shape = shapes()[table]
        with self._worded(), self._file(".csv") as path:
            self._copied(
                self._reader(), f"SELECT {listed(tuple(shape))} FROM {quoted(table)}", path
            )
            yield self.bench.reader, f"SELECT * FROM {_file_rows(path, shape)}"

    @contextmanager
    def receiving(self) -> Iterator[Receive]:
        """Tables of another warehouse by COPY, in one transaction."""
        with self._alone() as session, session.transaction():

            def take(table: str, other: duckdb.DuckDBPyConnection, query: str) -> None:
                self._copy(session, other, table, shapes()[table], query)

            yield take

    @staticmethod
    def _copied(session: psycopg.Connection[Any], query: str, path: Path) -> None:
        statement = f"COPY ({query}) TO STDOUT ({_CSV}, FORCE_QUOTE *)"
        with path.open("wb") as file, session.cursor().copy(statement.encode()) as copy:
            for piece in copy:
                file.write(piece)

    # -- changes ------------------------------------------------------------------------------

    def subscribe(self, tell: Tell) -> Callable[[], None]:
        """Be told of every process's changes, by LISTEN."""
        stop = super().subscribe(tell)
        with self._listening:
            if self._listener is None:
                self._listener = Listener(self.connect, self._channel, self._heard)
        return stop

    @property
    def _channel(self) -> str:
        return f"trueline_{self.schema}"

    def _heard(self, load: int) -> None:
        super().announce(load)

    def announce(self, load: int) -> None:
        """NOTIFY every process, this one included."""
        self.rows("SELECT pg_notify(?, ?)", [self._channel, str(load)])

    def interrupt(self) -> None:
        """Cancel this process's running queries."""
        for connection in tuple(self._open):
            with suppress(psycopg.Error):
                connection.cancel()

    def close(self) -> None:
        """Close every session."""
        if self._listener is not None:
            self._listener.close()
        for connection in tuple(self._open):
            with suppress(psycopg.Error):
                connection.close()
        self._open.clear()
        super().close()


class _PostgresWriter(Writer):
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        return _execute(self._connection, sql, parameters)

    def temporary(self, name: str, query: str) -> None:
        self.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
        self.execute(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {query}")
        self.execute(f"ANALYZE {name}")


def _execute(
    connection: psycopg.Connection[Any], sql: str, parameters: Sequence[Any]
) -> psycopg.Cursor[Any]:
    if not parameters:
        return connection.execute(sql.encode())
    marked = untyped(sql.replace("%", "%%"), "%s")
    return connection.execute(marked.encode(), list(parameters))


def _supersede(
    session: psycopg.Connection[Any], table: str, columns: Sequence[str], key: Sequence[str]
) -> None:
    """Move the rows of the temporary table ``gone`` to the history."""
    on = " AND ".join(f"t.{quoted(k)} = g.{quoted(k)}" for k in (*key, "load_id"))
    stored = ", ".join(f"t.{quoted(c)}" for c in columns)
    moved = session.execute(
        f"INSERT INTO {quoted(table + '_history')} ({listed(columns)}, superseded_at, "
        f"superseded_by) SELECT {stored}, g.superseded_at, g.superseded_by "
        f"FROM {quoted(table)} t JOIN pg_temp.gone g ON {on}".encode()
    ).rowcount
    deleted = session.execute(
        f"DELETE FROM {quoted(table)} t USING pg_temp.gone g WHERE {on}".encode()
    ).rowcount
    wanted = session.execute("SELECT count(*) FROM pg_temp.gone").fetchone()
    if not wanted or not moved == deleted == wanted[0]:
        raise ConflictError(
            f"{table} was changed by something else during the load: nothing was written.",
            "Load again; only Trueline may write to its tables.",
        )


def _file_rows(path: Path, shape: dict[str, str]) -> str:
    """The rows of a CSV file that PostgreSQL wrote."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in shape.items())
    return (
        f"read_csv('{_escaped(path)}', header=false, auto_detect=false, delim=',', quote='\"', "
        "escape='\"', nullstr='\\N', allow_quoted_nulls=false, max_line_size=16777216, "
        f"columns={{{columns}}})"
    )


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
