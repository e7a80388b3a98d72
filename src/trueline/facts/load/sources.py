"""Files as rows of text with their line numbers, whatever their format."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from numbers import Integral
from pathlib import Path
from typing import Any, BinaryIO, cast

from trueline.core.errors import Fault, InputError
from trueline.facts.load.checks import literal

Row = tuple[int, list[str | None], str | None]
"""Line, values, and what is wrong with the row's shape."""

CHUNK = 1 << 20
LONGEST_LINE = 1 << 20


@dataclass(frozen=True)
class TextRows:
    """A header and its rows; ``rows`` reads from the start each time it is called.

    ``relation`` is SQL by which the engine reads the same rows itself (columns line, shape, c0,
    c1...), much faster; None where it cannot. ``numbered`` says that its lines are numbered.
    ``years`` is a first guess at the years its moments lie in.
    """

    header: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]
    relation: str | None = None
    numbered: bool = False
    years: tuple[int, int] | None = None


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, decompressed when its name ends in .gz."""
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def csv_rows(path: Path) -> TextRows:
    """A CSV file's header and rows. Raises InputError for a header that is none."""
    with _reading(path) as stream:
        header = _header(stream)

    def rows() -> Iterator[Row]:
        with _reading(path) as stream:
            yield from _csv_lines(stream, len(header))

    return TextRows(
        header, rows, relation=_csv_relation(path, len(header)), years=guess_years(path)
    )


def _csv_relation(path: Path, width: int) -> str | None:
    if set(str(path)) & set("*?[]{}"):
        return None  # the engine would take it for a pattern of many files
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    packed = "gzip" if path.suffix == ".gz" else "none"
    return (
        "(SELECT CAST(NULL AS BIGINT) AS line, CAST(NULL AS VARCHAR) AS shape, * FROM read_csv("
        f"{literal(str(path))}, header=true, auto_detect=false, delim=',', quote='\"', "
        f"escape='\"', columns={{{columns}}}, strict_mode=true, null_padding=false, "
        f"nullstr='', compression='{packed}', max_line_size={4 * LONGEST_LINE}, "
        f"buffer_size={16 * LONGEST_LINE}))"
    )


_YEAR = re.compile(rb"\b((?:19|20|21)\d\d)-\d\d-\d\d")


UNSEEN_YEARS = 12
"""So far from its first days a packed file is taken to reach: its end is not looked at."""


def guess_years(path: Path) -> tuple[int, int] | None:
    """The years of the days in the file's first and last pieces, one wider on either side; of a
    packed file, those around its first piece."""
    piece = 1 << 16
    with open_bytes(path) as stream:
        text = stream.read(piece)
    if path.suffix != ".gz":
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - piece))
            text += stream.read()
    found = [int(year) for year in _YEAR.findall(text)]
    if not found:
        return None
    wider = UNSEEN_YEARS if path.suffix == ".gz" else 1
    return max(min(found) - wider, 1899), min(max(found) + wider + 1, 2201)


@contextmanager
def _reading(path: Path) -> Iterator[io.TextIOWrapper]:
    with open_bytes(path) as stream:
        yield io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")


def _header(stream: io.TextIOWrapper) -> tuple[str, ...]:
    try:
        header = next(csv.reader(stream, strict=True), None)
    except csv.Error as error:
        stream.seek(0)
        _check_commas(stream.readline())
        raise InputError(f"The header is not CSV: {error}.") from None
    if header is not None and not any(name.strip() for name in header):
        if stream.read(CHUNK).strip(", \r\n"):
            raise InputError(
                "The first line is empty, and names no column.", "Delete the empty lines above it."
            )
        header = None
    if header is None:
        raise InputError("The file is empty.", "The first line names the columns.")
    if header[0].strip().lower().startswith("sep="):
        raise InputError(
            "The first line is a note for Excel (sep=), not the header.",
            "Delete that line: the first line names the columns.",
        )
    if len(header) == 1:
        _check_commas(header[0])
    _check_named(header)
    return tuple(header)


