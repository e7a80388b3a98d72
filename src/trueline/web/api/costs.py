"""Costs recorded by hand: record, list, change and delete; nothing is erased from history."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from trueline import costs
from trueline.core.errors import Fault, InputError
from trueline.home import Trueline
from trueline.web.answers import Answer
from trueline.web.body import documented, json_body
from trueline.web.context import company, run
from trueline.web.examples import answers
from trueline.web.idempotent import recorded
from trueline.web.parameters import CostQuery

router = APIRouter(prefix="/api/kpi/costs", tags=["Costs"])

EXAMPLE = {
    "cost_date": "2026-02-19",
    "cost_type": "marketing",
    "amount": 5000.0,
    "description": "Google Ads campaign",
    "channel": "paid",
}
RECORDED = {
    "success": True,
    "data": {"cost_id": "5f0c7be1a4d29b30", "editable": True, "version": 7, **EXAMPLE},
}


class CostEntry(BaseModel):
    """A cost as it is sent. The rules of the ``costs`` table decide what is accepted."""

    model_config = ConfigDict(extra="forbid", strict=True)

    cost_date: str | None = Field(
        None,
        max_length=40,
        description="the local day, YYYY-MM-DD; today where a new cost has none",
    )
    cost_type: str = Field(max_length=40, description="marketing, sales, infrastructure...")
    amount: Decimal | int = Field(description="how much, 0 or more")
    currency: str | None = Field(None, max_length=3, description="the company's when left out")
    description: str | None = Field(None, max_length=2000)
    channel: str | None = Field(None, max_length=200)
    service_start: str | None = Field(None, max_length=10, description="first day it pays for")
    service_end: str | None = Field(None, max_length=10, description="the day after the last")


def _new_id(request: Request) -> str:
    """An id that a retry with the same Idempotency-Key gets again: whatever the server forgot
    when it died in between, the cost is recorded once."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{request.scope['path']} {key}".encode()).hexdigest()[:32]


def _write(tl: Trueline, cost_id: str, entry: CostEntry) -> dict[str, Any]:
    if entry.cost_date is None:
        entry = entry.model_copy(update={"cost_date": tl.engine.today().isoformat()})
    return {"success": True, "data": costs.write(tl, cost_id, entry.model_dump())}


@router.post(
    "",
    status_code=201,
    responses=answers(RECORDED, 201),
    openapi_extra=documented(CostEntry, EXAMPLE),
)
async def record(
    request: Request, entry: Annotated[CostEntry, Depends(json_body(CostEntry))]
) -> Answer:
    """Record a cost. Send an Idempotency-Key to be able to retry safely."""
    cost_id = _new_id(request)
    return await recorded(request, lambda: _write(company(request), cost_id, entry), status=201)


@router.get(
    "",
    responses=answers(
        {"success": True, "data": {"costs": [RECORDED["data"]], "total": 1, "next_cursor": None}}
    ),
)
async def listed(request: Request, query: Annotated[CostQuery, Query()]) -> Answer:
    """Costs of the last ``days`` days, newest first, a page at a time."""
    tl = company(request)
    until = tl.engine.today() + timedelta(days=1)
    page = await run(
        request,
        costs.list_costs,
        tl.warehouse,
        since=until - timedelta(days=query.days),
        until=until,
        cost_type=query.cost_type,
        limit=query.limit,
        cursor=query.cursor,
    )
    data = {"costs": page.costs, "total": page.total, "next_cursor": page.cursor}
    return Answer({"success": True, "days": query.days, "data": data})


@router.get("/{cost_id}", responses=answers(RECORDED))
async def one(request: Request, cost_id: str) -> Answer:
    """One cost."""
    found = await run(request, costs.cost, company(request).warehouse, cost_id)
    return Answer({"success": True, "data": found})


@router.put("/{cost_id}", responses=answers(RECORDED), openapi_extra=documented(CostEntry, EXAMPLE))
async def change(
    request: Request, cost_id: str, entry: Annotated[CostEntry, Depends(json_body(CostEntry))]
) -> Answer:
    """Replace one's own entry; the version before is kept in history."""
    tl = company(request)

    def write() -> dict[str, Any]:
        costs.own_cost(tl.warehouse, cost_id)
        if entry.cost_date is None:  # the whole entry is replaced: its day must not move to today
            fault = Fault("is missing", "cost_date", None, "Add it.")
            raise InputError("cost_date is missing.", "Add it.", (fault,))
        return {"success": True, "data": costs.replace(tl, cost_id, entry.model_dump())}

    return Answer(await run(request, write))


@router.delete(
    "/{cost_id}",
    responses=answers({"success": True, "data": {"cost_id": "5f0c7be1a4d29b30", "deleted": True}}),
)
async def delete(request: Request, cost_id: str) -> Answer:
    """Take one's own entry out of every number from now on; history keeps it."""
    tl = company(request)

    def remove() -> dict[str, Any]:
        costs.delete(tl, cost_id)
        return {"success": True, "data": {"cost_id": cost_id, "deleted": True}}

    return Answer(await run(request, remove))
