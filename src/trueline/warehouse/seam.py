"""The seam between Trueline and the database that keeps and counts its facts.

Files are always parsed and checked by the embedded engine (the *bench*), so that every warehouse
takes the same rows for the same reasons. Where the warehouse is another database, the bench holds
only what one load needs: the rows it brings and the recorded rows it has to be compared with.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from trueline.warehouse.duckdb import DuckDBWarehouse

Count = Callable[[], object]
"""Counts what loads have brought and nobody has counted yet."""

Tell = Callable[[int], None]
"""Is told the load up to which numbers count now."""


Receive = Callable[[str, "duckdb.DuckDBPyConnection", str], None]
"""Takes a table's name and its rows: a query on a connection of the embedded engine."""


class Found(Protocol):
    """What a statement found."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""
        ...

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        ...


class Writer(ABC):
    """Statements of the one writer; what they change is seen by others all at once, or never."""

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Found:
        """Run a statement; ``?`` stands for a parameter."""

    @abstractmethod
    def temporary(self, name: str, query: str) -> None:
        """Make (or make anew) a table of a query's rows that nobody else sees."""

    def clear(self, table: str) -> None:
        """Delete every row of a table."""
        self.execute(f"DELETE FROM {table}")


class Warehouse(ABC):
    """Facts, their history, the loads and what is counted from them. Safe to share by threads."""

    dialect: str
    """The engine's name, as expressions are compiled for it."""

    def __init__(self) -> None:
        self._listeners: list[Tell] = []
        self._listening = threading.Lock()
        self._count: Count | None = None

    @property
    @abstractmethod
    def bench(self) -> DuckDBWarehouse:
        """The embedded engine that parses and checks files (the warehouse itself, if it is one)."""

    @property
    def address(self) -> str:
        """Where it is, without a password, for people."""
        return self.dialect

    @abstractmethod
    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query, as tuples of Python values (decimals exact, null as None)."""

    @abstractmethod
    def arrow(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The rows of a query as an Arrow table."""

    def snapshot(self) -> AbstractContextManager[bool]:
        """All that this thread reads inside is of one moment, where the engine can hold one.

        Gives whether it can. Nests: an inner block is part of the outer one.
        """
        return nullcontext(False)

    @property
    def commits(self) -> int | None:
        """A number that is another one after every commit; None where others may write, too."""
        return None

    def counting(self, count: Count) -> None:
        """Have ``count`` called at the end of every load, in its turn and by its thread.

        Where the engine can, what it writes is committed with the load: readers see both or
        neither, and what it raises undoes both.
        """
        self._count = count

    def _count_now(self) -> None:
        if self._count is not None:
            self._count()

    @abstractmethod
    def loading(self, table: str) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """The one writer, for a load into ``table``, on the bench: all is committed, or nothing.

        The bench's ``loads`` hold the last load's number, its ``coverage`` what is recorded of
        ``table``; other recorded rows are there once they are recalled.
        """

    @abstractmethod
    def recall(
        self, connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], keys: str
    ) -> None:
        """Bring recorded rows to the bench: those whose ``columns`` are among the rows of ``keys``
        (a query on the bench), and at least one if the table has any."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Writer]:
        """The one writer, inside the warehouse. Raises BusyError after waiting too long."""

    @abstractmethod
    def sending(self, table: str) -> AbstractContextManager[tuple[duckdb.DuckDBPyConnection, str]]:
        """All rows of a table, as a query on a connection of the embedded engine."""

    @abstractmethod
    def receiving(self) -> AbstractContextManager[Receive]:
        """The one writer, for whole tables of another warehouse: all is committed, or nothing.

        ``loads`` come last.
        """

    def subscribe(self, tell: Tell) -> Callable[[], None]:
        """Call ``tell`` (from another thread) when numbers may have changed; returns how to stop.

        Told of every process's changes where the warehouse has more than one.
        """
        with self._listening:
            self._listeners.append(tell)

        def stop() -> None:
            with self._listening:
                if tell in self._listeners:
                    self._listeners.remove(tell)

        return stop

    def announce(self, load: int) -> None:
        """Tell subscribers that numbers count loads up to ``load`` now."""
        with self._listening:
            listeners = tuple(self._listeners)
        for tell in listeners:
            tell(load)

    @abstractmethod
    def interrupt(self) -> None:
        """Stop this process's running queries."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the warehouse."""
