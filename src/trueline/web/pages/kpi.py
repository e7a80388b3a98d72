"""A KPI's page: its value and all that is known of it, part by part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from trueline.catalog.kpis import KPIS, SUBJECTS, kpi, unknown
from trueline.core.errors import NotFoundError, UnknownKeyError
from trueline.home import Trueline
from trueline.web.context import company, run
from trueline.web.explore.asked import Asked, KpiQuery, asked_of, near, ranges_of
from trueline.web.explore.course import course_of
from trueline.web.explore.outlook import outlook_of
from trueline.web.explore.reported import reported_of
from trueline.web.explore.slices import slices_of
from trueline.web.explore.standing import benchmark_of, declared_of, standing_of
from trueline.web.pages.frame import page
from trueline.web.pages.range import SHORT, ReversedDaysError
from trueline.web.pages.reversed_days import reversed_days

router = APIRouter(include_in_schema=False)
Wanted = Annotated[KpiQuery, Query()]
LATEST = 8


class ReportedQuery(KpiQuery):
    """A page of snapshots."""

    cursor: str | None = Field(None, max_length=500)


@router.get("/kpi/{key}")
async def kpi_page(request: Request, key: str, query: Wanted) -> Response:
    """A KPI from all sides; an unknown key is answered with its neighbours."""
    return await run(request, _page, request, key, query)


def _page(request: Request, key: str, query: KpiQuery) -> Response:
    tl = company(request)
    try:
        asked = asked_of(tl, key, query)
    except ReversedDaysError as error:
        return reversed_days(request, kpi(key).label, error)
    except UnknownKeyError as error:
        if error.message != unknown(key, KPIS).message:
            raise
        return page(
            request, "kpi/unknown.html", title="No such KPI", status=404, wanted=key[:80],
            near=near(key[:80]),
        )  # fmt: skip
    fed = bool(asked.definition.origins())
    return page(
        request,
        "kpi.html",
        title=asked.definition.label,
        declared=declared_of(tl, asked),
        subject=SUBJECTS[asked.definition.subject],
        fed=fed,
        standing=standing_of(tl, asked) if fed else None,
        benchmark=benchmark_of(tl, asked, None),
        reported=reported_of(tl, asked, LATEST) if fed else None,
        **words(tl, asked),
    )


def words(tl: Trueline, asked: Asked) -> dict[str, Any]:
    """What the templates of a KPI's pages need for their controls."""
    left = [by for by in asked.definition.slices if by not in asked.view.cut.by]
    return {
        "asked": asked,
        "ranges": ranges_of(asked, tl),
        "short": SHORT,
        "last_day": (asked.period.end - timedelta(days=1)).isoformat(),
        "grains": [(g, asked.at(grain=g)) for g in ("day", "week", "month", "quarter", "year")],
        "slice_width": {1: "s12", 2: "s6", 3: "s4"}.get(len(left), "s6"),
    }


# -- parts: each is fetched when it comes into view, and is a page of its own without a script ---


Part = Callable[[Trueline, Asked], dict[str, Any]]


def _part(request: Request, key: str, query: KpiQuery, template: str, part: Part) -> Response:
    tl = company(request)
    asked = asked_of(tl, key, query)
    from_facts(asked)
    return page(
        request, template, title=asked.definition.label, **part(tl, asked), **words(tl, asked)
    )


def from_facts(asked: Asked) -> None:
    """Raises NotFoundError for a KPI that is a calculator only."""
    if not asked.definition.origins():
        raise NotFoundError(
            f"{asked.definition.label} is a calculator only: no facts feed it.",
            f"Calculate it at /calculators/{asked.definition.slug()}.",
        )


@router.get("/kpi/{key}/course")
async def course(request: Request, key: str, query: Wanted) -> Response:
    """The KPI over time: the chart's place and its table."""
    return await run(request, _part, request, key, query, "kpi/course.html", _course)


def _course(tl: Trueline, asked: Asked) -> dict[str, Any]:
    return {"p": course_of(tl, asked)}


@router.get("/kpi/{key}/slices/{by}")
async def slices(request: Request, key: str, by: str, query: Wanted) -> Response:
    """The KPI by one dimension."""

    def part(tl: Trueline, asked: Asked) -> dict[str, Any]:
        return {"slices": slices_of(tl, asked, by)}

    return await run(request, _part, request, key, query, "kpi/slices.html", part)


@router.get("/kpi/{key}/outlook")
async def outlook(request: Request, key: str, query: Wanted) -> Response:
    """The forecast, and what was unusual."""
    return await run(request, _part, request, key, query, "kpi/outlook.html", _outlook)


def _outlook(tl: Trueline, asked: Asked) -> dict[str, Any]:
    return {"outlook": outlook_of(tl, asked)}


@router.get("/kpi/{key}/queries")
async def queries(request: Request, key: str, query: Wanted) -> Response:
    """The queries behind the inputs."""
    return await run(request, _part, request, key, query, "kpi/queries.html", _queries)


def _queries(tl: Trueline, asked: Asked) -> dict[str, Any]:
    period = asked.period
    found = tl.explain(asked.key, start=period.start, end=period.end, **asked.options)
    return {"inputs": found["inputs"]}


@router.get("/kpi/{key}/reported")
async def reported(
    request: Request, key: str, query: Annotated[ReportedQuery, Query()]
) -> Response:
    """Every snapshot of the KPI, a page at a time."""

    def part(tl: Trueline, asked: Asked) -> dict[str, Any]:
        return {"reported": reported_of(tl, asked, 50, query.cursor), "cursor": query.cursor}

    return await run(request, _part, request, key, query, "kpi/reported.html", part)
