"""What is to come: a forecast's rows for a line, from the last whole value on."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from trueline.core.period import Grain, Period
from trueline.core.reading import Reading
from trueline.web.boards.ground import Bucket, Ground, is_partial
from trueline.web.charts.axis import MINUTE

SHORTEST, LONGEST = 3, {"day": 28, "week": 13, "month": 6, "quarter": 4, "year": 2}

FRESH = timedelta(days=3)
"""A range that ends this close to today reaches it: what is ahead belongs to it."""


def forecast_rows(
    ground: Ground,
    key: str,
    grain: Grain,
    buckets: list[Bucket],
    readings: list[Reading],
    period: Period,
) -> tuple[list[dict[str, Any]], str]:
    """Rows for the chart, the first of them the last whole value; and why there are none."""
    if period.end < ground.today - FRESH:
        return [], ""
    horizon = min(LONGEST[grain.value], max(SHORTEST, len(buckets) // 3))
    found = ground.tl.forecast(
        key, grain=grain.value, horizon=horizon, slice=ground.view.slice,
        allow_estimates=ground.view.estimates,
    )  # fmt: skip
    if not found["forecast"]:
        reasons = found["reasons"]
        return [], _said(reasons[0]) if reasons else ""
    rows = [_row(ground, found, step) for step in found["forecast"]]
    start = _last_whole(buckets, readings)
    if start is None:
        return rows, ""
    if f"{start[0].whole.end}{MINUTE}" < rows[0]["t"]:  # what lies between is known, not forecast
        return [], ""
    return [_joint(*start), *rows], ""


def _said(reason: Any) -> str:
    message = reason["message"] if isinstance(reason, dict) else reason.message
    return f"No forecast: {message}"


def _last_whole(buckets: list[Bucket], readings: list[Reading]) -> tuple[Bucket, Reading] | None:
    for bucket, reading in zip(reversed(buckets), reversed(readings), strict=True):
        if reading.value is not None and not is_partial(reading):
            return bucket, reading
    return None


def _joint(bucket: Bucket, reading: Reading) -> dict[str, Any]:
    value = float(reading.value or 0)
    return {
        "t": bucket.at, "when": bucket.when, "v": value, "lo": value, "hi": value, "x": "",
        "band": "", "lo_x": "", "hi_x": "",
    }  # fmt: skip


def _row(ground: Ground, found: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    from trueline.web.pages.frame import span

    low, high = (float(edge) for edge in step["intervals"]["80"])
    start, end = (date.fromisoformat(str(step[name])) for name in ("start", "end"))

    def text(number: float) -> str:
        return ground.amount(number, found["unit"], found["currency"])

    return {
        "t": f"{start}{MINUTE}",
        "when": span(Period(start, end), ground.locale),
        "v": float(step["mean"]),
        "lo": low,
        "hi": high,
        "x": text(step["mean"]),
        "lo_x": text(low),
        "hi_x": text(high),
        "band": f"{text(low)} to {text(high)}",
    }
