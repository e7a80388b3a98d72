"""What was reported of a value, where it has changed since: a restated number is marked as one."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from trueline.core import words
from trueline.core.errors import TruelineError
from trueline.core.reading import Reading
from trueline.home import Trueline

log = logging.getLogger("trueline.web")


def first_reported(tl: Trueline, day: date) -> dict[str, dict[str, Any]]:
    """The first revision of a day's snapshot, by KPI; empty where none was kept, or where the store
    cannot be read: numbers come from facts, and stand without it."""
    try:
        rows, _ = tl.store.history(
            key=None, stage=None, start=day, end=day + timedelta(days=1), limit=10_000
        )
    except TruelineError as error:
        log.warning("what was reported could not be read: %s", error)
        return {}
    return {row["kpi_type"]: row for row in rows}  # newest first: the first revision stays


def restated(reading: Reading, reported: dict[str, Any] | None, locale: str) -> str:
    """What was reported for the same days instead, in words; empty where that still holds."""
    if reported is None or not _same_question(reading, reported["metadata"]):
        return ""
    value = reported["kpi_value"]
    before = (
        words.UNKNOWN
        if value is None
        else words.amount(Decimal(str(value)), reading.unit, reading.currency, locale)
    )
    return "" if before == words.value(reading, locale) else before


def _same_question(reading: Reading, said: dict[str, Any]) -> bool:
    """The same days by the same definition, in the same unit: else it is another number."""
    asked = {
        "start": reading.start.isoformat(), "end": reading.end.isoformat(),
        "unit": reading.unit, "currency": reading.currency, "definition": reading.definition,
    }  # fmt: skip
    return all(said.get(name) == value for name, value in asked.items())
