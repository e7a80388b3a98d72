"""Readings and what belongs to them. ``fixed`` paths come before ``/api/kpi/{key}``."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from trueline.catalog.kpi import Kpi
from trueline.catalog.kpis import stage as kpis_of
from trueline.core.reading import Reading
from trueline.web.answers import Answer
from trueline.web.context import company, run
from trueline.web.examples import BRIDGE, COHORTS, READING, ROWS, STAGE, answers
from trueline.web.parameters import (
    BreakdownQuery,
    CohortQuery,
    PeriodQuery,
    ReadingsQuery,
    RowsQuery,
    SeriesQuery,
    StageQuery,
    moment,
)

fixed = APIRouter(prefix="/api/kpi", tags=["KPIs"])
router = APIRouter(prefix="/api/kpi", tags=["KPIs"])

STAGES = ("early_stage", "mid_stage")
GUIDANCE = {
    "cac": "Record costs with POST /api/kpi/costs (cost_type marketing or sales).",
    "burn_rate": "Record infrastructure and personnel costs, or ask with allow_estimates=true.",
    "subscriptions": "Load subscription_events for NRR, ARPU, churn and retention.",
    "gross_margin": "Load orders or revenue, and record costs of type cogs (or cogs of orders).",
}


def _stage(tl: Any, stage: str, query: StageQuery) -> dict[str, Any]:
    """A stage's KPIs in the shape of the tracking system: only known values under ``kpis``."""
    definitions = kpis_of(stage)
    readings = tl.readings(
        [d.key for d in definitions],
        period_days=query.period_days,
        allow_estimates=query.allow_estimates,
    )
    known = {
        d.key: _known(d, readings[d.key], tl.settings.targets)
        for d in definitions
        if readings[d.key].value is not None
    }
    out: dict[str, Any] = {
        "stage": stage,
        "period_days": query.period_days,
        "start": next(iter(readings.values())).start,
        "end": next(iter(readings.values())).end,
        "kpis": known,
        "data_quality": {key: r.quality.value for key, r in readings.items()},
        "reasons": {
            key: [x.to_json() for x in r.reasons] for key, r in readings.items() if r.reasons
        },
        "links": {
            key: f"/api/kpi/{key}/explain?start={r.start}&end={r.end}"
            for key, r in readings.items()
        },
    }
    if not known:
        out["message"] = "No KPI of this stage is supported by recorded facts in this period."
        out["guidance"] = GUIDANCE
    return out


def _known(
    definition: type[Kpi], reading: Reading, targets: Mapping[str, Decimal]
) -> dict[str, Any]:
    """A known value with its words, and how it stands to its target where there is one."""
    from trueline.catalog.target import stand, target

    said = {
        "value": reading.value,
        "label": definition.label,
        "description": definition.meaning(),
        "unit": reading.unit,
        "completeness": reading.completeness.value,
    }
    aim = target(definition.key, targets)
    if aim is None:
        return said
    met, why = stand(reading, aim)
    return said | {
        "target": aim["value"],
        "target_per": aim["per"],
        "target_met": met,
        "target_note": why or None,
    }


@fixed.get("/early-stage", tags=["Stages"], responses=answers(STAGE))
async def early_stage(request: Request, query: Annotated[StageQuery, Query()]) -> Answer:
    """Early-stage KPIs: acquisition cost, lifetime value, burn and gross margin."""
    data = await run(request, _stage, company(request), "early_stage", query)
    return Answer({"success": True, "data": data})


@fixed.get("/mid-stage", tags=["Stages"], responses=answers(STAGE))
async def mid_stage(request: Request, query: Annotated[StageQuery, Query()]) -> Answer:
    """Mid-stage KPIs: retention, ARPU, sales efficiency, NRR, churn and expansion."""
    data = await run(request, _stage, company(request), "mid_stage", query)
    return Answer({"success": True, "data": data})


@fixed.get(
    "/all",
    tags=["Stages"],
    responses=answers({"success": True, "data": {"early_stage": STAGE["data"]}}),
)
async def all_stages(request: Request, query: Annotated[StageQuery, Query()]) -> Answer:
    """Both stages at once."""
    tl = company(request)
    data: dict[str, Any] = {"period_days": query.period_days}
    for stage in STAGES:
        data[stage] = await run(request, _stage, tl, stage, query)
    return Answer({"success": True, "data": data})


