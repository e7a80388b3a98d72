"""A panel's table as a file that a spreadsheet opens safely."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from trueline.core.money import plain
from trueline.web.boards.shown import Cell, Column, Raw, Table

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""The wide ones count where a spreadsheet speaks Japanese."""
_ENDS = re.compile(r"[,;\t|\"\r\n]|^\s|\s$")
"""What ends a value for some spreadsheet: in many languages that is a semicolon."""


def csv_of(table: Table) -> str:
    """The table's raw values; what they are worth stands in a column of its own where any is
    marked: in a word where that holds of the whole row, else with the name of the column.

    What a column is counted in stands in its head; where rows differ, in a column of its own.
    """
    units = [{row[place].unit for row in table.rows} - {""} for place in range(len(table.columns))]
    marked = any(cell.mark for row in table.rows for cell in row)
    mixed = any(len(found) > 1 for found in units)
    header = [_head(column, found) for column, found in zip(table.columns, units, strict=True)]
    lines = [[*header, *["Unit"] * mixed, *["Quality"] * marked]]
    for row in table.rows:
        cells = [written(cell.raw) for cell in row]
        unit = next((cell.unit for cell in row if cell.unit), "")
        worth = [_quality(table, row)] if marked else []
        lines.append([*cells, *[harmless(unit)] * mixed, *worth])
    return "".join(",".join(map(_quoted, line)) + "\r\n" for line in lines)


def _quoted(text: str) -> str:
    """Between quotes where something in it could end it: what comes after would be a value of its
    own, and perhaps a formula."""
    return '"' + text.replace('"', '""') + '"' if _ENDS.search(text) else text


def _head(column: Column, units: set[str]) -> str:
    return harmless(f"{column.label} ({min(units)})" if len(units) == 1 else column.label)


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
