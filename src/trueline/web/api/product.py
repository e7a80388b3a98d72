"""What users do over time: retention, funnels, lifecycle."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field

from trueline.core.errors import InputError
from trueline.web.answers import Answer
from trueline.web.context import company, run
from trueline.web.examples import answers
from trueline.web.examples_product import FUNNEL, LIFECYCLE, RETENTION
from trueline.web.parameters import Strict, moment

router = APIRouter(prefix="/api/product", tags=["Product"])
_STEPS = "events in order, comma-separated; a|b where either is enough"


class _Days(Strict):
    """Which days, and as known when."""

    start: str | None = Field(None, description="first day, YYYY-MM-DD", examples=["2026-01-01"])
    end: str | None = Field(None, description="the day after the last", examples=["2026-02-01"])
    period_days: int | None = Field(None, ge=1, le=3660, description="instead: days before today")
    as_of: str | None = Field(None, description="as it was known then, ISO 8601 with offset")

    def asked(self) -> dict[str, Any]:
        """The days as the library takes them."""
        return {
            "start": self.start,
            "end": self.end,
            "period_days": self.period_days,
            "as_of": moment(self.as_of),
        }


class RetentionQuery(_Days):
    """Who starts, what counts as coming back, in which steps."""

    kind: str = Field("n_day", description="n_day: back in that step; unbounded: in it or later")
    grain: str = Field("day", description="a step: day, week (7 days) or month (30 days)")
    cohorts: str | None = Field(None, description="users grouped by day, week, month...")
    steps: int | None = Field(None, ge=1, le=400, description="how many steps after step 0")
    starting: str = Field(
        "signup", max_length=200, description="signup, first_event, or an event's name"
    )
    returning: str | None = Field(
        None, max_length=2000, description="events, comma-separated; any if left out"
    )


class FunnelQuery(_Days):
    """A declared funnel, or steps."""

    name: str | None = Field(None, max_length=200, description="a declared funnel")
    steps: str | None = Field(None, max_length=4000, description=_STEPS)
    window_hours: float | None = Field(
        None, gt=0, le=8784, description="from the first step; 168 unless declared"
    )
    by: str | None = Field(None, max_length=40, description="channel, country or plan")


class LifecycleQuery(_Days):
    """Which buckets."""

    grain: str = Field("week", description="day, week, month, quarter or year")


class EventsQuery(Strict):
    """How many."""

    limit: int = Field(200, ge=1, le=5000)


def names(text: str, what: str, separator: str = ",") -> list[str]:
    """Names from a list in one text. Raises InputError where one is empty."""
    found = [name.strip() for name in text.split(separator)]
    if not all(found):
        raise InputError(f"{what} has an empty name.", "Leave out the separator too many.")
    return found


def steps(text: str) -> list[list[str]]:
    """A funnel's steps: ``visit,cart|quick_buy,purchase``."""
    return [names(step, "steps", "|") for step in names(text, "steps")]


@router.get("/retention", responses=answers(RETENTION))
async def retention(request: Request, query: Annotated[RetentionQuery, Query()]) -> Answer:
    """Of the users who started in a period: who was back, step by step; null where not watched."""
    found = await run(
        request,
        company(request).retention,
        query.kind,
        grain=query.grain,
        cohorts=query.cohorts,
        steps=query.steps,
        starting=query.starting,
        returning=names(query.returning, "returning") if query.returning else None,
        **query.asked(),
    )
    return Answer(found)


@router.get(
    "/funnels",
    responses=answers({"funnels": {"Purchase": {"steps": [["visit"]], "window_hours": 168}}}),
)
async def funnels(request: Request) -> Answer:
    """The funnels declared in trueline.toml."""
    return Answer({"funnels": company(request).funnels()})


@router.get("/funnel", responses=answers(FUNNEL))
async def funnel(request: Request, query: Annotated[FunnelQuery, Query()]) -> Answer:
    """Of the users who took the first step in a period: how many took the next, in time."""
    found = await run(
        request,
        company(request).funnel,
        query.name,
        steps=steps(query.steps) if query.steps is not None else None,
        window_hours=query.window_hours,
        by=query.by,
        **query.asked(),
    )
    return Answer(found)


@router.get("/lifecycle", responses=answers(LIFECYCLE))
async def lifecycle(request: Request, query: Annotated[LifecycleQuery, Query()]) -> Answer:
    """New, returning, resurrecting and dormant users, bucket by bucket; each balances exactly."""
    found = await run(request, company(request).lifecycle, grain=query.grain, **query.asked())
    return Answer(found)


@router.get(
    "/events",
    responses=answers(
        {
            "events": [
                {
                    "name": "purchase",
                    "rows": 7469,
                    "users": 2333,
                    "first": "2025-11-25",
                    "last": "2026-11-24",
                }
            ]
        }
    ),
)
async def events(request: Request, query: Annotated[EventsQuery, Query()]) -> Answer:
    """The recorded events, most frequent first."""
    found = await run(request, company(request).event_names, query.limit)
    return Answer({"events": found})
