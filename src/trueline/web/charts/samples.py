"""One of each chart over made-up rows: for the style guide, and for tests of the drawing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from trueline.web.charts.axis import MINUTE, Scale, Spec
from trueline.web.charts.bars import bars, ranked, ring, stacked, waterfall
from trueline.web.charts.heat import heat
from trueline.web.charts.lines import Line, lines

_MONEY = Scale(before="$")
_FIRST = date(2026, 9, 1)


def _line() -> Spec:
    rows: list[dict[str, Any]] = []
    for n in range(60):
        day = _FIRST + timedelta(days=n)
        value = 18_000 + 90 * n + 1_500 * (n % 7 in (4, 5))
        row: dict[str, Any] = {"t": f"{day}{MINUTE}", "when": f"{day}", "x0": f"${value:,}"}
        row |= {"v0": value, "v1": value * 0.86, "x1": f"${value * 0.86:,.0f}", "d0": None}
        if n == 58:
            row["d0"] = value
        if n == 59:
            row |= {"v0": None, "d0": value * 0.6, "x0": f"${value * 0.6:,.0f}, partial"}
        rows.append(row)
    ahead = [
        {
            "t": f"{_FIRST + timedelta(days=58 + n)}{MINUTE}",
            "when": "ahead",
            "v": 23_000 + 80 * n,
            "lo": 23_000 - 160 * n,
            "hi": 23_000 + 330 * n,
            "x": f"${23_000 + 80 * n:,}",
            "band": "80%",
        }
        for n in range(14)
    ]
    series = [Line("Revenue", "c1"), Line("Previous period", "faint", thin=True)]
    return lines(series, rows, _MONEY, forecast=ahead, targets=[22_000])


def _buckets(names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "label": f"W{week}",
            "when": f"Week {week}",
            "name": name,
            "order": order,
            "v": 400 + 40 * week - 120 * order,
            "x": f"{400 + 40 * week - 120 * order}",
            "partial": week == 9,
            "e": False,
            "note": "partial" if week == 9 else "",
        }
        for week in range(1, 10)
        for order, name in enumerate(names)
    ]


def _ranked() -> Spec:
    rows = [
        {"name": n, "v": v, "before": b, "x": f"${v:.2f}", "before_x": f"${b:.2f}", "note": ""}
        for n, v, b in (("Meta", 48.2, 52.0), ("TikTok", 37.6, 30.8), ("Other", 22.4, 22.9))
    ]
    return ranked(rows, ["Meta", "TikTok", "Other"])


def _ring() -> Spec:
    rows = [
        {"name": n, "v": v, "order": o, "x": f"${v:,}", "share": f"{v / 1145:.0%}"}
        for o, (n, v) in enumerate((("Meta", 612), ("TikTok", 389), ("Other", 144)))
    ]
    return ring(rows, ["Meta", "TikTok", "Other"])


def _waterfall() -> Spec:
    steps = (
        ("Opening", 0, 80, "total"),
        ("New", 80, 92, "up"),
        ("Expansion", 92, 97, "up"),
        ("Churn", 97, 90, "down"),
        ("Closing", 0, 90, "total"),
    )
    rows = [
        {
            "label": n,
            "a": a * 1000,
            "b": b * 1000,
            "kind": k,
            "x": f"{(b - a)}k",
            "short": f"{(b - a)}k",
        }
        for n, a, b, k in steps
    ]
    return waterfall(rows, _MONEY)


def _heat() -> Spec:
    rows = [
        {"cohort": f"2026-{m:02d}", "age": f"M{a}", "v": 100 - 8 * a - m, "x": f"{100 - 8 * a - m}"}
        for m in range(1, 7)
        for a in range(7 - m)
    ]
    return heat(rows, height=200)


SAMPLES: dict[str, Callable[[], Spec]] = {
    "line": _line,
    "bars": lambda: bars(_buckets(("New",)), Scale()),
    "stacked": lambda: stacked(
        _buckets(("New", "Returning")), ["New", "Returning"], Scale(), tokens=["c1", "c1soft"]
    ),
    "ranked": _ranked,
    "ring": _ring,
    "waterfall": _waterfall,
    "heat": _heat,
}
"""By name: what makes the specification."""