def _check_named(header: list[str]) -> None:
    empty = [place for place, name in enumerate(header, 1) if not name.strip()]
    if not empty:
        return
    last = [place for place in empty if not any(name.strip() for name in header[place:])]
    fix = "Name it, or delete the column where it is empty."
    if empty == last and len(header) - len(empty) == 1 < len(empty):
        fix = "It looks like a title: delete the lines above the one that names the columns."
    elif empty == last:
        fix = "Delete the empty columns at the end of the sheet, and save it again; or name them."
    raise InputError(f"The header leaves column {empty[0]} without a name.", fix)


def _check_commas(line: str) -> None:
    for mark, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if mark in line and "," not in line:
            raise InputError(
                f"The columns are separated by {word}.", "Separate them by commas: save it as CSV."
            )


def _csv_lines(stream: io.TextIOWrapper, width: int) -> Iterator[Row]:
    reader = csv.reader(stream, strict=True)
    next(reader)
    line = reader.line_num + 1
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, [None] * width, f"is not CSV: {_in_words(error)}"
            line = reader.line_num + 1
            continue
        if values:
            yield line, *_shaped(values, width)
        line = reader.line_num + 1


def _in_words(error: csv.Error) -> str:
    """What the reader says of a row, for who has to correct it."""
    said = str(error)
    if "unexpected end" in said:
        return "a quotation mark is opened and not closed again"
    if "expected after" in said:
        return "a quotation mark stands inside a value; write it twice"
    if "field limit" in said:
        return f"a value is longer than {csv.field_size_limit():,} characters"
    return said


def _shaped(values: list[str], width: int) -> tuple[list[str | None], str | None]:
    while len(values) > width and not values[-1]:
        values.pop()  # as spreadsheets leave behind the last column; the quick way skips it, too
    if len(values) == width:
        return [value or None for value in values], None
    fault = f"has {len(values)} values where the header has {width} columns"
    return [*values[:width], *[None] * (width - len(values))], fault


def json_rows(rows: Sequence[dict[str, Any]], nested: Sequence[str] = ()) -> TextRows:
    """Rows given as JSON objects. ``nested`` names the columns that may hold an object."""
    header: dict[str, None] = {}
    for row in rows:
        if not isinstance(row, dict):
            raise InputError("A row is not an object.", 'Give rows such as {"order_id": "1"}.')
        header.update(dict.fromkeys(map(str, row)))
    if not header:
        raise InputError("There are no rows.", "Give at least one row with its columns.")
    names = tuple(header)

    def texts() -> Iterator[Row]:
        for line, row in enumerate(rows, 1):
            yield json_row(line, row, names, nested)

    return TextRows(names, texts)


def json_row(line: int, row: dict[str, Any], names: Sequence[str], nested: Sequence[str]) -> Row:
    """One JSON object as a row of text."""
    values: list[str | None] = []
    fault = None
    for name in names:
        try:
            values.append(json_text(row.get(name), name in nested))
        except ValueError as error:
            values.append(None)
            fault = fault or f"{name}: {error}"
    return line, values, fault


def json_text(value: Any, nested: bool) -> str | None:
    """A JSON value as the text a file would hold; a day or moment of Python's own, too.

    Raises ValueError for what is no one value.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Integral):
        if abs(int(value)) >= 10**40:
            raise ValueError("a number of more than 40 digits")
        return str(int(value))
    if isinstance(value, Decimal | float):
        return _number_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if nested and isinstance(value, dict):
        return _whole(json.dumps(value, ensure_ascii=False, allow_nan=False, default=str))
    if isinstance(value, dict | list):
        raise ValueError("a nested value where one value is expected")
    raise ValueError(f"a value of type {type(value).__name__}; write it as text")


def _number_text(value: Decimal | float) -> str:
    if isinstance(value, float):
        return float.__repr__(value)  # a number of a library's own may write its type, too
    if not value.is_finite() or abs(value.adjusted()) > 40:
        raise ValueError("not a finite number of reasonable size")
    return format(value, "f")


def _whole(text: str) -> str:
    if not is_text(text):
        raise ValueError("half of a surrogate pair")
    return text


def is_text(text: str) -> bool:
    """Whether it can be written: JSON can hold half of a surrogate pair, which is no text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def not_text(position: int) -> InputError:
    """The error of a file that is not UTF-8."""
    message = f"The file is not UTF-8 at byte {position}."
    return InputError(message, "Save it as UTF-8.", (Fault("not UTF-8", where=f"byte {position}"),))
