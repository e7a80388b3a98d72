"""Taking rows away: they move to the history, nothing is erased."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from trueline.core.errors import InputError
from trueline.core.period import parse_day
from trueline.facts.contract import Contract, Kind
from trueline.facts.load import apply, ledger
from trueline.facts.load.apply import Stamp
from trueline.facts.load.checks import literal, quoted
from trueline.facts.load.ledger import Warehouse
from trueline.facts.load.report import LoadReport
from trueline.facts.tables import contract as contract_named

if TYPE_CHECKING:
    import duckdb


def remove_rows(
    warehouse: Warehouse,
    table: str,
    keys: list[dict[str, str]],
    *,
    source: str,
    now: datetime | None = None,
) -> int:
    """Move the rows with these keys to the history; returns how many there were.

    Raises InputError where a key does not have exactly the table's key columns.
    """
    contract = contract_named(table)
    wanted = [_key(contract, key) for key in keys]
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    with warehouse.loading(contract.name) as connection:
        named = " UNION ALL ".join(f"SELECT {', '.join(map(_literal, key))}" for key in wanted)
        if wanted:
            warehouse.recall(connection, contract.name, contract.key, named)
        rowids = sorted({rowid for key in wanted for rowid in _found(connection, contract, key)})
        if not rowids:
            return 0
        stamp = Stamp(source[:200], ledger.next_id(connection), moment)
        apply.supersede(connection, contract, stamp, ", ".join(map(str, rowids)))
        report = LoadReport(
            load_id=stamp.load_id,
            table=contract.name,
            source=stamp.source,
            status="loaded",
            read=0,
            accepted=0,
            duplicate=0,
            rejected=0,
            updated=0,
            first_day=None,
            last_day=None,
            notes=(f"{len(rowids)} rows were removed; the history keeps them.",),
        )
        ledger.enter(connection, report, digest="", full=False, moment=moment)
        return len(rowids)


def _key(contract: Contract, key: dict[str, str]) -> list[Any]:
    if set(key) != set(contract.key):
        raise InputError(
            f"A key of {contract.name} has {', '.join(contract.key)}; this one has "
            f"{', '.join(sorted(key)) or 'nothing'}."
        )
    days = {c.name for c in contract.columns if c.kind is Kind.DAY}
    return [_typed(key[name], name in days, name) for name in contract.key]


def _typed(value: str, is_day: bool, name: str) -> str | date:
    return parse_day(value, name) if is_day else str(value)


def _literal(value: str | date) -> str:
    return f"DATE '{value}'" if isinstance(value, date) else literal(value)


def _found(connection: duckdb.DuckDBPyConnection, contract: Contract, key: list[Any]) -> list[int]:
    where = " AND ".join(f"{quoted(name)} = ?" for name in contract.key)
    found = connection.execute(
        f"SELECT rowid FROM {quoted(contract.name)} WHERE {where}", key
    ).fetchall()
    return [row[0] for row in found]
