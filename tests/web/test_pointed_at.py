"""What a chart says where it is pointed at, and what a plan's line does between planned months."""

from __future__ import annotations

from typing import Any

import vl_convert

from trueline.web.assets import VEGA_LITE
from trueline.web.charts.axis import Scale
from trueline.web.charts.lines import Line, lines
from trueline.web.charts.marked import with_plan

Row = dict[str, Any]


def row(month: int, value: float | None, text: str) -> Row:
    return {"t": f"2026-{month:02}-01T00:00:00", "when": f"m{month}", "v0": value, "x0": text}


def step(month: int, text: str, band: str) -> Row:
    edges = {"v": 5.0, "lo": 4.0, "hi": 6.0}
    return {
        "t": f"2026-{month:02}-01T00:00:00",
        "when": f"m{month}",
        "x": text,
        "band": band,
    } | edges


KNOWN = [row(1, 4.0, "$4"), row(2, 5.0, "$5"), row(3, 1.0, "$1, partial")]
AHEAD = [step(2, "", ""), step(3, "$5.1", "$4 to $6"), step(4, "$5.2", "$4 to $7")]


def drawn(forecast: list[Row] | None = AHEAD) -> Any:
    return lines([Line("Revenue", "c1")], KNOWN, Scale("$"), forecast=forecast)


def told(spec: Any) -> tuple[dict[str, str], dict[str, Row]]:
    """The fields that the layer which is pointed at tells, and its points by their name."""
    (layer,) = (layer for layer in spec["layer"] if "params" in layer)
    fields = {tip["field"]: tip["title"] for tip in layer["encoding"]["tooltip"]}
    return fields, {point["when"]: point for point in spec["datasets"][layer["data"]["name"]]}


def test_no_tooltip_says_undefined() -> None:
    """Vega-Lite 6.4 looked for the nearest point's texts on what finds it: all were undefined."""
    made = vl_convert.vegalite_to_vega(drawn() | {"width": 300}, vl_version=VEGA_LITE)
    nearest = [mark for mark in made["marks"] if mark["name"].endswith("_voronoi")]
    assert len(nearest) == 1
    assert 'datum.datum["when"]' in nearest[0]["encode"]["update"]["tooltip"]["signal"]


def test_what_is_forecast_is_told_where_it_is_pointed_at() -> None:
    fields, points = told(drawn())
    assert [points[name]["ahead"] for name in ("m1", "m2", "m3", "m4")] == ["", "", "$5.1", "$5.2"]
    assert (points["m3"]["x0"], points["m4"]["x0"]) == ("$1, partial", "")
    assert fields["ahead"] == "Forecast"
    assert "ahead" not in told(drawn(None))[0]


def test_a_plans_line_has_a_gap_where_nothing_is_planned() -> None:
    """March was not planned: a line through it would plan what nobody did."""
    plan = [
        {
            "t": f"2026-{n:02}-01T00:00:00",
            "when": f"m{n}",
            "v": v,
            "x": "–" if v is None else f"${v}",
        }
        for n, v in ((1, 3.0), (2, 4.0), (3, None), (4, 6.0), (5, None), (6, None))
    ]
    spec = with_plan(drawn(), plan)
    assert [row["v"] for row in spec["datasets"]["plan"]] == [3.0, 4.0, None, 6.0, None, None]
    assert [row["when"] for row in spec["datasets"]["lone plan"]] == ["m4"]
    (line,) = (found for found in spec["layer"] if found["data"]["name"] == "plan")
    assert line["mark"]["invalid"] == "break-paths-filter-domains"


def test_what_was_planned_is_told_where_it_is_pointed_at() -> None:
    plan = [
        {"t": f"2026-{n:02}-01T00:00:00", "when": f"m{n}", "v": 3.0, "x": f"${n}"}
        for n in (2, 4, 5)
    ]
    for spec in (with_plan(drawn(), plan), with_plan(drawn(None), plan)):
        fields, points = told(spec)
        assert fields["plan"] == "Plan"
        assert [points[f"m{n}"]["plan"] for n in (1, 2, 4, 5)] == ["", "$2", "$4", "$5"]
        assert points["m5"]["x0"] == ""
