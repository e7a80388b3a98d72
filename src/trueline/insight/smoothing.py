"""Theta and damped-trend exponential smoothing, many origins at once.

Both run over a table of rows: row r is the series as it was known at one origin (its first
``ends[r]`` steps), on the raw or the log scale. One pass over time updates every row for every
smoothing parameter of a grid, so sixteen rolling origins cost little more than one forecast.
A missing step has no error and updates nothing; the damped trend still moves through it.

Theta: Assimakopoulos and Nikolopoulos (2000). Damped trend: Gardner and McKenzie (1985).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trueline.insight.series import Floats

_ALPHA = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])
_START = 10  #: observations whose straight line gives the damped trend its first level and slope
_GRID = np.array(
    [
        (alpha, alpha * beta, phi)
        for alpha in (0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.95)
        for beta in (0.0, 0.05, 0.1, 0.2, 0.4)
        for phi in (0.8, 0.9, 0.95, 1.0)
    ]
)


@dataclass(frozen=True)
class Rows:
    """One series as known at several origins: values, which are known, and where each ends."""

    values: Floats  #: (rows, steps); 0 where not known
    known: Floats  #: (rows, steps); 1 where known and before the row's end, else 0
    ends: NDArray[np.intp]  #: steps each row has

    @classmethod
    def of(cls, table: Floats, ends: NDArray[np.intp]) -> Self:
        """Rows from a table whose missing steps are NaN; steps from ``ends`` on are hidden."""
        hidden = np.arange(table.shape[1]) >= ends[:, None]
        known = ~(np.isnan(table) | hidden)
        return cls(np.where(known, table, 0.0), known.astype(float), ends)

    def line(self, first: int | None = None) -> tuple[Floats, Floats]:
        """Least-squares level at step 0 and slope, of each row's ``first`` known values or all."""
        weight = self.known
        if first is not None:
            weight = weight * (np.cumsum(weight, axis=1) <= first)
        step = np.arange(self.values.shape[1])
        count = weight.sum(axis=1)
        middle = weight @ step / count
        mean = (weight * self.values).sum(axis=1) / count
        off = weight * (step - middle[:, None])
        spread = (off * off).sum(axis=1)
        slope = (off * self.values).sum(axis=1) / np.where(spread > 0, spread, 1.0)
        return mean - slope * middle, slope


def simple_smoothing(rows: Rows, alpha: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Squared error and last level of simple exponential smoothing, each (rows, alphas).

    ``start`` is each row's first level. The level after a value is
    ``level + alpha * (value - level)``.
    """
    level = np.repeat(start[:, None], alpha.size, axis=1)
    squared = np.zeros_like(level)
    values, known = rows.values.T[:, :, None], rows.known.T[:, :, None]
    for value, here in zip(values, known, strict=True):
        error = (value - level) * here
        squared += error * error
        level += alpha * error
    return squared, level


def theta(rows: Rows, horizon: int) -> Floats:
    """Theta forecasts of steps 1..``horizon`` after each row's end: (rows, horizon).

    The mean of the straight line through the row and of the simple smoothing of the line with
    doubled curvature (``2 * value - line``), its alpha the grid's best one-step fit.
    """
    level, slope = rows.line()
    step = np.arange(rows.values.shape[1])
    doubled = 2 * rows.values - (level[:, None] + slope[:, None] * step)
    squared, last = simple_smoothing(Rows(doubled, rows.known, rows.ends), _ALPHA, doubled[:, 0])
    best = last[np.arange(last.shape[0]), squared.argmin(axis=1)]
    ahead = rows.ends[:, None] + np.arange(horizon)
    line = level[:, None] + slope[:, None] * ahead
    return np.asarray(0.5 * best[:, None] + 0.5 * line)


def damped(rows: Rows, horizon: int) -> Floats:
    """Damped-trend forecasts of steps 1..``horizon`` after each row's end: (rows, horizon).

    Averaged over the grid of (alpha, beta, phi), each weighted by its Gaussian likelihood: on
    short series the best fit alone is mostly luck. One phi of the grid is 1: a trend that has
    never slowed is not made to.
    """
    alpha, beta, phi = _GRID.T
    level0, slope0 = rows.line(_START)
    shape = (rows.ends.size, alpha.size)
    level = np.broadcast_to((level0 - slope0)[:, None], shape).copy()
    slope = np.broadcast_to(slope0[:, None], shape).copy()
    squared = np.zeros(shape)
    last_level, last_slope = np.empty(shape), np.empty(shape)
    values, known = rows.values.T[:, :, None], rows.known.T[:, :, None]
    ending = set(rows.ends.tolist())
    for step, (value, here) in enumerate(zip(values, known, strict=True), start=1):
        slope *= phi
        level += slope
        error = (value - level) * here
        squared += error * error
        level += alpha * error
        slope += beta * error
        if step in ending:
            done = rows.ends == step
            last_level[done], last_slope[done] = level[done], slope[done]
    weight = _likelihood(squared, rows.known.sum(axis=1))
    reach = np.cumsum(phi[:, None] ** np.arange(1, horizon + 1), axis=1)
    level_part = (weight * last_level).sum(axis=1)
    return np.asarray(level_part[:, None] + (weight * last_slope) @ reach)


def _likelihood(squared: Floats, count: Floats) -> Floats:
    """Weights over the grid, per row, from the squared errors; equal where every fit is exact."""
    floor = np.maximum(squared.max(axis=1, keepdims=True) * 1e-12, np.finfo(float).tiny)
    logs = -0.5 * count[:, None] * np.log(np.maximum(squared, floor))
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
