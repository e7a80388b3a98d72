"""Prediction intervals from the errors a series' own forecasts made, at each horizon.

The forecast is made again from up to sixteen earlier origins, each knowing only its own past, and
compared with what came. Root mean squared errors are fitted to ``scale * horizon ** power``: the
few errors at far horizons are pooled, and horizons longer than the past allows are extrapolated.
Student's t widens what few errors can say.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from trueline.insight.series import Floats

_ORIGINS = 16
_STRIDE = 3  #: origins lie at most this many steps apart
_KEPT = 24  #: steps left before the first origin while the stride grows
_POWER = 0.75  #: the power believed before any error is seen: between a random walk and a trend
_POWER_WEIGHT = 30.0  #: how firmly, in errors times squared log-horizon
_ROUNDING = 1e-24  #: a squared error that much smaller than the largest is none, but rounding
_LEVEL_POWER = 0.25  #: errors of positive series grow with the level to this power


def origins(steps: int, season: int) -> NDArray[np.intp]:
    """Ends of the histories forecast from: the whole series first, then earlier and earlier.

    A seasonal history holds two seasons at least; any other four steps, or half the series when
    it is shorter than eight, never fewer than two.
    """
    first = 2 * season if season > 1 else min(4, max(2, steps // 2))
    stride = max(1, min(_STRIDE, (steps - _KEPT) // _ORIGINS))
    earlier = np.arange(steps - 1, first - 1, -stride)[:_ORIGINS]
    return np.asarray(np.r_[steps, earlier], dtype=np.intp)


@dataclass(frozen=True)
class Spread:
    """The typical error at each horizon, and how many degrees of freedom measured it."""

    typical: Floats  #: root mean squared error at horizon 1, 2, ...
    freedom: float

    def half_width(self, level: float) -> Floats:
        """Half the width of the central interval that holds ``level`` percent."""
        return t_quantile(0.5 + level / 200, self.freedom) * self.typical


def spread(series: Floats, forecasts: Floats, ends: NDArray[np.intp]) -> Spread:
    """Fit the spread of the first forecast (the whole series) on the errors of the others.

    ``forecasts`` has one row for each of ``ends``, one column a horizon. Errors of neighbouring
    origins overlap, so they count for half: the degrees of freedom are half the largest number of
    errors at one horizon, and two at least.
    """
    horizon = forecasts.shape[1]
    unit = _unit(series, forecasts)
    at = ends[1:, None] + np.arange(horizon)
    actual = np.append(series, np.nan)[np.minimum(at, series.size)]
    errors = (actual - forecasts[1:]) / unit[1:]
    known = ~np.isnan(errors)
    count = known.sum(axis=0)
    if not count.any():
        return Spread(_last_step(series) * np.sqrt(np.arange(1, horizon + 1)), 2.0)
    squares = np.where(known, errors, 0.0) ** 2
    typical = _power_law(squares.sum(axis=0), count.astype(float))
    return Spread(typical * unit[0], max(2.0, count.max() / 2))


def _unit(series: Floats, forecasts: Floats) -> Floats:
    """What an error is measured in: 1, or a power of the forecast when every value is positive."""
    floor = float(np.nanmin(series))
    if floor <= 0:
        return np.ones_like(forecasts)
    return np.asarray(np.maximum(forecasts, floor) ** _LEVEL_POWER)


def _last_step(series: Floats) -> float:
    """With no forecast to judge: the mean absolute change between known values."""
    known = series[~np.isnan(series)]
    return float(np.abs(np.diff(known)).mean())


def _power_law(total: Floats, count: Floats) -> Floats:
    """Root mean squares as ``scale * horizon ** power``, fitted on logs, weighted by count."""
    horizon = np.arange(1, total.size + 1, dtype=float)
    usable = (count > 0) & (total > _ROUNDING * total.max())
    if not usable.any():
        return np.zeros_like(horizon)
    weight = np.where(usable, count, 0.0)
    size = 0.5 * np.log(np.where(usable, total / np.maximum(count, 1), 1.0))
    reach = np.log(horizon)
    off = reach - weight @ reach / weight.sum()
    power = (weight * off @ size + _POWER_WEIGHT * _POWER) / (weight * off @ off + _POWER_WEIGHT)
    growth = horizon ** min(max(power, 0.0), 1.0)
    scale = np.sqrt((total / growth**2).sum() / count.sum())
    return np.asarray(scale * growth)


def t_quantile(share: float, freedom: float) -> float:
    """Student's t quantile, within 0.0005 for two degrees of freedom or more and 0.0005..0.9995.

    Hill's expansion (1970, Communications of the ACM, algorithm 396), exact at one and two.
    """
    if share == 0.5:
        return 0.0
    if share < 0.5:
        return -t_quantile(1 - share, freedom)
    tail = 2 * (1 - share)
    if freedom == 2:
        return float(np.sqrt(2 / (tail * (2 - tail)) - 2))
    if freedom == 1:
        return float(1 / np.tan(np.pi * tail / 2))
    return _hill(tail, freedom)


def _hill(tail: float, n: float) -> float:
    a = 1 / (n - 0.5)
    b = 48 / a**2
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * np.sqrt(a * np.pi / 2) * n
    y = (d * tail) ** (2 / n)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(tail / 2)
        y = x * x
        if n < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = float(np.expm1(a * y * y))
    else:
        y = (
            (1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1
        ) * (n + 1) / (n + 2) + 1 / y
    return float(np.sqrt(n * y))
