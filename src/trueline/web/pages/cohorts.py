"""Cohorts: a heat map that is a table, curves with their spread, files."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from trueline.core.errors import NotFoundError
from trueline.engine.cohort import KINDS, MEASURED
from trueline.web.answers import Answer
from trueline.web.boards.files import csv_of
from trueline.web.context import company, run
from trueline.web.explore.asked import moment_of
from trueline.web.explore.cohorts import LASTS, Chosen, Shown, chosen
from trueline.web.pages.frame import page
from trueline.web.pages.kpi_files import as_file, drawing
from trueline.web.parameters import Strict

router = APIRouter(include_in_schema=False)


class CohortsQuery(Strict):
    """Which cohorts: those of the ``last`` months, or from ``start`` until before ``end``."""

    kind: str = Field("subscriptions", max_length=40)
    by: str = Field("customers", max_length=40)
    last: str = Field("12", max_length=10)
    start: str | None = Field(None, max_length=20)
    end: str | None = Field(None, max_length=20)
    as_of: str | None = Field(None, max_length=60)
    show: str = Field("rates", max_length=20)


Wanted = Annotated[CohortsQuery, Query()]


def _shown(request: Request, query: CohortsQuery) -> Shown:
    tl = company(request)
    as_of = moment_of(query.as_of, tl.settings.company.zone, tl.clock())
    asked = chosen(query.kind, query.by, query.last, query.start, query.end, as_of, query.show)
    return Shown(tl, asked)


@router.get("/cohorts")
async def cohorts(request: Request, query: Wanted) -> Response:
    """Retention by first month."""
    return await run(request, _cohorts, request, query)


def _cohorts(request: Request, query: CohortsQuery) -> Response:
    shown = _shown(request, query)
    return page(
        request, "cohorts.html", title="Cohorts", shown=shown, asked=shown.asked, kinds=KINDS,
        measured=MEASURED, lasts=LASTS,
    )  # fmt: skip


@router.get("/cohorts/curves.json")
async def curves(request: Request, query: Wanted) -> Answer:
    """The curves as a chart."""
    return Answer({"spec": await run(request, lambda: _shown(request, query).curve_spec())})


@router.get("/cohorts.csv")
async def csv(request: Request, query: Wanted) -> Response:
    """Every rate with what it is made of."""
    return await run(request, _csv, request, query)


def _csv(request: Request, query: CohortsQuery) -> Response:
    shown = _shown(request, query)
    content = csv_of(shown.table()).encode()
    return as_file(
        content, _name(request, shown.asked, "cohorts"), "csv", "text/csv; charset=utf-8"
    )


@router.get("/cohorts/{what}.{kind}")
async def drawn(request: Request, what: str, kind: str, query: Wanted) -> Response:
    """The heat map or the curves as PNG or SVG."""
    return await run(request, _drawn, request, what, kind, query)


def _drawn(request: Request, what: str, kind: str, query: CohortsQuery) -> Response:
    if what not in ("heat", "curves"):
        raise NotFoundError(f"There is no drawing '{what[:40]}'.", "heat or curves.")
    shown = _shown(request, query)
    spec = shown.heat_spec() if what == "heat" else shown.curve_spec()
    name = company(request).settings.company.name
    title = f"Cohorts of {shown.asked.kind} by {shown.asked.by}"
    keys = shown.keys() if what == "curves" else ()
    about = f"{shown.asked.about} · {name}"
    return drawing(spec, kind, title, about, _name(request, shown.asked, what), keys)


def _name(request: Request, asked: Chosen, what: str) -> str:
    return f"{what}-{asked.kind}-{asked.by}-{company(request).engine.today()}"
