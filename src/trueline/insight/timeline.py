"""When the values were: put them on equal steps, and tell which season such steps may have."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np

from trueline.insight.series import MAX_POINTS, Floats, SeriesError, Values

Timestamps = Sequence[date | datetime | str]

#: (least and most days between two steps, season in steps, how the step is called)
_GRAINS = (
    (0.9, 1.1, 7, "day"),
    (6.5, 7.5, 52, "week"),
    (27.5, 31.5, 12, "month"),
    (89.0, 93.0, 4, "quarter"),
    (364.5, 366.5, 1, "year"),
)

#: how far, in steps, a timestamp may lie from its step: February puts month ends 0.1 off
_SLACK = 0.15


def on_equal_steps(values: Values, timestamps: Timestamps) -> tuple[Values, int | None]:
    """Values with a NaN for every step the timestamps skip, and the season such steps may have.

    The season is 7 for days, 52 for weeks, 12 for months, 4 for quarters, 1 for years, and
    ``None`` for any other step. Raises :class:`SeriesError` when the timestamps are not as many
    as the values, do not increase, or lie on no common step.
    """
    if len(timestamps) != len(values):
        raise SeriesError(
            f"There are {len(values)} values and {len(timestamps)} timestamps.",
            "Give one timestamp for each value, or none at all.",
        )
    days = [_days(stamp, place) for place, stamp in enumerate(timestamps, start=1)]
    for place, (earlier, later) in enumerate(pairwise(days), start=2):
        if later <= earlier:
            raise SeriesError(
                f"Timestamp {place} is not after the one before it.",
                "Sort the values by time, one value a step.",
            )
    if len(days) < 2:
        return values, None
    return _spread_out(values, np.array(days))


def _days(stamp: date | datetime | str, place: int) -> float:
    if isinstance(stamp, str):
        try:
            stamp = datetime.fromisoformat(stamp)
        except ValueError as error:
            raise SeriesError(
                f"Timestamp {place} ({stamp!r:.40}) is not an ISO 8601 date.",
                "Write it as 2026-11-07 or 2026-11-07T00:00:00.",
            ) from error
    if isinstance(stamp, datetime):
        # The clock on the wall: a day stays a day across a change of summer time.
        wall = stamp.replace(tzinfo=None) - datetime(1, 1, 1)
        return wall.days + wall.seconds / 86_400
    if isinstance(stamp, date):
        return float(stamp.toordinal() - 1)
    raise SeriesError(
        f"Timestamp {place} is {type(stamp).__name__}.", "Give dates, datetimes or ISO 8601 text."
    )


def _spread_out(values: Values, days: Floats) -> tuple[Values, int | None]:
    step = float(np.median(np.diff(days)))
    season = next((season for low, high, season, _ in _GRAINS if low <= step <= high), None)
    # Months and quarters differ in length, so steps are counted from the start, not summed up.
    exact = (days - days[0]) / (_mean_length(step))
    place = np.rint(exact).astype(int)
    if (np.diff(place) < 1).any() or np.abs(exact - place).max() > _SLACK:
        raise SeriesError(
            "The timestamps lie on no common step.",
            "Give one value a day, week, month, quarter or year; leave out what is missing.",
        )
    if place[-1] + 1 > MAX_POINTS:
        raise SeriesError(
            f"The timestamps span {place[-1] + 1:,} steps; at most {MAX_POINTS:,} are taken.",
            "Pass the most recent ones, or sum them to a longer period.",
        )
    spaced: list[float | None] = [None] * int(place[-1] + 1)
    for at, value in zip(place, values, strict=True):
        spaced[at] = value
    return spaced, season


def _mean_length(step: float) -> float:
    """The mean length in days of the calendar step whose typical length is ``step``."""
    for low, high, season, _ in _GRAINS:
        if low <= step <= high and season in (12, 4, 1):
            return 365.2425 / season
    return step


def steps_ahead(timestamps: Timestamps, horizon: int) -> list[str] | None:
    """The next ``horizon`` dates (ISO), by the calendar; None where the step is none of its own.

    Months, quarters and years keep their day of the month (the 30th is back after February); month
    ends stay month ends. A time of day is left out: steps are days or longer.
    """
    stamps = [_wall(stamp) for stamp in timestamps]
    if len(stamps) < 2:
        return None
    days = np.array([_days(stamp, place) for place, stamp in enumerate(timestamps, start=1)])
    step = float(np.median(np.diff(days)))
    season = next((season for low, high, season, _ in _GRAINS if low <= step <= high), None)
    last = stamps[-1]
    if season in (7, 52):
        each = 1 if season == 7 else 7
        return [(last + timedelta(days=each * k)).isoformat() for k in range(1, horizon + 1)]
    if season is None:
        return None
    ends = all(_is_month_end(stamp) for stamp in stamps)
    day = max(stamp.day for stamp in stamps) if _is_month_end(last) else last.day
    day = 31 if ends else day
    return [_months_on(last, k * 12 // season, day) for k in range(1, horizon + 1)]


def _wall(stamp: date | datetime | str) -> date:
    found = datetime.fromisoformat(stamp) if isinstance(stamp, str) else stamp
    return found.date() if isinstance(found, datetime) else found


def _is_month_end(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def _months_on(last: date, months: int, day: int) -> str:
    """That day of the month so many months on, or the month's last where it has no such day."""
    year, month = divmod(last.year * 12 + last.month - 1 + months, 12)
    return date(year, month + 1, min(day, monthrange(year, month + 1)[1])).isoformat()
