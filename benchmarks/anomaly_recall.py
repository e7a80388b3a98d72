"""How many injected anomalies are found, at an equal rate of alarms, on real daily series.

    python benchmarks/anomaly_recall.py orders.csv      (or set TRUELINE_BENCH_ORDERS)

The file has customer_id, ordered_at (a date) and amount, as the public CDNOW sample does. Orders,
revenue and new customers a day are built for all customers, for each quarter and each tenth of
them. Each day after the first 130 is in turn the last point: its value is multiplied by 0.7, 0.5,
1.5 and 2, and the share found is the recall. New customers, whose series is short, are judged
from the 28th day. Beside it, the mean and standard deviation of the last 28 days (with a normal
threshold). *At nominal*: each method's own threshold for the budget, with the alarm rate it then
has on the untouched days; *at equal alarms*: its score cut where exactly the budget's share of
untouched days alarms. Real spikes are in the data: no method can have all of them be quiet.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from trueline.insight.anomaly import Scale, one_step_forecasts, thresholds

Floats = NDArray[np.float64]
FACTORS = (0.7, 0.5, 1.5, 2.0)
BUDGETS = (0.01, 0.05)
Scores = tuple[Floats, Floats]  # untouched (days,), injected (days, factors)


def daily_series(path: Path) -> Iterator[tuple[str, bool, Floats]]:
    """(group, whole numbers, values) of every series built from the file of orders."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [(r["customer_id"], r["ordered_at"], r["amount"]) for r in csv.DictReader(file)]
    names, who = np.unique([row[0] for row in rows], return_inverse=True)
    day = np.array([date.fromisoformat(row[1][:10]).toordinal() for row in rows])
    day -= day.min()
    amount = np.array([float(row[2]) for row in rows])
    days = int(day.max()) + 1
    first = np.full(names.size, days)
    np.minimum.at(first, who, day)
    for parts in (1, 4, 10):
        size = "all" if parts == 1 else f"1/{parts}"
        for part in range(parts):
            mine = who % parts == part
            yield f"orders, {size}", True, np.bincount(day[mine], minlength=days).astype(float)
            yield f"revenue, {size}", False, np.bincount(day[mine], amount[mine], days)
            joined = first[np.arange(names.size) % parts == part]
            yield f"new customers, {size}", True, np.bincount(joined).astype(float)


def injected(values: Floats, whole: bool) -> Floats:
    """Each value by each factor; counts stay whole."""
    changed = values[:, None] * np.array(FACTORS)
    return np.round(changed) if whole else changed


def smoothing_scores(budget: float) -> Callable[[Floats, bool], Scores]:
    """Error over threshold, of the product's method; above 1 alarms."""

    def scores(values: Floats, whole: bool) -> Scores:
        scale = Scale.of(values, positive=True)
        shown = scale.forward(values)
        expected = one_step_forecasts(shown, 7)
        limit = thresholds(shown - expected, 7, budget)
        changed = scale.forward(injected(values, whole))
        return (
            np.abs(shown - expected) / limit,
            np.abs(changed - expected[:, None]) / limit[:, None],
        )

    return scores


def rolling_scores(budget: float) -> Callable[[Floats, bool], Scores]:
    """Distance from the mean of the last 28 days, in normal thresholds; above 1 alarms."""
    z = NormalDist().inv_cdf(1 - budget / 2)

    def scores(values: Floats, whole: bool) -> Scores:
        mean, width = np.full(values.size, np.nan), np.full(values.size, np.nan)
        for at in range(14, values.size):
            past = values[max(0, at - 28) : at]
            mean[at], width[at] = past.mean(), z * past.std(ddof=1)
        changed = injected(values, whole)
        return np.abs(values - mean) / width, np.abs(changed - mean[:, None]) / width[:, None]

    return scores


def collect(path: Path, method: Callable[[Floats, bool], Scores]) -> dict[str, Scores]:
    """Scores of every judged day, pooled by group."""
    pooled: dict[str, list[Scores]] = {}
    for group, whole, values in daily_series(path):
        start = 130 if values.size > 200 else 28
        clean, changed = method(values, whole)
        pooled.setdefault(group, []).append((clean[start:], changed[start:]))
    return {
        group: (np.concatenate([c for c, _ in parts]), np.concatenate([i for _, i in parts]))
        for group, parts in pooled.items()
    }


def lines(path: Path) -> Iterator[str]:
    """The report, as Markdown."""
    changes = "-30% | -50% | +50% | x2"
    yield f"| series | budget | method | alarms | {changes} | equal: {changes} |"
    yield "|---|" + "---:|" * 11
    methods = {"smoothing": smoothing_scores, "rolling": rolling_scores}
    for budget in BUDGETS:
        found = {name: collect(path, make(budget)) for name, make in methods.items()}
        for group in found["smoothing"]:
            for name in methods:
                clean, changed = found[name][group]
                nominal = " | ".join(f"{share:.0%}" for share in (changed > 1).mean(axis=0))
                cut = np.quantile(clean, 1 - budget)
                equal = " | ".join(f"{share:.0%}" for share in (changed > cut).mean(axis=0))
                alarms = f"{(clean > 1).mean():.1%}"
                yield f"| {group} | {budget:.0%} | {name} | {alarms} | {nominal} | {equal} |"


def main(write: Callable[[str], None] = print) -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "orders", nargs="?", type=Path, default=os.environ.get("TRUELINE_BENCH_ORDERS")
    )
    chosen = parser.parse_args()
    if chosen.orders is None:
        parser.error("give the file of orders, or set TRUELINE_BENCH_ORDERS")
    for line in lines(Path(chosen.orders)):
        write(line)


if __name__ == "__main__":
    main()
