"""The embedded engine alone, without the package around it.

That package gives connections relations, expressions and readers of other libraries' tables: it
takes longer to import than a reading takes, and of all this only ``relation`` is used here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueline.core.errors import HomeError, HomeOwnedError

if TYPE_CHECKING:
    import duckdb

try:
    import _duckdb as core
except ImportError:  # a release that keeps its engine elsewhere
    import duckdb as core  # type: ignore[no-redef]  # one or the other

__all__ = ["connect", "core", "relation"]

_OWNER = re.compile(r"PID (\d+)")


def connect(path: Path | None, config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """Open a file; None is a database in memory.

    Raises HomeOwnedError where another process has it open, HomeError where it cannot be opened.
    """
    try:
        return core.connect(":memory:" if path is None else str(path), config=config)
    except core.IOException as error:
        owner = _OWNER.search(str(error))
        if owner:
            raise HomeOwnedError(
                f"Process {owner[1]} has {path} open.",
                "If that is `trueline serve`, use its REST API or the `trueline` command, which "
                "goes through it. Else stop that process.",
            ) from error
        raise HomeError(f"{path} could not be opened: {error}") from error


def relation(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = ()
) -> duckdb.DuckDBPyRelation:
    """A query's rows as a relation, which can be read as Arrow."""
    import duckdb  # noqa: F401  gives connections their relations

    return connection.sql(sql, params=list(parameters))
