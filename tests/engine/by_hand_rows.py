"""Rows of the demo company's files, and calendar months, for counting by hand."""

from __future__ import annotations

import csv
import gzip
import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
HOME = ZoneInfo("America/Toronto")


def local_day(text: str) -> date:
    """The company's day of a moment."""
    if len(text) == 10:
        return date.fromisoformat(text)
    return datetime.fromisoformat(text).astimezone(HOME).date()


def read(folder: Path, name: str) -> list[Row]:
    """A file's rows."""
    path = folder / name
    if name.endswith(".ndjson"):
        return [json.loads(line) for line in path.read_text().splitlines()]
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()
    return list(csv.DictReader(text.splitlines()))


def month_before(end: date, back: int) -> tuple[date, date]:
    """One of the last complete months before a period's end."""
    months = end.year * 12 + end.month - 1 - back
    return first_of(months - 1), first_of(months)


def first_of(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)


def previous(start: date, end: date) -> tuple[date, date]:
    """The period before: as many calendar months where it is whole ones, else as many days."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if start.day == end.day == 1:
        return first_of(start.year * 12 + start.month - 1 - months), start
    return start - (end - start), start


def good(row: Row) -> bool:
    """Whether a person would take a row of the late export."""
    money = row["amount"] or ""
    return bool(
        row["order_id"]
        and re.fullmatch(r"\d+(\.\d{1,2})?", money)
        and re.fullmatch(r"[A-Z]{3}", row["currency"] or "")
        and row["ordered_at"].endswith("Z")
    )
