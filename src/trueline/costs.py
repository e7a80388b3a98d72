"""Recorded costs: one's own entries, made by hand, beside those that files brought.

A cost is a fact like any other: an edit supersedes it, a deletion moves it to history, and both
stay reproducible.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trueline.core.errors import ConflictError, Fault, InputError, NotFoundError
from trueline.facts.load import faults_of, remove_rows
from trueline.facts.tables import COST_TYPES
from trueline.warehouse.seam import Warehouse

if TYPE_CHECKING:
    from trueline.home import Trueline

OWN = "api"
_COLUMNS = (
    "cost_id", "cost_date", "cost_type", "amount", "currency", "description", "channel",
    "service_start", "service_end", "source", "recorded_at", "load_id",
)  # fmt: skip
_WRITING = threading.Lock()
"""Looking at a version and replacing it is one step: of two who change the same, one is told."""


class OvertakenError(ConflictError):
    """Somebody else changed or deleted the cost since it was looked at."""

    code = "overtaken"


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
    channel: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> CostPage:
    """Costs dated in ``[since, until)``, newest first. Raises InputError for a bad cursor."""
    where, values = _where(since, until, cost_type, channel)
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


def _where(
    since: date, until: date, cost_type: str | None, channel: str | None
) -> tuple[str, list[Any]]:
    if cost_type is not None and cost_type not in COST_TYPES:
        raise InputError(
            f"'{cost_type[:40]}' is no cost type.", f"Known are: {', '.join(COST_TYPES)}."
        )
    where = "cost_date >= ? AND cost_date < ?"
    values: list[Any] = [since, until]
    for column, value in (("cost_type", cost_type), ("channel", channel)):
        if value is not None:
            where, values = f"{where} AND {column} = ?", [*values, value]
    return where, values


@dataclass(frozen=True)
class CostTotal:
    """What costs of one type and currency dated in some days add up to."""

    cost_type: str
    currency: str
    entries: int
    amount: Decimal


def totals(
    warehouse: Warehouse,
    *,
    since: date,
    until: date,
    cost_type: str | None = None,
    channel: str | None = None,
) -> list[CostTotal]:
    """Totals by type, largest first in each currency; two currencies are never added up."""
    where, values = _where(since, until, cost_type, channel)
    rows = warehouse.rows(
        f"SELECT cost_type, currency, count(*), sum(amount) FROM costs WHERE {where} "
        "GROUP BY cost_type, currency ORDER BY currency, 4 DESC, cost_type",
        values,
    )
    return [CostTotal(*row) for row in rows]


def channels(warehouse: Warehouse) -> list[str]:
    """Channels that costs name, the most frequent 200 of them."""
    rows = warehouse.rows(
        "SELECT channel FROM costs WHERE channel IS NOT NULL GROUP BY channel "
        "ORDER BY count(*) DESC, channel LIMIT 200"
    )
    return sorted(row[0] for row in rows)


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


def history(warehouse: Warehouse, cost_id: str) -> list[dict[str, Any]]:
    """Every version of a cost, the newest first; ``recorded`` is when it was
    learnt, ``until`` until when it held: None for the one that holds.

    Raises NotFoundError where there never was one.
    """
    columns = ", ".join(_COLUMNS)
    rows = warehouse.rows(
        f"SELECT {columns}, NULL AS superseded_at FROM costs WHERE cost_id = ? UNION ALL "
        f"SELECT {columns}, superseded_at FROM costs_history WHERE cost_id = ? "
        "ORDER BY load_id DESC",
        [cost_id, cost_id],
    )
    if not rows:
        raise NotFoundError(f"There is no cost '{cost_id[:80]}'.", "/costs lists them.")
    return [
        _cost(row[:-1])
        | {
            "recorded": row[_COLUMNS.index("recorded_at")].replace(tzinfo=UTC),
            "until": None if row[-1] is None else row[-1].replace(tzinfo=UTC),
        }
        for row in rows
    ]


def write(tl: Trueline, cost_id: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Record a cost of one's own under this id, or replace what it says; gives it as it is now.

    ``entry`` has the columns of ``costs``; those left out or None are not said. Raises InputError
    naming each column that breaks a rule.
    """
    given = {name: value for name, value in entry.items() if value is not None}
    row = {"cost_id": cost_id, "currency": tl.settings.company.currency} | given
    broken = faults_of(tl.settings, "costs", row)
    if broken:  # what somebody mistyped is told, and is no load
        raise InputError(f"{broken[0].where}: {broken[0].message}.", broken[0].fix, broken)
    report = tl.load_rows("costs", [row], source=OWN)
    if report.rejects:
        first = report.rejects[0]
        told = Fault(first.rule, first.column, first.value, first.fix)
        raise InputError(f"{first.column}: {first.rule}.", first.fix, (told,))
    return cost(tl.warehouse, cost_id)


