"""A panel's table as a file that a spreadsheet opens safely."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from io import StringIO

from trueline.core.money import plain
from trueline.web.boards.shown import Cell, Raw, Table

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_of(table: Table) -> str:
    """The table's raw values; what they are worth stands in a column of its own where any is
    marked: in a word where that holds of the whole row, else with the name of the column."""
    marked = any(cell.mark for row in table.rows for cell in row)
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    header = [harmless(column.label) for column in table.columns]
    writer.writerow([*header, "Quality"] if marked else header)
    for row in table.rows:
        cells = [written(cell.raw) for cell in row]
        writer.writerow([*cells, _quality(table, row)] if marked else cells)
    return out.getvalue()


def _quality(table: Table, row: tuple[Cell, ...]) -> str:
    """The marks of a row. One that is the first value's, or every value's, needs no name."""
    numbers = [
        (column.label, cell.mark)
        for column, cell in zip(table.columns, row, strict=True)
        if column.number and (cell.mark or cell.raw is not None)
    ]
    if len({mark for _, mark in numbers}) == 1:
        return numbers[0][1]
    first = next((column.label for column in table.columns if column.number), "")
    said = (
        mark if label == first else f"{harmless(label)}: {mark}" for label, mark in numbers if mark
    )
    return "; ".join(said)


def written(raw: Raw) -> str:
    """A value as a file gives it: numbers in full, with a point; nothing for what is unknown."""
    if raw is None:
        return ""
    if isinstance(raw, str):
        return harmless(raw)
    if isinstance(raw, date):
        return raw.isoformat()
    return plain(raw) if isinstance(raw, Decimal) else repr(raw)


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula. Numbers are not text: -5 stays -5."""
    return f"'{text}" if text.startswith(FORMULA) else text
