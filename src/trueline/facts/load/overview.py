"""What is recorded: rows, first and last day, coverage and the last load of every table."""

from __future__ import annotations

from datetime import date
from typing import Any

from trueline.facts.exports import full_exports
from trueline.facts.load.checks import quoted
from trueline.facts.load.ledger import Warehouse
from trueline.facts.tables import CONTRACTS
from trueline.settings import Settings


def facts_overview(warehouse: Warehouse, settings: Settings) -> list[dict[str, Any]]:
    """One entry per fact table, in the contracts' order; days as ISO text, moments in UTC."""
    del settings  # days are recorded as the company's local days already
    covered = _Covered(warehouse)
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
                "coverage": covered.of(contract.name, low),
                "last_load": loads.get(contract.name),
            }
        )
    return overview


class _Covered:
    """What is covered, as it counts: a full export from its first row that is still recorded."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._rows = warehouse.rows(
            "SELECT table_name, load_id, category, from_day, to_day, complete FROM coverage "
            "ORDER BY table_name, category, from_day"
        )
        self._full = full_exports(warehouse, (row[0] for row in self._rows))

    def of(self, table: str, first: date | None) -> list[dict[str, Any]]:
        """The spans of one table, whose first row is of that day."""
        found = []
        for name, load, category, start, end, complete in self._rows:
            begins = max(start, first or end) if (name, load) in self._full else start
            if name == table and begins < end:
                found.append(
                    {
                        "category": category,
                        "from": begins.isoformat(),
                        "to": end.isoformat(),
                        "complete": complete,
                    }
                )
        return found


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
