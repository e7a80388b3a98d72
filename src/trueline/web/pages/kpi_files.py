"""A KPI's chart, and what readers take away: values as CSV, charts as PNG and SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastapi import APIRouter, Request
from starlette.responses import Response

from trueline.core.errors import NotFoundError
from trueline.core.reading import dumps
from trueline.home import Trueline
from trueline.web.boards.files import csv_of
from trueline.web.boards.shown import Key, Table
from trueline.web.charts import export
from trueline.web.charts.axis import Spec
from trueline.web.charts.legend import with_legend
from trueline.web.charts.locales import localised
from trueline.web.context import company, run
from trueline.web.explore.asked import Asked, KpiQuery, asked_of
from trueline.web.explore.course import course_of
from trueline.web.explore.outlook import outlook_of
from trueline.web.explore.reported import table_of
from trueline.web.explore.slices import slices_of
from trueline.web.pages.frame import slug, span
from trueline.web.pages.kpi import Wanted, from_facts

router = APIRouter(include_in_schema=False)
KINDS = {"png": (export.png, "image/png"), "svg": (export.svg, "image/svg+xml")}
Values = Callable[[Trueline, Asked], Table]


def _csv(request: Request, key: str, query: KpiQuery, what: str, values: Values) -> Response:
    tl = company(request)
    asked = asked_of(tl, key, query)
    from_facts(asked)
    content = csv_of(values(tl, asked)).encode()
    return as_file(content, f"{key}-{what}-{asked.today}", "csv", "text/csv; charset=utf-8")


def as_file(content: bytes, name: str, kind: str, media: str) -> Response:
    """A file to be kept, not shown."""
    return Response(
        content,
        media_type=media,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{slug(name)[:90]}.{kind}"',
        },
    )


def drawing(
    spec: Spec | None, kind: str, title: str, about: str, name: str, keys: Iterable[Key] = ()
) -> Response:
    """A chart as a file, with what its legend says.

    Raises NotFoundError where there is none, or no such kind of file.
    """
    if kind not in KINDS:
        raise NotFoundError(f"There is no file of kind '{kind[:20]}'.", "csv, png or svg.")
    if spec is None:
        raise NotFoundError("There is nothing to draw.", "Its values are in the CSV.")
    draw, media = KINDS[kind]
    whole = with_legend(spec, [(key.text, key.look) for key in keys])
    return as_file(draw(whole, title, about), name, kind, media)


@router.get("/kpi/{key}/course.json")
async def course_chart(request: Request, key: str, query: Wanted) -> Response:
    """The chart over time."""
    return await run(request, _chart, request, key, query)


def _chart(request: Request, key: str, query: KpiQuery) -> Response:
    tl = company(request)
    asked = asked_of(tl, key, query)
    from_facts(asked)
    found = course_of(tl, asked)
    return Response(
        dumps({"spec": found.spec and localised(found.spec, tl.settings.company.locale)}),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


@router.get("/kpi/{key}/course.{kind}")
async def course_file(request: Request, key: str, kind: str, query: Wanted) -> Response:
    """The KPI over time as CSV, PNG or SVG."""
    if kind == "csv":
        return await run(request, _csv, request, key, query, "over-time", _course)
    return await run(request, _course_drawn, request, key, kind, query)


def _course(tl: Trueline, asked: Asked) -> Table:
    table = course_of(tl, asked).table
    if table is None:
        raise NotFoundError("There are no values.", "Choose another range.")
    return table


def _course_drawn(request: Request, key: str, kind: str, query: KpiQuery) -> Response:
    tl = company(request)
    asked = asked_of(tl, key, query)
    from_facts(asked)
    shown = course_of(tl, asked)
    said = _about(tl, asked, shown.about, *(mark.capitalize() for mark in shown.marks))
    spec = shown.spec and localised(shown.spec, tl.settings.company.locale)
    return drawing(spec, kind, shown.title, said, f"{key}-over-time-{asked.today}", shown.legend)


def _about(tl: Trueline, asked: Asked, *more: str) -> str:
    """What stands below a drawing's title: everything that its reader must know."""
    known = [f"As known on {asked.as_of:%Y-%m-%d %H:%M} UTC"] if asked.as_of else []
    period = span(asked.period, tl.settings.company.locale)
    parts = [more[0], period, *asked.view.said, *more[1:], *known, tl.settings.company.name]
    return " · ".join(part for part in parts if part)


@router.get("/kpi/{key}/slices/{by}.{kind}")
async def slices_file(request: Request, key: str, by: str, kind: str, query: Wanted) -> Response:
    """The KPI by a dimension as CSV, PNG or SVG."""
    if kind == "csv":
        return await run(
            request, _csv, request, key, query, f"by-{by}",
            lambda tl, asked: slices_of(tl, asked, by).table(),
        )  # fmt: skip
    return await run(request, _slices_drawn, request, key, by, kind, query)


def _slices_drawn(request: Request, key: str, by: str, kind: str, query: KpiQuery) -> Response:
    tl = company(request)
    asked = asked_of(tl, key, query)
    from_facts(asked)
    spec = slices_of(tl, asked, by).spec()
    title = f"{asked.definition.label} by {by}"
    said = _about(tl, asked, "Ticks mark the period before")
    return drawing(spec, kind, title, said, f"{key}-by-{by}-{asked.today}")


@router.get("/kpi/{key}/outlook.csv")
async def outlook_file(request: Request, key: str, query: Wanted) -> Response:
    """The forecast as CSV."""
    return await run(
        request, _csv, request, key, query, "forecast",
        lambda tl, asked: outlook_of(tl, asked).table(),
    )  # fmt: skip


@router.get("/kpi/{key}/reported.csv")
async def reported_file(request: Request, key: str, query: Wanted) -> Response:
    """What was reported as CSV."""
    return await run(request, _csv, request, key, query, "reported", table_of)
