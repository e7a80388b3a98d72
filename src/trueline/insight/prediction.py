"""A forecast as people are told of it: with intervals, a backtest, and how far to believe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trueline.insight.backtest import Backtest, judged
from trueline.insight.forecasting import Intervals, Method, forecast, paths_of
from trueline.insight.patterns import PLAIN, Direction, Pattern, Wording, pattern
from trueline.insight.series import (
    MAX_HORIZON,
    MAX_SEASON,
    Floats,
    Values,
    checked,
    size,
    whole,
)

Confidence = Literal["high", "medium", "low"]

LEVELS = (80, 95)
_HIGH, _MEDIUM = 0.10, 0.25
_FEW, _TOO_FEW = 8, 4


@dataclass(frozen=True)
class Prediction:
    """What comes next, and how far it can be believed.

    ``confidence_level`` follows from ``relative_width``: half the 80% interval over the size of
    the forecast, on average; high below 10%, medium below 25%. Fewer than eight known values give
    no better than medium, fewer than four no better than low: two that are alike have no error.
    """

    current: float
    mean: Floats
    intervals: Intervals
    confidence_level: Confidence
    confidence_reason: str
    relative_width: float | None
    backtest: Backtest
    pattern: Pattern
    insights: tuple[str, ...]
    method: str


def predict(
    values: Values,
    season_length: int,
    horizon: int,
    *,
    lower: float | None = None,
    upper: float | None = None,
    direction: Direction | None = None,
    method: Method = "smoothing",
    wording: Wording = PLAIN,
) -> Prediction:
    """Forecast a series and say how far to believe it. Raises SeriesError as ``forecast`` does."""
    series = checked(values)
    season_length = whole("season_length", season_length, 1, MAX_SEASON)
    horizon = whole("horizon", horizon, 1, MAX_HORIZON)
    scale = size(series)
    made = paths_of(series / scale, season_length, horizon)
    mean, intervals = forecast(
        series, season_length, horizon, LEVELS, lower=lower, upper=upper, method=method, made=made
    )
    known = series[~np.isnan(series)]
    seen = pattern(series, season_length=season_length, direction=direction, wording=wording)
    width = _relative_width(mean, intervals)
    level, reason = _confidence(width, known.size)
    current = float(known[-1])
    return Prediction(
        current=current,
        mean=mean,
        intervals=intervals,
        confidence_level=level,
        confidence_reason=reason,
        relative_width=width,
        backtest=judged(made, season_length, scale),
        pattern=seen,
        insights=(*seen.insights, *_ahead(current, mean, intervals, direction, wording)),
        method="median of four statistical models" if method == "ensemble" else _METHOD,
    )


_METHOD = "average of Theta and damped-trend smoothing"


def _relative_width(mean: Floats, intervals: Intervals) -> float | None:
    low, high = intervals[80]
    size = float(np.abs(mean).mean())
    return None if size == 0 else float(((high - low) / 2).mean()) / size


def _confidence(width: float | None, known: int) -> tuple[Confidence, str]:
    if width is None:
        return "low", "The forecast is 0: a width in percent of it has no answer."
    told = f"half the 80% interval is {width:.1%} of the forecast, on average"
    level: Confidence = "high" if width < _HIGH else "medium" if width < _MEDIUM else "low"
    if known < _TOO_FEW and level != "low":
        return "low", f"{told}; but {known} values are too few to measure errors on"
    if known < _FEW and level == "high":
        return "medium", f"{told}; but {known} values are few to measure errors on"
    return level, told


def _ahead(
    current: float,
    mean: Floats,
    intervals: Intervals,
    direction: Direction | None,
    wording: Wording,
) -> Sequence[str]:
    """What the forecast says, and whether chance alone could undo it."""
    end = float(mean[-1])
    low, high = (float(bound[-1]) for bound in intervals[80])
    steps = wording.steps(mean.size)
    span = f"(80%: {wording.number(low)} to {wording.number(high)})"
    if low <= current <= high:
        return [f"In {steps}, {wording.number(end)} is expected {span}; no change is within that."]
    up = end > current
    judged = ""
    if direction is not None:
        judged = ", an improvement" if up == (direction == "up_is_good") else ", a worsening"
    course = "rise" if up else "fall"
    return [f"In {steps}, a {course} to {wording.number(end)} is expected {span}{judged}."]
