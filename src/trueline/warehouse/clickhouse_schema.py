"""The warehouse's tables in ClickHouse: versions that are only added, views of what holds."""

from __future__ import annotations

from collections.abc import Iterator

from trueline.core.period import FIRST_DAY, LAST_DAY
from trueline.facts.contract import Contract
from trueline.facts.load.checks import quoted
from trueline.facts.tables import CONTRACTS
from trueline.warehouse.schema import SYSTEM_TABLES, history_shape

COUNTED: dict[str, tuple[str, ...]] = {
    "mrr_changes": ("customer_id", "subscription_id", "day"),
    "customer_levels": ("day", "customer_id", "currency"),
    "order_firsts": ("customer_id",),
    "entry_firsts": ("customer_id",),
    "customer_firsts": ("customer_id",),
    "sessions": ("day", "user_id", "session"),
    "metrics_daily": ("measure", "slice_by", "slice", "day", "currency"),
    "rollup_state": ("name",),
}
"""What is counted from facts, with its sort key. The state comes last: it says the rest is done."""

FACTS = (
    *(f"{c.name}_{part}" for c in CONTRACTS for part in ("rows", "gone")),
    "source_marks_rows",
)
"""Tables whose rows are seen once their load is."""

_TYPES = {
    "VARCHAR": "String",
    "BIGINT": "Int64",
    "DATE": "Date32",
    "TIMESTAMP": "DateTime64(6, 'UTC')",
    "BOOLEAN": "Bool",
    "DOUBLE": "Float64",
}
_ALWAYS = {"load_id", "superseded_at", "superseded_by"}
GONE = {"load_id": "BIGINT", "superseded_at": "TIMESTAMP", "superseded_by": "BIGINT"}
_UPTO = "(SELECT max(load_id) FROM {database}.loads)"
_MERGE = "SETTINGS allow_nullable_key = 1"
_LOGGED = {"loads": "load_id", "source_marks_rows": "load_id", "days": "day"}


def typed(kind: str, *, required: bool = False) -> str:
    """A column's type in ClickHouse's words."""
    name = _TYPES.get(kind) or kind.replace("DECIMAL", "Decimal")
    return name if required else f"Nullable({name})"


def columns(shape: dict[str, str], required: set[str]) -> str:
    """Columns with their types."""
    return ", ".join(
        f"{quoted(name)} {typed(kind, required=name in required | _ALWAYS)}"
        for name, kind in shape.items()
    )


def sort_key(contract: Contract) -> tuple[str, ...]:
    """By day first: periods are read. Lookups by key go through an index of their own."""
    return tuple(dict.fromkeys((contract.day, *contract.key, "load_id")))


def gone_shape(contract: Contract) -> dict[str, str]:
    """Key and version of a superseded row, and what superseded it."""
    return {name: contract.stored[name] for name in contract.key} | GONE


def tables() -> Iterator[tuple[str, str, str]]:
    """Every table that holds data: its name, columns (and indexes), sort key."""
    for contract in CONTRACTS:
        required = {*contract.key, contract.day}
        indexes = "".join(
            f", INDEX {quoted(f'by_{name}')} {quoted(name)} TYPE bloom_filter(0.01) GRANULARITY 2"
            for name in contract.key
            if name != contract.day
        )
        key = ", ".join(map(quoted, sort_key(contract)))
        yield f"{contract.name}_rows", columns(contract.stored, required) + indexes, key
        shape = gone_shape(contract)
        key = ", ".join(map(quoted, (*contract.key, "load_id")))
        yield f"{contract.name}_gone", columns(shape, set(contract.key)), key
    for name, sorting in COUNTED.items():
        key = ", ".join(map(quoted, sorting))
        yield name, columns(SYSTEM_TABLES[name], set()), key
    for name, key in _LOGGED.items():
        shape = SYSTEM_TABLES[name.removesuffix("_rows")]
        yield name, columns(shape, {key}), key
    yield "schema_version", "version Int64", "version"
    yield "load_claims", "load_id Int64, tables Array(String)", "load_id"


