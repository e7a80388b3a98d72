"""Rules between tables: a refund and the charge it gives back; ids that name nothing recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueline.facts.contract import Contract
from trueline.facts.load.checks import Check, quoted

if TYPE_CHECKING:
    import duckdb

    from trueline.facts.load.ledger import Warehouse

RELATED: dict[str, tuple[Check, ...]] = {
    "refunds": (
        Check(
            "refunded_at",
            "refunded_on >= charged_on",
            "is before the charge it gives back",
            "Correct the day of the refund, or of the charge.",
        ),
        Check(
            "currency",
            "currency = charged_in",
            "is not the currency of the charge it gives back",
            "Give the refund in the currency of its charge.",
        ),
        Check(
            "amount",
            "refunded <= charged",
            "brings the refunds of this charge above what was charged",
            "Check the refunds of this order or revenue entry.",
        ),
    )
}

_CHARGES = (
    ("orders", "order_id", "ordered_on"),
    ("revenue", "revenue_id", "revenue_date"),
)

REFERENCES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "refunds": (("order_id", "orders", "order_id"), ("revenue_id", "revenue", "revenue_id")),
    "orders": (("customer_id", "customers", "customer_id"),),
    "subscriptions": (("customer_id", "customers", "customer_id"),),
    "subscription_events": (("customer_id", "customers", "customer_id"),),
    "revenue": (("customer_id", "customers", "customer_id"),),
    "usage": (("subscription_id", "subscriptions", "subscription_id"),),
    "defects": (("release_id", "releases", "release_id"),),
}
"""Columns that name a row of another table."""


def recall(warehouse: Warehouse, connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Bring the recorded rows that staged ones are compared with."""
    wanted = {(contract.name, contract.key): contract.key}
    for column, table, key in REFERENCES.get(contract.name, ()):
        wanted[table, (key,)] = (column,)
    if contract.name in RELATED:
        wanted |= {(contract.name, (key,)): (key,) for _, key, _ in _CHARGES}
    for (table, columns), staged in wanted.items():
        names = ", ".join(map(quoted, staged))
        known = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in staged)
        keys = f"SELECT DISTINCT {names} FROM load_stage WHERE fault = 0 AND {known}"
        warehouse.recall(connection, table, columns, keys)


def judge(connection: duckdb.DuckDBPyConnection, contract: Contract, first_fault: int) -> None:
    """Mark staged refunds that contradict a recorded charge; an unknown charge says nothing."""
    if contract.name not in RELATED:
        return
    for table, key, day in _CHARGES:
        held = (
            f"SELECT rowid AS rid, {key}, amount, currency, refunded_on FROM load_stage "
            "WHERE fault = 0 AND rowid NOT IN (SELECT rid FROM load_drop)"
        )
        kept = (
            f"SELECT {key}, amount FROM refunds WHERE refund_id NOT IN "
            "(SELECT refund_id FROM load_stage WHERE fault = 0)"
        )
        facts = (
            f"SELECT h.rid, h.refunded_on, h.currency, c.amount AS charged, "
            f"c.currency AS charged_in, c.{day} AS charged_on, t.refunded "
            f"FROM ({held}) h JOIN {table} c USING ({key}) JOIN ("
            f"SELECT {key}, sum(amount) AS refunded FROM (SELECT {key}, amount FROM ({held}) "
            f"UNION ALL {kept}) GROUP BY {key}) t USING ({key})"
        )
        for fault, check in enumerate(RELATED[contract.name], first_fault):
            connection.execute(
                f"UPDATE load_stage SET fault = {fault} WHERE fault = 0 AND rowid IN "
                f"(SELECT rid FROM ({facts}) WHERE NOT ({check.test}))"
            )


def orphans(
    connection: duckdb.DuckDBPyConnection, contract: Contract, load_id: int
) -> list[tuple[str, str, int]]:
    """Per referring column: the table it names and how many rows of the load name nothing in it.

    A table without any row is not brought by the company: naming it means nothing.
    """
    found = []
    for column, table, key in REFERENCES.get(contract.name, ()):
        if not connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            continue
        count = connection.execute(
            f"SELECT count(*) FROM {contract.name} f ANTI JOIN {table} t ON f.{column} = t.{key} "
            f"WHERE f.load_id = ? AND f.{column} IS NOT NULL",
            [load_id],
        ).fetchone()
        if count and count[0]:
            found.append((column, table, int(count[0])))
    return found
