"""Opening the store, bringing an older one up to date, and what it can do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from trueline.core.errors import AwayError, BusyError, HomeError, InputError, TruelineError
from trueline.core.reading import Reading
from trueline.store import idempotency, slots, snapshots
from trueline.store.models import VERSION
from trueline.store.postgres import is_postgres, postgres_engine
from trueline.store.snapshots import SnapshotResult

_BUSY_MILLISECONDS = 30_000
_SQLITE_BUSY, _SQLITE_LOCKED = 5, 6
_MIGRATION_LOCK = 7_263_001
"""Any number nobody else uses: on PostgreSQL two that open a new store wait for each other."""


class Store:
    """One company's store. Safe to use from several threads and processes.

    ``url`` is a SQLAlchemy URL, or the path of an SQLite file (which may hold any character).
    Opening brings an older store up to date; one that is up to date is opened without Alembic,
    whose import costs more than everything else here. On SQLite one writes at a time, waiting up
    to 30 seconds for its turn; readers wait for nobody.

    Raises HomeError where it cannot be opened, read or written, or was written by a newer
    version; BusyError where another process holds it for too long.
    """

    def __init__(self, url: str | Path) -> None:
        self._engine = _engine(url)
        try:
            self._migrate()
        except TruelineError:
            self._engine.dispose()
            raise
        except DatabaseError as error:
            self._engine.dispose()
            raise HomeError(
                f"The store cannot be opened: {error.orig}.", "Restore it from a backup."
            ) from error

    def _migrate(self) -> None:
        with self._reading() as connection:
            found = None
            if inspect(connection).has_table("alembic_version"):
                found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found == VERSION:
            return
        if found is not None and found > VERSION:
            raise HomeError(
                f"The store was written by a newer Trueline (schema {found}).", "Upgrade Trueline."
            )
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self._writing() as connection:
            config.attributes["connection"] = connection
            if self._engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise HomeError(
                    f"The store's schema {found} is none that Trueline ever had.",
                    "Restore it from a backup.",
                ) from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise _in_words(error) from error

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._engine.connect().execution_options(reads=True) as connection:
                yield connection
        except OperationalError as error:
            raise _in_words(error) from error

    def copy_to(self, path: Path) -> None:
        """A whole copy in a new SQLite file, also while this one is written to.

        Raises InputError where the store is no SQLite file.
        """
        source = self._engine.url.database
        if self._engine.dialect.name != "sqlite" or source is None:
            raise InputError(
                "Only an SQLite store is copied into a file.",
                "Back a database server up by its own means (pg_dump).",
            )
        with closing(sqlite3.connect(source)) as ours, closing(sqlite3.connect(path)) as copy:
            ours.backup(copy)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    # -- snapshots ----------------------------------------------------------------------------

    def save_snapshot(
        self,
        day: date,
        readings: list[Reading],
        *,
        stages: dict[str, str],
        watermark: int,
        moment: datetime,
    ) -> SnapshotResult:
        """Keep readings as reported on ``day``; see ``snapshots.save``.

        Raises InputError for a reading of a slice, or two of one key.
        """

        def keep() -> SnapshotResult:
            with self._writing() as connection:
                return snapshots.save(connection, day, readings, stages, watermark, moment)

        try:
            return keep()
        except IntegrityError:  # somebody kept the same revision meanwhile: ours comes after
            return keep()

    def history(
        self,
        *,
        key: str | None,
        stage: str | None,
        start: date,
        end: date,
        limit: int = 1000,
        cursor: str | None = None,
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Snapshots dated in ``[start, end)``, newest first, and the cursor of the next page."""
        with self._reading() as connection:
            return snapshots.history(connection, key, stage, start, end, limit, cursor)

    # -- idempotency --------------------------------------------------------------------------

    def begin(self, key: str, route: str, body_hash: str) -> idempotency.Outcome:
        """Fresh for the first request of a key; Replay with its answer once that is done.

        Raises ConflictError while it is running, InputError where the body is another.
        """
        with self._writing() as connection:
            return idempotency.begin(connection, key, route, body_hash)

    def finish(self, key: str, route: str, status: int, body: str) -> None:
        """Keep the first request's answer."""
        with self._writing() as connection:
            idempotency.finish(connection, key, route, status, body)

    def abandon(self, key: str, route: str) -> None:
        """Forget a request that failed: it may be tried again."""
        with self._writing() as connection:
            idempotency.abandon(connection, key, route)

    # -- scheduled slots ----------------------------------------------------------------------

    def due_slot(self, job: str, now: datetime, *, at: str, zone: ZoneInfo) -> datetime | None:
        """The latest slot that has begun and is not done; None where there is none."""
        with self._reading() as connection:
            return slots.due(connection, job, now, at, zone)

    def claim(self, job: str, slot: datetime) -> bool:
        """Take a slot; exactly one caller gets True, across processes and restarts."""
        with self._writing() as connection:
            return slots.claim(connection, job, slot)

    def done(self, job: str, slot: datetime, outcome: str) -> None:
        """Say how a slot ended."""
        with self._writing() as connection:
            slots.done(connection, job, slot, outcome)

    def last(self, job: str) -> slots.Slot | None:
        """The newest slot of a job that was claimed, and how it ended; None before the first."""
        with self._reading() as connection:
            return slots.last(connection, job)


def _in_words(error: OperationalError) -> TruelineError:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if code in (_SQLITE_BUSY, _SQLITE_LOCKED):
        return BusyError("Another process is writing to the store.", "Try again in a moment.")
    if not code:
        return AwayError(f"The store does not answer: {error.orig}.", "Try again in a moment.")
    return HomeError(
        f"The store cannot be used: {error.orig}.", "See that its disk is there and has room."
    )


def _engine(url: str | Path) -> Engine:
    # Built from its parts: in a URL's text a '?' in a folder's name would end the path.
    if isinstance(url, str) and is_postgres(url):
        return postgres_engine(url)
    found = URL.create("sqlite", database=str(url)) if isinstance(url, Path) else url
    engine = create_engine(found)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begun)
    return engine


def _sqlite_connected(connection: Any, _: Any) -> None:
    # Transactions are begun by us: the driver's own would let a reader turn writer and fail.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _write_ahead(connection: Any) -> None:
    """Turn the write-ahead log on. It stays on in the file, so this is for a new one.

    SQLite does not wait for its busy timeout here: of two that open a new store, one is refused
    at once, so it asks again.
    """
    until = monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != _SQLITE_BUSY or monotonic() > until:
                raise
        sleep(0.01)


def _sqlite_begun(connection: Connection) -> None:
    # A writer takes its turn at once, not in the middle; a reader takes none.
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