@fixed.get("", responses=answers({"kpis": [{"key": "nrr", "label": "Net revenue retention"}]}))
async def catalogue(request: Request) -> Answer:
    """The catalogue: every KPI with its meaning, unit, inputs, slices and target."""
    return Answer({"kpis": await run(request, company(request).kpis)})


@fixed.get("/readings", responses=answers({"readings": {"mrr": READING}}))
async def readings(request: Request, query: Annotated[ReadingsQuery, Query()]) -> Answer:
    """Several KPIs over one period, in one pass."""
    keys = [k.strip() for k in query.keys.split(",") if k.strip()] if query.keys else None
    found = await run(request, company(request).readings, keys, **query.period(), **query.options())
    return Answer({"readings": {key: r.to_json() for key, r in found.items()}})


@fixed.get("/bridge", responses=answers(BRIDGE))
async def bridge(request: Request, query: Annotated[PeriodQuery, Query()]) -> Answer:
    """The MRR bridge: opening, movements (losses negative), fx, closing. It closes exactly."""
    found = await run(request, company(request).bridge, **query.period(), **query.options())
    return Answer(found.to_json())


@fixed.get("/cohorts", responses=answers(COHORTS))
async def cohorts(request: Request, query: Annotated[CohortQuery, Query()]) -> Answer:
    """Retention by first paid month; a cell beyond the facts' end is null, not 0."""
    found = await run(
        request,
        company(request).cohorts,
        query.kind,
        query.by,
        start=query.start,
        end=query.end,
        as_of=moment(query.as_of),
    )
    return Answer(found.to_json())


@router.get("/{key}", responses=answers(READING))
async def reading(request: Request, key: str, query: Annotated[PeriodQuery, Query()]) -> Answer:
    """One KPI over a period: value or null, quality, completeness, reasons, inputs."""
    found = await run(request, company(request).kpi, key, **query.period(), **query.options())
    return Answer(found.to_json())


@router.get(
    "/{key}/series", responses=answers({"key": "mrr", "grain": "month", "series": [READING]})
)
async def series(request: Request, key: str, query: Annotated[SeriesQuery, Query()]) -> Answer:
    """A reading for each bucket that touches the period; cut buckets are partial."""
    tl = company(request)

    def compute() -> list[Reading]:
        period = tl.engine.period(query.start, query.end, query.period_days)
        options = query.options()
        return tl.series(key, grain=query.grain, start=period.start, end=period.end, **options)

    found = await run(request, compute)
    return Answer({"key": key, "grain": query.grain, "series": [r.to_json() for r in found]})


@router.get(
    "/{key}/compare",
    responses=answers(
        {
            "reading": READING,
            "change_previous": {"absolute": 5000, "percent": 11.1, "good": True, "reason": None},
        }
    ),
)
async def compare(request: Request, key: str, query: Annotated[PeriodQuery, Query()]) -> Answer:
    """The reading beside the previous period's and a year earlier's, with the changes."""
    found = await run(request, company(request).compare, key, **query.period(), **query.options())
    return Answer({k: v.to_json() if isinstance(v, Reading) else v for k, v in found.items()})


@router.get(
    "/{key}/breakdown", responses=answers({"key": "cac", "by": "channel", "readings": [READING]})
)
async def breakdown(
    request: Request, key: str, query: Annotated[BreakdownQuery, Query()]
) -> Answer:
    """A reading for each recorded value of a dimension, within a slice where one is given."""
    found = await run(
        request, company(request).breakdown, key, query.by, **query.period(), **query.options()
    )
    return Answer({"key": key, "by": query.by, "readings": [r.to_json() for r in found]})


@router.get(
    "/{key}/explain",
    responses=answers(
        {"reading": READING, "formula": "100 * kept / mrr_at_beginning", "inputs": []}
    ),
)
async def explain(request: Request, key: str, query: Annotated[PeriodQuery, Query()]) -> Answer:
    """How the number came about: formula, inputs, facts, row counts and SQL."""
    return Answer(
        await run(request, company(request).explain, key, **query.period(), **query.options())
    )


@router.get("/{key}/rows", responses=answers(ROWS))
async def rows(request: Request, key: str, query: Annotated[RowsQuery, Query()]) -> Answer:
    """The recorded rows behind an input of the number, a page at a time."""
    found = await run(
        request, company(request).rows_behind, key, query.input, table=query.table,
        offset=query.offset, limit=query.limit, **query.period(), **query.options(),
    )  # fmt: skip
    return Answer(found)
