"""One effect for one key: a request repeated because its outcome was unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

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

_RUNNING = "The first request with this Idempotency-Key is still running."
_LATER = "Ask again in a moment."


class RunningError(ConflictError):
    """The first request with this key is still running."""

    code = "in_progress"


def begin(connection: Connection, key: str, route: str, body_hash: str) -> Outcome:
    """See ``Store.begin``.

    The primary key decides who is first, and a dead request's key is taken only from the attempt
    that was seen: both hold on databases that let writers run side by side.
    """
    t = IDEMPOTENCY
    now = datetime.now(UTC)
    connection.execute(delete(t).where(t.c.begun_at < (now - KEPT).isoformat()))
    values = {"key": key, "route": route, "body_hash": body_hash, "begun_at": now.isoformat()}
    try:
        with connection.begin_nested():
            connection.execute(insert(t).values(**values))
        return Fresh()
    except IntegrityError:
        row = connection.execute(select(t).where(t.c.key == key, t.c.route == route)).one_or_none()
    if row is None:  # abandoned since the insert failed
        raise RunningError(_RUNNING, _LATER)
    if row.body_hash != body_hash:
        raise InputError(
            "This Idempotency-Key was used with another body.", "Use a new key for a new request."
        )
    if row.status is not None:
        return Replay(row.status, row.body)
    if row.begun_at > (now - STALE).isoformat():
        raise RunningError(_RUNNING, _LATER)
    seen = (t.c.key == key, t.c.route == route, t.c.begun_at == row.begun_at, t.c.status.is_(None))
    taken = connection.execute(update(t).where(*seen).values(begun_at=now.isoformat()))
    if taken.rowcount != 1:
        raise RunningError(_RUNNING, _LATER)
    return Fresh()


def finish(connection: Connection, key: str, route: str, status: int, body: str) -> None:
    """Keep the answer for 24 hours. An answer that is there already stays: the first counts."""
    t = IDEMPOTENCY
    connection.execute(
        update(t)
        .where(t.c.key == key, t.c.route == route, t.c.status.is_(None))
        .values(status=status, body=body)
    )


def abandon(connection: Connection, key: str, route: str) -> None:
    """Forget a request that had no effect."""
    t = IDEMPOTENCY
    connection.execute(delete(t).where(t.c.key == key, t.c.route == route, t.c.status.is_(None)))
