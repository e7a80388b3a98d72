"""Lines over time: several series, the period before, a forecast's band, a target.

Rows: ``t`` (local day with a time part), ``when`` (its text), and for line number n: ``v<n>`` the
value where it is complete, ``d<n>`` the value where the way to it is only partial or estimated
(with its neighbours, so that the dashes join), ``x<n>`` its text. Null leaves a gap; a
value between two gaps is a dot, for a line needs two neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trueline.web.charts.axis import Scale, Spec, chart, time_axis, tips, value_axis

POINTS_UP_TO = 16
"""With so few buckets each complete one is shown as a point too."""


@dataclass(frozen=True)
class Line:
    """One line: its name and colour token; ``thin`` for what is only compared with."""

    name: str
    colour: str
    thin: bool = False


def lines(
    series: list[Line],
    rows: list[dict[str, Any]],
    scale: Scale,
    *,
    forecast: list[dict[str, Any]] | None = None,
    targets: list[float] | None = None,
    zero: bool = False,
    height: int = 262,
) -> Spec:
    """The chart. ``forecast`` rows: t, when, v, lo, hi, x, band (texts); drawn from the last value.
    With lo95, hi95 and band95 there is a wider band too. ``targets`` are drawn across."""
    data: dict[str, list[Any]] = {"rows": rows}
    zero = zero or _one_value(rows, len(series), forecast or [], targets or [])
    layers: list[Spec] = []
    if targets:
        data["targets"] = [{"v": value} for value in targets]
        rule = {"type": "rule", "color": "@faint", "strokeDash": [3, 3]}
        layers.append(
            {"data": {"name": "targets"}, "mark": rule, "encoding": {"y": _y("v", scale, zero)}}
        )
    if forecast:
        data["forecast"] = forecast
        layers += _forecast(scale, zero, wide="lo95" in forecast[0])
    for number, line in enumerate(series):
        layers += _line(number, line, scale, zero, len(rows))
        if lone := _lone(rows, number):
            data[f"lone{number}"] = lone
            layers.append(_dots(number, line, scale, zero))
    if forecast:
        data["points"] = _points(rows, forecast, len(series))
    layers += _hover(series, scale, zero, forecast)
    return chart(layers, data, height)


AHEAD = ("ahead", "band", "band95")
"""Texts of what is forecast, beside those of the lines, where a bucket is pointed at."""


def _points(
    rows: list[dict[str, Any]], forecast: list[dict[str, Any]], lines: int
) -> list[dict[str, Any]]:
    """A bucket once, with the texts of all that is drawn there; an empty text is not told."""
    blank = {"when": "", **{f"x{n}": "" for n in range(lines)}, **dict.fromkeys(AHEAD, "")}
    found = {row["t"]: blank | row for row in rows}
    for step in forecast:
        if step["band"]:  # where a forecast begins, it has none: that is the last known value
            texts = {"ahead": step["x"], "band": step["band"], "band95": step.get("band95", "")}
            here = {"t": step["t"], "when": step["when"]}
            found[step["t"]] = blank | here | found.get(step["t"], {}) | texts
    return list(found.values())


def _y(field: str, scale: Scale, zero: bool) -> Spec:
    return value_axis(field, scale, zero=zero)


def _one_value(
    rows: list[dict[str, Any]], lines: int, forecast: list[dict[str, Any]], targets: list[float]
) -> bool:
    """Whether all that is drawn is one value: its axis begins at 0, for it has no other reach."""
    drawn = {row.get(f"{way}{n}") for row in rows for n in range(lines) for way in "vd"}
    drawn |= {row[edge] for row in forecast for edge in ("lo", "hi")} | set(targets)
    return len(drawn - {None}) == 1


def _lone(rows: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """A line's values that have no neighbour: ``open`` where they are partial or estimated."""
    whole = [row.get(f"v{number}") for row in rows]
    found = [row.get(f"d{number}") if v is None else v for row, v in zip(rows, whole, strict=True)]
    around = [None, *found, None]
    return [
        {"t": rows[place]["t"], "v": value, "open": whole[place] is None}
        for place, value in enumerate(found)
        if value is not None and around[place] is None and around[place + 2] is None
    ]


