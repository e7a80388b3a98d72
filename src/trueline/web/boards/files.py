"""A panel's table as a file that a spreadsheet opens safely."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from io import StringIO

from trueline.core.money import plain
from trueline.web.boards.shown import Raw, Table

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_of(table: Table) -> str:
    """The table's raw values; a value's mark stands in a column of its own where any has one."""
    marked = any(cell.mark for row in table.rows for cell in row)
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    header = [harmless(column.label) for column in table.columns]
    writer.writerow([*header, "Quality"] if marked else header)
    for row in table.rows:
        cells = [written(cell.raw) for cell in row]
        marks = dict.fromkeys(cell.mark for cell in row if cell.mark)
        writer.writerow([*cells, " ".join(marks)] if marked else cells)
    return out.getvalue()


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
