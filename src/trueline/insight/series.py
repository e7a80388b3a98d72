"""What a series may be, checked once for forecasts, patterns and anomalies.

A series is one number per equal step of time (day, week, month...), oldest first. A step without
an answer is NaN or None: it stays missing, and is never read as zero. A period that is not over
yet (partial) has no answer either: pass NaN for it, or leave it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from trueline.core.errors import InputError

Floats = NDArray[np.float64]
Values = (
    Sequence[float | None] | Sequence[Decimal | None] | NDArray[np.floating] | NDArray[np.integer]
)

MAX_POINTS = 10_000  #: the longest series taken
MAX_HORIZON = 400  #: the furthest step forecast
MAX_SEASON = 400  #: the longest season tested; a year of days fits

_LARGEST = 1e150


class SeriesError(InputError, ValueError):
    """A series, or what was asked of it, breaks a rule. Also a ``ValueError`` for Python users."""


def checked(values: Values, *, at_least: int = 2) -> Floats:
    """``values`` as floats, leading missing steps trimmed, interior and trailing ones NaN.

    Numbers, numpy arrays and decimals are taken. Raises :class:`SeriesError` when the series is
    empty, not one-dimensional, not numbers, too long, infinite, or holds fewer than ``at_least``
    known values.
    """
    if isinstance(values, str | bytes | dict) or not hasattr(values, "__len__"):
        raise SeriesError(
            f"A series is a list of numbers, not {type(values).__name__}.",
            "Pass a list or a numpy array, oldest first.",
        )
    if len(values) == 0:
        raise SeriesError("The series is empty.", f"Pass at least {at_least} values, oldest first.")
    if len(values) > MAX_POINTS:
        raise SeriesError(
            f"The series has {len(values):,} points; at most {MAX_POINTS:,} are taken.",
            "Pass the most recent ones, or sum them to a longer period.",
        )
    return _known(_finite(_as_floats(values)), at_least)


def _as_floats(values: Values) -> Floats:
    wrong = SeriesError(
        "A series holds numbers only; text and true/false are not read as numbers.",
        "Pass numbers, and None or NaN where the value is missing.",
    )
    if not isinstance(values, np.ndarray) and any(isinstance(v, bool | np.bool_) for v in values):
        raise wrong
    try:
        given = np.asarray(values)
    except ValueError as error:
        raise wrong from error
    if given.ndim != 1:
        raise SeriesError(
            f"A series has one dimension; this one has {given.ndim}.", "Pass a flat list."
        )
    if given.dtype.kind not in "fiuO":
        raise wrong
    if given.dtype.kind == "O" and any(isinstance(v, str | bytes | bool) for v in given):
        raise wrong
    try:
        return given.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong from error


def _finite(series: Floats) -> Floats:
    infinite = np.flatnonzero(np.isinf(series))
    if infinite.size:
        raise SeriesError(
            f"Value {infinite[0] + 1} of the series is infinite; every value must be finite.",
            "Pass None or NaN where a ratio had no denominator.",
        )
    huge = np.flatnonzero(np.abs(series) > _LARGEST)
    if huge.size:
        raise SeriesError(
            f"Value {huge[0] + 1} of the series is beyond 1e150, where squares overflow.",
            "Check its unit.",
        )
    return series


def _known(series: Floats, at_least: int) -> Floats:
    seen = np.flatnonzero(~np.isnan(series))
    if seen.size == 0:
        raise SeriesError(
            "Every value of the series is missing.", f"Pass at least {at_least} known values."
        )
    if seen.size < at_least:
        raise SeriesError(
            f"The series has {seen.size} known value{'s' if seen.size > 1 else ''}; "
            f"at least {at_least} are needed.",
            "Wait for more periods, or use a finer grain.",
        )
    return series[seen[0] :]


def whole(name: str, value: int, low: int, high: int) -> int:
    """``value`` when it is a whole number in ``low``..``high``; else :class:`SeriesError`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise SeriesError(
            f"{name} must be a whole number, not {value!r:.40}.", f"Pass {low} to {high}."
        )
    if not low <= value <= high:
        raise SeriesError(f"{name} is {value}; it must be {low} to {high}.", _season_hint(name))
    return int(value)


def _season_hint(name: str) -> str | None:
    if name == "season_length":
        return "Pass 7 for days, 52 for weeks, 12 for months, 4 for quarters, 1 for no season."
    return None


def filled(series: Floats) -> Floats:
    """The series with gaps bridged by straight lines: for moving averages only, never reported."""
    known = ~np.isnan(series)
    if known.all():
        return series
    at = np.arange(series.size)
    return np.interp(at, at[known], series[known])


def size(series: Floats) -> float:
    """A power of two near the largest absolute value, 1 for zeros: dividing by it is exact."""
    largest = float(np.nanmax(np.abs(series)))
    return float(np.ldexp(1.0, np.frexp(largest)[1])) if largest > 0 else 1.0


def written(number: float) -> str:
    """A number in a sentence: four figures, thousands set apart, no needless exponent."""
    size = abs(number)
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{number:.4g}"
    return f"{number:,.0f}" if size >= 1000 else f"{float(f'{number:.4g}'):g}"