def _dots(number: int, line: Line, scale: Scale, zero: bool) -> Spec:
    colour = f"@{line.colour}"
    return {
        "data": {"name": f"lone{number}"},
        "mark": {
            "type": "point",
            "size": 20 if line.thin else 32,
            "fill": colour,
            "stroke": colour,
            "strokeWidth": 1.25 if line.thin else 2,
            "opacity": 1,
            "aria": False,
        },
        "encoding": {
            "x": time_axis(),
            "y": _y("v", scale, zero),
            "fillOpacity": {"condition": {"test": "datum.open", "value": 0}, "value": 1},
        },
    }


def _line(number: int, line: Line, scale: Scale, zero: bool, rows: int) -> list[Spec]:
    mark: Spec = {
        "type": "line",
        "color": f"@{line.colour}",
        "strokeWidth": 1.25 if line.thin else 2,
        "strokeJoin": "round",
        "invalid": "break-paths-filter-domains",
        "aria": False,
    }
    if rows <= POINTS_UP_TO and not line.thin:
        mark["point"] = {"filled": True, "size": 32, "color": f"@{line.colour}"}
    whole = {
        "data": {"name": "rows"},
        "mark": mark,
        "encoding": {"x": time_axis(), "y": _y(f"v{number}", scale, zero)},
    }
    dashed = {k: v for k, v in mark.items() if k != "point"} | {
        "strokeDash": [3, 4],
        "opacity": 0.8,
    }
    part = {
        "data": {"name": "rows"},
        "mark": dashed,
        "encoding": {"x": time_axis(), "y": _y(f"d{number}", scale, zero)},
    }
    return [whole] if line.thin else [whole, part]


def _forecast(scale: Scale, zero: bool, *, wide: bool) -> list[Spec]:
    name = {"name": "forecast"}
    x = time_axis()
    outer = {
        "data": name,
        "mark": {"type": "area", "color": "@c1", "opacity": 0.07, "aria": False},
        "encoding": {"x": x, "y": _y("lo95", scale, zero), "y2": {"field": "hi95"}},
    }
    return [
        *([outer] if wide else []),
        {
            "data": name,
            "mark": {"type": "area", "color": "@c1", "opacity": 0.13, "aria": False},
            "encoding": {"x": x, "y": _y("lo", scale, zero), "y2": {"field": "hi"}},
        },
        {
            "data": name,
            "mark": {
                "type": "line",
                "color": "@c1",
                "strokeDash": [4, 4],
                "strokeWidth": 1.75,
                "aria": False,
            },
            "encoding": {"x": x, "y": _y("v", scale, zero)},
        },
    ]


def _dot(number: int, line: Line, scale: Scale, zero: bool) -> Spec:
    """Where a line is at the bucket that is pointed at."""
    return {
        "data": {"name": "rows"},
        "transform": [{"filter": {"param": "hover", "empty": False}}],
        "mark": {
            "type": "point",
            "filled": True,
            "size": 55,
            "color": f"@{line.colour}",
            "stroke": "@surface",
            "strokeWidth": 2,
            "opacity": 1,
            "aria": False,
        },
        "encoding": {"x": time_axis(), "y": _y(f"v{number}", scale, zero)},
    }


def _hover(
    series: list[Line], scale: Scale, zero: bool, forecast: list[dict[str, Any]] | None
) -> list[Spec]:
    """A rule at the nearest bucket, known or forecast, with every text there; a dot on each line.

    The nearest one is found all over the chart: what lies below is never pointed at.
    """
    pick = {
        "name": "hover",
        "select": {
            "type": "point",
            "fields": ["t"],
            "nearest": True,
            "on": "pointermove",
            "clear": "pointerout",
        },
    }
    words = [("when", "Period"), *((f"x{n}", line.name) for n, line in enumerate(series))]
    if forecast:
        words += [("ahead", "Forecast"), ("band", "80% of cases")]
        words += [("band95", "95% of cases")] if "lo95" in forecast[0] else []
    shown = {"condition": {"param": "hover", "empty": False, "value": 0.5}, "value": 0}
    rule = {
        "data": {"name": "points" if forecast else "rows"},
        "params": [pick],
        "mark": {"type": "rule", "color": "@muted", "strokeWidth": 1},
        "encoding": {"x": time_axis(), "opacity": shown, "tooltip": tips(*words)},
    }
    dots = [_dot(n, line, scale, zero) for n, line in enumerate(series) if not line.thin]
    return [rule, *dots]
