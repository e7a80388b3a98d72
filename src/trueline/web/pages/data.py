"""What is recorded: tables, coverage declared by click, loads, the daily job's sources."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from trueline.catalog.feeding import fed_by
from trueline.core.errors import InputError
from trueline.core.period import FIRST_DAY
from trueline.facts.load import list_loads
from trueline.facts.tables import COST_TYPES, COVERAGE
from trueline.web import forms
from trueline.web.context import company, run
from trueline.web.pages import timeline
from trueline.web.pages.frame import page
from trueline.web.pages.saying import Said, beside, day_of, to, wrong
from trueline.web.parameters import Strict

router = APIRouter(include_in_schema=False)
COVERED: tuple[str, ...] = COVERAGE.by_name["table_name"].choices
_DECLARED = ("table", "category", "from", "to", "complete")


class DataQuery(Strict):
    """What the form of coverage begins with."""

    declare: str | None = Field(None, max_length=60)
    said: Said | None = None
    job: str | None = Field(None, max_length=60, description="the daily job that was begun")


@router.get("/data")
async def data(request: Request, query: Annotated[DataQuery, Query()]) -> Response:
    """Tables, coverage, loads and sources."""
    return await run(request, _data, request, query)


@router.post("/data/coverage")
async def declare(request: Request) -> Response:
    """Declare that a table, or a category of it, is complete (or is not)."""
    fields = await forms.read(request)
    return await run(request, _declare, request, fields)


def _declare(request: Request, fields: dict[str, str]) -> Response:
    try:
        table = fields.get("table", "")
        if table not in COVERED:
            raise wrong("table", f"'{table[:60]}' is no table whose coverage counts.")
        start, last = day_of(fields, "from"), day_of(fields, "to")
        if last < start:
            raise wrong("to", f"{last} is before {start}.", "The last day comes last.")
        category = fields.get("category", "").strip() or "*"
        if len(category) > 200:
            raise wrong("category", "It has more than 200 characters.")
        company(request).declare_coverage(
            table, category=category, start=start, end=last + timedelta(days=1),
            complete=fields.get("complete") != "false",
        )  # fmt: skip
    except InputError as error:
        given = {name: fields.get(name, "") for name in _DECLARED}
        return _data(request, DataQuery(), given=given, problem=error)
    return to("/data", "declared", part=f"t-{table}")


def _data(
    request: Request,
    query: DataQuery,
    *,
    given: dict[str, str] | None = None,
    problem: InputError | None = None,
) -> Response:
    tl = company(request)
    today = tl.engine.today()
    tables = [_dated(t) for t in tl.facts() if t["table"] != COVERAGE.name]
    line = timeline.line_of(tables, today)
    for table in tables:
        table["bars"] = [] if line is None else timeline.bars(line, table)
        table["feeds"] = len(fed_by().get(table["table"], ()))
        table["covered"] = table["table"] in COVERED
    loads = list_loads(tl.warehouse, limit=8)
    return page(
        request, "data.html", title="Data", status=422 if problem else 200, tables=tables,
        line=line, width=timeline.WIDTH, loads=loads, sources=_sources(tl),
        slot=tl.store.last("daily"), running=request.app.state.loadings.lately(),
        refreshing=request.app.state.jobs.running(), cost_types=COST_TYPES,
        covered=[("", "Choose a table"), *((name, name) for name in COVERED)],
        said=query.said, problem=problem,
        errors=beside(problem), given=given or _begun(tables, query.declare),
        refresh_at=tl.settings.server.refresh_at,
    )  # fmt: skip


def _dated(table: dict[str, Any]) -> dict[str, Any]:
    """A table's overview with days and moments instead of their text; last days included."""
    last = table["last_load"]
    if last is not None:
        moment = datetime.fromisoformat(last["recorded_at"]).replace(tzinfo=UTC)
        last = last | {"recorded_at": moment}
    coverage = [
        {
            **span,
            "from": date.fromisoformat(span["from"]),
            "ever": span["from"] == FIRST_DAY.isoformat(),
            "last": date.fromisoformat(span["to"]) - timedelta(days=1),
        }
        for span in table["coverage"]
    ]
    ends = {
        n: date.fromisoformat(table[n]) if table[n] else None for n in ("first_day", "last_day")
    }
    return {**table, **ends, "coverage": coverage, "last_load": last}


def _begun(tables: list[dict[str, Any]], wanted: str | None) -> dict[str, str]:
    """The coverage form, filled in for a table: from its first to its last recorded day."""
    found = next((t for t in tables if t["table"] == wanted), None)
    if found is None:
        return {"table": "", "category": "", "from": "", "to": "", "complete": "true"}
    days = {"from": found["first_day"] or "", "to": found["last_day"] or ""}
    return {"table": found["table"], "category": "", "complete": "true", **days}


def _sources(tl: Any) -> list[dict[str, Any]]:
    """The daily job's files, each with its last load."""
    found = []
    for source in tl.settings.sources:
        path = Path(source.path)
        there = (path if path.is_absolute() else tl.home / path).is_file()
        last = list_loads(tl.warehouse, table=source.table, source=path.name[:200], limit=1)
        found.append(
            {"source": source, "there": there, "last": last.loads[0] if last.loads else None}
        )
    return found
