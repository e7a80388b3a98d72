"""Change points: steps where a series jumps to another level and stays there.

At each step a jump beside a common straight line is fitted by least squares; the largest jump, in
units of its standard error, is a change point if it passes a bound, and each side is then searched
in turn. The error is widened for autocorrelation, so slow wandering is not called a jump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trueline.insight.series import Floats
from trueline.insight.trend import memory

_SHORTEST = 5  #: values on each side of a jump
_BOUND = 4.5  #: standard errors; without a jump the largest of many steps is near 2.5
_MOST = 5


@dataclass(frozen=True)
class ChangePoint:
    """A lasting jump: the first value of the new level, and its size in the series' unit."""

    index: int  #: position in the values given, from 0
    size: float


def change_points(steps: Floats, values: Floats) -> tuple[ChangePoint, ...]:
    """The jumps of known ``values`` at increasing ``steps``, oldest first, five at most."""
    found: list[tuple[float, ChangePoint]] = []
    waiting = [(0, values.size)]
    while waiting:
        start, end = waiting.pop()
        if end - start < 2 * _SHORTEST:
            continue
        at, size, strength = _largest_jump(steps[start:end], values[start:end])
        if strength < _BOUND:
            continue
        found.append((strength, ChangePoint(start + at, size)))
        waiting += [(start, start + at), (start + at, end)]
    strongest = sorted(found, key=lambda item: -item[0])[:_MOST]
    return tuple(sorted((point for _, point in strongest), key=lambda point: point.index))


def _largest_jump(steps: Floats, values: Floats) -> tuple[int, float, float]:
    """(where, size, size in standard errors) of the largest jump beside a straight line."""
    n = values.size
    off = steps - steps.mean()
    off = off / np.sqrt(off @ off)
    centred = values - values.mean()
    flat = centred - (off @ centred) * off
    at = np.arange(_SHORTEST, n - _SHORTEST + 1)
    # The indicator of "from here on", freed of mean and slope, only ever meets `flat`, which has
    # neither: sums from each step to the end are all that is needed.
    later = (n - at).astype(float)
    along = _from_end(off)[at]
    power = later - later * later / n - along * along
    size = _from_end(flat)[at] / power
    best = int(np.argmax(size * size * power))
    after = (np.arange(n) >= at[best]) - later[best] / n - along[best] * off
    rest = flat - size[best] * after
    if np.abs(rest).max() <= 1e-9 * max(float(np.abs(values).max()), 1e-300):
        exact = abs(size[best]) > 1e-9 * float(np.abs(values).max())
        return int(at[best]), float(size[best]), np.inf if exact else 0.0
    r = memory(rest, values)
    variance = float(rest @ rest) / max(n - 3, 1) * (1 + r) / (1 - r)
    strength = abs(size[best]) * np.sqrt(power[best] / variance)
    return int(at[best]), float(size[best]), float(strength)


def _from_end(values: Floats) -> Floats:
    """The sum from each place to the end."""
    return np.asarray(np.cumsum(values[::-1])[::-1])
