"""Seasonality: tested, not assumed; then taken out, and put back, by classical decomposition.

The test is the autocorrelation, at the season's lag, of what departs from a moving average one
season long (so no trend can drown the season), against its large-sample spread (Bartlett), at the
80% level: at 90% series of the M3 competition lose seasons they have. The indices are shrunk
towards *no season* by how noisy they are (James-Stein, as Miller and Williams 2003 proposed), so
a season tested in by luck does little harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from trueline.insight.series import Floats, filled

TEST_Z = 1.2816  #: 80% two-sided normal quantile
CYCLES_NEEDED = 2.5  #: a season seen fewer times than this is not tested
_ROUNDING = 1e-9  #: departures this small beside the series are rounding


@dataclass(frozen=True)
class SeasonTest:
    """Whether a season of ``length`` steps is there, and the sentence that says why."""

    length: int
    found: bool
    reason: str


def season_test(series: Floats, length: int, z: float = TEST_Z) -> SeasonTest:
    """Test for a season of ``length`` steps in ``series`` (NaN = missing)."""
    if length < 2:
        return SeasonTest(length, False, "no season length was given")
    need = ceil(CYCLES_NEEDED * length)
    if series.size < need:
        return SeasonTest(
            length, False, f"{series.size} points; {need} are needed to test a season of {length}"
        )
    start, centre = moving_average(series, length)
    departures = series[start : start + centre.size] - centre
    if np.nanmax(np.abs(departures), initial=0.0) <= _ROUNDING * np.nanmax(np.abs(series)):
        return SeasonTest(length, False, "no value departs from a moving average")
    r = autocorrelations(departures, length)
    bound = z * np.sqrt((1 + 2 * float(r[:-1] @ r[:-1])) / departures.size)
    found = bool(r[-1] > bound)
    verb = "exceeds" if found else "does not exceed"
    return SeasonTest(
        length, found, f"autocorrelation {r[-1]:.2f} at lag {length} {verb} {bound:.2f}"
    )


def moving_average(series: Floats, length: int) -> tuple[int, Floats]:
    """The centred moving average over one season, and the step its first value belongs to.

    Gaps are bridged by straight lines for the average only.
    """
    window = np.ones(length) if length % 2 else np.r_[0.5, np.ones(length - 1), 0.5]
    return length // 2, np.convolve(filled(series), window / length, "valid")


def autocorrelations(series: Floats, lags: int) -> Floats:
    """Autocorrelations at lags 1..``lags``; missing steps take no part. Zero for a constant."""
    d = np.where(np.isnan(series), 0.0, series - np.nanmean(series))
    total = float(d @ d)
    if total <= 0:
        return np.zeros(lags)
    return np.array([float(d[k:] @ d[:-k]) for k in range(1, lags + 1)]) / total


@dataclass(frozen=True)
class Season:
    """Seasonal ratios (or differences) of a series, and its indices as known at any origin."""

    length: int
    multiplicative: bool
    ratios: Floats  #: value over (or minus) the centred moving average; NaN where there is none

    @classmethod
    def of(cls, series: Floats, length: int) -> Season:
        """Decompose ``series``: by ratio when every known value is positive, else by difference."""
        multiplicative = bool(np.nanmin(series) > 0)
        half, centre = moving_average(series, length)
        middle = series[half : half + centre.size]
        ratios = np.full(series.size, np.nan)
        ratios[half : half + centre.size] = middle / centre if multiplicative else middle - centre
        return cls(length, multiplicative, ratios)

    def indices(self, end: int) -> Floats:
        """The ``length`` seasonal indices that could be known after the first ``end`` points.

        A place of the season that never had a value (the weekends of a shop that is closed then)
        is neutral, and says nothing of the others.
        """
        known = self.ratios[: max(0, end - self.length // 2)]
        at = np.flatnonzero(~np.isnan(known))
        neutral = 1.0 if self.multiplicative else 0.0
        off, position = known[at] - neutral, at % self.length
        count = np.bincount(position, minlength=self.length).astype(float)
        indices = np.full(self.length, neutral)
        seen = count > 0
        if not seen[self._places()].all():
            return indices
        count = count[seen]
        mean = np.bincount(position, off, self.length)[seen] / count
        noise = np.bincount(position, off * off, self.length)[seen] / count - mean * mean
        mean -= mean.mean()
        indices[seen] += mean * _kept(mean, noise, count)
        return indices

    def _places(self) -> NDArray[np.intp]:
        """The places of the season that have values at all."""
        return np.unique(np.flatnonzero(~np.isnan(self.ratios)) % self.length)

    def at(self, steps: NDArray[np.intp], end: int) -> Floats:
        """The index of each step, as known after the first ``end`` points."""
        return self.indices(end)[steps % self.length]

    def remove(self, series: Floats, index: Floats) -> Floats:
        """``series`` without its season."""
        return series / index if self.multiplicative else series - index

    def restore(self, series: Floats, index: Floats) -> Floats:
        """``series`` with its season put back."""
        return series * index if self.multiplicative else series + index


def _kept(mean: Floats, noise: Floats, count: Floats) -> float:
    """The share of the indices' departure from *no season* to keep (positive-part James-Stein)."""
    m = mean.size
    if m <= 3:
        return 1.0
    # noise is the population variance of the ratios; its unbiased version over count is the
    # variance of each index. An index seen once says nothing of its noise.
    error = float(np.mean(np.where(count > 1, noise / np.maximum(count - 1, 1), 0.0)))
    signal = float(mean @ mean) / (m - 1)
    if signal <= 0:
        return 0.0
    return max(0.0, 1 - (m - 3) / (m - 1) * error / signal)
