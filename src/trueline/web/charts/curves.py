"""Curves by age: what is left of each cohort after so many months."""

from __future__ import annotations

from typing import Any

from trueline.web.charts.axis import Scale, Spec, chart, tips


def curves(
    rows: list[dict[str, Any]],
    names: list[str],
    colours: list[str],
    *,
    spread: list[dict[str, Any]] | None = None,
    step: str = "M",
    scale: Scale = Scale(after="%"),  # noqa: B008  frozen
    height: int = 220,
) -> Spec:
    """Points: ``name``, ``age`` in steps (months, named by ``step``), ``v`` in percent, ``x`` its
    text; the first of ``names`` is drawn thick. ``spread`` (``age``, ``lo``, ``hi``): a band."""
    place = _place(step, scale)
    colour = {
        "field": "name",
        "type": "nominal",
        "scale": {"domain": names, "range": colours[: len(names)]},
        "legend": None,
    }
    first = {"test": {"field": "name", "equal": names[0]}}
    base: Spec = {"data": {"name": "rows"}}
    line: Spec = {
        "mark": {"type": "line", "strokeJoin": "round", "aria": False},
        "encoding": place
        | {"color": colour, "strokeWidth": {"condition": first | {"value": 2.5}, "value": 1.25}},
    }
    point: Spec = {
        "mark": {"type": "point", "filled": True, "size": 36, "aria": False},
        "encoding": place
        | {
            "color": colour,
            "opacity": {"condition": first | {"value": 1}, "value": 0.6},
            "tooltip": tips(("name", "Cohort"), ("age", "Months"), ("x", "Retained")),
        },
    }
    layers = [*([_band(place)] if spread else []), base | line, base | point]
    data = {"rows": rows} | ({"spread": spread} if spread else {})
    return chart(layers, data, height)


def _place(step: str, scale: Scale) -> Spec:
    """Where a point lies: by its age to the right, by its percentage upwards."""
    return {
        "x": {
            "field": "age",
            "type": "quantitative",
            "axis": {
                "title": None,
                "grid": False,
                "tickMinStep": 1,
                "labelExpr": f"'{step}' + datum.value",
            },
            "scale": {"nice": False},
        },
        "y": {
            "field": "v",
            "type": "quantitative",
            "axis": {"title": None, "tickCount": 4, "labelExpr": scale.label},
            "scale": {"zero": True},
        },
    }


def _band(place: Spec) -> Spec:
    """From the least to the greatest of each age."""
    return {
        "data": {"name": "spread"},
        "mark": {"type": "area", "color": "@c1", "opacity": 0.1, "aria": False},
        "encoding": {"x": place["x"], "y": place["y"] | {"field": "lo"}, "y2": {"field": "hi"}},
    }
