"""Query parameters, as models: unknown ones and repeated ones are errors, not ignored."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from trueline.core.errors import Fault, InputError
from trueline.engine.daily import SLICES


async def once(request: Request) -> None:
    """Refuse a parameter given more than once (which would count?) or to a route that has none."""
    if not request.scope["query_string"]:
        return
    names = [name for name, _ in request.query_params.multi_items()]
    dependant = getattr(request.scope.get("route"), "dependant", None)
    if dependant is not None and not dependant.query_params:
        none(request)
    for name in set(names):
        if names.count(name) > 1:
            raise InputError(
                f"The parameter '{name[:60]}' is given more than once.", "Give it once."
            )


def none(request: Request) -> None:
    """Refuse any parameter: the route has none."""
    if request.scope["query_string"] and (names := list(request.query_params)):
        faults = tuple(Fault("is not known here", name[:60]) for name in names)
        raise InputError(f"{names[0][:60]} is not known here.", "Leave it out.", faults)


LONGEST = 10_000
"""Characters of a slice's value: as long as facts may say one."""


class Strict(BaseModel):
    """Parameters that know what they may be."""

    model_config = ConfigDict(extra="forbid")


class StageQuery(Strict):
    """Which days, and whether estimates are wanted."""

    period_days: int = Field(30, ge=1, le=3660, description="complete days before today")
    allow_estimates: bool = Field(False, description="also give values that rest on assumptions")


class PeriodQuery(Strict):
    """A period, a slice and a moment of knowledge."""

    start: str | None = Field(None, description="first day, YYYY-MM-DD", examples=["2026-01-01"])
    end: str | None = Field(None, description="the day after the last", examples=["2026-02-01"])
    period_days: int | None = Field(None, ge=1, le=3660, description="instead: days before today")
    channel: str | None = Field(None, max_length=LONGEST, description="only this channel")
    plan: str | None = Field(None, max_length=LONGEST, description="only this plan")
    country: str | None = Field(None, max_length=LONGEST, description="only this country")
    currency: str | None = Field(None, max_length=3, description="only amounts in this currency")
    feature: str | None = Field(None, max_length=LONGEST, description="only this declared feature")
    allow_estimates: bool = Field(False, description="also give values that rest on assumptions")
    as_of: str | None = Field(
        None,
        description="as it was known then, ISO 8601 with offset",
        examples=["2026-01-15T12:00:00Z"],
    )

    def period(self) -> dict[str, Any]:
        """start, end, period_days as the library takes them."""
        return {"start": self.start, "end": self.end, "period_days": self.period_days}

    def options(self) -> dict[str, Any]:
        """slice, allow_estimates, as_of as the library takes them."""
        wanted = {by: getattr(self, by) for by in SLICES if getattr(self, by) is not None}
        return {
            "slice": wanted or None,
            "allow_estimates": self.allow_estimates,
            "as_of": _moment(self.as_of),
        }


class ReadingsQuery(PeriodQuery):
    """Several KPIs at once."""

    keys: str | None = Field(None, max_length=4000, description="comma-separated; all if left out")


class SeriesQuery(PeriodQuery):
    """A series."""

    grain: str = Field("month", description="day, week, month, quarter or year")


class HistoryOfQuery(Strict):
    """Which complete buckets of a KPI, and of which slice."""

    grain: str = Field("month", description="day, week, month, quarter or year")
    start: str | None = Field(None, description="first day; as far as is usual if left out")
    end: str | None = Field(None, description="until before this day; the present if left out")
    channel: str | None = Field(None, max_length=LONGEST, description="only this channel")
    plan: str | None = Field(None, max_length=LONGEST, description="only this plan")
    country: str | None = Field(None, max_length=LONGEST, description="only this country")
    currency: str | None = Field(None, max_length=3, description="only amounts in this currency")
    feature: str | None = Field(None, max_length=LONGEST, description="only this declared feature")
    allow_estimates: bool = Field(False, description="also use values that rest on assumptions")

    def asked(self) -> dict[str, Any]:
        """start, end, slice, allow_estimates as the library takes them."""
        wanted = {by: getattr(self, by) for by in SLICES if getattr(self, by) is not None}
        return {
            "start": self.start,
            "end": self.end,
            "slice": wanted or None,
            "allow_estimates": self.allow_estimates,
        }


class ForecastQuery(HistoryOfQuery):
    """How far to look ahead."""

    horizon: int | None = Field(
        None, ge=1, le=120, description="buckets ahead; 6 months if left out"
    )
    method: Literal["smoothing", "ensemble"] = Field(
        "smoothing", description="ensemble needs trueline[stats]"
    )


class AnomalyQuery(HistoryOfQuery):
    """What counts as unusual."""

    grain: str = Field("day", description="day, week or month")
    budget: float | None = Field(
        None, ge=0.001, le=0.2, description="share of ordinary buckets that may alarm"
    )


class RowsQuery(PeriodQuery):
    """Which rows behind an input."""

    input: str = Field(max_length=100, description="the input's name, as /explain gives it")
    table: str | None = Field(None, max_length=60, description="one of its fact tables")
    offset: int = Field(0, ge=0, le=10**9)
    limit: int = Field(50, ge=1, le=1000)


class BreakdownQuery(PeriodQuery):
    """A reading a slice value."""

    by: str = Field(description="channel, plan, country, currency or feature")


class CohortQuery(Strict):
    """Which cohorts."""

    kind: str = Field("subscriptions", description="subscriptions or orders")
    by: str = Field("customers", description="customers or revenue")
    start: str | None = Field(None, description="first cohort's month or later")
    end: str | None = Field(None, description="cohorts before this day")
    as_of: str | None = None


class HistoryQuery(Strict):
    """Which snapshots."""

    days: int = Field(90, ge=1, le=3660)
    kpi_type: str | None = Field(None, max_length=100)
    stage: Literal["early_stage", "mid_stage", "all"] | None = None
    limit: int = Field(500, ge=1, le=5000)
    cursor: str | None = Field(None, max_length=500)


class CostQuery(Strict):
    """Which costs."""

    days: int = Field(
        30, ge=1, le=3660, description="dated in the last so many days, today included"
    )
    cost_type: str | None = Field(None, max_length=40)
    limit: int = Field(100, ge=1, le=1000)
    cursor: str | None = Field(None, max_length=500)


class RejectsQuery(Strict):
    """Which rejects of a load."""

    offset: int = Field(0, ge=0, le=10**9)
    limit: int = Field(20, ge=1, le=1000)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment.utcoffset()
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1900 < moment.year < 2200:
        raise InputError(
            f"as_of '{text[:40]}' is no moment with a UTC offset.", "Write 2026-01-31T12:00:00Z."
        )
    return moment


def moment(text: str | None) -> datetime | None:
    """An aware moment from ISO 8601 text. Raises InputError."""
    return _moment(text)
