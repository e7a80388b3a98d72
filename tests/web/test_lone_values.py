"""Values over time that have no neighbour: shown as dots, on an axis that reads well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from serving import Served

from trueline.web.charts import export
from trueline.web.charts.axis import Scale
from trueline.web.charts.lines import Line, lines

DOLLARS = Scale("$")
Row = dict[str, Any]


def rows(whole: list[float | None], loose: list[float | None] | None = None) -> list[Row]:
    """Rows of one line, a day each."""
    loose = loose or [None] * len(whole)
    return [
        {"t": f"2026-01-{n + 1:02}T00:00:00", "when": str(n), "v0": v, "d0": d, "x0": ""}
        for n, (v, d) in enumerate(zip(whole, loose, strict=True))
    ]


def dots(spec: Any) -> list[tuple[int, float, bool]]:
    """The lone values of a chart's first line: the row's day, the value, whether it is open."""
    found = spec["datasets"].get("lone0", [])
    return [(int(row["t"][8:10]), row["v"], row["open"]) for row in found]


def begins_at_0(spec: Any) -> bool:
    """Whether every value axis of the chart holds 0."""
    axes = [layer["encoding"]["y"] for layer in spec["layer"] if "y" in layer["encoding"]]
    assert len({axis["scale"]["zero"] for axis in axes}) == 1
    return bool(axes[0]["scale"]["zero"])


@pytest.mark.parametrize(
    ("whole", "loose", "expected"),
    [
        ([None, None, 5.0], None, [(3, 5.0, False)]),
        ([None, 5.0, None, 6.0, 7.0], None, [(2, 5.0, False)]),
        ([None, None, None], [None, None, 5.0], [(3, 5.0, True)]),
        ([5.0, None], [5.0, 6.0], []),
        ([None, None], [5.0, 6.0], []),
        ([5.0, 6.0], None, []),
        ([None, None], None, []),
    ],
)
def test_a_value_without_a_neighbour_is_a_dot(
    whole: list[float | None], loose: list[float | None] | None, expected: list[Any]
) -> None:
    assert dots(lines([Line("MRR", "c1")], rows(whole, loose), DOLLARS)) == expected


def test_an_axis_of_one_value_begins_at_0() -> None:
    alone = lines([Line("MRR", "c1")], rows([None, 6592.17]), DOLLARS)
    assert begins_at_0(alone)
    assert "6.59217" not in export.svg(alone, "MRR", "").decode()
    assert begins_at_0(lines([Line("MRR", "c1")], rows([6592.17, 6592.17]), DOLLARS))
    assert not begins_at_0(lines([Line("MRR", "c1")], rows([6592.17, 6600]), DOLLARS))
    assert not begins_at_0(lines([Line("MRR", "c1")], rows([6592.17]), DOLLARS, targets=[7000.0]))


def test_a_plain_list_of_subscriptions_is_a_dot_where_it_is_known(
    new_served: Callable[[str], Served],
) -> None:
    """What they were before the list was loaded is not known: only its last day is."""
    served = new_served("")
    path = served.tl.home / "plain.csv"
    path.write_text(
        "subscription_id,customer_id,started_at,status,quantity,unit_amount,currency,interval\n"
        "s9,c9,2025-06-01T15:00:00Z,active,1,100.00,USD,month\n",
        encoding="utf-8",
    )
    assert served.tl.load("subscriptions", path, full=True).status == "loaded"
    spec = served.get("/kpi/mrr/course.json", grain="day", range="30d")["spec"]
    found = spec["datasets"]["lone0"]
    assert [row["t"][:10] for row in found] == ["2026-03-14"]
    assert begins_at_0(spec)
