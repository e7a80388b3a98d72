"""A heat map of cohorts. Pages show the same as a table; this is what exports draw."""

from __future__ import annotations

from typing import Any

from trueline.web.charts.axis import Spec, chart, tips

STEPS = 10


def heat(rows: list[dict[str, Any]], *, height: int) -> Spec:
    """Cells: ``cohort``, ``age`` (text), ``v`` in percent, ``x`` its text; no unknown ones."""
    x = {
        "field": "age",
        "type": "ordinal",
        "sort": None,
        "scale": {"paddingInner": 0.04},
        "axis": {"title": None, "orient": "top", "labelAngle": 0, "grid": False},
    }
    y = {
        "field": "cohort",
        "type": "ordinal",
        "sort": None,
        "scale": {"paddingInner": 0.08},
        "axis": {"title": None, "grid": False},
    }
    colour = {
        "field": "v",
        "type": "quantitative",
        "legend": None,
        "scale": {"domain": [0, 100], "range": ["@h0", "@h1"], "interpolate": "lab"},
    }
    base = {"data": {"name": "rows"}}
    layers = [
        base
        | {
            "mark": {"type": "rect", "cornerRadius": 3},
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "tooltip": tips(("cohort", "Cohort"), ("age", "Month"), ("x", "Retained")),
            },
        },
        base
        | {
            "mark": {"type": "text", "fontSize": 11},
            "encoding": {
                "x": x,
                "y": y,
                "text": {"field": "x"},
                "color": {"condition": {"test": "datum.v > 55", "value": "@hOn"}, "value": "@text"},
            },
        },
    ]
    return chart(layers, {"rows": rows}, height, grows=False)


def look(rate: float) -> str:
    """The shade of a percentage's cell where a page has the table itself, in ten steps."""
    return f"h{max(0, min(STEPS, round(rate / STEPS)))}"
