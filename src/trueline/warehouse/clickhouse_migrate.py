"""Making the tables in ClickHouse, or bringing those of an older Trueline up to date."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from trueline.core.errors import HomeError
from trueline.core.period import FIRST_DAY, LAST_DAY
from trueline.facts.load.checks import quoted
from trueline.warehouse.clickhouse_schema import create_statements, fill_days
from trueline.warehouse.remote import not_brought_forward
from trueline.warehouse.schema import SCHEMA_VERSION, outdated

Run = Callable[[str], Any]


def migrate(
    run: Run,
    database: str,
    cluster: str | None,
    address: str,
    turn: Callable[[], AbstractContextManager[Any]],
) -> None:
    """Make the tables, or bring them up to date: one process at a time, in the writer's ``turn``.

    One that looked before another was done would drop what that one has counted, and fill the
    calendar twice. Raises HomeError.
    """
    found = _version(run, database)
    if found == SCHEMA_VERSION:
        return
    if found > SCHEMA_VERSION:
        raise HomeError(
            f"The warehouse {address} was written by a newer Trueline (schema "
            f"{found}; this one knows {SCHEMA_VERSION}).",
            "Upgrade Trueline.",
        )
    statements = create_statements(database, cluster)
    try:
        if not found:
            run(next(statements))  # the database, in which the turn is taken
        with turn():
            found = _version(run, database)
            if found < SCHEMA_VERSION:
                _bring_forward(run, database, found, [*statements])
    except HomeError as error:
        raise not_brought_forward(error, address, found) from error.__cause__


def _bring_forward(run: Run, database: str, found: int, statements: list[str]) -> None:
    """The version comes last: what was cut short is done again."""
    for name in outdated(found) if found else ():
        run(f"DROP TABLE IF EXISTS {database}.{quoted(name)} SYNC")
    for statement in statements:
        run(statement)
    # Every day once: processes that did not take turns have filled it more than once before.
    if int(run(f"SELECT count() FROM {database}.days")) != (LAST_DAY - FIRST_DAY).days:
        run(f"TRUNCATE TABLE {database}.days")
        run(fill_days(database))
    run(f"INSERT INTO {database}.schema_version VALUES ({SCHEMA_VERSION})")


def _version(run: Run, database: str) -> int:
    known = run(
        "SELECT count() FROM system.tables "
        f"WHERE database = '{database}' AND name = 'schema_version'"
    )
    return int(run(f"SELECT max(version) FROM {database}.schema_version") or 0) if int(known) else 0
