"""Curves by age: what is left of each cohort after so many months."""

from __future__ import annotations

from typing import Any

from trueline.web.charts.axis import Spec, chart, tips


def curves(
    rows: list[dict[str, Any]], names: list[str], colours: list[str], *, height: int = 220
) -> Spec:
    """Points: ``name``, ``age`` in months, ``v`` in percent, ``x`` its text; the first of
    ``names`` is drawn thick."""
    x = {
        "field": "age",
        "type": "quantitative",
        "axis": {"title": None, "grid": False, "tickMinStep": 1, "labelExpr": "'M' + datum.value"},
        "scale": {"nice": False},
    }
    y = {
        "field": "v",
        "type": "quantitative",
        "axis": {"title": None, "tickCount": 4, "labelExpr": "datum.value + '%'"},
        "scale": {"zero": True},
    }
    colour = {
        "field": "name",
        "type": "nominal",
        "scale": {"domain": names, "range": colours[: len(names)]},
        "legend": None,
    }
    first = {"test": {"field": "name", "equal": names[0]}}
    base: Spec = {"data": {"name": "rows"}}
    layers = [
        base
        | {
            "mark": {"type": "line", "strokeJoin": "round", "aria": False},
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "strokeWidth": {"condition": first | {"value": 2.5}, "value": 1.25},
            },
        },
        base
        | {
            "mark": {"type": "point", "filled": True, "size": 36, "aria": False},
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "opacity": {"condition": first | {"value": 1}, "value": 0.6},
                "tooltip": tips(("name", "Cohort"), ("age", "Months"), ("x", "Retained")),
            },
        },
    ]
    return chart(layers, {"rows": rows}, height)
