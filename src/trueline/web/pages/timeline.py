"""When facts were recorded and declared complete, drawn as bars on one line of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

WIDTH = 1000
_NARROWEST = 3


@dataclass(frozen=True)
class Line:
    """A stretch of days that bars are placed on; ``end`` is the day after its last."""

    start: date
    end: date

    def bar(self, start: date, end: date, kind: str) -> dict[str, Any] | None:
        """A bar for ``[start, end)``; None where it lies outside."""
        first, last = max(start, self.start), min(end, self.end)
        if last <= first:
            return None
        width = max(_NARROWEST, (last - first).days / self.days * WIDTH)
        left = min((first - self.start).days / self.days * WIDTH, WIDTH - width)
        return {"x": round(left, 1), "w": round(width, 1), "kind": kind}

    @property
    def days(self) -> int:
        """How many."""
        return max(1, (self.end - self.start).days)

    def marks(self) -> list[dict[str, Any]]:
        """Firsts of January, or of quarters where the line is short."""
        years = range(self.start.year, self.end.year + 1)
        months = (1,) if self.days > 900 else (1, 4, 7, 10)
        days = [date(year, month, 1) for year in years for month in months]
        step = max(1, -(-len(days) // 12))
        return [
            {"x": round((day - self.start).days / self.days * WIDTH, 1), "day": day}
            for day in days[::step]
            if self.start <= day < self.end
        ]


def line_of(tables: list[dict[str, Any]], today: date) -> Line | None:
    """From the first recorded day of any table (else the first declared) to today; None without."""
    days = [t["first_day"] for t in tables if t["first_day"]]
    days = days or [span["from"] for t in tables for span in t["coverage"]]
    if not days:
        return None
    start = max(min(days), today - timedelta(days=366 * 30))
    return Line(min(start, today - timedelta(days=27)), today + timedelta(days=1))


def bars(line: Line, table: dict[str, Any]) -> list[dict[str, Any]]:
    """Recorded days, then what is declared complete or not over them."""
    found = []
    if table["first_day"]:
        found.append(line.bar(table["first_day"], table["last_day"] + timedelta(days=1), "facts"))
    for span in table["coverage"]:
        kind = "complete" if span["complete"] else "gap"
        kind += "" if span["category"] == "*" else " part"
        found.append(line.bar(span["from"], span["last"] + timedelta(days=1), kind))
    return [bar for bar in found if bar is not None]