def views(database: str) -> Iterator[str]:
    """What a reader sees: rows of committed loads that nothing committed has superseded."""
    upto = _UPTO.format(database=database)
    for contract in CONTRACTS:
        name = contract.name
        key = ", ".join(map(quoted, (*contract.key, "load_id")))
        stored = ", ".join(map(quoted, contract.stored))
        yield (
            f"CREATE VIEW IF NOT EXISTS {database}.{quoted(name)} AS SELECT {stored} "
            f"FROM {database}.{quoted(f'{name}_rows')} WHERE load_id <= {upto} AND ({key}) NOT IN "
            f"(SELECT {key} FROM {database}.{quoted(f'{name}_gone')} WHERE superseded_by <= {upto})"
        )
        on = " AND ".join(f"r.{quoted(k)} = g.{quoted(k)}" for k in (*contract.key, "load_id"))
        kept = ", ".join(
            f"{'g' if c in ('superseded_at', 'superseded_by') else 'r'}.{quoted(c)} AS {quoted(c)}"
            for c in history_shape(contract)
        )
        yield (
            f"CREATE VIEW IF NOT EXISTS {database}.{quoted(f'{name}_history')} AS SELECT {kept} "
            f"FROM {database}.{quoted(f'{name}_rows')} r INNER JOIN "
            f"{database}.{quoted(f'{name}_gone')} g ON {on} "
            f"WHERE r.load_id <= {upto} AND g.superseded_by <= {upto}"
        )
    yield (
        f"CREATE VIEW IF NOT EXISTS {database}.source_marks AS SELECT * "
        f"FROM {database}.source_marks_rows WHERE load_id <= {upto}"
    )


def create_statements(database: str, cluster: str | None = None) -> Iterator[str]:
    """Every table and view of the warehouse, and the writer's own database beside it.

    On a cluster facts are spread over the shards; what is counted from them, and the loads, lie on
    the server that Trueline connects to.
    """
    work = work_of(database)
    on = f" ON CLUSTER {quoted(cluster)}" if cluster else ""
    yield f"CREATE DATABASE IF NOT EXISTS {database}{on}"
    yield f"CREATE DATABASE IF NOT EXISTS {work}"
    for name, shape, key in tables():
        if cluster and name in FACTS:
            yield from _spread(database, cluster, name, shape, key)
            continue
        yield (
            f"CREATE TABLE IF NOT EXISTS {database}.{quoted(name)} ({shape}) "
            f"ENGINE = MergeTree ORDER BY ({key}) {_MERGE}"
        )
    yield from views(database)
    for name in (*seen(), "loads", "days", "source_marks"):
        yield (
            f"CREATE VIEW IF NOT EXISTS {work}.{quoted(name)} AS "
            f"SELECT * FROM {database}.{quoted(name)}"
        )


def _spread(database: str, cluster: str, name: str, shape: str, key: str) -> Iterator[str]:
    """A replicated table on each shard, and a Distributed one over them.

    Rows of one customer (or user) lie on one shard, so that what is joined by customer is there.
    """
    on = f"ON CLUSTER {quoted(cluster)}"
    local = f"{database}.{quoted(f'{name}_local')}"
    yield (
        f"CREATE TABLE IF NOT EXISTS {local} {on} ({shape}) ENGINE = ReplicatedMergeTree("
        f"'/clickhouse/tables/{{shard}}/{database}/{name}', '{{replica}}') "
        f"ORDER BY ({key}) {_MERGE}"
    )
    yield (
        f"CREATE TABLE IF NOT EXISTS {database}.{quoted(name)} {on} AS {local} ENGINE = "
        f"Distributed({quoted(cluster)}, {database}, {quoted(f'{name}_local')}, {sharding(name)})"
    )


def seen() -> Iterator[str]:
    """The views of facts and their history."""
    for contract in CONTRACTS:
        yield contract.name
        yield f"{contract.name}_history"


def fill_days(database: str) -> str:
    """The calendar's days."""
    length = (LAST_DAY - FIRST_DAY).days
    return (
        f"INSERT INTO {database}.days SELECT addDays(toDate32('{FIRST_DAY}'), number) "
        f"FROM numbers({length})"
    )


def work_of(database: str) -> str:
    """The database in which the writer prepares what readers will see."""
    return f"{database}_work"


_SHARDED = ("customer_id", "user_id", "order_id", "revenue_id", "subscription_id")


def sharding(name: str) -> str:
    """What decides a row's shard. Superseded keys follow the key, as they know nothing else."""
    base, _, part = name.rpartition("_")
    owner = next((c for c in CONTRACTS if c.name == base), None)
    if owner is None:
        return "0"
    known = owner.key if part == "gone" else tuple(owner.stored)
    column = next((c for c in _SHARDED if c in known), owner.key[0])
    return f"cityHash64({quoted(column)})"
