"""What a finished line chart gets: marks at single buckets, a plan behind it, years on its axis."""

from __future__ import annotations

from typing import Any

from trueline.core.period import Period
from trueline.web.charts.axis import DAYS, Spec, time_axis, tips
from trueline.web.charts.locales import YEARS, days, months

_KINDS = {"domain": ["better", "worse", "other"], "range": ["@ok-mark", "@bad-mark", "@c3"]}


def marked(spec: Spec, rows: list[dict[str, Any]]) -> Spec:
    """The chart with a ring at each row: ``t``, ``v``, ``when``, ``x``, ``expected`` (texts), and
    ``kind`` (better, worse, other)."""
    layer = {
        "data": {"name": "unusual"},
        "mark": {"type": "point", "filled": False, "size": 110, "strokeWidth": 2, "opacity": 1},
        "encoding": {
            "x": time_axis(),
            "y": _height(spec),
            "color": {"field": "kind", "type": "nominal", "scale": _KINDS, "legend": None},
            "tooltip": tips(("when", "Unusual"), ("x", "Value"), ("expected", "Expected")),
        },
    }
    return spec | {
        "layer": [*spec["layer"], layer],
        "datasets": spec["datasets"] | {"unusual": rows},
    }


def with_plan(spec: Spec, rows: list[dict[str, Any]]) -> Spec:
    """The chart with a plan's steps behind its lines: rows of ``t``, ``v``, ``x``."""
    mark = {
        "type": "line", "color": "@c3", "strokeWidth": 1.75, "strokeDash": [6, 3], "aria": False,
    }  # fmt: skip
    layer = {
        "data": {"name": "plan"},
        "mark": mark,
        "encoding": {"x": time_axis(), "y": _height(spec)},
    }
    return spec | {
        "layer": [layer, *spec["layer"]],
        "datasets": spec["datasets"] | {"plan": rows},
    }


def _height(spec: Spec) -> Spec:
    """The chart's value axis, for rows whose value is ``v``."""
    first = next(layer["encoding"]["y"] for layer in spec["layer"] if "y" in layer["encoding"])
    return {**first, "field": "v"}


SPAN = 420
"""Days from which an axis names years."""


def named_by(spec: Spec, first: Period, last: Period, locale: str) -> Spec:
    """The chart with its buckets' own names on its time axis, as the locale writes them.

    Months, and all that spans more than a year, are named with their year; years by it alone.
    Else "Jan 1" would stand where a month or a year is meant.
    """
    by_month = first.days > 20 or (last.end - first.start).days > SPAN
    day_or_month = months(locale) if by_month else days(locale)
    named: Spec = _written(spec, YEARS if first.days > 300 else day_or_month)
    return named


def _written(spec: Any, form: str) -> Any:
    if isinstance(spec, dict):
        return {
            key: value
            if key == "datasets"
            else form
            if key == "format" and value == DAYS
            else _written(value, form)
            for key, value in spec.items()
        }
    return [_written(value, form) for value in spec] if isinstance(spec, list) else spec
