"""How good would the forecast have been? It is made again from earlier origins, and compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from trueline.insight.forecasting import Paths, paths_of
from trueline.insight.series import Floats, Values, checked, size


@dataclass(frozen=True)
class Backtest:
    """Errors of forecasts made from earlier origins, in the series' own unit.

    ``mae`` and ``naive_mae`` are mean absolute errors over all horizons, of this forecast and of
    repeating the last value (last season's where a season was found); ``skill`` is their ratio,
    below 1 where the forecast is better. All are None where the series is too short to tell.
    """

    origins: int
    mae: float | None
    naive_mae: float | None
    mape: float | None

    @property
    def skill(self) -> float | None:
        """``mae`` over ``naive_mae``."""
        if self.mae is None or not self.naive_mae:
            return None
        return self.mae / self.naive_mae

    def to_json(self) -> dict[str, Any]:
        """The backtest as a JSON object."""
        return {
            "origins": self.origins,
            "mae": self.mae,
            "mape": self.mape,
            "naive_mae": self.naive_mae,
            "skill": self.skill,
        }


def backtest(values: Values, season_length: int, horizon: int) -> Backtest:
    """Forecast ``horizon`` steps again from up to 16 earlier origins, each knowing its past only.

    Raises SeriesError as ``forecast`` does.
    """
    series = checked(values)
    scale = size(series)
    return judged(paths_of(series / scale, season_length, horizon), season_length, scale)


def judged(made: Paths, season_length: int, scale: float) -> Backtest:
    """The errors of forecasts that were made already; ``scale`` is the series' unit."""
    recent, season, ends = made.recent, made.season, made.ends
    if ends.size < 2:
        return Backtest(0, None, None, None)
    paths = made.paths[1:]
    horizon = paths.shape[1]
    at = ends[1:, None] + np.arange(horizon)
    actual = np.append(recent, np.nan)[np.minimum(at, recent.size)]
    errors = np.abs(actual - paths)
    if np.isnan(errors).all():
        return Backtest(0, None, None, None)
    naive = np.abs(actual - _naive(recent, ends[1:], horizon, season_length if season else 1))
    positive = bool((recent[~np.isnan(recent)] > 0).all())
    return Backtest(
        origins=int((~np.isnan(errors)).any(axis=1).sum()),
        mae=float(np.nanmean(errors)) * scale,
        naive_mae=float(np.nanmean(naive)) * scale if not np.isnan(naive).all() else None,
        mape=float(100 * np.nanmean(errors / actual)) if positive else None,
    )


def _naive(series: Floats, ends: Any, horizon: int, season: int) -> Floats:
    """The last known value of each origin (a season ago where there is one), for every horizon."""
    out = np.full((ends.size, horizon), np.nan)
    for row, end in enumerate(ends):
        if season > 1:
            out[row] = series[end - season + np.arange(horizon) % season]
        else:
            past = series[:end]
            out[row] = past[~np.isnan(past)][-1] if (~np.isnan(past)).any() else np.nan
    return out
