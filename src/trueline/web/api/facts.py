"""Facts: rows, files, what is recorded, what loads did."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from trueline.facts.load import rejects
from trueline.facts.tables import contract
from trueline.web.answers import Answer
from trueline.web.body import documented, json_body
from trueline.web.context import company, run
from trueline.web.examples import answers
from trueline.web.idempotent import recorded
from trueline.web.parameters import RejectsQuery
from trueline.web.upload import UPLOAD_BODY, receive

router = APIRouter(prefix="/api", tags=["Facts"])

ROWS = {
    "rows": [
        {
            "order_id": "o1",
            "customer_id": "c1",
            "ordered_at": "2026-01-05T15:00:00Z",
            "amount": 25.5,
            "currency": "USD",
        }
    ]
}
REPORT = {
    "load_id": 1,
    "table": "orders",
    "status": "loaded",
    "read": 1,
    "accepted": 1,
    "duplicate": 0,
    "rejected": 0,
    "rejects": [],
}


class Rows(BaseModel):
    """Rows for a table, each an object with the table's columns."""

    model_config = ConfigDict(extra="forbid")

    rows: list[dict[str, Any]] = Field(min_length=1, max_length=10_000)
    keep_good: bool = Field(False, description="load the good rows even if some are bad")


class Keys(BaseModel):
    """Rows of a table, each named by the table's key columns and no others."""

    model_config = ConfigDict(extra="forbid")

    rows: list[dict[str, Any]] = Field(min_length=1, max_length=10_000)


class CoverageEntry(BaseModel):
    """From when to when a table, or one cost type, is complete."""

    model_config = ConfigDict(extra="forbid", strict=True)

    table: str = Field(max_length=60)
    category: str = Field("*", max_length=200, description="a cost type or channel; * for all")
    start: str = Field(max_length=10, description="first complete day")
    end: str = Field(max_length=10, description="the day after the last")
    complete: bool = True


@router.get(
    "/facts",
    responses=answers(
        {
            "tables": [
                {
                    "table": "orders",
                    "rows": 69659,
                    "first_day": "1997-01-01",
                    "last_day": "1998-06-30",
                    "left_out": {"rows": 3, "loads": [2]},
                }
            ]
        }
    ),
)
async def overview(request: Request) -> Answer:
    """Every table: rows, first and last day, coverage, last load, rejected rows left out."""
    return Answer({"tables": await run(request, company(request).facts)})


@router.post(
    "/facts/coverage",
    responses=answers({"success": True}),
    openapi_extra=documented(
        CoverageEntry, {"table": "orders", "start": "2026-01-01", "end": "2026-02-01"}
    ),
)
async def coverage(
    request: Request, entry: Annotated[CoverageEntry, Depends(json_body(CoverageEntry))]
) -> Answer:
    """Declare that facts are complete (or are not) for some days."""
    tl = company(request)

    def declare() -> dict[str, Any]:
        words = entry.model_dump()
        tl.declare_coverage(words.pop("table"), **words)
        return {"success": True}

    return await recorded(request, declare)


@router.post("/facts/{table}", responses=answers(REPORT), openapi_extra=documented(Rows, ROWS))
async def rows(
    request: Request, table: str, body: Annotated[Rows, Depends(json_body(Rows))]
) -> Answer:
    """Record rows. All or nothing, unless ``keep_good``; rejects say line, column, value, rule."""
    tl = company(request)
    name = contract(table).name

    def load() -> dict[str, Any]:
        return tl.load_rows(name, body.rows, keep_good=body.keep_good).to_json()

    return await recorded(request, load)


@router.post(
    "/facts/{table}/remove",
    responses=answers({"table": "orders", "removed": 1, "not_found": 0}),
    openapi_extra=documented(Keys, {"rows": [{"order_id": "o1"}]}),
)
async def remove(
    request: Request, table: str, body: Annotated[Keys, Depends(json_body(Keys))]
) -> Answer:
    """Take rows out of every number from now on; history keeps them.

    ``not_found`` counts keys that name nothing recorded, or what an earlier one in the list named.
    """
    tl = company(request)
    name = contract(table).name

    def take() -> dict[str, Any]:
        removed = tl.remove(name, body.rows)
        return {"table": name, "removed": removed, "not_found": len(body.rows) - removed}

    return await recorded(request, take)


@router.post("/facts/{table}/upload", responses=answers(REPORT), openapi_extra=UPLOAD_BODY)
async def upload(request: Request, table: str) -> Answer:
    """Load a file: CSV, CSV.gz, NDJSON or Parquet."""
    name = contract(table).name
    tl = company(request)
    received = await receive(request, tl)
    try:

        def load() -> dict[str, Any]:
            report = tl.load(
                name,
                received.path,
                mapping=received.mapping,
                keep_good=received.keep_good,
                full=received.full,
                source=received.name,
            )
            return report.to_json()

        return await recorded(request, load, body=received.digest.encode())
    finally:
        received.discard()


@router.get("/loads/{load_id}", responses=answers(REPORT))
async def load(request: Request, load_id: int, query: Annotated[RejectsQuery, Query()]) -> Answer:
    """What a load did, with a page of its rejects."""
    tl = company(request)

    def look() -> dict[str, Any]:
        report = tl.load_report(min(load_id, 2**62))
        found = report.to_json()
        if report.rejects_path is not None:
            page = rejects(report.rejects_path, query.offset, query.limit)
            found["rejects"] = [reject.to_json() for reject in page]
        return found

    return Answer(await run(request, look))
