"""The loads, newest first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trueline.facts.load.ledger import Warehouse

_SHOWN = (
    *("load_id", "table_name", "source", "status", "full_export", "read", "accepted", "duplicate"),
    *("rejected", "updated", "first_day", "last_day", "note", "recorded_at", "seconds"),
)


@dataclass(frozen=True)
class LoadsPage:
    """Some loads; ``before`` asks for those that came before them, ``total`` counts all."""

    loads: list[dict[str, Any]]
    total: int
    before: int | None


def list_loads(
    warehouse: Warehouse,
    *,
    table: str | None = None,
    source: str | None = None,
    before: int | None = None,
    limit: int = 20,
) -> LoadsPage:
    """Loads with a number below ``before``, of one table or source if given."""
    where, values = _where(table, source)
    total = warehouse.rows(f"SELECT count(*) FROM loads WHERE {where}", values)[0][0]
    if before is not None:
        where, values = f"{where} AND load_id < ?", [*values, before]
    rows = warehouse.rows(
        f"SELECT {', '.join(_SHOWN)} FROM loads WHERE {where} "
        f"ORDER BY load_id DESC LIMIT {int(limit) + 1}",
        values,
    )
    found = [_load(row) for row in rows[:limit]]
    return LoadsPage(found, int(total), found[-1]["load_id"] if len(rows) > limit else None)


def _where(table: str | None, source: str | None) -> tuple[str, list[Any]]:
    parts, values = ["true"], []
    for column, value in (("table_name", table), ("source", source)):
        if value is not None:
            parts.append(f"{column} = ?")
            values.append(value)
    return " AND ".join(parts), values


def load_moment(warehouse: Warehouse, load_id: int) -> datetime | None:
    """When a load was recorded."""
    rows = warehouse.rows("SELECT recorded_at FROM loads WHERE load_id = ?", [load_id])
    return _aware(rows[0][0]) if rows else None


def _load(row: tuple[Any, ...]) -> dict[str, Any]:
    found = dict(zip(_SHOWN, row, strict=True))
    return found | {"recorded_at": _aware(found["recorded_at"])}


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
