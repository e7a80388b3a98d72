"""Is there a trend, and how steep: Mann-Kendall and Theil-Sen, both indifferent to outliers.

Mann-Kendall (Mann 1945, Kendall 1975) counts rising against falling pairs. It assumes independent
values; what a series remembers of itself widens its variance, as Yue and Wang (2004) proposed,
with the first autocorrelation corrected for its small-sample bias. Theil-Sen is the median slope
over pairs.

A series that wanders (MRR does) remembers nearly everything, and Mann-Kendall, so widened, hardly
ever calls its growth a trend. Its steps forget, so they are tested too (Wilcoxon 1945; of the
logs, where all values are positive: growth compounds). The smaller p-value counts, doubled, as two
tests were made.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from trueline.insight.series import Floats

_PAIRS = 500_000  #: slopes looked at for the median; all of them up to a thousand values
_CORRECTED_FROM = 8  #: values from which an autocorrelation means anything
_MOST_MEMORY = 0.95  #: a first autocorrelation is taken to be no higher


@dataclass(frozen=True)
class Trend:
    """Slope in units a step, and the two-sided p-value of there being none."""

    slope: float
    p_value: float
    intercept: float  #: the line's value at step 0

    def line(self, steps: Floats) -> Floats:
        """The trend line at each step."""
        return self.intercept + self.slope * steps


def fit_trend(steps: Floats, values: Floats) -> Trend:
    """The trend of known ``values`` at increasing ``steps``; two values at least."""
    slope = theil_sen(steps, values)
    intercept = float(np.median(values - slope * steps))
    residuals = values - intercept - slope * steps
    p_value = mann_kendall(values, memory(residuals, values))
    if values.size >= _CORRECTED_FROM:
        p_value = min(1.0, 2 * min(p_value, drift(values)))
    return Trend(slope, p_value, intercept)


def drift(values: Floats) -> float:
    """The two-sided p-value of the steps going up as often, and as far, as down.

    Wilcoxon's signed ranks of the steps (of the logs, where no value passes zero), widened for
    what they remember of themselves.
    """
    one_side = bool((values > 0).all() or (values < 0).all())
    moves = np.diff(np.sign(values) * np.log(np.abs(values)) if one_side else values)
    moves = moves[moves != 0]
    n = moves.size
    if n < _CORRECTED_FROM - 1:
        return 1.0
    ranks = np.empty(n)
    ranks[np.argsort(np.abs(moves))] = np.arange(1, n + 1)
    signed = ranks * np.sign(moves)
    kept = memory(signed, signed)
    error = np.sqrt(n * (n + 1) * (2 * n + 1) / 6 * (1 + kept) / (1 - kept))
    z = max(0.0, abs(float(signed.sum())) - 1) / float(error)
    return float(2 * (1 - NormalDist().cdf(z)))


def theil_sen(steps: Floats, values: Floats) -> float:
    """The median slope over pairs of points: all pairs, or half a million of them, spread evenly.

    Beyond a thousand values the pairs are those at evenly spaced distances, so that near and far
    pairs are both there and the answer never depends on chance.
    """
    n = values.size
    kept = max(1, min(n - 1, _PAIRS // n))
    lags = np.unique(np.linspace(1, n - 1, kept).astype(int))
    slopes = [(values[lag:] - values[:-lag]) / (steps[lag:] - steps[:-lag]) for lag in lags]
    return float(np.median(np.concatenate(slopes)))


def mann_kendall(values: Floats, first_autocorrelation: float = 0.0) -> float:
    """The two-sided p-value of Mann-Kendall's test, with ties, widened for autocorrelation."""
    n = values.size
    score = sum(float(np.sign(values[i + 1 :] - values[i]).sum()) for i in range(n - 1))
    _, ties = np.unique(values, return_counts=True)
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    if variance <= 0 or score == 0:
        return 1.0
    lags = np.arange(1, n)
    factor = 1 + 2 * float((1 - lags / n) @ first_autocorrelation**lags)
    z = (abs(score) - 1) / np.sqrt(variance * factor)
    return float(min(1.0, 2 * (1 - NormalDist().cdf(float(z)))))


def memory(residuals: Floats, values: Floats) -> float:
    """The first autocorrelation of ``residuals``, corrected for bias, from 0 to 0.95.

    Zero below eight values, and where the residuals are rounding noise beside the values.
    Negative ones count as zero: a correction only ever makes a test more careful.
    """
    n = residuals.size
    if n < _CORRECTED_FROM or np.abs(residuals).max() <= 1e-9 * np.abs(values).max():
        return 0.0
    d = residuals - residuals.mean()
    total = float(d @ d)
    if total <= 0:
        return 0.0
    r = float(d[1:] @ d[:-1]) / total
    return min(max((n * r + 1) / (n - 4), 0.0), _MOST_MEMORY)
