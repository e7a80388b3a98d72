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
    """The chart with a plan's steps behind its lines: rows of ``t``, ``when``, ``v``, ``x``.

    A month that is not planned (``v`` is null) leaves a gap; one between two such is a dot. What
    was planned stands where a month is pointed at.
    """
    base: Spec = {"data": {"name": "plan"}}
    place = {"x": time_axis(), "y": _height(spec)}
    line = base | {
        "mark": {
            "type": "line", "color": "@c3", "strokeWidth": 1.75, "strokeDash": [6, 3],
            "invalid": "break-paths-filter-domains", "aria": False,
        },
        "encoding": place,
    }  # fmt: skip
    dots = {
        "data": {"name": "lone plan"},
        "mark": {"type": "point", "filled": True, "size": 32, "color": "@c3", "aria": False},
        "encoding": place,
    }
    planned = [row["v"] for row in rows]
    lone = [
        row
        for row, before, after in zip(rows, [None, *planned], [*planned[1:], None], strict=False)
        if row["v"] is not None and before is None and after is None
    ]
    data: dict[str, Any] = spec["datasets"]
    points = _with_texts(data.get("points", data["rows"]), rows)
    return spec | {
        "layer": [line, dots, *map(_telling_plan, spec["layer"])],
        "datasets": data | {"plan": rows, "lone plan": lone, "points": points},
    }


def _with_texts(points: list[dict[str, Any]], plan: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is pointed at, with what was planned for it, and months that are only planned."""
    blank = {name: "" for name in points[0] if name not in ("t", "when")} | {"plan": ""}
    found = {point["t"]: blank | point for point in points}
    for row in plan:
        here = {"t": row["t"], "when": row["when"]}
        found[row["t"]] = blank | here | found.get(row["t"], {}) | {"plan": row["x"]}
    return list(found.values())


def _telling_plan(layer: Spec) -> Spec:
    """A layer that is pointed at says what was planned, too."""
    if "params" not in layer:
        return layer
    encoding = layer["encoding"]
    told = encoding | {"tooltip": [*encoding["tooltip"], *tips(("plan", "Plan"))]}
    return layer | {"data": {"name": "points"}, "encoding": told}


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
