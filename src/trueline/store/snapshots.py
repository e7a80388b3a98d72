"""Readings as they were reported. Immutable: a changed past makes a new revision."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select

from trueline.core.errors import InputError
from trueline.core.reading import Reading, dumps, loads
from trueline.store.models import SNAPSHOTS


@dataclass(frozen=True)
class SnapshotResult:
    """What a snapshot kept: its revision, how many readings are new, which were restated."""

    day: date
    revision: int
    stored: int
    restated: tuple[str, ...]


def save(
    connection: Connection,
    day: date,
    readings: list[Reading],
    stages: dict[str, str],
    watermark: int,
    moment: datetime,
) -> SnapshotResult:
    """Keep the readings that are new, or differ from what was last reported for that day.

    A reading that differs becomes the day's next revision, flagged restated, with the value
    before beside it. The same again stores nothing.
    """
    _one_of_each(readings)
    table = SNAPSHOTS
    on = day.isoformat()
    rows = connection.execute(
        select(table).where(table.c.snapshot_date == on).order_by(table.c.revision)
    )
    last = {row.kpi_type: row for row in rows}
    newest = max((row.revision for row in last.values()), default=0)
    revision = newest + 1
    stored, restated = [], []
    for reading in readings:
        value = None if reading.value is None else dumps(reading.value)
        before = last.get(reading.key)
        if before is not None and _same(before, value, reading):
            continue
        if before is not None:
            restated.append(reading.key)
        stored.append(
            {
                "snapshot_date": on,
                "kpi_type": reading.key,
                "revision": revision,
                "company_stage": stages.get(reading.key, "all"),
                "kpi_value": value,
                "previous_value": None if before is None else before.kpi_value,
                "restated": before is not None,
                "metadata": dumps(_metadata(reading, watermark, before)),
                "recorded_at": moment.astimezone(UTC).isoformat(),
            }
        )
    if stored:
        connection.execute(insert(table), stored)
    return SnapshotResult(day, revision if stored else newest, len(stored), tuple(restated))


def _one_of_each(readings: list[Reading]) -> None:
    """A snapshot holds the company's own number for each KPI, once.

    A part's value (one plan, one country) kept under the KPI's name would pass for the whole.
    """
    keys = [reading.key for reading in readings]
    wrong = {r.key for r in readings if r.slice} | {k for k in keys if keys.count(k) > 1}
    if wrong:
        raise InputError(
            f"A snapshot keeps one reading of the whole for each KPI, unlike {sorted(wrong)}.",
            "Give readings without a slice, each key once.",
        )


def _same(before: Any, value: str | None, reading: Reading) -> bool:
    """Same value and same meaning: nothing to restate."""
    known = json.loads(before.metadata)
    return before.kpi_value == value and all(
        known[name] == now for name, now in _meaning(reading).items()
    )


def _meaning(reading: Reading) -> dict[str, str | None]:
    """What a value says: 100 in another currency, or of another period, is another answer."""
    return {
        "unit": reading.unit,
        "currency": reading.currency,
        "start": reading.start.isoformat(),
        "end": reading.end.isoformat(),
        "quality": reading.quality.value,
        "completeness": reading.completeness.value,
        "definition": reading.definition,
    }


def _metadata(reading: Reading, watermark: int, before: Any) -> dict[str, Any]:
    """What stands beside a value; ``previous`` says what the value before it meant."""
    meaning = _meaning(reading)
    known = {} if before is None else json.loads(before.metadata)
    return meaning | {
        "label": reading.label,
        "previous": {name: known[name] for name in meaning} if known else None,
        "watermark": watermark,
        "reasons": [reason.to_json() for reason in reading.reasons],
        "inputs": [item.to_json() for item in reading.inputs],
    }


def history(
    connection: Connection,
    key: str | None,
    stage: str | None,
    start: date,
    end: date,
    limit: int,
    cursor: str | None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Snapshot rows, newest day first; within a day by key, newest revision first.

    Raises InputError for a limit below 1 or a cursor that was never given.
    """
    if limit < 1:
        raise InputError(f"A page of {limit} rows holds nothing.", "Ask for 1 or more.")
    t = SNAPSHOTS
    query = select(t).where(
        t.c.snapshot_date >= start.isoformat(), t.c.snapshot_date < end.isoformat()
    )
    if key is not None:
        query = query.where(t.c.kpi_type == key)
    if stage is not None:
        query = query.where(t.c.company_stage == stage)
    if cursor is not None:
        day, kpi, revision = _decode(cursor)
        query = query.where(
            or_(
                t.c.snapshot_date < day,
                and_(t.c.snapshot_date == day, t.c.kpi_type > kpi),
                and_(t.c.snapshot_date == day, t.c.kpi_type == kpi, t.c.revision < revision),
            )
        )
    order = (t.c.snapshot_date.desc(), t.c.kpi_type, t.c.revision.desc())
    rows = connection.execute(query.order_by(*order).limit(limit + 1)).all()
    following = _encode(rows[limit - 1]) if len(rows) > limit else None
    return [_row(row) for row in rows[:limit]], following


def _row(row: Any) -> dict[str, Any]:
    """The four fields every snapshot has, what became of it, and all of it again as metadata.

    The fate stands in both places: lists show it in columns, and whoever keeps only ``metadata``
    must not lose that a value was restated.
    """
    fate = {
        "revision": row.revision,
        "restated": row.restated,
        "previous_value": None if row.previous_value is None else loads(row.previous_value),
        "recorded_at": row.recorded_at,
    }
    return {
        "snapshot_date": row.snapshot_date,
        "company_stage": row.company_stage,
        "kpi_type": row.kpi_type,
        "kpi_value": None if row.kpi_value is None else loads(row.kpi_value),
        **fate,
        "metadata": loads(row.metadata) | fate,
    }


def count(connection: Connection) -> int:
    """How many readings are kept."""
    return int(connection.execute(select(func.count()).select_from(SNAPSHOTS)).scalar() or 0)


def _encode(row: Any) -> str:
    text = json.dumps([row.snapshot_date, row.kpi_type, row.revision])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decode(cursor: str) -> tuple[str, str, int]:
    try:
        day, kpi, revision = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        found = date.fromisoformat(day).isoformat(), str(kpi), int(revision)
        found[1].encode("utf-8")  # half of a surrogate pair is no key
        if not 0 < found[2] < 2**31:
            raise ValueError(revision)
        return found
    except (ValueError, TypeError, OverflowError):
        raise InputError(
            "The cursor is not one that this list gave.", "Leave it out to begin at the start."
        ) from None
