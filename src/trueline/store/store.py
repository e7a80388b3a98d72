"""Opening the store, bringing an older one up to date, and what it can do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError

from trueline.core.errors import HomeError
from trueline.core.reading import Reading
from trueline.store import idempotency, slots, snapshots
from trueline.store.models import VERSION
from trueline.store.snapshots import SnapshotResult

_BUSY_MILLISECONDS = 30_000


class Store:
    """One company's store. Safe to use from several threads and, for SQLite, processes.

    Raises HomeError where it cannot be opened or was written by a newer version.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        try:
            self._migrate()
        except DatabaseError as error:
            self._engine.dispose()
            raise HomeError(
                f"The store cannot be opened: {error.orig}.", "Restore it from a backup."
            ) from error

    def _migrate(self) -> None:
        with self._engine.connect() as connection:
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
        with self._engine.begin() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise HomeError(
                    f"The store's schema {found} is none that Trueline ever had.",
                    "Restore it from a backup.",
                ) from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

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
        """Keep readings as reported on ``day``; see ``snapshots.save``."""
        with self._writing() as connection:
            return snapshots.save(connection, day, readings, stages, watermark, moment)

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
        with self._engine.connect() as connection:
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
        with self._engine.connect() as connection:
            return slots.due(connection, job, now, at, zone)

    def claim(self, job: str, slot: datetime) -> bool:
        """Take a slot; exactly one caller gets True, across processes and restarts."""
        with self._writing() as connection:
            return slots.claim(connection, job, slot)

    def done(self, job: str, slot: datetime, outcome: str) -> None:
        """Say how a slot ended."""
        with self._writing() as connection:
            slots.done(connection, job, slot, outcome)


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _sqlite_connected(connection: Any, _: Any) -> None:
    # Transactions are begun by us: the driver's own would let a reader turn writer and fail.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_MILLISECONDS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
