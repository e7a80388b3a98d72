"""A rejects file's rows, to be corrected where they are shown."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from trueline.facts.load.report import REJECT_COLUMNS, Reject, original, reject_of

MOST_ROWS = 20
MOST_CELLS = 300
LONGEST_CELL = 2_000


@dataclass(frozen=True)
class Returned:
    """Rejected rows with their own columns: ``rows`` are values by place in ``header``."""

    header: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], Reject], ...]


def returned_rows(path: Path) -> Returned | None:
    """All rows of a rejects file, where they are few and short enough to be edited; else None."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        header = [original(name) for name in next(reader, [])][: -len(REJECT_COLUMNS)]
        lines = list(islice(reader, MOST_ROWS + 1))
    if not header or len(lines) > MOST_ROWS or len(lines) * len(header) > MOST_CELLS:
        return None
    rows = tuple(
        (tuple(map(original, line[: len(header)])), reject_of(line[-len(REJECT_COLUMNS) :]))
        for line in lines
    )
    if any(len(cell) > LONGEST_CELL for values, _ in rows for cell in values):
        return None
    return Returned(tuple(header), rows)


def write_corrected(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write corrected rows as a CSV file that can be loaded."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
