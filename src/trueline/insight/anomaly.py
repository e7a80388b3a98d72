"""Anomalies: values far from what the series' own past forecast, at a rate you choose.

Every value is compared with a one-step forecast made without it. The forecast is exponential
smoothing with an additive season, averaged over a small grid by how well each member has done so
far, so a season that is not there gets no weight. Counts and money are compared on a log scale,
where halving is about as far as doubling. A value alarms when its error is beyond a threshold
taken from the series' own errors, 120 at most, set so that about ``alarm_budget`` of ordinary
values alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from trueline.insight.series import (
    MAX_SEASON,
    Floats,
    SeriesError,
    Values,
    checked,
    size,
    whole,
)

_SEASONS = 3  #: silent before this many seasons
SILENT_STEPS = 21  #: and before this many known values
_ERRORS = 120  #: the most past errors a threshold looks at
_TAIL = 0.8  #: errors above this quantile describe the tail
_ROUNDING = 1e-9  #: a past without any error still allows rounding
_RANKED = 5  #: errors beyond a conformal rank for it to be used as it is
_CLIP = 3.0  #: an error moves the level as if it were at most this many typical errors
_GRID = np.array(
    [(alpha, gamma) for alpha in (0.02, 0.05, 0.1, 0.2, 0.35) for gamma in (0.0, 0.03, 0.1)]
)


@dataclass(frozen=True)
class Anomaly:
    """One value outside what its own past allowed. Values are in the series' unit."""

    index: int  #: position in the values given, from 0
    value: float
    expected: float  #: forecast made from the values before it
    lower: float  #: the least value that would not have alarmed
    upper: float  #: the greatest value that would not have alarmed
    side: Literal["above", "below"]
    score: float  #: error over the threshold; above 1 is an anomaly


def anomalies(
    values: Values, season_length: int, alarm_budget: float = 0.01, positive: bool = False
) -> list[Anomaly]:
    """The anomalous values of a series, oldest first.

    ``values``: oldest first, equal steps, NaN or None where missing (never an anomaly here: a
    missing value is another kind of alarm). ``season_length``: 7 for days, 12 for months, 1 for
    none. ``alarm_budget``: the share of ordinary values that may alarm, 0.001 to 0.2.
    ``positive``: the values are counts or money that cannot be negative, compared on the log
    scale. Nothing is reported before three seasons and 21 known values; a shorter series gives an
    empty list. Raises :class:`~trueline.insight.series.SeriesError`.
    """
    series = checked(values, at_least=1)
    season_length = whole("season_length", season_length, 1, MAX_SEASON)
    if not 0.001 <= alarm_budget <= 0.2:
        raise SeriesError(
            f"alarm_budget is {alarm_budget}; it must be 0.001 to 0.2.",
            "0.01 lets about one ordinary value in a hundred alarm.",
        )
    scale = Scale.of(series, positive)
    shown = scale.forward(series)
    expected = one_step_forecasts(shown, season_length)
    limits = np.maximum(thresholds(shown - expected, season_length, alarm_budget), _ROUNDING)
    far = np.abs(shown - expected) > limits * (1 + _ROUNDING)
    offset = len(values) - series.size
    return [
        _anomaly(int(at), offset, series, shown, expected, limits, scale)
        for at in np.flatnonzero(far)
    ]


def _anomaly(
    at: int,
    offset: int,
    series: Floats,
    shown: Floats,
    expected: Floats,
    limits: Floats,
    scale: Scale,
) -> Anomaly:
    middle, limit = expected[at], limits[at]
    error = shown[at] - middle
    lower, centre, upper = scale.back(np.array([middle - limit, middle, middle + limit]))
    return Anomaly(
        index=at + offset,
        value=float(series[at]),
        expected=float(centre),
        lower=float(lower),
        upper=float(upper),
        side="above" if error > 0 else "below",
        score=float(abs(error) / limit),
    )


