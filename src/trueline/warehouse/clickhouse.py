"""Facts in ClickHouse: a server or cluster, or the embedded engine (chdb) in a folder.

There are no transactions. A load's rows are added under its number, with the numbers of the
versions they supersede beside them, and are seen by nobody until the load's own row is there:
one insert, all or nothing. What is counted from facts is prepared in a database of its own and
exchanged for what readers see. What a load that died left behind is removed by the next one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError

from trueline.facts.load.checks import quoted
from trueline.settings import WarehouseSettings
from trueline.warehouse.clickhouse_errors import in_words
from trueline.warehouse.clickhouse_lock import Turn
from trueline.warehouse.clickhouse_migrate import migrate
from trueline.warehouse.clickhouse_rows import (
    SETTINGS,
    bound,
    parts_of,
    place_of,
    received,
    tables_of,
    zoneless,
)
from trueline.warehouse.clickhouse_schema import (
    COUNTED,
    FACTS,
    columns,
    work_of,
)
from trueline.warehouse.polling import Poll
from trueline.warehouse.remote import (
    KEYS,
    RemoteWarehouse,
    changes,
    listed,
    secret_free,
    stream,
)
from trueline.warehouse.schema import shapes
from trueline.warehouse.seam import Receive, Tell, Writer

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

BATCH = 500_000
"""Rows sent to the server at once."""


class ClickHouseWarehouse(RemoteWarehouse):
    """A warehouse in one ClickHouse database (``trueline`` unless the URL names another).

    ``clickhouse://user:password@host:8123/database`` (``?secure=true`` for TLS, ``?cluster=name``
    for facts spread over a cluster), or
    ``chdb://folder?database=name`` for the embedded engine. Raises HomeError where it cannot be
    reached or used.
    """

    dialect = "clickhouse"

    def __init__(
        self, url: str, settings: WarehouseSettings, home: Path, wait_seconds: float = 600
    ) -> None:
        super().__init__(settings, home, wait_seconds)
        self._place, self.database, self.cluster = place_of(url, home)
        self.work = work_of(self.database)
        self._address = secret_free(url)
        self._local = threading.local()
        self._clients: list[Any] = []
        self._turn_held: Turn | None = None
        self._not_given_back: set[str] = set()
        self._poll: Poll | None = None
        with self._worded():
            migrate(self.command, self.database, self.cluster, self._address, self._alone)

    @property
    def address(self) -> str:
        """The server and database, without a password."""
        return self._address

    @contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except (ClickHouseError, OSError) as error:
            raise in_words(error, self._address) from error

    @property
    def _client(self) -> Any:
        """This thread's session."""
        found = getattr(self._local, "client", None)
        if found is None:
            found = clickhouse_connect.get_client(
                **self._place, database="default", settings=dict(SETTINGS)
            )
            found.database = "default"
            self._local.client = found
            self._clients.append(found)
        return found

    def command(self, sql: str) -> Any:
        """Run a statement that gives no rows, or one value."""
        return self._client.command(sql)

    def _number(self, sql: str) -> int:
        """The one number that a query gives; 0 for null."""
        return int(self._client.query(sql).result_rows[0][0] or 0)

    # -- reading ------------------------------------------------------------------------------

    @property
    def _here(self) -> str:
        """The database that names are looked up in: its own, for the thread that writes."""
        return self.work if getattr(self._local, "writing", False) else self.database

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self._worded():
            client = self._client
            client.database = self._here
            text, values = bound(sql, parameters)
            found = client.query(text, parameters=values or None)
            return [tuple(row) for row in found.result_rows]

    def arrow(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The rows of a query as an Arrow table; moments in UTC, without a zone."""
        with self._worded():
            client = self._client
            client.database = self._here
            text, values = bound(sql, parameters)
            return zoneless(client.query_arrow(text, parameters=values or None))

    # -- writing ------------------------------------------------------------------------------

    @contextmanager
    def _alone(self) -> Iterator[Turn]:
        if self._turn_held is not None and getattr(self._local, "held", False):
            yield self._turn_held
            return
        with self._worded(), self._in_turn():
            turn = Turn(self.command, self.database, self._not_given_back)
            turn.take(self._wait_seconds)
            self._turn_held, self._local.held = turn, True
            try:
                with turn.beating(lambda sql: self.command(sql)):
                    yield turn
            finally:
                self._turn_held, self._local.held = None, False
                turn.give_back()

    @contextmanager
    def _locked(self, table: str) -> Iterator[int]:
        del table
        with self._alone():
            base = self._number(f"SELECT max(load_id) FROM {self.database}.loads")
            self._clear_left(base)
            yield base

    def _clear_left(self, base: int) -> None:
        """Remove what loads that died before they were committed have left."""
        left = self.rows(
            f"SELECT DISTINCT arrayJoin(tables) FROM {self.database}.load_claims "
            f"WHERE load_id > {int(base)}"
        )
        for (name,) in left:
            column = "superseded_by" if name.endswith("_gone") else "load_id"
            self.command(f"ALTER TABLE {self._held(name)} DELETE WHERE {column} > {int(base)}")
        if left:
            self.command(f"TRUNCATE TABLE {self.database}.load_claims")

    def _held(self, name: str) -> str:
        """The table that holds rows of facts: on a cluster, the one of each shard."""
        if self.cluster and name in FACTS:
            return f"{self.database}.{quoted(f'{name}_local')} ON CLUSTER {quoted(self.cluster)}"
        return f"{self.database}.{quoted(name)}"

    def _send(self, connection: duckdb.DuckDBPyConnection, base: int) -> None:
        with self._alone() as turn:
            wanted = list(changes(connection, base))
            written = [name for change in wanted for name in tables_of(change)]
            names = ", ".join(f"'{name}'" for name in written)
            self.command(
                f"INSERT INTO {self.database}.load_claims VALUES ({int(base) + 1}, [{names}])"
            )
            for change in wanted:
                if change.table == "loads":
                    turn.check()
                for name, query in tables_of(change).items():
                    self._insert(connection, name, query)
            self.command(f"TRUNCATE TABLE {self.database}.load_claims")
            self._count_now()

    def _insert(self, bench: duckdb.DuckDBPyConnection, table: str, query: str) -> None:
        import pyarrow as pa

        self._client.database = self.database
        with stream(bench, query, BATCH) as reader:
            for batch in reader:
                if batch.num_rows:
                    rows = pa.Table.from_batches([batch])
                    self._client.insert_arrow(table, rows, database=self.database)

    def recall(
        self, connection: duckdb.DuckDBPyConnection, table: str, columns_: Sequence[str], keys: str
    ) -> None:
        """Bring the recorded rows of these keys as Arrow."""
        with self._alone():
            held = f"{self.database}.{quoted(table)}"
            if not self.rows(f"SELECT 1 FROM {held} LIMIT 1"):
                return
            shape = shapes()[table]
            wanted = f"{self.work}.wanted"
            self.command(f"DROP TABLE IF EXISTS {wanted} SYNC")
            asked = {name: shape[name] for name in columns_}
            self.command(
                f"CREATE TABLE {wanted} ({columns(asked, set(asked))}) "
                "ENGINE = MergeTree ORDER BY tuple()"
            )
            named = listed(tuple(columns_))
            reader = stream(connection, f"SELECT * FROM ({keys}) AS t({named})", BATCH).read_all()
            if reader.num_rows:
                self._client.insert_arrow("wanted", reader, database=self.work)
            stored = listed(tuple(shape))
            found = self.arrow(
                f"SELECT {stored} FROM {held} WHERE ({named}) IN (SELECT {named} FROM {wanted}) "
                f"UNION ALL (SELECT {stored} FROM {held} LIMIT 1)"
            )
            connection.register("recalled", found)
            self._take(
                connection,
                table,
                f"(SELECT DISTINCT ON ({listed(KEYS[table])}) * FROM recalled)",
            )
            connection.unregister("recalled")

    @contextmanager
    def sending(self, table: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
        """The table as a stream of Arrow batches."""
        import duckdb  # noqa: F401  lets the bench take Arrow
        import pyarrow as pa

        sql = f"SELECT {listed(tuple(shapes()[table]))} FROM {self.database}.{quoted(table)}"
        schema = self.arrow(f"{sql} LIMIT 0").schema
        connection = self.bench.reader
        with self._worded(), self._client.query_arrow_stream(sql) as stream:
            batches = (part for piece in stream for part in parts_of(piece, schema))
            connection.register("leaving", pa.RecordBatchReader.from_batches(schema, batches))
            yield connection, "SELECT * FROM leaving"
            connection.unregister("leaving")

    @contextmanager
    def receiving(self) -> Iterator[Receive]:
        """Tables of another warehouse; the loads, which come last, make them seen."""
        with self._locked("") as base:
            names = ", ".join(f"'{name}'" for name in FACTS)
            self.command(f"INSERT INTO {self.database}.load_claims VALUES ({base + 1}, [{names}])")

            def take(table: str, other: duckdb.DuckDBPyConnection, query: str) -> None:
                for name, part in received(table, query).items():
                    self._insert(other, name, part)

            yield take
            self.command(f"TRUNCATE TABLE {self.database}.load_claims")

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """The one writer, in the work database; at its end what it counted is exchanged."""
        with self._alone() as turn:
            for name in COUNTED:
                self.command(f"DROP TABLE IF EXISTS {self.work}.{name} SYNC")
                self.command(f"CREATE TABLE {self.work}.{name} CLONE AS {self.database}.{name}")
            self._local.writing = True
            writer = _ClickHouseWriter(self)
            try:
                yield writer
                if writer.wrote:
                    turn.check()
                    self._exchange()
            finally:
                self._local.writing = False
                writer.tidy()

    def _exchange(self) -> None:
        """Until all tables are exchanged there is no state: a crash means counting anew."""
        self.command(f"TRUNCATE TABLE {self.database}.rollup_state")
        for name in COUNTED:
            self.command(f"EXCHANGE TABLES {self.database}.{name} AND {self.work}.{name}")

    def subscribe(self, tell: Tell) -> Callable[[], None]:
        """Be told of every process's changes, by asking every two seconds."""
        stop = super().subscribe(tell)
        with self._listening:
            if self._poll is None:
                self._poll = Poll(self._counted, super().announce)
        return stop

    def _counted(self) -> int:
        return self._number(f"SELECT max(watermark) FROM {self.database}.rollup_state")

    def announce(self, load: int) -> None:
        """Every process asks for itself."""
        del load
        if self._poll is not None:
            self._poll.now()

    def interrupt(self) -> None:
        """Stop this process's queries."""
        with suppress(ClickHouseError, OSError):
            self.command(
                "KILL QUERY WHERE user = currentUser() AND http_user_agent LIKE '%trueline%'"
            )

    def close(self) -> None:
        """Close every session."""
        if self._poll is not None:
            self._poll.close()
        for client in self._clients:
            with suppress(Exception):
                client.close()
        super().close()


class _ClickHouseWriter(Writer):
    def __init__(self, warehouse: ClickHouseWarehouse) -> None:
        self._warehouse = warehouse
        self._made: set[str] = set()
        self.wrote = False

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> _Rows:
        self.wrote = self.wrote or not sql.lstrip().upper().startswith("SELECT")
        return _Rows(self._warehouse.rows(sql, parameters))

    def temporary(self, name: str, query: str) -> None:
        self._drop(name)
        self.execute(f"CREATE TABLE {name} ENGINE = Memory AS {query}")
        self._made.add(name)

    def clear(self, table: str) -> None:
        self.execute(f"TRUNCATE TABLE {table}")

    def _drop(self, name: str) -> None:
        self._warehouse.command(f"DROP TABLE IF EXISTS {self._warehouse.work}.{name} SYNC")

    def tidy(self) -> None:
        """Drop the writer's own tables."""
        for name in self._made:
            with suppress(Exception):
                self._drop(name)


class _Rows:
    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self._rows = rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        found, self._rows = self._rows, []
        return found
