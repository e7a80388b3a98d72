"""Taking rows away: they move to the history, nothing is erased."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from trueline.core.errors import InputError
from trueline.core.period import parse_day
from trueline.facts.contract import Contract, Kind
from trueline.facts.load import apply, ledger
from trueline.facts.load.apply import Stamp
from trueline.facts.load.checks import quoted
from trueline.facts.load.ledger import Warehouse
from trueline.facts.load.report import LoadReport
from trueline.facts.tables import contract as contract_named

if TYPE_CHECKING:
    import duckdb


def remove_rows(
    warehouse: Warehouse,
    table: str,
    keys: Sequence[Mapping[str, Any]],
    *,
    source: str,
    now: datetime | None = None,
) -> int:
    """Move the rows with these keys to the history; returns how many there were.

    Raises InputError where a key does not have exactly the table's key columns.
    """
    contract = contract_named(table)
    wanted = [_key(contract, key) for key in keys]
    if not wanted:
        return 0
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    with warehouse.loading(contract.name) as connection:
        count = _find(warehouse, connection, contract, wanted)
        if count:
            stamp = Stamp(source[:200], ledger.next_id(connection), moment)
            apply.supersede(connection, contract, stamp, "SELECT rid FROM load_gone")
            ledger.enter(
                connection, _report(contract, stamp, count), digest="", full=False, moment=moment
            )
        connection.execute("DROP TABLE temp.load_gone")
        return count


def rows_with(
    warehouse: Warehouse, table: str, keys: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The recorded rows with these keys, each with the load that brought it (``load_id``).

    Raises InputError where a key does not have exactly the table's key columns.
    """
    contract = contract_named(table)
    wanted = [_key(contract, key) for key in keys]
    if not wanted:
        return []
    columns = (*(column.name for column in contract.columns), "source", "load_id")
    one = " AND ".join(f"{quoted(name)} = ?" for name in contract.key)
    found = warehouse.rows(
        f"SELECT {apply.names(columns)} FROM {quoted(contract.name)} "
        f"WHERE {' OR '.join(f'({one})' for _ in wanted)} ORDER BY {apply.names(contract.key)}",
        [value for key in wanted for value in key],
    )
    return [dict(zip(columns, map(_aware, row), strict=True)) for row in found]


def _aware(value: Any) -> Any:
    """Moments are stored in UTC without saying so."""
    naive = isinstance(value, datetime) and value.tzinfo is None
    return value.replace(tzinfo=UTC) if naive else value


def _find(
    warehouse: Warehouse,
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    wanted: list[list[Any]],
) -> int:
    """Note the rows with these keys in ``load_gone``; how many there are."""
    import pyarrow as pa

    days = _days(contract)
    columns = zip(contract.key, zip(*wanted, strict=True), strict=True)
    named = {n: pa.array(v, pa.date32() if n in days else pa.string()) for n, v in columns}
    connection.execute("SELECT 1").fetchall()  # lets go of a result that nobody finished
    connection.register("load_named", pa.table(named))
    key = apply.names(contract.key)
    warehouse.recall(connection, contract.name, contract.key, f"SELECT {key} FROM load_named")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE load_gone AS SELECT f.rowid AS rid "
        f"FROM {quoted(contract.name)} f SEMI JOIN load_named USING ({key})"
    )
    connection.unregister("load_named")
    found = connection.execute("SELECT count(*) FROM load_gone").fetchone()
    return int(found[0]) if found else 0


def _report(contract: Contract, stamp: Stamp, count: int) -> LoadReport:
    rows = "1 row was" if count == 1 else f"{count} rows were"
    return LoadReport(
        load_id=stamp.load_id,
        table=contract.name,
        source=stamp.source,
        status="loaded",
        notes=(f"{rows} removed; the history keeps what was.",),
    )


def _days(contract: Contract) -> set[str]:
    return {c.name for c in contract.columns if c.kind is Kind.DAY}


def _key(contract: Contract, key: Mapping[str, Any]) -> list[Any]:
    if not isinstance(key, Mapping) or set(key) != set(contract.key):
        given = ", ".join(sorted(map(str, key))) if isinstance(key, Mapping) else ""
        raise InputError(
            f"A key of {contract.name} has {', '.join(contract.key)}; this one has "
            f"{given[:200] or 'nothing'}.",
            "Name these columns and no others.",
        )
    days = _days(contract)
    return [_typed(key[name], name in days, name) for name in contract.key]


def _typed(value: Any, is_day: bool, name: str) -> str | date:
    if is_day and isinstance(value, str | date):
        return parse_day(value, name)
    if is_day or isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError(
            f"{name} is no {'day' if is_day else 'text'}.", "Write it as it is stored."
        )
    text = str(value)
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InputError(f"{name} holds what no text has.", "Write it as it is stored.")
    return text


def key_word(contract: Contract, values: Sequence[Any]) -> str:
    """A row's key in one word, as the command line takes it: the value where the key is one column,
    else ``spend_date=2026-01-01,channel=Meta,campaign=x``."""
    if len(contract.key) == 1:
        return str(values[0])
    return ",".join(f"{n}={v}" for n, v in zip(contract.key, values, strict=True))


def key_of(table: str, word: str) -> dict[str, str]:
    """The key that ``key_word`` wrote. Raises InputError where a column is not there, or twice."""
    contract = contract_named(table)
    if len(contract.key) == 1:
        return {contract.key[0]: word}
    before, *parts = re.split(rf"(?:^|,)({'|'.join(contract.key)})=", word)
    if before or sorted(parts[::2]) != sorted(contract.key):
        raise InputError(
            f"'{word[:80]}' is no key of {contract.name}.",
            f"Write it as {key_word(contract, ['...'] * len(contract.key))}.",
        )
    return dict(zip(parts[::2], parts[1::2], strict=True))


def command(contract: Contract, values: Sequence[Any]) -> str:
    """The command that removes the row with this key."""
    word = key_word(contract, values)
    apart = "-- " if word.startswith("-") else ""
    return f"trueline remove {contract.name} {apart}{shlex.quote(word)}"
