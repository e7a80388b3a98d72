"""What a finished line chart gets on top: marks at single buckets, years on its axis."""

from __future__ import annotations

from typing import Any

from trueline.web.charts.axis import Spec, time_axis, tips

_KINDS = {"domain": ["better", "worse", "other"], "range": ["@ok-mark", "@bad-mark", "@c3"]}


def marked(spec: Spec, rows: list[dict[str, Any]]) -> Spec:
    """The chart with a ring at each row: ``t``, ``v``, ``when``, ``x``, ``expected`` (texts), and
    ``kind`` (better, worse, other)."""
    first = next(layer["encoding"]["y"] for layer in spec["layer"] if "y" in layer["encoding"])
    y = {**first, "field": "v"}
    layer = {
        "data": {"name": "unusual"},
        "mark": {"type": "point", "filled": False, "size": 110, "strokeWidth": 2, "opacity": 1},
        "encoding": {
            "x": time_axis(),
            "y": y,
            "color": {"field": "kind", "type": "nominal", "scale": _KINDS, "legend": None},
            "tooltip": tips(("when", "Unusual"), ("x", "Value"), ("expected", "Expected")),
        },
    }
    return spec | {
        "layer": [*spec["layer"], layer],
        "datasets": spec["datasets"] | {"unusual": rows},
    }


def spanning_years(spec: Any) -> Any:
    """The chart with months and years on its time axis, for what spans more than a year."""
    if isinstance(spec, dict):
        return {
            key: value
            if key == "datasets"
            else "%b %Y"
            if key == "format" and value == "%b %-d"
            else spanning_years(value)
            for key, value in spec.items()
        }
    return [spanning_years(value) for value in spec] if isinstance(spec, list) else spec
