"""Forecast a series: the mean, and intervals measured on its own past.

The mean is the average of Theta and damped-trend smoothing, each on the raw and (where every
value is positive) on the log scale, of the seasonally adjusted series; below sixteen points it is
drawn towards the naive forecast. ``docs/guide/forecasts.md`` holds what was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

from trueline.insight.intervals import origins, spread
from trueline.insight.seasonal import Season, season_test
from trueline.insight.series import (
    MAX_HORIZON,
    MAX_SEASON,
    Floats,
    SeriesError,
    Values,
    checked,
    size,
    whole,
)
from trueline.insight.smoothing import Rows, damped, theta

Method = Literal["smoothing", "ensemble"]
Intervals = dict[float, tuple[Floats, Floats]]

WINDOW = 400  #: steps looked back, or four seasons if longer: older ones weigh next to nothing
_TRUSTED_FROM = 16  #: known values from which the naive forecast has no more part
_GROWTH = 20.0  #: on the log scale no forecast leaves the range seen by more than this factor


@overload
def forecast(
    values: Values,
    season_length: int,
    horizon: int,
    levels: None = None,
    *,
    lower: float | None = None,
    upper: float | None = None,
    method: Method = "smoothing",
) -> Floats: ...


@overload
def forecast(
    values: Values,
    season_length: int,
    horizon: int,
    levels: Sequence[float],
    *,
    lower: float | None = None,
    upper: float | None = None,
    method: Method = "smoothing",
    made: Paths | None = None,
) -> tuple[Floats, Intervals]: ...


def forecast(
    values: Values,
    season_length: int,
    horizon: int,
    levels: Sequence[float] | None = None,
    *,
    lower: float | None = None,
    upper: float | None = None,
    method: Method = "smoothing",
    made: Paths | None = None,
) -> Floats | tuple[Floats, Intervals]:
    """The next ``horizon`` values of a series, in its own unit, counted from its last step.

    ``values``: oldest first, equal steps, NaN or None where missing (never read as zero); leading
    missing steps are dropped, trailing ones are steps that have passed. Two known values at least.
    ``season_length``: steps in a season that may be there (7 days, 12 months...), 1 for none; it
    is used only if a test finds it. ``levels``: percent, as ``(80, 95)``; with them the answer is
    ``(mean, {level: (lower, upper)})``. ``lower`` and ``upper``: what the KPI cannot pass, as 0
    and 100 for a rate; means and intervals are held to it. ``method``: ``"smoothing"``, or
    ``"ensemble"``, a median of four statistical models that needs ``trueline[stats]``. ``made``:
    what ``paths_of`` gave for the same series and horizon, where it is at hand already.

    A series that never changed is forecast unchanged, with intervals of no width: no error was
    ever measured. Raises :class:`~trueline.insight.series.SeriesError`.
    """
    series = checked(values)
    season_length = whole("season_length", season_length, 1, MAX_SEASON)
    horizon = whole("horizon", horizon, 1, MAX_HORIZON)
    wanted = _checked_levels(levels)
    low, high = _checked_bounds(series, lower, upper)
    scale = size(series)
    made = made or paths_of(series / scale, season_length, horizon, wanted is not None)
    mean = _mean(made, method, series / scale, season_length, horizon)
    held = np.clip(mean * scale, low, high)
    if wanted is None:
        return held
    width = spread(made.recent, made.paths, made.ends)
    return held, {
        level: (
            np.clip((mean - width.half_width(level)) * scale, low, high),
            np.clip((mean + width.half_width(level)) * scale, low, high),
        )
        for level in wanted
    }


def _mean(made: Paths, method: Method, series: Floats, season_length: int, horizon: int) -> Floats:
    """The method's own path."""
    if method == "smoothing":
        smoothed: Floats = made.paths[0]
        return smoothed
    if method != "ensemble":
        raise SeriesError(f"There is no method {method!r:.40}.", "Use 'smoothing' or 'ensemble'.")
    from trueline.insight.ensemble import median_forecast

    return median_forecast(series, season_length, horizon)


def _checked_levels(levels: Sequence[float] | None) -> tuple[float, ...] | None:
    if levels is None:
        return None
    for level in levels:
        if isinstance(level, bool) or not 1 <= level <= 99.9:
            raise SeriesError(
                f"Level {level!r:.40} is not 1 to 99.9.", "Levels are percent, as (80, 95)."
            )
    return tuple(levels)


