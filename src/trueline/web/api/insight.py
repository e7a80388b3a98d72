"""What comes next, what has been going on, what is unusual: of given series, and of KPIs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from trueline.catalog.calculate import calculator
from trueline.catalog.kpi import Direction, Kpi
from trueline.catalog.kpis import kpi
from trueline.core.errors import InputError, UnknownKeyError
from trueline.insight.of_kpis import MOST_HORIZON, described
from trueline.insight.patterns import pattern
from trueline.insight.prediction import LEVELS, predict
from trueline.insight.series import MAX_POINTS, MAX_SEASON
from trueline.insight.timeline import on_equal_steps, steps_ahead
from trueline.web.answers import Answer
from trueline.web.body import documented, json_body
from trueline.web.context import company, run
from trueline.web.examples import FORECAST, PATTERN, PREDICTION, answers
from trueline.web.parameters import AnomalyQuery, ForecastQuery, HistoryOfQuery

router = APIRouter(tags=["Insight"])


class _Series(BaseModel):
    """A series, oldest first."""

    model_config = ConfigDict(extra="forbid", strict=True)

    metric_name: str = Field(
        max_length=200, description="a KPI's key (its bounds and direction are known), or any name"
    )
    historical_values: list[Any] = Field(
        min_length=1, max_length=MAX_POINTS, description="numbers, null where one is missing"
    )
    timestamps: list[str] | None = Field(
        None,
        max_length=MAX_POINTS,
        description="ISO 8601, one a value, increasing, a day, week, month... apart",
    )
    season_length: int | None = Field(
        None, ge=1, le=MAX_SEASON, description="steps in a season; told by timestamps otherwise"
    )


class Predict(_Series):
    """A series to be continued."""

    periods_ahead: int = Field(3, ge=1, le=MOST_HORIZON, description="how many steps")


_PREDICT = {
    "metric_name": "churn_rate",
    "historical_values": [5.0, 4.8, 4.5, 4.3, 4.0, 3.8, 3.5],
    "timestamps": [f"2024-0{month}-01T00:00:00" for month in range(1, 8)],
    "periods_ahead": 3,
}
_ANALYZE = {
    "metric_name": "mrr",
    "historical_values": [45000, 48000, 51000, 54000, 57000, 60000],
}


def _known(name: str) -> type[Kpi] | None:
    """The KPI of that name, where it is one: then its bounds and direction are known."""
    for find in (kpi, calculator):
        try:
            return find(name.strip().lower().replace(" ", "_"))
        except UnknownKeyError:
            continue
    return None


def _direction(definition: type[Kpi] | None) -> Any:
    if definition is None or definition.direction is Direction.NEUTRAL:
        return None
    return definition.direction.value


def _predicted(asked: Predict) -> dict[str, Any]:
    definition = _known(asked.metric_name)
    values, season, dates = _on_steps(asked)
    lower, upper = definition.bounds if definition else (None, None)
    found = predict(
        values,
        season,
        asked.periods_ahead,
        lower=lower,
        upper=upper,
        direction=_direction(definition),
    )
    return {
        "metric_name": asked.metric_name,
        "current_value": found.current,
        "predictions": [float(value) for value in found.mean],
        "confidence_level": found.confidence_level,
        "confidence_reason": found.confidence_reason,
        "trend": found.pattern.trend,
        "volatility": found.pattern.volatility_level,
        "insights": list(found.insights),
        "intervals": {
            str(level): [[float(a), float(b)] for a, b in zip(*found.intervals[level], strict=True)]
            for level in LEVELS
        },
        "dates": dates,
        "method": found.method,
        "backtest": found.backtest.to_json(),
        "season_length": season,
        "seasonality": found.pattern.seasonality,
        "bounds": [lower, upper],
        "direction": _direction(definition),
        "missing": found.pattern.missing,
    }


def _on_steps(asked: Predict) -> tuple[Any, int, list[str] | None]:
    """The values on equal steps, the season to test for, and the dates ahead."""
    if asked.timestamps is None:
        return asked.historical_values, asked.season_length or 1, None
    values, implied = on_equal_steps(asked.historical_values, asked.timestamps)
    dates = steps_ahead(asked.timestamps, asked.periods_ahead)
    return values, asked.season_length or implied or 1, dates


@router.post(
    "/predict/metric", responses=answers(PREDICTION), openapi_extra=documented(Predict, _PREDICT)
)
async def predict_metric(
    request: Request, asked: Annotated[Predict, Depends(json_body(Predict))]
) -> Answer:
    """Continue a series, with 80% and 95% intervals and how far to believe it."""
    return Answer(await run(request, _predicted, asked))


def _analyzed(asked: _Series) -> dict[str, Any]:
    definition = _known(asked.metric_name)
    seen = pattern(
        asked.historical_values, asked.timestamps, asked.season_length, _direction(definition)
    )
    return {"metric_name": asked.metric_name, "direction": _direction(definition)} | described(seen)


@router.post(
    "/analyze/pattern", responses=answers(PATTERN), openapi_extra=documented(_Series, _ANALYZE)
)
async def analyze_pattern(
    request: Request, asked: Annotated[_Series, Depends(json_body(_Series))]
) -> Answer:
    """What a series has been doing: trend with its p-value, volatility, season, lasting jumps."""
    return Answer(await run(request, _analyzed, asked))


@router.get("/api/kpi/{key}/forecast", responses=answers(FORECAST))
async def kpi_forecast(
    request: Request, key: str, query: Annotated[ForecastQuery, Query()]
) -> Answer:
    """A KPI's next buckets, from complete readings; null with reasons where none is honest."""
    found = await run(
        request,
        company(request).forecast,
        key,
        grain=query.grain,
        horizon=query.horizon,
        method=query.method,
        **query.asked(),
    )
    return Answer(found)


@router.get("/api/kpi/{key}/pattern", responses=answers({"key": "mrr", "pattern": PATTERN}))
async def kpi_pattern(
    request: Request, key: str, query: Annotated[HistoryOfQuery, Query()]
) -> Answer:
    """What a KPI has been doing: trend, volatility, season, lasting jumps."""
    found = await run(request, company(request).pattern, key, grain=query.grain, **query.asked())
    return Answer(found)


@router.get(
    "/api/kpi/{key}/anomalies",
    responses=answers(
        {
            "key": "revenue",
            "alarm_budget": 0.01,
            "judged_from": "2025-03-04",
            "anomalies": [
                {
                    "start": "2026-02-11",
                    "value": 120.0,
                    "expected": 4810.2,
                    "lower": 2210.0,
                    "upper": 9105.3,
                    "side": "below",
                    "score": 3.1,
                    "good": False,
                }
            ],
        }
    ),
)
async def kpi_anomalies(
    request: Request, key: str, query: Annotated[AnomalyQuery, Query()]
) -> Answer:
    """The buckets of a KPI that its own past did not let expect, at its alarm budget."""
    if query.grain not in ("day", "week", "month"):
        raise InputError(f"grain is '{query.grain[:20]}'.", "Give day, week or month.")
    found = await run(
        request,
        company(request).anomalies,
        key,
        grain=query.grain,
        budget=query.budget,
        **query.asked(),
    )
    return Answer(found)
