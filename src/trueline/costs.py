"""Recorded costs: one's own entries, made through the API, beside those that files brought.

A cost is a fact like any other: an edit supersedes it, a deletion moves it to history, and both
stay reproducible.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from trueline.core.errors import ConflictError, InputError, NotFoundError
from trueline.facts.tables import COST_TYPES
from trueline.warehouse.seam import Warehouse

OWN = "api"
_COLUMNS = (
    "cost_id", "cost_date", "cost_type", "amount", "currency", "description", "channel",
    "service_start", "service_end", "source", "recorded_at",
)  # fmt: skip


@dataclass(frozen=True)
class CostPage:
    """Some costs, newest first; ``cursor`` asks for those after them; ``total`` counts all."""

    costs: list[dict[str, Any]]
    total: int
    cursor: str | None


def list_costs(
    warehouse: Warehouse,
    *,
    since: date,
    until: date,
    cost_type: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> CostPage:
    """Costs dated in ``[since, until)``, newest first. Raises InputError for a bad cursor."""
    if cost_type is not None and cost_type not in COST_TYPES:
        raise InputError(
            f"'{cost_type[:40]}' is no cost type.", f"Known are: {', '.join(COST_TYPES)}."
        )
    where = "cost_date >= ? AND cost_date < ?"
    values: list[Any] = [since, until]
    if cost_type is not None:
        where, values = f"{where} AND cost_type = ?", [*values, cost_type]
    total = int(warehouse.rows(f"SELECT count(*) FROM costs WHERE {where}", values)[0][0])
    if cursor is not None:
        day, key = _decode(cursor)
        where = f"{where} AND (cost_date < ? OR (cost_date = ? AND cost_id > ?))"
        values = [*values, day, day, key]
    rows = warehouse.rows(
        f"SELECT {', '.join(_COLUMNS)} FROM costs WHERE {where} "
        f"ORDER BY cost_date DESC, cost_id LIMIT {int(limit) + 1}",
        values,
    )
    page = [_cost(row) for row in rows[:limit]]
    following = _encode(rows[limit - 1]) if len(rows) > limit else None
    return CostPage(page, total, following)


def cost(warehouse: Warehouse, cost_id: str) -> dict[str, Any]:
    """One cost. Raises NotFoundError."""
    rows = warehouse.rows(f"SELECT {', '.join(_COLUMNS)} FROM costs WHERE cost_id = ?", [cost_id])
    if not rows:
        raise NotFoundError(f"There is no cost '{cost_id[:80]}'.", "GET /api/kpi/costs lists them.")
    return _cost(rows[0])


def own_cost(warehouse: Warehouse, cost_id: str) -> dict[str, Any]:
    """One cost that was recorded by hand, and so may be changed. Raises ConflictError else."""
    found = cost(warehouse, cost_id)
    if not found["editable"]:
        raise ConflictError(
            f"Cost '{cost_id[:80]}' came from {found['source']}: it is changed there.",
            "Correct the file and load it again.",
        )
    return found


def _cost(row: tuple[Any, ...]) -> dict[str, Any]:
    found = dict(zip(_COLUMNS, row, strict=True))
    amount: Decimal = found["amount"]
    return found | {"amount": amount, "editable": found["source"] == OWN}


def _encode(row: tuple[Any, ...]) -> str:
    text = json.dumps([row[1].isoformat(), row[0]])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decode(cursor: str) -> tuple[date, str]:
    try:
        day, key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        str(key).encode("utf-8")  # half of a surrogate pair is no key
        return date.fromisoformat(day), str(key)
    except (ValueError, TypeError):
        raise InputError(
            "The cursor is not one that this list gave.", "Leave it out to begin at the start."
        ) from None