@dataclass(frozen=True)
class Scale:
    """The scale errors are measured on: as given, or logs after an offset."""

    unit: float
    log: bool
    offset: float

    @classmethod
    def of(cls, series: Floats, positive: bool) -> Scale:
        """The scale for a series; :class:`SeriesError` when ``positive`` is not true of it."""
        known = series[~np.isnan(series)]
        unit = size(known)
        if not positive:
            return cls(unit, False, 0.0)
        if (known < 0).any():
            raise SeriesError(
                f"positive=True, but the series holds {known.min():g}.",
                "Correct the value, or pass positive=False.",
            )
        # Half the median is added before the log. A plain log has no place for zero and makes
        # small counts all noise on the low side, which then hides rises; measured on daily orders
        # and revenue, this offset finds more at the same rate of alarms (docs/guide/forecasts.md).
        some = known[known > 0]
        offset = float(np.median(some)) / 2 if some.size else 0.0
        return cls(unit, bool(some.size), offset)

    def forward(self, values: Floats) -> Floats:
        """Values on this scale."""
        return np.log(values + self.offset) if self.log else values / self.unit

    def back(self, values: Floats) -> Floats:
        """Values in the series' unit again; never negative where they were logs."""
        if not self.log:
            return values * self.unit
        return np.asarray(np.maximum(np.exp(np.minimum(values, 700.0)) - self.offset, 0.0))


def thresholds(errors: Floats, season_length: int, budget: float) -> Floats:
    """The greatest ordinary size of each error, judged by the errors before it; inf while silent.

    Where at least five past errors lie beyond it (99 errors at a budget of 5%), the conformal
    rank: the size that ``budget`` of the past errors and the new one, together, pass. A rarer
    rank would be the size of the one or two largest errors, and an old outlier would hide new
    ones for months; there an exponential tail above the 80% quantile reaches for it, widened for
    how few errors describe it.
    """
    known = np.flatnonzero(~np.isnan(errors))
    sizes = np.abs(errors[known])
    limits = np.full(errors.size, np.inf)
    start = max(SILENT_STEPS, _SEASONS * season_length)
    for place in range(start, known.size):
        past = sizes[max(season_length, place - _ERRORS) : place]
        limits[known[place]] = _limit(past, budget)
    return limits


def _limit(past: Floats, budget: float) -> float:
    if (past.size + 1) * budget >= _RANKED:
        rank = int(np.ceil((past.size + 1) * (1 - budget)))
        return float(np.partition(past, rank - 1)[rank - 1])
    base = float(np.quantile(past, _TAIL))
    excess = past[past > base] - base
    if not excess.size:
        return base
    # The predictive quantile of an exponential tail whose mean was estimated from n excesses
    # (a Lomax distribution): n * (r^(1/n) - 1) tends to log r as n grows.
    n, rarity = excess.size, (1 - _TAIL) / budget
    return base + float(excess.mean()) * n * float(rarity ** (1 / n) - 1)


def one_step_forecasts(series: Floats, season_length: int) -> Floats:
    """The forecast of each value from the values before it; the first is the first value.

    One pass serves every origin: exponential smoothing never looks forward. An error beyond three
    typical errors moves the level no further than three would, so one anomaly does not make the
    next values look wrong. A missing value moves nothing.
    """
    alpha, gamma = (_GRID if season_length > 1 else _GRID[_GRID[:, 1] == 0]).T
    level = np.full(alpha.size, series[0])
    season = np.zeros((season_length, alpha.size))
    squared, typical = np.zeros(alpha.size), np.zeros(alpha.size)
    forecasts = np.empty(series.size)
    seen = 0
    for step, value in enumerate(series):
        place = step % season_length
        members = level + season[place]
        forecasts[step] = _weights(squared, seen - season_length) @ members
        if np.isnan(value):
            continue
        error = value - members
        if seen > 1:
            error = np.clip(error, -_CLIP * typical, _CLIP * typical)
        if seen >= season_length:
            squared += error * error
        seen += 1
        # 1.25: a normal error's standard deviation over its mean absolute value. Early on, plain
        # means; later, exponential ones, which forget.
        typical += (1.25 * np.abs(error) - typical) * max(0.05, 1 / seen)
        rate = np.maximum(alpha, 1 / (seen + 1))
        level += rate * error
        share = np.maximum(gamma, 1 / (step // season_length + 1)) * (gamma > 0)
        season[place] += share * (1 - rate) * error
    return forecasts


def _weights(squared: Floats, count: int) -> Floats:
    """How much each member is believed: its Gaussian likelihood so far."""
    least = float(squared.min())
    if count < 1 or least <= 0:
        return np.full(squared.size, 1 / squared.size)
    weight = (squared / least) ** (-0.5 * count)
    return np.asarray(weight / weight.sum())
