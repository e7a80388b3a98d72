"""The median of four statistical models from statsforecast (``pip install 'trueline[stats]'``).

Automatic ETS, ARIMA, Theta and complex smoothing, whose median did well in the M4 competition
(Petropoulos and Svetunkov 2020). It takes seconds where the built-in method takes milliseconds.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np

from trueline.insight.series import Floats, SeriesError

_MEMBERS = ("AutoETS", "AutoARIMA", "AutoTheta", "AutoCES")
_LEAST = 10  #: known values the four models need


def median_forecast(series: Floats, season_length: int, horizon: int) -> Floats:
    """The median of the four models' means at each step. No missing values, ten values at least."""
    try:
        models = import_module("statsforecast.models")
    except ImportError as error:
        raise SeriesError(
            "method='ensemble' needs statsforecast, which is not installed.",
            "Install it with: pip install 'trueline[stats]', or use method='smoothing'.",
        ) from error
    if np.isnan(series).any() or series.size < _LEAST:
        raise SeriesError(
            f"method='ensemble' needs {_LEAST} values or more and none missing.",
            "Use method='smoothing', which takes gaps and short series.",
        )
    if np.ptp(series) == 0:
        return np.full(horizon, series[-1])
    members = [getattr(models, name)(season_length=season_length) for name in _MEMBERS]
    means = [member.forecast(y=series, h=horizon)["mean"] for member in members]
    return np.asarray(np.median(means, axis=0), dtype=np.float64)
