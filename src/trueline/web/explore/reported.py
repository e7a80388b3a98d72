"""What was reported of a KPI, and what became of it: snapshots with their restatements."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from trueline.core import words
from trueline.core.errors import InputError
from trueline.core.period import Period
from trueline.home import Trueline
from trueline.web.boards.ground import unit_in_file
from trueline.web.boards.shown import Cell, Column, Table
from trueline.web.explore.asked import Asked

DAYS = 3660


def reported_of(
    tl: Trueline, asked: Asked, limit: int, cursor: str | None = None
) -> dict[str, Any]:
    """Snapshots of the KPI, newest first, each restated one beside what it restates."""
    rows, following = tl.history(asked.key, days=DAYS, limit=limit, cursor=cursor)
    return {"rows": [_row(tl, row) for row in rows], "following": following}


def _row(tl: Trueline, row: dict[str, Any]) -> dict[str, Any]:
    said = row["metadata"]
    period = None
    if "start" in said and "end" in said:
        period = Period(date.fromisoformat(said["start"]), date.fromisoformat(said["end"]))
    return {
        "day": date.fromisoformat(row["snapshot_date"]),
        "period": period,
        "revision": row["revision"],
        "restated": row["restated"],
        "value": row["kpi_value"],
        "text": _text(tl, said, row["kpi_value"]),
        "before": row["previous_value"],
        "previous": _text(tl, said, row["previous_value"]) if row["restated"] else "",
        "unit": unit_in_file(said.get("unit", "")),
        "quality": said.get("quality", ""),
        "completeness": said.get("completeness", ""),
        "recorded": _moment(row["recorded_at"]),
    }


def _text(tl: Trueline, said: dict[str, Any], value: Any) -> str:
    if value is None:
        return words.UNKNOWN
    mark = "~" if said.get("quality") == "estimated" else ""
    unit, currency = said.get("unit", "score"), said.get("currency")
    return mark + words.amount(value, unit, currency, tl.settings.company.locale)


def _moment(text: str) -> datetime | None:
    from datetime import UTC

    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _days(period: Period | None) -> tuple[Cell, Cell]:
    """The first and the last day that a snapshot is of."""
    if period is None:
        return Cell("", ""), Cell("", "")
    return Cell("", period.start), Cell("", period.end - timedelta(days=1))


def table_of(tl: Trueline, asked: Asked) -> Table:
    """All of them as a table, for a file."""
    rows, cursor = [], None
    while True:
        found = reported_of(tl, asked, 1000, cursor)
        rows += found["rows"]
        cursor = found["following"]
        if cursor is None:
            break
        if len(rows) > 100_000:
            raise InputError("There are more than 100,000 snapshots.", "Ask the API in pages.")
    names = ("Reported on", "From", "To", "Revision", "Value", "Value before", "Recorded at")
    columns = tuple(Column(name, number=place in (3, 4, 5)) for place, name in enumerate(names))
    return Table(
        columns,
        tuple(
            (
                Cell("", row["day"]),
                *_days(row["period"]),
                Cell("", row["revision"]),
                Cell(row["text"], row["value"], row["quality"], unit=row["unit"]),
                Cell(row["previous"], row["before"], unit=row["unit"]),
                Cell("", row["recorded"].isoformat() if row["recorded"] else ""),
            )
            for row in rows
        ),
    )
