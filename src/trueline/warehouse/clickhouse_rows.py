"""How rows, parameters and addresses are put for ClickHouse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from trueline.facts.tables import contract
from trueline.warehouse.clickhouse_schema import gone_shape
from trueline.warehouse.remote import Change, listed

if TYPE_CHECKING:
    import pyarrow as pa

SETTINGS: dict[str, Any] = {
    "session_timezone": "UTC",
    "join_use_nulls": 1,  # no match is null, not 0
    "aggregate_functions_null_for_empty": 1,  # the sum of nothing is null, not 0
    "enable_extended_results_for_datetime_functions": 1,  # months before 1970 too
    "prefer_column_name_to_alias": 1,
    "union_default_mode": "DISTINCT",
    "mutations_sync": 2,
    "lightweight_deletes_sync": 2,
    "allow_nondeterministic_mutations": 1,
    "distributed_product_mode": "global",
    "insert_distributed_sync": 1,
    "max_partitions_per_insert_block": 0,
}
"""How every session behaves: nulls as in SQL, changes waited for."""


def tables_of(change: Change) -> dict[str, str]:
    """Which tables a change adds rows to, and the queries on the bench that give them."""
    found = {}
    if change.gone:
        found[f"{change.table}_gone"] = change.gone
    if change.new:
        name = change.table if change.table == "loads" else f"{change.table}_rows"
        found[name] = change.new
    return found


def place_of(url: str, home: Path) -> tuple[dict[str, Any], str, str | None]:
    parts = urlsplit(url)
    words = dict(parse_qsl(parts.query))
    if parts.scheme == "chdb":
        folder = home / (unquote(parts.netloc) + unquote(parts.path))  # absolute stays absolute
        return {"interface": "chdb", "path": str(folder)}, words.pop("database", "trueline"), None
    place: dict[str, Any] = {
        "host": parts.hostname or "localhost",
        "username": unquote(parts.username or "default"),
        "password": unquote(parts.password or ""),
        "secure": words.pop("secure", "false") == "true",
        "autogenerate_session_id": False,
        "connect_timeout": 10,
        "client_name": "trueline",
    }
    if parts.port:
        place["port"] = parts.port
    return place, parts.path.strip("/") or "trueline", words.get("cluster")


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "Bool"),
    (int, "Int64"),
    (datetime, "DateTime64(6, 'UTC')"),
    (date, "Date32"),
    (Decimal, "Decimal(38, 10)"),
    (str, "String"),
)


def bound(sql: str, parameters: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """``?`` as the server's own typed parameters."""
    if not parameters:
        return sql, {}
    values: dict[str, Any] = {}
    pieces = sql.split("'")
    given = iter(parameters)
    for place in range(0, len(pieces), 2):
        while "?" in pieces[place]:
            value = next(given)
            name = f"p{len(values)}"
            kind = "Nullable(String)" if value is None else _kind(value)
            pieces[place] = pieces[place].replace("?", f"{{{name}:{kind}}}", 1)
            values[name] = value
    return "'".join(pieces), values


def _kind(value: Any) -> str:
    return next(name for kind, name in _KINDS if isinstance(value, kind))


def received(table: str, query: str) -> dict[str, str]:
    """A table of another warehouse as rows, and what superseded them."""
    if not table.endswith("_history"):
        return {table if table == "loads" else f"{table}_rows": query}
    owner = contract(table.removesuffix("_history"))
    rows, gone = listed(tuple(owner.stored)), listed(tuple(gone_shape(owner)))
    return {
        f"{owner.name}_rows": f"SELECT {rows} FROM ({query}) AS h",
        f"{owner.name}_gone": f"SELECT {gone} FROM ({query}) AS h",
    }


def parts_of(piece: Any, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """A piece of a stream of Arrow data in the schema wanted."""
    import pyarrow as pa

    whole = piece if isinstance(piece, pa.Table) else pa.Table.from_batches([piece])
    yield from whole.cast(schema).to_batches()


def zoneless(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    fields = [
        pa.field(f.name, pa.timestamp("us")) if pa.types.is_timestamp(f.type) else f
        for f in table.schema
    ]
    return table.cast(pa.schema(fields))
