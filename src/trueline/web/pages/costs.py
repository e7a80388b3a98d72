"""Costs recorded by hand: listed with totals, recorded, changed and deleted; their history."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from trueline import costs
from trueline.core.errors import InputError, NotFoundError, TruelineError
from trueline.core.period import FIRST_DAY, LAST_DAY
from trueline.facts.tables import COST_TYPES
from trueline.web import forms
from trueline.web.context import company, run
from trueline.web.pages.frame import page
from trueline.web.pages.saying import Said, beside, to, wrong
from trueline.web.parameters import Strict

router = APIRouter(include_in_schema=False)
SHOWN = 50
DAYS = (("30", "Last 30 days"), ("90", "Last 90 days"), ("365", "Last 365 days"), ("0", "All days"))
FIELDS = {
    "cost_date": 40, "cost_type": 40, "amount": 60, "currency": 3, "channel": 200,
    "description": 2000, "service_start": 40, "service_end": 40,
}  # fmt: skip
"""What is typed, and how long it may be."""
_ENTRY = re.compile(r"[0-9a-f]{32}")


class CostsQuery(Strict):
    """Which costs are listed."""

    days: Literal["30", "90", "365", "0"] = "90"
    type: str | None = Field(None, max_length=40)
    channel: str | None = Field(None, max_length=200)
    cursor: str | None = Field(None, max_length=500)
    said: Said | None = None

    def wanted(self, today: date) -> dict[str, Any]:
        """Days and filters as the library takes them; all days hold the future ones, too."""
        filters = {"cost_type": self.type or None, "channel": self.channel or None}
        return {**self._span(today), **filters}

    def _span(self, today: date) -> dict[str, date]:
        if self.days == "0":
            return {"since": FIRST_DAY, "until": LAST_DAY}
        until = today + timedelta(days=1)
        return {"since": until - timedelta(days=int(self.days)), "until": until}

    def address(self, **changes: str | None) -> str:
        """The list's address with some of it changed."""
        words = {"days": self.days, "type": self.type, "channel": self.channel} | changes
        return f"/costs?{urlencode({k: v for k, v in words.items() if v})}"


class EntryQuery(Strict):
    """Which cost."""

    id: str = Field(min_length=1, max_length=2000)
    said: Said | None = None


@router.get("/costs")
async def listed(request: Request, query: Annotated[CostsQuery, Query()]) -> Response:
    """Costs with their totals, and the form for a new one."""
    return await run(request, _listed, request, query)


@router.post("/costs")
async def recorded(request: Request) -> Response:
    """Record a cost; a form that is sent twice records it once."""
    fields = await forms.read(request)
    return await run(request, _record, request, fields)


def _record(request: Request, fields: dict[str, str]) -> Response:
    tl = company(request)
    try:
        entry_id = fields.get("entry", "")
        if not _ENTRY.fullmatch(entry_id):
            raise InputError("The form is not whole.", "Reload the page and send it again.")
        cost, new = costs.record_once(tl, entry_id, _typed(fields))
    except TruelineError as error:
        query = CostsQuery(days="90")
        return _listed(request, query, given=fields, problem=error)
    if not new:
        return to("/costs", Said.RECORDED_BEFORE, days="0")
    ahead = cost["cost_date"] > tl.engine.today()
    return to("/costs", Said.RECORDED_AHEAD if ahead else Said.RECORDED, days="0")


def _typed(fields: Mapping[str, str]) -> dict[str, str | None]:
    """What was typed, empty fields left out. The rules of the table decide about the rest."""
    found: dict[str, str | None] = {}
    for name, most in FIELDS.items():
        value = fields.get(name, "").strip()
        if len(value) > most:
            raise wrong(name, f"It has {len(value)} characters; at most {most} are taken.")
        found[name] = value or None
    for name in ("cost_date", "cost_type", "amount"):
        if found[name] is None:
            raise wrong(name, f"{name} is missing.")
    return found


def _listed(
    request: Request,
    query: CostsQuery,
    *,
    given: Mapping[str, str] | None = None,
    problem: TruelineError | None = None,
) -> Response:
    tl = company(request)
    wanted = query.wanted(tl.engine.today())
    found = costs.list_costs(tl.warehouse, **wanted, limit=SHOWN, cursor=query.cursor)
    sums = costs.totals(tl.warehouse, **wanted)
    blank = {"cost_date": tl.engine.today().isoformat(), "currency": tl.settings.company.currency}
    return page(
        request, "costs.html", title="Costs", query=query, costs=found, groups=_groups(sums),
        following=query.address(cursor=found.cursor) if found.cursor else None,
        channels=costs.channels(tl.warehouse), types=_types(), days=DAYS, problem=problem,
        errors=beside(problem), entry=uuid.uuid4().hex if given is None else given.get("entry", ""),
        given={name: (blank if given is None else given).get(name, "") for name in FIELDS},
        status=problem.status if problem else 200,
    )  # fmt: skip