def record_once(
    tl: Trueline, cost_id: str, entry: Mapping[str, Any]
) -> tuple[dict[str, Any], bool]:
    """Record a new cost; and whether it is new, or was recorded by an earlier try with this id.

    Raises ConflictError where that id stands for another cost by now.
    """
    with _WRITING:
        known = tl.warehouse.rows(
            "SELECT max(load_id), max(gone) FROM (SELECT load_id, 0 AS gone FROM costs "
            "WHERE cost_id = ? UNION ALL SELECT load_id, 1 FROM costs_history WHERE cost_id = ?)",
            [cost_id, cost_id],
        )[0]
        if known[1] == 1:
            raise ConflictError(
                "This form was sent before, and its cost was changed or deleted since.",
                "Record it with a new form.",
            )
        if known[0] is None:
            return write(tl, cost_id, entry), True
        before = cost(tl.warehouse, cost_id)
        if not _same(tl, before, entry):
            raise ConflictError(
                "This form was sent before, with other words: that cost is recorded.",
                "Change that one, or record this with a new form.",
            )
        return before, False


def _same(tl: Trueline, before: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Whether an entry as it was typed says what is recorded."""
    said = {"currency": tl.settings.company.currency, **entry}
    for name in set(_COLUMNS) - {"cost_id", "amount", "source", "recorded_at", "load_id"}:
        if str(before[name] or "") != str(said.get(name) or "").strip():
            return False
    try:
        return bool(Decimal(str(said.get("amount"))) == before["amount"])
    except ArithmeticError:
        return False


def change(tl: Trueline, cost_id: str, seen: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Replace one's own cost as it was seen (its ``version``). Raises OvertakenError where it is
    another one by now."""
    with _WRITING:
        _still(tl, cost_id, seen)
        return write(tl, cost_id, entry)


def replace(tl: Trueline, cost_id: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Replace one's own cost, whatever it says now. Raises NotFoundError where there is none:
    one that is deleted meanwhile does not come back."""
    with _WRITING:
        own_cost(tl.warehouse, cost_id)
        return write(tl, cost_id, entry)


def delete(tl: Trueline, cost_id: str, seen: int | None = None) -> None:
    """Take one's own cost out of every number from now on; history keeps it."""
    with _WRITING:
        if seen is None:
            own_cost(tl.warehouse, cost_id)
        else:
            _still(tl, cost_id, seen)
        remove_rows(tl.warehouse, "costs", [{"cost_id": cost_id}], source=OWN, now=tl.clock())


def _still(tl: Trueline, cost_id: str, seen: int) -> None:
    try:
        now = own_cost(tl.warehouse, cost_id)
    except NotFoundError:
        history(tl.warehouse, cost_id)
        raise OvertakenError(
            "Somebody deleted this cost while you looked at it.", "Its history is kept."
        ) from None
    if now["version"] != seen:
        raise OvertakenError(
            "Somebody changed this cost while you looked at it.",
            "Look at what it says now, and save again if yours is right.",
        )


def _cost(row: tuple[Any, ...]) -> dict[str, Any]:
    found = dict(zip(_COLUMNS, row, strict=True))
    version = found.pop("load_id")
    found["recorded_at"] = found["recorded_at"].replace(tzinfo=UTC)
    return found | {"editable": found["source"] == OWN, "version": version}


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
