"""The recorded rows behind an input of a KPI, a page at a time."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from trueline.core.errors import InputError
from trueline.core.money import plain
from trueline.core.period import Period
from trueline.facts.tables import contract
from trueline.home import Trueline
from trueline.web.context import company, run
from trueline.web.explore.asked import Asked, KpiQuery, asked_of
from trueline.web.pages.frame import day, moment, page
from trueline.web.pages.kpi import from_facts, words

router = APIRouter(include_in_schema=False)
PER_PAGE = 50
LONGEST = 200


class RowsOfQuery(KpiQuery):
    """A page of the rows behind an input."""

    input: str = Field("", max_length=200)
    of: str | None = Field(None, max_length=100)
    offset: int = Field(0, ge=0, le=10**9)


@router.get("/kpi/{key}/rows")
async def rows(request: Request, key: str, query: Annotated[RowsOfQuery, Query()]) -> Response:
    """The fact rows of an input's table within the period."""
    return await run(request, _rows, request, key, query)


def _rows(request: Request, key: str, query: RowsOfQuery) -> Response:
    tl = company(request)
    asked = asked_of(tl, key, query)
    from_facts(asked)
    name = query.input or next(iter(asked.definition.origins()))
    period = asked.period
    found = tl.rows_behind(
        key, name, table=query.of or None, offset=query.offset, limit=PER_PAGE,
        start=period.start, end=period.end, **asked.options,
    )  # fmt: skip
    if query.offset and query.offset >= found["total"]:
        raise InputError(f"There are only {found['total']} rows.", "Begin at the first page.")
    return page(
        request, "kpi/rows.html", title=f"Rows behind {name}", found=found,
        days=_days(found), columns=_columns(found), cells=_cells(tl, found),
        inputs=list(asked.definition.origins()), turn=_pager(asked, found),
        spread=any(row.get("service_start") for row in found["rows"]),
        meaning=contract(found["table"]).meaning if found["table"] else "", **words(tl, asked),
    )  # fmt: skip


def _days(found: dict[str, Any]) -> Period | None:
    return Period.parse(found["start"], found["end"]) if found["table"] else None


def _columns(found: dict[str, Any]) -> list[dict[str, Any]]:
    if found["table"] is None:
        return []
    of = contract(found["table"])
    numbers = {"money", "price", "number", "count"}
    return [
        {
            "name": name,
            "number": name in of.by_name and of.by_name[name].kind.value in numbers,
            "meaning": of.by_name[name].meaning if name in of.by_name else "",
        }
        for name in found["columns"]
    ]


def _cells(tl: Trueline, found: dict[str, Any]) -> list[list[dict[str, Any]]]:
    names = {column["name"]: column["number"] for column in _columns(found)}
    return [
        [{"text": cell_text(tl, row[name]), "number": number} for name, number in names.items()]
        for row in found["rows"]
    ]


def cell_text(tl: Trueline, value: Any) -> str:
    """A recorded value as people read it; nothing where nothing was recorded."""
    home = tl.settings.company
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return day(value, home.locale)
    text = str(value)
    if len(text) in (25, 32) and text.endswith("+00:00"):
        return moment(datetime.fromisoformat(text), home)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _pager(asked: Asked, found: dict[str, Any]) -> dict[str, Any]:
    offset, total = found["offset"], found["total"]

    def at(start: int) -> str:
        return asked.at("/rows", input=found["input"], of=found["table"], offset=str(start))

    return {
        "first": offset + 1,
        "last": offset + len(found["rows"]),
        "total": total,
        "previous": at(max(0, offset - PER_PAGE)) if offset else None,
        "following": at(offset + PER_PAGE) if offset + PER_PAGE < total else None,
    }