def _types() -> list[tuple[str, str]]:
    return [(name, "COGS" if name == "cogs" else name.capitalize()) for name in COST_TYPES]


def _groups(sums: list[costs.CostTotal]) -> list[dict[str, Any]]:
    """Totals by currency: each type with its share of the currency's largest."""
    found: dict[str, dict[str, Any]] = {}
    for item in sums:
        group = found.setdefault(
            item.currency, {"currency": item.currency, "total": 0, "entries": 0, "types": []}
        )
        group["total"] += item.amount
        group["entries"] += item.entries
        group["types"].append(item)
    for group in found.values():
        most = max(item.amount for item in group["types"])
        group["bars"] = [
            (item, round(float(item.amount / most) * 100, 1) if most else 0.0)
            for item in group["types"]
        ]
    return list(found.values())


@router.get("/costs/entry")
async def entry(request: Request, query: Annotated[EntryQuery, Query()]) -> Response:
    """One cost: changed here if it is one's own, with its history."""
    return await run(request, _entry, request, query.id, said=query.said)


@router.post("/costs/entry")
async def changed(request: Request) -> Response:
    """Change a cost as it was seen; somebody who was overtaken is told."""
    fields = await forms.read(request)
    return await run(request, _change, request, fields)


@router.post("/costs/delete")
async def deleted(request: Request) -> Response:
    """Delete a cost as it was seen."""
    fields = await forms.read(request)
    return await run(request, _delete, request, fields)


def _seen(fields: Mapping[str, str]) -> tuple[str, int]:
    version = fields.get("version", "")
    if not version.isdecimal() or len(version) > 18:
        raise InputError("The form is not whole.", "Reload the page and send it again.")
    return fields.get("id", ""), int(version)


def _change(request: Request, fields: dict[str, str]) -> Response:
    cost_id, seen = _seen(fields)
    try:
        costs.change(company(request), cost_id, seen, _typed(fields))
    except NotFoundError:
        raise
    except TruelineError as error:
        return _entry(request, cost_id, given=fields, problem=error)
    return to("/costs/entry", "changed", id=cost_id)


def _delete(request: Request, fields: dict[str, str]) -> Response:
    cost_id, seen = _seen(fields)
    try:
        costs.delete(company(request), cost_id, seen)
    except costs.OvertakenError as error:
        return _entry(request, cost_id, problem=error)
    return to("/costs/entry", "deleted", id=cost_id)


def _entry(
    request: Request,
    cost_id: str,
    *,
    given: Mapping[str, str] | None = None,
    problem: TruelineError | None = None,
    said: Said | None = None,
) -> Response:
    tl = company(request)
    versions = costs.history(tl.warehouse, cost_id)
    newest = versions[0]
    recorded = {name: _text(newest[name]) for name in FIELDS}
    typed = {name: given.get(name, "") for name in FIELDS} if given is not None else recorded
    overtaken = isinstance(problem, costs.OvertakenError)
    alive = newest["until"] is None
    return page(
        request, "cost.html", title="Cost", cost=newest, versions=versions,
        given=typed if alive else recorded, alive=alive,
        overtaken_by_deletion=overtaken and not alive,
        problem=problem, errors=beside(problem), said=said,
        overtaken=[(n, recorded[n], typed[n]) for n in FIELDS if recorded[n] != typed[n]]
        if overtaken
        else [],
        types=_types(), channels=costs.channels(tl.warehouse),
        changes=[_differing(new, old) for new, old in pairwise(versions)],
        status=problem.status if problem else 200,
    )  # fmt: skip


def _text(value: Any) -> str:
    """A recorded value as one types it."""
    if value is None:
        return ""
    text = str(value)
    if "." in text and not isinstance(value, str):
        whole, _, decimals = text.partition(".")
        decimals = decimals.rstrip("0")
        return f"{whole}.{decimals.ljust(2, '0')}" if decimals else f"{whole}.00"
    return text


def _differing(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What a version says otherwise than the one before."""
    return [(name, _text(old[name]), _text(new[name])) for name in FIELDS if old[name] != new[name]]
