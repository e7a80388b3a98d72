"""Parquet files: flat columns, read as text by the engine, so that one set of rules holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from trueline.core.errors import Fault, InputError
from trueline.facts.load.checks import literal, quoted
from trueline.facts.load.ledger import Warehouse
from trueline.facts.load.sources import LONGEST_LINE, Row, TextRows

_FLAT = re.compile(
    r"(VARCHAR|BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL\(.*\)|DOUBLE|FLOAT|DATE|UUID"
    r"|ENUM\(.*\)|TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE|TIMESTAMPTZ_NS|\"NULL\")"
)
EXACT_TO = 2**53
"""Whole numbers below are exact in a DOUBLE."""
LITTLE_TEXT, MOST_TIMES = 256 * 1024**2, 1000
"""Bytes of text that any file may hold; above, how many times its own size. The same few texts
repeated unpack to a hundred times a file's size, a bomb to a million times."""


def parquet_rows(warehouse: Warehouse, path: Path) -> TextRows:
    """The file's columns and a relation over its rows. Raises InputError.

    A footer can lie: its count is compared with the rows that are really there, and the size of
    the texts is added up before any is kept.
    """
    import duckdb

    if set(str(path)) & set("*?[]{}"):
        raise InputError(f"The file's name {path.name} holds one of * ? [ ] {{ }}.", "Rename it.")
    file = f"read_parquet({literal(str(path))}, file_row_number=true)"
    try:
        columns = [
            (name, kind)
            for name, kind, *_ in warehouse.rows(f"DESCRIBE SELECT * FROM {file}")
            if name != "file_row_number"
        ]
        _check_flat(columns)
        _check_size(warehouse, path, file, columns)
    except duckdb.Error as error:
        raise unreadable(path, error) from None
    texts = ", ".join(f"{_text(name, kind)} AS c{i}" for i, (name, kind) in enumerate(columns))
    relation = (
        f"(SELECT file_row_number + 1 AS line, CAST(NULL AS VARCHAR) AS shape, {texts} FROM {file})"
    )
    return TextRows(tuple(name for name, _ in columns), _none, relation=relation, numbered=True)


def unreadable(path: Path, error: Exception) -> InputError:
    """The error of a file that the engine could not read."""
    reason = str(error).split("\n")[0].replace(str(path), path.name)[:200]
    return InputError(f"{path.name} could not be read safely: {reason}", "Write the file anew.")


def _none() -> Iterator[Row]:
    return iter(())


def _check_flat(columns: list[tuple[str, str]]) -> None:
    odd = [(name, kind) for name, kind in columns if not _FLAT.fullmatch(kind)]
    if odd:
        raise InputError(
            f"The column {odd[0][0]} is of type {odd[0][1][:60]}.",
            "Only flat columns of text, numbers, days, moments and true/false are taken.",
            tuple(Fault(f"is of type {kind[:60]}", where=name) for name, kind in odd),
        )


def _check_size(
    warehouse: Warehouse, path: Path, file: str, columns: list[tuple[str, str]]
) -> None:
    said = warehouse.rows(f"SELECT num_rows FROM parquet_file_metadata({literal(str(path))})")
    texts = [f"coalesce(strlen({quoted(name)}), 0)" for name, kind in columns if kind == "VARCHAR"]
    size = " + ".join(texts) or "0"
    rows, whole, longest = warehouse.rows(
        f"SELECT count(file_row_number), coalesce(sum(size), 0), coalesce(max(size), 0) "
        f"FROM (SELECT file_row_number, {size} AS size FROM {file})"
    )[0]
    if said[0][0] != rows:
        problem = f"its footer speaks of {said[0][0]} rows, there are {rows}"
    elif longest > LONGEST_LINE:
        problem = f"the texts of one row have {longest:,} bytes, more than {LONGEST_LINE:,}"
    elif whole > max(LITTLE_TEXT, MOST_TIMES * path.stat().st_size):
        problem = f"its texts unpack to {whole:,} bytes, over {MOST_TIMES:,} times its own size"
    else:
        return
    raise InputError(
        f"{path.name} could not be read safely: {problem}.", "Check where it comes from."
    )


def _text(name: str, kind: str) -> str:
    column = quoted(name)
    if kind == "TIMESTAMPTZ_NS":
        return f"CAST(make_timestamp_ns(epoch_ns({column})) AS VARCHAR) || 'Z'"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CAST(make_timestamp(epoch_us({column})) AS VARCHAR) || 'Z'"
    text = f"CAST({column} AS VARCHAR)"
    if kind not in ("DOUBLE", "FLOAT"):
        return text
    # pandas keeps whole numbers as these where some are missing: 17.0 is the id 17.
    whole = f"{column} = trunc({column}) AND abs({column}) < {EXACT_TO}"
    return f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE {text} END"
