"""Bars: by bucket, stacked, by channel, a waterfall; and a ring of shares.

Rows of bars by bucket: ``label`` (the bucket's short text, unique), ``when``, ``name`` (of the
series), ``v``, ``x`` (its text), ``partial``. A partial bucket is hatched.
"""

from __future__ import annotations

from typing import Any

from trueline.web.charts.axis import Scale, Spec, chart, label_axis, tips, value_axis

ROW_GROWS = 24
"""By how much a row of a ranking may grow where the card beside it is higher."""
TOKENS = ("c1", "c2", "c3", "c4", "c5", "c6")


def _colours(names: list[str], tokens: list[str] | None = None) -> Spec:
    chosen = tokens or list(TOKENS)
    return {
        "domain": names,
        "range": [f"@{chosen[n % len(chosen)]}" for n in range(len(names))],
    }


def bars(
    rows: list[dict[str, Any]],
    scale: Scale,
    *,
    targets: list[float] | None = None,
    height: int = 262,
) -> Spec:
    """One bar a bucket; rows with ``e`` true are estimates, with ``partial`` true hatched."""
    fill = {
        "condition": {"test": "datum.partial", "value": "@hatch"},
        "value": "@c1",
    }
    layers: list[Spec] = [
        {
            "data": {"name": "rows"},
            "mark": {"type": "bar", "cornerRadiusEnd": 3},
            "encoding": {
                "x": label_axis(),
                "y": value_axis("v", scale, zero=True),
                "fill": fill,
                "opacity": {"condition": {"test": "datum.e", "value": 0.55}, "value": 1},
                "tooltip": tips(("when", "Period"), ("x", "Value"), ("note", "Note")),
            },
        }
    ]
    data: dict[str, list[Any]] = {"rows": rows}
    if targets:
        data["targets"] = [{"v": value} for value in targets]
        rule = {"type": "rule", "color": "@faint", "strokeDash": [3, 3]}
        layers.append(
            {
                "data": {"name": "targets"},
                "mark": rule,
                "encoding": {"y": value_axis("v", scale, zero=True)},
            }
        )
    return chart(layers, data, height)


def stacked(
    rows: list[dict[str, Any]],
    names: list[str],
    scale: Scale,
    *,
    tokens: list[str] | None = None,
    height: int = 262,
) -> Spec:
    """Bars of several series on one another, in the order of ``names`` from below.

    A partial bucket is hatched: stripes lie over all of its parts, whatever their colours.
    """
    layer = {
        "data": {"name": "rows"},
        "mark": {"type": "bar"},
        "encoding": {
            "x": label_axis(),
            "y": value_axis("v", scale, zero=True, stack="zero"),
            "color": {
                "field": "name",
                "type": "nominal",
                "scale": _colours(names, tokens),
                "legend": None,
            },
            "order": {"field": "order", "type": "quantitative"},
            "opacity": {"condition": {"test": "datum.e", "value": 0.55}, "value": 1},
            "tooltip": tips(
                ("when", "Period"), ("name", "Series"), ("x", "Value"), ("note", "Note")
            ),
        },
    }
    stripes = {
        "name": "stripes",
        "data": {"name": "rows"},
        "transform": [{"filter": "datum.partial"}],
        "mark": {
            "type": "bar",
            "color": "@stripes",
            "opacity": 0.7,
            "aria": False,
            "tooltip": None,
        },
        "encoding": {
            "x": label_axis(),
            "y": value_axis("v", scale, zero=True, aggregate="sum", stack=None),
        },
    }
    return chart([layer, stripes], {"rows": rows}, height)


