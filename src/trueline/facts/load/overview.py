"""What is recorded: rows, first and last day, coverage and the last load of every table."""

from __future__ import annotations

from typing import Any

from trueline.facts.load.checks import quoted
from trueline.facts.load.ledger import Warehouse
from trueline.facts.tables import CONTRACTS
from trueline.settings import Settings


def facts_overview(warehouse: Warehouse, settings: Settings) -> list[dict[str, Any]]:
    """One entry per fact table, in the contracts' order; days as ISO text, moments in UTC."""
    del settings  # days are recorded as the company's local days already
    covered = _coverage(warehouse)
    loads = _last_loads(warehouse)
    parts = " UNION ALL ".join(
        f"SELECT '{c.name}' AS name, count(*) AS n, min({quoted(c.day)}) AS low, "
        f"max({quoted(c.day)}) AS high FROM {quoted(c.name)}"
        for c in CONTRACTS
    )
    found = {row[0]: row[1:] for row in warehouse.rows(parts)}
    overview = []
    for contract in CONTRACTS:
        rows, low, high = found[contract.name]
        overview.append(
            {
                "table": contract.name,
                "meaning": contract.meaning,
                "rows": rows,
                "first_day": low.isoformat() if low else None,
                "last_day": high.isoformat() if high else None,
                "coverage": covered.get(contract.name, []),
                "last_load": loads.get(contract.name),
            }
        )
    return overview


def _coverage(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    covered: dict[str, list[dict[str, Any]]] = {}
    for table, category, start, end, complete in warehouse.rows(
        "SELECT table_name, category, from_day, to_day, complete FROM coverage "
        "ORDER BY table_name, category, from_day"
    ):
        covered.setdefault(table, []).append(
            {
                "category": category,
                "from": start.isoformat(),
                "to": end.isoformat(),
                "complete": complete,
            }
        )
    return covered


_LAST = ("load_id", "source", "status", "read", "accepted", "duplicate", "rejected", "recorded_at")


def _last_loads(warehouse: Warehouse) -> dict[str, dict[str, Any]]:
    found = warehouse.rows(
        f"SELECT table_name, {', '.join(_LAST)} FROM loads "
        "WHERE load_id IN (SELECT max(load_id) FROM loads GROUP BY table_name)"
    )
    return {
        row[0]: {
            name: value.isoformat() if name == "recorded_at" else value
            for name, value in zip(_LAST, row[1:], strict=True)
        }
        for row in found
    }
