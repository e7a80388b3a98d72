"""What was reported: snapshots, and how later facts changed them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from trueline.web.answers import Answer
from trueline.web.body import read_limited
from trueline.web.context import company, run
from trueline.web.examples import answers
from trueline.web.idempotent import recorded
from trueline.web.parameters import HistoryQuery

router = APIRouter(prefix="/api/kpi", tags=["Snapshots"])


@router.post(
    "/snapshot",
    responses=answers(
        {
            "success": True,
            "data": {"snapshot_date": "2026-02-01", "revision": 1, "stored": 54, "restated": []},
        }
    ),
)
async def snapshot(request: Request) -> Answer:
    """Keep today's readings as reported. Repeating it changes nothing unless facts did."""
    body = await read_limited(request, 1024)
    tl = company(request)
    return await recorded(request, lambda: {"success": True, "data": tl.snapshot()}, body=body)


@router.get(
    "/historical",
    responses=answers(
        {
            "success": True,
            "data": {
                "history": [
                    {
                        "snapshot_date": "2026-02-01",
                        "company_stage": "early_stage",
                        "kpi_type": "cac",
                        "kpi_value": 300,
                    }
                ],
                "next_cursor": None,
            },
        }
    ),
)
async def historical(request: Request, query: Annotated[HistoryQuery, Query()]) -> Answer:
    """Snapshots, newest first; a restated value stands beside the one before."""
    rows, cursor = await run(
        request,
        company(request).history,
        query.kpi_type,
        days=query.days,
        stage=query.stage,
        limit=query.limit,
        cursor=query.cursor,
    )
    data = {"history": rows, "next_cursor": cursor}
    return Answer({"success": True, "days": query.days, "data": data})
