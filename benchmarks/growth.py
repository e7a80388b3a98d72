"""How time and memory grow with the data: 1, 10 and 100 times as much, in one run, drawn.

    python -m benchmarks.growth [ORDERS ...]      10,000, 100,000, 1,000,000 where none is given

Each size is a company of so many orders, a tenth as many customers, three tenths as many
subscription events and five times as many product events, over the same three years, in processes
of its own: one loads a file of the orders, one does the rest. *Rebuild* counts everything anew;
*one day* counts after a load of 200 orders; readings are asked for again (*warm*) and for the
first time after a load (the rest). Medians; processor time is of all threads. Memory is the
process's peak while it did that, with what it held before. Drawn in ``docs/images/growth.svg``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.contenders.answering import peak
from benchmarks.engine import both
from benchmarks.loading import ORDERS, child

SIZES = (10_000, 100_000, 1_000_000)
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "growth.svg"
RESET = Path("/proc/self/clear_refs")
NAMES = (
    *("load the orders", "rebuild", "one day", "revenue of a year, warm", "revenue of a year"),
    *("MRR bridge of a year", "NRR of a year", "cohorts of orders", "users active in a month"),
)


def watched(times: int, action: Callable[[], object]) -> dict[str, float]:
    """Median seconds of an action, and the most memory while it went on, in MiB."""
    if RESET.exists():
        RESET.write_text("5")  # from here on, the peak is counted anew
    return {**both(times, it=action)["it"], "peak": peak()}


def measured(orders: int) -> dict[str, dict[str, float]]:
    """Write a company of that size; what each thing takes, by its name."""
    import trueline
    from benchmarks.company import BUSINESS, write
    from trueline.core.period import Period, add_months
    from trueline.home import Trueline

    with tempfile.TemporaryDirectory() as folder:
        home = trueline.init(Path(folder) / "home")
        with (home / "trueline.toml").open("a") as settings:
            settings.write('\n[product]\npage_view = ["view"]\nactions = ["search", "buy"]\n')
        with Trueline(home) as tl:
            write(tl, orders, (*BUSINESS, "events"))
            tl.engine.refresh()
            end = tl.engine.today().replace(day=1)
            year, month = Period(add_months(end, -12), end), Period(add_months(end, -1), end)
            days = {"start": str(year.start), "end": str(year.end)}
            engine = tl.engine
            for key, period in (("revenue", year), ("nrr", year), ("mau", month)):
                assert engine.reading(key, period).known, key

            def afresh(action: Callable[[], object]) -> dict[str, float]:
                def run() -> None:
                    assert engine._state is not None
                    engine._state = None
                    action()

                action()
                return watched(3, run)

            return {
                "rebuild": watched(1, lambda: engine.refresh(rebuild=True)),
                "one day": _one_day(tl),
                "revenue of a year": afresh(lambda: engine.reading("revenue", year)),
                "revenue of a year, warm": watched(9, lambda: engine.reading("revenue", year)),
                "MRR bridge of a year": afresh(lambda: tl.bridge(**days)),
                "NRR of a year": afresh(lambda: engine.reading("nrr", year)),
                "cohorts of orders": afresh(lambda: tl.cohorts("orders")),
                "users active in a month": afresh(lambda: engine.reading("mau", month)),
            }


def _one_day(tl: Any) -> dict[str, float]:
    """What counting takes after a load of 200 orders of yesterday; the least of three."""
    from benchmarks.company import record_a_day

    found = []
    for number in range(3):
        record_a_day(tl, number)
        found.append(watched(1, tl.engine.refresh))
    return min(found, key=lambda took: took["cpu"])


def loaded(orders: int) -> dict[str, float]:
    """What loading a file of so many orders into a new home takes."""
    import duckdb

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with duckdb.connect() as connection:
            file = folder / "orders.csv"
            connection.execute(ORDERS.format(rows=orders, path=file, format="csv"))
        found = child("load", folder, file)
    return {"wall": found["seconds"], "cpu": found["cpu"], "peak": found["peak"]}


def draw(found: dict[int, dict[str, dict[str, float]]]) -> None:
    """The picture: a panel for each thing that was measured, time as a line over the size, beside
    what it would be if it grew as the data does; memory written under each point."""
    from trueline.web.charts.export import svg

    sizes = list(found)
    rows = [
        {
            "what": name, "orders": size, "seconds": names[name]["cpu"],
            "as the data": found[sizes[0]][name]["cpu"] * size / sizes[0],
            "time": _short(names[name]["cpu"]), "memory": f"{names[name]['peak']:,.0f} MiB",
        }
        for size, names in found.items()
        for name in NAMES
    ]  # fmt: skip
    times = [row["seconds"] for row in rows]
    bounds = [min(times) / 5, max(times) * 5]  # room for what is written at a point
    panels = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": rows},
        "facet": {"field": "what", "type": "nominal", "sort": list(NAMES), "title": None,
                  "header": {"labelFontSize": 12, "labelFontWeight": 600, "labelAnchor": "start"}},
        "columns": 3,
        "spec": {"width": 210, "height": 130, "layer": _layers(sizes, bounds)},
    }  # fmt: skip
    title = "Processor time and peak memory by size of the company"
    said = "Both axes are logarithmic. Dashed: growing as the data does."
    PICTURE.write_bytes(svg(panels, title, said))


def _short(seconds: float) -> str:
    return f"{seconds:,.1f} s" if seconds >= 1 else f"{seconds * 1000:,.0f} ms"


def _layers(sizes: list[int], bounds: list[float]) -> list[dict[str, Any]]:
    log = {"type": "quantitative", "title": None}
    span = {"type": "log", "domain": [sizes[0] / 2, sizes[-1] * 2]}
    orders = {"values": sizes, "labelExpr": "format(datum.value, '~s') + ' orders'"}
    units = "datum.value < 1 ? datum.value * 1000 + ' ms' : datum.value + ' s'"
    times = {"values": [10.0**n for n in range(-3, 4)], "labelExpr": units}
    x = {"field": "orders", **log, "scale": span, "axis": orders}
    within = {"type": "log", "domain": bounds, "nice": False}
    y = {"field": "seconds", **log, "scale": within, "axis": times}
    at = {"x": x, "y": y}
    text = {"type": "text", "fontSize": 10}
    return [
        {
            "mark": {"type": "line", "strokeDash": [3, 3], "color": "@faint", "clip": True},
            "encoding": {"x": x, "y": {**y, "field": "as the data"}},
        },
        {"mark": {"type": "line", "point": {"color": "@c1"}, "color": "@c1"}, "encoding": at},
        {
            "mark": {**text, "dy": -11, "color": "@text"},
            "encoding": {**at, "text": {"field": "time"}},
        },
        {
            "mark": {**text, "dy": 13, "color": "@muted"},
            "encoding": {**at, "text": {"field": "memory"}},
        },
    ]


def _table(found: dict[int, dict[str, dict[str, float]]]) -> None:
    sizes = list(found)
    steps = [f"{b:,} / {a:,}" for a, b in pairwise(sizes)]
    heads = [*steps, *(f"{size:,}" for size in sizes), *(f"MiB at {size:,}" for size in sizes)]
    print(f"\n| | {' | '.join(heads)} |\n|---|{'---:|' * len(heads)}")
    for name in NAMES:
        took = [found[size][name] for size in sizes]
        grown = [f"{b['cpu'] / a['cpu']:.1f}" for a, b in pairwise(took)]
        times = [f"{t['cpu'] * 1000:,.1f} ms ({t['wall'] * 1000:,.0f})" for t in took]
        peaks = [f"{t['peak']:,.0f}" for t in took]
        print(f"| {name} | {' | '.join((*grown, *times, *peaks))} |")
    sys.stdout.flush()


def main(sizes: list[int]) -> None:
    """Measure each size in a process of its own; print the table and draw the picture."""
    found: dict[int, dict[str, dict[str, float]]] = {}
    for size in sizes or SIZES:
        command = [sys.executable, "-m", "benchmarks.growth", "--child", str(size)]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found[size] = {"load the orders": loaded(size), **json.loads(said.splitlines()[-1])}
        print(f"{size:,} orders measured", flush=True)
    _table(found)
    draw(found)
    print(f"\nDrawn: {PICTURE.relative_to(Path.cwd())}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(measured(int(sys.argv[2]))))
    else:
        main([int(word) for word in sys.argv[1:]])
