"""NDJSON files: one object per line, strictly."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from trueline.core.errors import InputError
from trueline.facts.load.mapping import MOST_COLUMNS
from trueline.facts.load.sources import Row, TextRows, is_text, json_row, open_bytes


def ndjson_rows(path: Path, nested: Sequence[str]) -> TextRows:
    """The file's objects as rows; its header is every key that comes, in order of coming.

    Raises InputError where no line holds an object, or there are too many keys.
    """
    keys: dict[str, None] = {}
    first = ""
    for line, found in _objects(path):
        if isinstance(found, dict):
            keys.update(dict.fromkeys(found))
        first = first or (f": line {line} {found}" if isinstance(found, str) else "")
        if len(keys) > MOST_COLUMNS:
            raise InputError(
                "The file's objects have too many different keys.",
                f"At most {MOST_COLUMNS} are taken.",
            )
    if not keys:
        raise InputError(
            f"{path.name} holds no JSON object{first}.",
            'Write one object per line: {"order_id": "1"}.',
        )
    names = tuple(keys)

    def rows() -> Iterator[Row]:
        for line, found in _objects(path):
            if isinstance(found, dict):
                yield json_row(line, found, names, nested)
            else:
                yield line, [None] * len(names), found

    return TextRows(names, rows)


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Each line's number and object, or what is wrong with it."""
    with open_bytes(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="\n")
        for line, written in enumerate(text, 1):
            if written.strip():
                yield line, _object(written)


def _object(written: str) -> dict[str, Any] | str:
    try:
        found = json.loads(
            written, object_pairs_hook=_unique, parse_float=Decimal, parse_constant=_no_number
        )
    except RecursionError:
        return "is nested too deeply"
    except ArithmeticError:  # an exponent beyond what decimals have
        return "holds a number that is out of range"
    except ValueError as error:
        return f"is not a JSON object: {str(error)[:120]}"
    return found if isinstance(found, dict) else "is not a JSON object"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    for name in found:
        if not is_text(name):
            raise ValueError("a key holds half of a surrogate pair")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")
