"""One effect for one key: a request repeated because its outcome was unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from trueline.core.errors import ConflictError, InputError
from trueline.store.models import IDEMPOTENCY

KEPT = timedelta(hours=24)
STALE = timedelta(minutes=10)
"""A request that has run so long died with its server: the key may be taken again."""


@dataclass(frozen=True)
class Fresh:
    """The first request with its key: do it, then ``finish`` or ``abandon``."""


@dataclass(frozen=True)
class Replay:
    """The request was done before: this was its answer."""

    status: int
    body: str


Outcome = Fresh | Replay


class RunningError(ConflictError):
    """The first request with this key is still running."""

    code = "in_progress"


def begin(connection: Connection, key: str, route: str, body_hash: str) -> Outcome:
    """See ``Store.begin``. The caller's transaction makes it atomic."""
    t = IDEMPOTENCY
    now = datetime.now(UTC)
    connection.execute(delete(t).where(t.c.begun_at < (now - KEPT).isoformat()))
    row = connection.execute(select(t).where(t.c.key == key, t.c.route == route)).one_or_none()
    if row is not None and row.body_hash != body_hash:
        raise InputError(
            "This Idempotency-Key was used with another body.", "Use a new key for a new request."
        )
    if row is not None and row.status is not None:
        return Replay(row.status, row.body)
    if row is not None:
        if row.begun_at > (now - STALE).isoformat():
            raise RunningError("The first request with this Idempotency-Key is still running.")
        connection.execute(delete(t).where(t.c.key == key, t.c.route == route))
    values = {"key": key, "route": route, "body_hash": body_hash, "begun_at": now.isoformat()}
    connection.execute(insert(t).values(**values))
    return Fresh()


def finish(connection: Connection, key: str, route: str, status: int, body: str) -> None:
    """Keep the answer for 24 hours."""
    t = IDEMPOTENCY
    connection.execute(
        update(t).where(t.c.key == key, t.c.route == route).values(status=status, body=body)
    )


def abandon(connection: Connection, key: str, route: str) -> None:
    """Forget a request that had no effect."""
    t = IDEMPOTENCY
    connection.execute(delete(t).where(t.c.key == key, t.c.route == route, t.c.status.is_(None)))
