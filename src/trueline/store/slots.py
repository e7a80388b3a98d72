"""Scheduled work: each day's slot once, across restarts, processes and clock changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from trueline.store.models import SLOTS

RETAKEN_AFTER = timedelta(hours=1)
"""A slot claimed so long ago and not done died with its process: it is run again."""

MOST_ATTEMPTS = 3


@dataclass(frozen=True)
class Slot:
    """A slot that was claimed: its moment (UTC), and how it ended (None while it runs)."""

    job: str
    slot: datetime
    claimed_at: datetime
    attempt: int
    outcome: str | None


def slot_on(day: datetime, at: str, zone: ZoneInfo) -> datetime:
    """The moment (UTC) of a local time on the local day of ``day``.

    A time that the clocks skip comes at the end of the gap; one that comes twice, the first time.
    """
    local = datetime.combine(day.date(), time.fromisoformat(at), tzinfo=zone)
    there = local.replace(fold=0).astimezone(UTC)
    if there.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return there

    # Skipped by the clocks: step to the minute at which the offset changes. More than a day back,
    # since where the date line was moved a whole day was skipped.
    low = there - timedelta(hours=25)
    offset = (low.astimezone(zone)).utcoffset()
    while low.astimezone(zone).utcoffset() == offset:
        low += timedelta(minutes=1)
    return low


def latest(now: datetime, at: str, zone: ZoneInfo) -> datetime:
    """The last slot that has begun by ``now``."""
    local = now.astimezone(zone)
    today = slot_on(local, at, zone)
    return today if today <= now else slot_on(local - timedelta(days=1), at, zone)


def following(now: datetime, at: str, zone: ZoneInfo) -> datetime:
    """The next slot after ``now``."""
    local = now.astimezone(zone)
    today = slot_on(local, at, zone)
    return today if today > now else slot_on(local + timedelta(days=1), at, zone)


def due(
    connection: Connection, job: str, now: datetime, at: str, zone: ZoneInfo
) -> datetime | None:
    """The latest begun slot, unless it is done or somebody is at it. Older missed ones are not
    made up for: the job looks at everything there is."""
    slot = latest(now, at, zone)
    t = SLOTS
    row = connection.execute(
        select(t).where(t.c.job == job, t.c.slot == slot.isoformat())
    ).one_or_none()
    if row is None:
        return slot
    return slot if _retakable(row, now) else None


def _retakable(row: Any, now: datetime) -> bool:
    stale = row.claimed_at < (now.astimezone(UTC) - RETAKEN_AFTER).isoformat()
    return row.outcome is None and stale and row.attempt < MOST_ATTEMPTS


def claim(connection: Connection, job: str, slot: datetime) -> bool:
    """See ``Store.claim``.

    The primary key decides who is first, and a slot is taken again only from the attempt that was
    seen to be dead: both hold on databases that let writers run side by side.
    """
    t = SLOTS
    now = datetime.now(UTC)
    at = slot.astimezone(UTC).isoformat()
    values = {"job": job, "slot": at, "claimed_at": now.isoformat(), "attempt": 1}
    try:
        with connection.begin_nested():
            connection.execute(insert(t).values(**values))
        return True
    except IntegrityError:
        row = connection.execute(select(t).where(t.c.job == job, t.c.slot == at)).one()
    if not _retakable(row, now):
        return False
    taken = connection.execute(
        update(t)
        .where(t.c.job == job, t.c.slot == at, t.c.attempt == row.attempt, t.c.outcome.is_(None))
        .values(claimed_at=now.isoformat(), attempt=row.attempt + 1)
    )
    return taken.rowcount == 1


def last(connection: Connection, job: str) -> Slot | None:
    """The newest slot of a job that anybody claimed."""
    t = SLOTS
    row = connection.execute(
        select(t).where(t.c.job == job).order_by(t.c.slot.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    moment = datetime.fromisoformat
    return Slot(job, moment(row.slot), moment(row.claimed_at), row.attempt, row.outcome)


def done(connection: Connection, job: str, slot: datetime, outcome: str) -> None:
    """Keep how a slot ended."""
    t = SLOTS
    at = slot.astimezone(UTC).isoformat()
    connection.execute(
        update(t).where(t.c.job == job, t.c.slot == at).values(outcome=outcome[:2000])
    )
