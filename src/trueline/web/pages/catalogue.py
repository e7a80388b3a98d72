"""Every KPI: searched, by subject, with what it is worth now and how it got there."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from trueline.catalog.kpi import Kpi
from trueline.catalog.kpis import KPIS, SUBJECTS, from_facts
from trueline.core import words
from trueline.core.errors import UnknownKeyError
from trueline.core.period import Grain, Period
from trueline.core.reading import Reading
from trueline.engine.engine import Asked, change
from trueline.home import Trueline
from trueline.web.answers import Answer
from trueline.web.boards.ground import is_loose, missing_of
from trueline.web.context import company, run
from trueline.web.pages import figures
from trueline.web.pages.frame import page
from trueline.web.parameters import Strict

router = APIRouter(include_in_schema=False)
DAYS = 30
WEEKS = 12
STATES = {
    "known": "From facts",
    "estimated": "Estimated",
    "partial": "Partial",
    "unknown": "Not known",
    "calculator": "Calculator only",
}


class CatalogueQuery(Strict):
    """Which KPIs. ``q`` is looked for in names, keys and meanings."""

    q: str = Field("", max_length=200)
    subject: str = Field("", max_length=40)
    state: Literal["", "known", "estimated", "partial", "unknown", "calculator"] = ""
    estimates: bool = False


class CourseQuery(Strict):
    """Whether courses may rest on assumptions."""

    estimates: bool = False


@router.get("/kpis")
async def kpis(request: Request, query: Annotated[CatalogueQuery, Query()]) -> Response:
    """The catalogue with the last 30 complete days' values."""
    return await run(request, _kpis, request, query)


def _kpis(request: Request, query: CatalogueQuery) -> Response:
    tl = company(request)
    if query.subject and query.subject not in SUBJECTS:
        raise UnknownKeyError.among("subject", query.subject, SUBJECTS)
    period = tl.engine.period(period_days=DAYS)
    everything = _items(tl, period, query.estimates)
    counts = {state: sum(1 for i in everything if i["state"] == state) for state in STATES}
    groups = [
        (key, name, [i for i in everything if i["subject"] == key and _matches(i, query)])
        for key, name in SUBJECTS.items()
        if query.subject in ("", key)
    ]
    return page(
        request, "kpis.html", title="All KPIs", period=period, query=query,
        groups=[group for group in groups if group[2]], counts=counts, states=STATES,
        subjects=SUBJECTS, total=len(everything), shown=sum(len(g[2]) for g in groups),
    )  # fmt: skip


def _matches(item: dict[str, Any], query: CatalogueQuery) -> bool:
    """Whether every word that is looked for occurs, and the state is the one wanted."""
    if query.state and item["state"] != query.state:
        return False
    return all(word in item["text"] for word in query.q.casefold().split())


def _items(tl: Trueline, period: Period, estimates: bool) -> list[dict[str, Any]]:
    """Every KPI with its reading and change; all readings are asked for at once."""
    readings = _readings(tl, [period, period.previous()], estimates)
    return [_item(tl, definition, readings.get(definition.key)) for definition in KPIS]


def _readings(tl: Trueline, periods: list[Period], estimates: bool) -> dict[str, list[Reading]]:
    """For each KPI that facts feed, its reading of every period."""
    keys = [definition.key for definition in from_facts()]
    asked = [Asked(key, period) for key in keys for period in periods]
    found = iter(tl.engine.many(asked, allow_estimates=estimates))
    return {key: [next(found) for _ in periods] for key in keys}


def readings_ahead(tl: Trueline) -> None:
    """Have the catalogue's readings kept: its first reader after a load does not wait for them."""
    period = tl.engine.period(period_days=DAYS)
    _readings(tl, [period, period.previous()], estimates=False)


@router.get("/kpis/courses.json")
async def courses(request: Request, query: Annotated[CourseQuery, Query()]) -> Answer:
    """A sparkline a KPI: fetched after the values, which must not wait for twelve weeks more."""
    return Answer({"courses": await run(request, _courses, company(request), query.estimates)})


def _courses(tl: Trueline, estimates: bool) -> dict[str, Any]:
    weeks = _weeks(tl, tl.engine.period(period_days=DAYS))
    found = _readings(tl, weeks, estimates)
    return {
        key: figures.spark(
            [_point(r) for r in readings], [n for n, r in enumerate(readings) if is_loose(r)]
        )
        for key, readings in found.items()
    }


def _weeks(tl: Trueline, period: Period) -> list[Period]:
    """The last whole weeks, oldest first: the points of a sparkline."""
    calendar = tl.settings.company.calendar
    end = calendar.bucket_start(period.end, Grain.WEEK)
    starts = [end - timedelta(weeks=n) for n in range(WEEKS, 0, -1)]
    return [Period(start, start + timedelta(weeks=1)) for start in starts]


def _item(tl: Trueline, definition: type[Kpi], found: list[Reading] | None) -> dict[str, Any]:
    meaning = definition.meaning().replace("`", "")
    item: dict[str, Any] = {
        "key": definition.key,
        "label": definition.label,
        "meaning": meaning,
        "subject": definition.subject,
        "text": f"{definition.label} {definition.key} {meaning}".casefold(),
        "reading": None,
        "state": "calculator",
    }
    if found is None:
        return item
    reading, before = found
    moved = change(reading, before)
    return item | {
        "reading": reading,
        "state": _state(reading),
        "shown": words.value(reading, tl.settings.company.locale).removeprefix("~"),
        "change": moved,
        "moved": words.changed(moved, reading.unit, tl.settings.company.locale),
        "why": None if reading.known else missing_of(reading.reasons, reading),
        "note": reading.reasons[0].message if reading.known and reading.reasons else "",
    }


def _point(reading: Reading) -> float | None:
    """A week's value where it is whole."""
    if reading.value is None or reading.completeness == "partial":
        return None
    return float(reading.value)


def _state(reading: Reading) -> str:
    if reading.value is None:
        return "unknown"
    if reading.quality == "estimated":
        return "estimated"
    return "partial" if reading.completeness == "partial" else "known"
