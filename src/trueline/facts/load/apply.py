"""Staged rows become facts: what repeats, what is new, the same or an update; the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from trueline.facts.contract import BOOKKEEPING, Contract
from trueline.facts.load.checks import quoted
from trueline.facts.tables import COVERAGE

if TYPE_CHECKING:
    import duckdb

    from trueline.facts.load.ledger import Warehouse

CONFLICT, OLDER, REPEAT = "conflict", "older", "repeat"
FORWARD = ("coverage", "plan")
"""Tables of which days to come are the point."""


@dataclass(frozen=True)
class Sifted:
    """Rows of the file set aside before the table is looked at."""

    conflicts: int
    older: int
    repeats: int


NOTHING_SIFTED = Sifted(0, 0, 0)


def names(columns: tuple[str, ...], prefix: str = "") -> str:
    """Columns as a list of identifiers."""
    return ", ".join(f"{prefix}{quoted(column)}" for column in columns)


def sift(connection: duckdb.DuckDBPyConnection, contract: Contract) -> Sifted:
    """Set aside good rows whose key comes more than once in the file.

    Same content: the first stays. Other content: the latest by the order column stays; without
    one, or where it does not decide, all of the key's rows are in conflict.
    """
    key = names(contract.key)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE load_drop AS WITH repeated AS ("
        f"SELECT {key} FROM load_stage WHERE fault = 0 GROUP BY ALL HAVING count(*) > 1), "
        f'held AS (SELECT s.rowid AS rid, line, {key}, "order", '
        f"struct_pack({_packed(contract)}) AS content "
        f"FROM load_stage s SEMI JOIN repeated USING ({key}) WHERE fault = 0), "
        f'latest AS (SELECT *, coalesce("order" = max("order") OVER (PARTITION BY {key}), true) '
        "AS last FROM held), "
        f"judged AS (SELECT *, min(content) OVER (PARTITION BY {key}, last) IS DISTINCT FROM "
        f"max(content) OVER (PARTITION BY {key}, last) AS torn, "
        f"row_number() OVER (PARTITION BY {key}, last ORDER BY line, rid) AS nth FROM latest), "
        f"whole AS (SELECT *, bool_or(last AND torn) OVER (PARTITION BY {key}) AS conflicting "
        "FROM judged) "
        f"SELECT rid, CASE WHEN conflicting THEN '{CONFLICT}' WHEN NOT last THEN '{OLDER}' "
        f"ELSE '{REPEAT}' END AS why FROM whole WHERE conflicting OR NOT last OR nth > 1"
    )
    found = dict(connection.execute("SELECT why, count(*) FROM load_drop GROUP BY why").fetchall())
    return Sifted(found.get(CONFLICT, 0), found.get(OLDER, 0), found.get(REPEAT, 0))


def _packed(contract: Contract) -> str:
    columns = contract.content or contract.key
    return ", ".join(f"{quoted(name)} := {quoted(name)}" for name in columns)


def classify(connection: duckdb.DuckDBPyConnection, contract: Contract) -> tuple[int, int]:
    """Find staged rows whose key is recorded: how many state the same, how many update it."""
    on = " AND ".join(f"s.{quoted(k)} = f.{quoted(k)}" for k in contract.key)
    changed = " OR ".join(f"s.{quoted(c)} IS DISTINCT FROM f.{quoted(c)}" for c in contract.content)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE load_hits AS SELECT s.rowid AS rid, f.rowid AS fid, "
        f"{changed or 'false'} AS changed FROM load_stage s JOIN {quoted(contract.name)} f ON {on} "
        "WHERE s.fault = 0 AND s.rowid NOT IN (SELECT rid FROM load_drop)"
    )
    found = connection.execute(
        "SELECT count(*) FILTER (NOT changed), count(*) FILTER (changed) FROM load_hits"
    ).fetchone()
    return (found[0], found[1]) if found else (0, 0)


def left_out(
    warehouse: Warehouse, connection: duckdb.DuckDBPyConnection, contract: Contract, known: int
) -> tuple[int, tuple[Any, ...]]:
    """How many recorded rows the file does not have, and the first one's key.

    To be asked before anything is written. ``known`` of the recorded rows are in the file. Keys are
    compared only where one is missing.
    """
    table, key = quoted(contract.name), names(contract.key)
    count = int(warehouse.rows(f"SELECT count(*) FROM {table}")[0][0]) - known
    if count <= 0:
        return 0, ()
    held = table
    if warehouse.bench is not warehouse:  # the bench holds only what was recalled
        held = "load_recorded"
        connection.execute("SELECT 1").fetchall()  # lets go of a result that nobody finished
        connection.register(held, warehouse.arrow(f"SELECT {key} FROM {table}"))
    first = connection.execute(
        f"SELECT {key} FROM {held} ANTI JOIN load_stage USING ({key}) ORDER BY {key} LIMIT 1"
    ).fetchall()
    if held != table:
        connection.unregister(held)
    return count, first[0] if first else ()


@dataclass(frozen=True)
class Stamp:
    """What a load leaves on every row it writes."""

    source: str
    load_id: int
    recorded_at: datetime


def write(
    connection: duckdb.DuckDBPyConnection, contract: Contract, stamp: Stamp, updates: int
) -> None:
    """Insert the new, and replace the updated, whose earlier version goes to the history."""
    table = quoted(contract.name)
    if updates:
        supersede(connection, contract, stamp, "SELECT fid FROM load_hits WHERE changed")
    columns = tuple(name for name in contract.stored if name not in BOOKKEEPING)
    connection.execute(
        f"INSERT INTO {table} ({names(columns)}, source, load_id, recorded_at) "
        f"SELECT {names(columns)}, ?, ?, ? FROM load_stage WHERE fault = 0 "
        "AND rowid NOT IN (SELECT rid FROM load_drop) "
        "AND rowid NOT IN (SELECT rid FROM load_hits WHERE NOT changed)",
        [stamp.source, stamp.load_id, stamp.recorded_at],
    )


def supersede(
    connection: duckdb.DuckDBPyConnection, contract: Contract, stamp: Stamp, rowids: str
) -> None:
    """Move recorded rows to the history: nothing is erased."""
    table, history = quoted(contract.name), quoted(f"{contract.name}_history")
    columns = names(tuple(contract.stored))
    connection.execute(
        f"INSERT INTO {history} ({columns}, superseded_at, superseded_by) "
        f"SELECT {columns}, ?, ? FROM {table} WHERE rowid IN ({rowids})",
        [stamp.recorded_at, stamp.load_id],
    )
    connection.execute(f"DELETE FROM {table} WHERE rowid IN ({rowids})")


def span(
    connection: duckdb.DuckDBPyConnection, contract: Contract, today: date
) -> tuple[date | None, date | None, int]:
    """See ``spanned``; of the staged rows that are good."""
    found = connection.execute(
        f"SELECT {spanned(contract, today)} FROM load_stage WHERE fault = 0 AND rowid NOT IN "
        f"(SELECT rid FROM load_drop WHERE why = '{CONFLICT}')"
    ).fetchone()
    return (found[0], found[1], found[2]) if found else (None, None, 0)


def spanned(contract: Contract, today: date) -> str:
    """What to select for the first day of some rows, the last one, and how many lie ahead.

    A row dated ahead of today (a mistyped year, say) covers no day until then.
    """
    day = quoted(contract.day)
    if contract.name in FORWARD:
        return f"min({day}), max({day}), 0"
    ahead = f"{day} > DATE '{today}'"
    return f"min({day}), max({day}) FILTER (NOT ({ahead})), count(*) FILTER ({ahead})"


def repeats(connection: duckdb.DuckDBPyConnection, contract: Contract) -> bool:
    """Whether a key is in the table more than once."""
    found = connection.execute(
        f"SELECT {names(contract.key)} FROM {quoted(contract.name)} "
        "GROUP BY ALL HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    return found is not None


def cover(
    connection: duckdb.DuckDBPyConnection,
    stamp: Stamp,
    table: str,
    category: str,
    start: date,
    end: date,
    *,
    complete: bool,
) -> None:
    """Record that a table is complete (or is not) in ``[start, end)``."""
    held = "SELECT rowid FROM coverage WHERE table_name = ? AND category = ? AND from_day = ?"
    found = connection.execute(held, [table, category, start]).fetchall()
    if found:
        supersede(connection, COVERAGE, stamp, ", ".join(str(row[0]) for row in found))
    values = {
        "table_name": table,
        "category": category,
        "from_day": start,
        "to_day": end,
        "complete": complete,
        "source": stamp.source,
        "load_id": stamp.load_id,
        "recorded_at": stamp.recorded_at,
    }
    columns = ", ".join(map(quoted, values))
    connection.execute(
        f"INSERT INTO coverage ({columns}) VALUES ({', '.join('?' for _ in values)})",
        list(values.values()),
    )