def _checked_bounds(
    series: Floats, lower: float | None, upper: float | None
) -> tuple[float, float]:
    low = -np.inf if lower is None else float(lower)
    high = np.inf if upper is None else float(upper)
    if not low < high:
        raise SeriesError(f"lower ({lower}) must be below upper ({upper}).", "Swap or drop them.")
    least, most = float(np.nanmin(series)), float(np.nanmax(series))
    if least < low or most > high:
        wrong, bound = (
            (least, f"lower bound {low:g}") if least < low else (most, f"upper bound {high:g}")
        )
        raise SeriesError(
            f"The series holds {wrong:g}, past its own {bound}.",
            "Correct the value, or drop the bound.",
        )
    return low, high


@dataclass(frozen=True)
class Paths:
    """Forecasts made now (the first row) and from earlier origins, of a series scaled to 1."""

    recent: Floats
    season: Season | None
    ends: NDArray[np.intp]
    paths: Floats


def paths_of(series: Floats, season_length: int, horizon: int, back: bool = True) -> Paths:
    """The forecast of a scaled series, and (``back``) those it would have had from earlier on."""
    recent = looked_back(series, max(WINDOW, 4 * season_length))
    season = None
    if season_test(recent, season_length).found:
        season = Season.of(recent, season_length)
    ends = np.array([recent.size])
    if back:
        ends = origins(recent.size, season_length if season else 1)
    return Paths(recent, season, ends, from_origins(recent, season, horizon, ends))


def looked_back(series: Floats, steps: int) -> Floats:
    """The last ``steps`` of a series, from their first known value. Raises SeriesError."""
    recent = series[-steps:]
    known = np.flatnonzero(~np.isnan(recent))
    if known.size < 2:
        raise SeriesError(
            f"The last {steps} steps hold {known.size} known values; 2 are needed.",
            "Forecast from the steps that were recorded.",
        )
    return recent[known[0] :]


def naive_share(known: Floats) -> Floats:
    """The weight of the naive forecast, by how many values are known: 1 - n/16, from 0 at 16."""
    return np.clip(1 - known / _TRUSTED_FROM, 0.0, 1.0)


def from_origins(
    series: Floats, season: Season | None, horizon: int, ends: NDArray[np.intp]
) -> Floats:
    """Forecasts of steps 1..``horizon`` made after each of ``ends``: (origins, horizon).

    Nothing after an origin is used for it: indices, parameters and levels are fitted again.
    """
    steps = np.arange(series.size + horizon)
    if season is None:
        table = np.repeat(series[None, :], ends.size, axis=0)
    else:
        index = np.array([season.at(steps, int(end)) for end in ends])
        table = season.remove(series, index[:, : series.size])
    forecast = _adjusted(table, ends, horizon)
    if season is None:
        return forecast
    ahead = ends[:, None] + np.arange(horizon)
    return season.restore(forecast, np.take_along_axis(index, ahead, axis=1))


def _has_logs(table: Floats) -> bool:
    return bool(np.nanmin(table) > 0)


def _adjusted(table: Floats, ends: NDArray[np.intp], horizon: int) -> Floats:
    """Forecasts of seasonally adjusted rows: (rows, horizon)."""
    rows = Rows.of(table, ends)
    if _has_logs(table):
        both = Rows.of(np.concatenate([table, np.log(table)]), np.r_[ends, ends])
        pair = 0.5 * theta(both, horizon) + 0.5 * damped(both, horizon)
        half = ends.size
        room = np.log(_GROWTH)
        low, high = np.log(np.nanmin(table)) - room, np.log(np.nanmax(table)) + room
        smooth = 0.5 * pair[:half] + 0.5 * np.exp(np.clip(pair[half:], low, high))
    else:
        smooth = 0.5 * theta(rows, horizon) + 0.5 * damped(rows, horizon)
    count = rows.known.sum(axis=1)
    last = np.where(rows.known > 0, np.arange(table.shape[1]), -1).max(axis=1)
    naive = rows.values[np.arange(ends.size), last]
    share = naive_share(count)
    return np.asarray((share * naive)[:, None] + (1 - share)[:, None] * smooth)
