"""Counting and reading against hand-written SQL on the same facts, in one run.

    python -m benchmarks.engine [ORDERS ...]      300,000 and 3,000,000 where none is given

A company of so many orders is written straight into the warehouse (loading has a measurement of
its own): a tenth as many customers, three tenths as many subscription events, three years, and five
times as many product events where that is not too many. Each size runs in a process of its own.
What is compared takes turns; the median counts. Ratios are of processor time (all threads), which a
busy machine leaves alone; so are times, with those by the clock in brackets.
"""

from __future__ import annotations

import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import trueline
from benchmarks.company import BUSINESS, record_a_day, write
from benchmarks.hand_written import (
    BRIDGE,
    COHORTS,
    NRR,
    REVENUE,
    REVENUE_FROM_ROLL_UP,
    SUBSCRIPTION_COHORTS,
    queries,
)
from trueline.core.period import Period, add_months
from trueline.engine.engine import Asked
from trueline.home import Trueline

SIZES = (300_000, 3_000_000)
MOST_WITH_EVENTS = 1_000_000
"""Orders of the largest company that is given five times as many product events."""
PAGE = (
    *("mrr", "arr", "net_new_mrr", "nrr", "grr", "churn_rate", "customers", "new_customers"),
    *("arpu", "quick_ratio", "revenue", "net_revenue", "aov", "refund_rate", "gross_margin"),
    *("cac", "clv", "clv_cac_ratio", "spend", "burn_rate"),
)


def both(times: int, **actions: Callable[[], object]) -> dict[str, dict[str, float]]:
    """Median wall and processor seconds of actions that take turns."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in actions}
    for _ in range(times):
        for name, action in actions.items():
            wall, cpu = time.perf_counter(), _processor()
            action()
            taken[name].append((time.perf_counter() - wall, _processor() - cpu))
    return {
        name: {
            "wall": statistics.median(t[0] for t in pairs),
            "cpu": statistics.median(t[1] for t in pairs),
        }
        for name, pairs in taken.items()
    }


def _processor() -> float:
    """Processor seconds of this process and of the ones it has waited for."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def by_hand(tl: Trueline, *, events: bool) -> None:
    """Every measure, whole and by its slices, by a query written for it alone."""
    for query in queries(events=events):
        tl.warehouse.arrow(query)


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def measured(orders: int) -> dict[str, Any]:
    """Write a company of that size and measure it."""
    with tempfile.TemporaryDirectory() as folder:
        home = trueline.init(Path(folder) / "home")
        with Trueline(home) as tl:
            events = orders <= MOST_WITH_EVENTS
            write(tl, orders, (*BUSINESS, "events") if events else BUSINESS)
            tl.engine.refresh()
            out = _counting(tl, events) | _reading(tl)
        command = [sys.executable, "-m", "trueline.cli", "kpi", "mrr", "--home", str(home)]
        out["fresh process"] = both(5, ours=partial(_run, command))
    out["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return out


def _counting(tl: Trueline, events: bool) -> dict[str, Any]:
    rebuilt = both(
        3 if events else 1,
        hand=lambda: by_hand(tl, events=events),
        ours=lambda: tl.engine.refresh(rebuild=True),
    )
    took = []
    for number in range(3):
        record_a_day(tl, number)
        took.append(both(1, ours=tl.engine.refresh)["ours"])
    return {"rebuild": rebuilt, "one day": {"ours": min(took, key=lambda t: t["wall"])}}


def _reading(tl: Trueline) -> dict[str, Any]:
    end = tl.engine.today().replace(day=1)
    year = Period(add_months(end, -12), end)
    days = {"start": str(year.start), "end": str(year.end)}
    months = [Period(add_months(end, -n - 1), add_months(end, -n)) for n in range(13)]
    page = [Asked(key, p) for key in PAGE for m in months for p in (m, m.previous())]
    engine = tl.engine

    def afresh(action: Callable[[], object]) -> Callable[[], object]:
        def run() -> None:
            engine._state = None
            action()

        return run

    def against(sql: str, action: Callable[[], object], times: int = 5) -> dict[str, Any]:
        action()
        hand = partial(tl.warehouse.rows, sql.format(**days))
        return both(times, hand=hand, afresh=afresh(action), ours=action)

    return {
        "revenue of a year": against(REVENUE, lambda: engine.reading("revenue", year), 9),
        "the same, by hand from the roll-up": against(
            REVENUE_FROM_ROLL_UP, lambda: engine.reading("revenue", year), 25
        ),
        "NRR of a year": against(NRR, lambda: engine.reading("nrr", year)),
        "bridge of a year": against(BRIDGE, lambda: tl.bridge(**days), 3),
        "cohorts of orders": against(COHORTS, lambda: tl.cohorts("orders"), 3),
        "cohorts of subscriptions": against(SUBSCRIPTION_COHORTS, tl.cohorts, 3),
        "all readings": both(3, afresh=afresh(lambda: engine.readings(None, months[0])))
        | both(5, ours=lambda: engine.readings(None, months[0])),
        "NRR, 90 days by day": both(
            3,
            afresh=afresh(
                lambda: engine.series("nrr", "day", Period(end - timedelta(days=90), end))
            ),
        ),
        "page of 20 KPIs, 13 months": both(3, afresh=afresh(lambda: engine.many(page)))
        | both(5, ours=lambda: engine.many(page)),
    }


def main(sizes: list[int]) -> None:
    """Measure each size in a process of its own; print tables."""
    import duckdb

    print(
        f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}, "
        f"DuckDB {duckdb.__version__}, threads as the machine has cores"
    )
    for size in sizes or SIZES:
        command = [sys.executable, "-m", "benchmarks.engine", "--child", str(size)]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        _print(size, json.loads(said.splitlines()[-1]))


def _print(size: int, found: dict[str, Any]) -> None:
    print(f"\n{size:,} orders; peak memory {found.pop('peak'):,.0f} MiB\n")
    print("| | / by hand | kept | afresh | by hand |\n|---|---|---|---|---|")
    for name, ways in found.items():
        hand, ours = ways.get("hand"), ways.get("afresh") or ways.get("ours")
        ratio = f"{ours['cpu'] / hand['cpu']:.2f}" if hand and ours else ""
        shown = [ways.get("ours") if "afresh" in ways else None, ours, hand]
        print(f"| {name} | {ratio} | {' | '.join(map(_time, shown))} |")


def _time(way: dict[str, float] | None) -> str:
    if way is None:
        return ""
    return f"{way['cpu'] * 1000:,.1f} ms ({way['wall'] * 1000:,.0f})"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(measured(int(sys.argv[2]))))
    else:
        main([int(word) for word in sys.argv[1:]])
