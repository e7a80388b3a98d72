"""What a load did: read, accepted, duplicate, rejected; and the rejected rows with reasons."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

SHOWN = 20
"""Rejects that a report itself carries; the rejects file has them all."""

REJECT_COLUMNS = (
    "trueline_line",
    "trueline_column",
    "trueline_value",
    "trueline_rule",
    "trueline_fix",
)
"""Columns a rejects file has beyond the original ones; ignored when it is loaded again."""

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


@dataclass(frozen=True)
class Progress:
    """How far a load has come: ``done`` of ``total``, in ``unit``; total 0 is not known."""

    phase: str
    done: int
    total: int
    unit: str


@dataclass(frozen=True)
class Reject:
    """One rejected row: where, what stood there, the rule it breaks, how to mend it.

    ``line`` is the line of the file the row begins on (a JSON row's number, a Parquet row's
    number), from 1.
    """

    line: int
    column: str | None
    value: str | None
    rule: str
    fix: str

    def to_json(self) -> dict[str, Any]:
        """The reject as a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class LoadReport:
    """What one load did. ``read = accepted + duplicate + rejected``, always.

    ``status``: loaded; refused (rejects, and not told to keep the good rows: nothing was
    loaded); unchanged (this very file was loaded before, and what it says holds). ``updated``
    of the accepted rows superseded an earlier version. ``rejects`` are the first of them,
    ``rejects_path`` has all.
    """

    load_id: int
    table: str
    source: str
    status: str
    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    updated: int = 0
    first_day: date | None = None
    last_day: date | None = None
    rejects: tuple[Reject, ...] = ()
    rejects_path: Path | None = None
    notes: tuple[str, ...] = field(default=())
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        shape = asdict(self)
        shape["first_day"] = self.first_day.isoformat() if self.first_day else None
        shape["last_day"] = self.last_day.isoformat() if self.last_day else None
        shape["rejects_path"] = str(self.rejects_path) if self.rejects_path else None
        shape["rejects"] = [reject.to_json() for reject in self.rejects]
        shape["notes"] = list(self.notes)
        return shape

    @classmethod
    def from_json(cls, shape: dict[str, Any]) -> LoadReport:
        """The report that ``to_json`` wrote."""
        return cls(
            **{
                **shape,
                "first_day": _day(shape["first_day"]),
                "last_day": _day(shape["last_day"]),
                "rejects_path": Path(shape["rejects_path"]) if shape["rejects_path"] else None,
                "rejects": tuple(Reject(**reject) for reject in shape["rejects"]),
                "notes": tuple(shape["notes"]),
                "seconds": float(shape["seconds"]),
            }
        )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def neutral(text: str | None) -> str:
    """``text`` so that no spreadsheet runs it as a formula; numbers stay as they are.

    A leading quote is put before what a spreadsheet would run; ``original`` takes it off.
    """
    if not text:
        return ""
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def original(text: str) -> str:
    """What ``neutral`` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_rejects(
    path: Path, header: Sequence[str], rows: Iterable[tuple[Sequence[str | None], Reject]]
) -> int:
    """Write rejected rows: their original values, then why. Returns how many.

    Of a rejects file that is rejected in turn, what it said before is left out.
    """
    own = [place for place, name in enumerate(header) if name not in REJECT_COLUMNS]
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*(neutral(header[place]) for place in own), *REJECT_COLUMNS])
        for values, reject in rows:
            why = (reject.column, reject.value, reject.rule, reject.fix)
            theirs = [neutral(values[place]) for place in own if place < len(values)]
            writer.writerow([*theirs, reject.line, *map(neutral, why)])
            written += 1
    return written


def rejects(path: Path, offset: int = 0, limit: int = SHOWN) -> list[Reject]:
    """A page of a rejects file; empty when the file is gone."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        next(reader, None)
        return [
            reject_of(row[-len(REJECT_COLUMNS) :]) for row in islice(reader, offset, offset + limit)
        ]


def rejects_by_rule(path: Path, most: int = 100_000) -> list[tuple[str | None, str, int, int]]:
    """What a rejects file is rejected for, the most frequent first: column, rule, how many rows,
    and the first one's line. Of a longer file its first ``most`` rows."""
    found: dict[tuple[str | None, str], list[int]] = {}
    for reject in rejects(path, 0, most):
        found.setdefault((reject.column, reject.rule), []).append(reject.line)
    rows = [(column, rule, len(lines), lines[0]) for (column, rule), lines in found.items()]
    return sorted(rows, key=lambda row: -row[2])


def count_rejects(path: Path) -> int:
    """How many rows a rejects file has."""
    return _counted(path, path.stat().st_mtime_ns) if path.is_file() else 0


@lru_cache(maxsize=64)
def _counted(path: Path, changed: int) -> int:
    del changed  # another moment is another file
    with path.open(encoding="utf-8", newline="") as stream:
        return max(0, sum(1 for _ in csv.reader(stream)) - 1)


def reject_of(cells: list[str]) -> Reject:
    """The reject that a line of a rejects file ends with."""
    line, column, value, rule, fix = (original(cell) for cell in cells)
    return Reject(int(line), column or None, value or None, rule, fix)
