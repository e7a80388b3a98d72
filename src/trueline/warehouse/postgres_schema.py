"""The warehouse's tables in PostgreSQL, and how an older schema is brought up to date."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg

from trueline.core.errors import HomeError
from trueline.core.period import FIRST_DAY, LAST_DAY
from trueline.facts.load.checks import quoted
from trueline.facts.tables import CONTRACTS
from trueline.warehouse.postgres_errors import in_words
from trueline.warehouse.remote import not_brought_forward
from trueline.warehouse.schema import SCHEMA_VERSION, outdated, shapes

LOCK = 7_263_002
"""First half of the advisory lock of the one writer; the second is the schema's name."""

_TYPES = {
    "VARCHAR": 'text COLLATE "C"',  # sorted by code point, as the other engines do
    "BIGINT": "bigint",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "BOOLEAN": "boolean",
    "DOUBLE": "double precision",
}


def typed(kind: str) -> str:
    """A column's type in PostgreSQL's words."""
    return _TYPES.get(kind) or kind.replace("DECIMAL", "numeric")


def create_statements() -> list[str]:
    """Every table with its keys and indexes."""
    keys = {c.name: c.key for c in CONTRACTS} | {"days": ("day",), "loads": ("load_id",)}
    made = []
    for name, shape in shapes().items():
        columns = [f"{quoted(column)} {typed(kind)}" for column, kind in shape.items()]
        if name in keys:
            columns.append(f"PRIMARY KEY ({', '.join(map(quoted, keys[name]))})")
        made.append(f"CREATE TABLE IF NOT EXISTS {quoted(name)} ({', '.join(columns)})")
    return made + [
        f"CREATE INDEX IF NOT EXISTS {quoted(f'{table}_{column}')} ON {quoted(table)} "
        f"{'USING brin ' if brin else ''}({', '.join(map(quoted, column.split('+')))})"
        for table, column, brin in _indexes()
    ]


def _indexes() -> list[tuple[str, str, bool]]:
    """Tables' columns that are looked up by; those that only grow take a small BRIN index."""
    found = [
        ("metrics_daily", "measure+day", False),
        ("mrr_changes", "customer_id", False),
        ("customer_levels", "customer_id", False),
        ("customer_levels", "day", False),
        ("order_firsts", "customer_id", False),
        ("entry_firsts", "customer_id", False),
        ("customer_firsts", "customer_id", False),
        ("sessions", "user_id", False),
        ("loads", "content_hash", False),
    ]
    for contract in CONTRACTS:
        found += [(contract.name, "load_id", True), (f"{contract.name}_history", "load_id", True)]
        found.append((f"{contract.name}_history", "superseded_by", True))
        if contract.day not in contract.key:
            found.append((contract.name, contract.day, True))
        for column in ("customer_id", "user_id", "order_id", "revenue_id"):
            if column in contract.stored and column not in contract.key:
                found.append((contract.name, column, False))
    return found


def checked_schema(name: str) -> str:
    """A schema's name, if it is a plain one. Raises HomeError."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", name):
        raise HomeError(
            f"'{name[:60]}' is no name for a schema.",
            "Use small letters, digits and _: ?schema=trueline",
        )
    return name


def migrate(connection: psycopg.Connection[Any], schema: str, address: str) -> None:
    """Make the tables, or bring those of an older Trueline up to date: all of it, or nothing."""
    found = _version(connection)
    if found == SCHEMA_VERSION:
        return
    if found > SCHEMA_VERSION:
        raise HomeError(
            f"The warehouse {address} was written by a newer Trueline (schema {found}; this one "
            f"knows {SCHEMA_VERSION}).",
            "Upgrade Trueline.",
        )
    try:
        _bring_forward(connection, schema, found)
    except psycopg.Error as error:
        raise not_brought_forward(in_words(error, address), address, found) from error


def _bring_forward(connection: psycopg.Connection[Any], schema: str, found: int) -> None:
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, schema])
        if _version(connection) == SCHEMA_VERSION:
            return
        exists = connection.execute(
            "SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]
        ).fetchone()
        if not exists:
            connection.execute(f"CREATE SCHEMA {quoted(schema)}".encode())
        for name in outdated(found):
            connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}".encode())
        for statement in create_statements():
            connection.execute(statement.encode())
        connection.execute(
            "INSERT INTO days SELECT generate_series(%s::date, %s::date - 1, '1 day')::date "
            "ON CONFLICT DO NOTHING",
            [FIRST_DAY, LAST_DAY],
        )
        connection.execute("INSERT INTO schema_version VALUES (%s)", [SCHEMA_VERSION])


def _version(connection: psycopg.Connection[Any]) -> int:
    there = connection.execute(
        "SELECT to_regclass(quote_ident(current_schema()) || '.schema_version') IS NOT NULL"
    ).fetchone()
    if not there or not there[0]:
        return 0
    found = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()
    return int(found[0]) if found else 0


def without_schema(url: str) -> tuple[str, str]:
    """The URL less our own ``schema``, and the schema. Raises HomeError for a name that is none."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    schema = checked_schema(query.pop("schema", "trueline"))
    return urlunsplit(parts._replace(query=urlencode(query))), schema