def ranked(
    rows: list[dict[str, Any]],
    names: list[str],
    *,
    tokens: list[str] | None = None,
    height: int = 190,
) -> Spec:
    """A bar a name (``name``, ``v``, ``x``), a tick where the period before was (``before``)."""
    y, base = _names_axis(), {"data": {"name": "rows"}}
    words = tips(
        ("name", "Name"), ("x", "Value"), ("before_x", "Previous period"), ("note", "Note")
    )
    colour = {
        "field": "name", "type": "nominal", "scale": _colours(names, tokens), "legend": None,
    }  # fmt: skip
    bar: Spec = {
        "mark": {"type": "bar", "cornerRadiusEnd": 4, "height": {"band": 0.6}},
        "encoding": {"y": y, "x": _length("v"), "tooltip": words, "color": colour},
    }
    tick: Spec = {
        "mark": {
            "type": "tick", "color": "@text", "thickness": 2, "height": {"band": 0.85},
            "aria": False,
        },
        "encoding": {"y": y, "x": _length("before")},
    }  # fmt: skip
    value: Spec = {
        "transform": [{"calculate": "max(datum.v, datum.before || 0)", "as": "end"}],
        "mark": {
            "type": "text", "align": "left", "dx": 9, "fontSize": 12, "fontWeight": 600,
            "color": "@text",
        },
        "encoding": {"y": y, "x": _length("end"), "text": {"field": "x"}},
    }  # fmt: skip
    layers = [base | layer for layer in (bar, tick, value)]
    return chart(layers, {"rows": rows}, height, grows=ROW_GROWS * len(rows))


def _names_axis() -> Spec:
    """Names from above, in the order of the rows."""
    return {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "axis": {
            "title": None, "labelFontSize": 12, "labelPadding": 10, "grid": False,
            "labelLimit": 130,
        },
        "scale": {"paddingInner": 0.45, "paddingOuter": 0.2},
    }  # fmt: skip


def _length(field: str) -> Spec:
    """A bar's length, with room for the text behind the longest."""
    return {
        "field": field,
        "type": "quantitative",
        "axis": None,
        "scale": {"domainMin": 0, "nice": False, "padding": 44},
    }


def ring(rows: list[dict[str, Any]], names: list[str], *, tokens: list[str] | None = None) -> Spec:
    """Shares of a whole: ``name``, ``v`` (none negative), ``x``, ``share`` (text)."""
    spec = chart(
        [
            {
                "data": {"name": "rows"},
                "mark": {
                    "type": "arc",
                    "innerRadius": 52,
                    "outerRadius": 76,
                    "padAngle": 0.02,
                    "cornerRadius": 4,
                },
                "encoding": {
                    "theta": {"field": "v", "type": "quantitative", "stack": True},
                    "order": {"field": "order", "type": "quantitative"},
                    "color": {
                        "field": "name",
                        "type": "nominal",
                        "scale": _colours(names, tokens),
                        "legend": None,
                    },
                    "tooltip": tips(("name", "Name"), ("x", "Value"), ("share", "Share")),
                },
            }
        ],
        {"rows": rows},
        156,
    )
    spec["width"] = 156
    return spec


def waterfall(rows: list[dict[str, Any]], scale: Scale, *, height: int = 262) -> Spec:
    """From an opening to a closing: ``label``, ``a`` and ``b`` (where the bar begins and ends),
    ``kind`` (total, up, down), ``x`` (its text), ``short`` (the text above the bar)."""
    y = value_axis("a", scale, zero=True)
    kinds = {"domain": ["total", "up", "down"], "range": ["@c1", "@ok-mark", "@bad-mark"]}
    base = {"data": {"name": "rows"}}
    layers: list[Spec] = [
        base
        | {
            "mark": {"type": "bar", "cornerRadius": 2},
            "encoding": {
                "x": _steps_axis(),
                "y": y,
                "y2": {"field": "b"},
                "color": {"field": "kind", "type": "nominal", "scale": kinds, "legend": None},
                "tooltip": tips(("label", "Step"), ("x", "Value")),
            },
        },
        base
        | {
            "transform": [{"calculate": "max(datum.a, datum.b)", "as": "top"}],
            "mark": {
                "type": "text",
                "dy": -8,
                "fontSize": _narrow("9", "11"),
                "fontWeight": 600,
                "color": "@text",
            },
            "encoding": {
                "x": _steps_axis(),
                "y": value_axis("top", scale, zero=True),
                "text": {"field": "short"},
            },
        },
    ]
    return chart(layers, {"rows": rows}, height)


def _narrow(yes: str, no: str) -> Spec:
    """One value where eight bars have little room, on a phone, and another elsewhere."""
    return {"expr": f"width < 420 ? {yes} : {no}"}


def _steps_axis() -> Spec:
    """The steps' names: none is left out, for its bar would be nameless."""
    axis = label_axis()
    return axis | {
        "axis": axis["axis"] | {"labelAngle": _narrow("-42", "0"), "labelOverlap": False,
                                "labelAlign": _narrow("'right'", "'center'"),
                                "labelBaseline": _narrow("'middle'", "'top'")},
    }  # fmt: skip
