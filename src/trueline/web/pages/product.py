"""Funnels, retention and lifecycle: what users do over time."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from trueline.core.errors import InputError, NotFoundError, UnknownKeyError
from trueline.dashboards.ranges import PRESETS
from trueline.engine.funnel import CUTS
from trueline.engine.retention import KINDS
from trueline.home import Trueline
from trueline.web.answers import Answer
from trueline.web.boards.files import csv_of
from trueline.web.boards.view import ViewQuery, view_of
from trueline.web.context import company, run
from trueline.web.explore import users
from trueline.web.explore.asked import moment_of
from trueline.web.pages.frame import page, span
from trueline.web.pages.kpi_files import as_file, drawing
from trueline.web.pages.range import SHORT, ReversedDaysError
from trueline.web.pages.reversed_days import reversed_days

router = APIRouter(include_in_schema=False)
STEPS = ("day", "week", "month")
BUCKETS = ("day", "week", "month", "quarter")
_Event = Annotated[str | None, Field(max_length=300)]


class ProductQuery(ViewQuery):
    """The days, a declared ``funnel`` or its steps (``a|b``: one is enough), how to count."""

    funnel: str = Field("", max_length=200)
    step1: _Event = None
    step2: _Event = None
    step3: _Event = None
    step4: _Event = None
    step5: _Event = None
    step6: _Event = None
    window: str = Field("", max_length=20)
    cut: str = Field("", max_length=40)
    kind: str = Field("n_day", max_length=40)
    step: str = Field("day", max_length=20)
    bucket: str = Field("week", max_length=20)
    as_of: str | None = Field(None, max_length=60)


Wanted = Annotated[ProductQuery, Query()]
FIGURES = {"retention": users.retention_spec, "lifecycle": users.lifecycle_spec}
TABLES = {
    "funnel": users.funnel_table,
    "retention": users.retention_table,
    "lifecycle": users.lifecycle_table,
}
KEYS = {"retention": users.RETENTION_KEYS, "lifecycle": users.LIFECYCLE_KEYS}
TITLES = {"funnel": "Funnel", "retention": "Retention", "lifecycle": "Lifecycle"}


def asked_of(tl: Trueline, query: ProductQuery) -> users.Users:
    """What is asked for. Raises UnknownKeyError, InputError."""
    home = tl.settings.company
    as_of = moment_of(query.as_of, home.zone, tl.clock())
    today = tl.engine.today() if as_of is None else as_of.astimezone(home.zone).date()
    view = view_of(query, "90d", today, home.calendar, frozenset())
    for name, value, known in (
        ("kind of retention", query.kind, KINDS),
        ("step", query.step, STEPS),
        ("bucket", query.bucket, BUCKETS),
    ):
        if value not in known:
            raise UnknownKeyError.among(name, value, known)
    if query.cut and query.cut not in CUTS:
        raise UnknownKeyError.among("cut of a funnel", query.cut, CUTS)
    given = [getattr(query, f"step{n}") for n in range(1, users.MOST_STEPS + 1)]
    steps = tuple(text.strip() for text in given if text and text.strip())
    declared = list(tl.settings.product.funnels)
    if query.funnel and query.funnel not in declared:
        raise UnknownKeyError.among("funnel", query.funnel, declared)
    funnel = query.funnel or (declared[0] if declared and not steps else "")
    return users.Users(
        view.range, funnel, steps, _hours(query.window), query.cut, query.kind, query.step,
        query.bucket, as_of,
    )  # fmt: skip


def _hours(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        found = float(text)
    except ValueError:
        found = 0
    if not 0 < found <= 8784:
        raise InputError(f"A window of '{text}' hours is none.", "Give hours from 0 to 8784.")
    return found


@router.get("/product")
async def product(request: Request, query: Wanted) -> Response:
    """The page; its parts are fetched when they come into view."""
    return await run(request, _product, request, query)


def _product(request: Request, query: ProductQuery) -> Response:
    tl = company(request)
    try:
        asked = asked_of(tl, query)
    except ReversedDaysError as error:
        return reversed_days(request, "Funnels and retention", error)
    return page(
        request, "product.html", title="Funnels and retention", asked=asked,
        declared=tl.funnels(), events=[e["name"] for e in tl.event_names(100)],
        ranges=[(n, label, asked.at(range=n)) for n, label in PRESETS.items()], short=SHORT,
        last_day=(asked.range.period.end - timedelta(days=1)).isoformat(), kinds=KINDS,
        steps=STEPS, buckets=BUCKETS, cuts=CUTS, most=users.MOST_STEPS,
    )  # fmt: skip


@router.get("/product/{part}.json")
async def chart(request: Request, part: str, query: Wanted) -> Answer:
    """A part's chart."""
    return Answer({"spec": await run(request, _spec, request, part, query)})


def _spec(request: Request, part: str, query: ProductQuery) -> Any:
    if part not in FIGURES:
        raise NotFoundError(f"'{part[:40]}' has no chart.", f"Known are: {', '.join(FIGURES)}.")
    return FIGURES[part](company(request), asked_of(company(request), query))


@router.get("/product/{part}.{kind}")
async def file(request: Request, part: str, kind: str, query: Wanted) -> Response:
    """A part's values as CSV, its chart as PNG or SVG."""
    return await run(request, _file, request, part, kind, query)


def _file(request: Request, part: str, kind: str, query: ProductQuery) -> Response:
    tl = company(request)
    name = f"{part}-{tl.engine.today()}"
    if kind != "csv":
        spec = _spec(request, part, query)
        home = tl.settings.company
        days = span(asked_of(tl, query).range.period, home.locale)
        return drawing(spec, kind, TITLES[part], f"{days} · {home.name}", name, KEYS[part])
    if part not in TABLES:
        raise NotFoundError(f"There is no part '{part[:40]}'.", f"Known are: {', '.join(TABLES)}.")
    content = csv_of(TABLES[part](tl, asked_of(tl, query))).encode()
    return as_file(content, name, "csv", "text/csv; charset=utf-8")


@router.get("/product/{part}")
async def one(request: Request, part: str, query: Wanted) -> Response:
    """A part: fetched into the page, or a page of its own."""
    return await run(request, _one, request, part, query)


def _one(request: Request, part: str, query: ProductQuery) -> Response:
    if part not in TABLES:
        raise NotFoundError(f"There is no part '{part[:40]}'.", f"Known are: {', '.join(TABLES)}.")
    tl = company(request)
    locale = tl.settings.company.locale
    asked = asked_of(tl, query)
    made: dict[str, Any] = {"funnel": None, "retention": None, "lifecycle": None, "table": None}
    if part == "funnel":
        made["funnel"] = users.funnel_of(tl, asked) if asked.steps or asked.funnel else None
    elif part == "retention":
        made["retention"] = users.retention_of(tl, asked)
    else:
        made["lifecycle"] = users.lifecycle_of(tl, asked)
        made["table"] = users.lifecycle_table(tl, asked)
    return page(
        request, f"product/{part}.html", title=TITLES[part], asked=asked,
        took=lambda seconds: users.took(seconds, locale),
        percent=lambda rate: users.percent(tl, rate), meanings=users.MEANINGS,
        keys=KEYS.get(part, ()), **made,
    )  # fmt: skip
