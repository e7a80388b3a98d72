"""What each choice in the forecasts is worth: M3 again with one choice changed at a time.

    python benchmarks/forecast_variants.py

Choices were made on the even half of M3 (the first, third, ... series); the odd half reports. OWA
below 1 beats Naive2; the score is the mean scaled interval score at 95%, lower is better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from statistics import NormalDist
from typing import Any
from unittest.mock import patch

import numpy as np

from forecast_m3 import COLUMNS, Floats, cases, judge
from trueline.insight import forecasting, intervals, seasonal, smoothing
from trueline.insight.seasonal import SeasonTest, autocorrelations, season_test


def season_by_raw_autocorrelation(series: Floats, length: int) -> SeasonTest:
    """The competitions' test: the autocorrelation of the series itself."""
    if length < 2 or series.size < 3 * length:
        return SeasonTest(length, False, "")
    r = autocorrelations(series, length)
    bound = seasonal.TEST_Z * np.sqrt((1 + 2 * (r[:-1] @ r[:-1])) / series.size)
    return SeasonTest(length, bool(r[-1] > bound), "")


def season_assumed(series: Floats, length: int) -> SeasonTest:
    """A season wherever there are enough values to estimate one."""
    return SeasonTest(length, length > 1 and series.size >= 2.5 * length, "")


def best_fit(squared: Floats, _: Floats) -> Floats:
    """All the weight on the best fit."""
    return np.eye(squared.shape[1])[squared.argmin(axis=1)]


def damped_only_below_one() -> Floats:
    """The grid with 0.98 in the place of no damping."""
    grid = smoothing._GRID.copy()
    grid[grid[:, 2] == 1, 2] = 0.98
    return grid


VARIANTS: dict[str, list[tuple[Any, str, Any]]] = {
    "as it is": [],
    "Theta alone": [(forecasting, "damped", smoothing.theta)],
    "damped trend alone": [(forecasting, "theta", smoothing.damped)],
    "raw scale alone": [(forecasting, "_has_logs", lambda _: False)],
    "best damped fit, not the average": [(smoothing, "_likelihood", best_fit)],
    "always damped (0.98, not 1)": [(smoothing, "_GRID", damped_only_below_one())],
    "never drawn to naive": [(forecasting, "naive_share", np.zeros_like)],
    "halfway to naive below 24": [
        (forecasting, "naive_share", lambda known: np.where(known < 24, 0.5, 0.0))
    ],
    "season tested on the series itself": [
        (forecasting, "season_test", season_by_raw_autocorrelation)
    ],
    "season tested at 90%": [(forecasting, "season_test", partial(season_test, z=1.645))],
    "season assumed": [(forecasting, "season_test", season_assumed)],
    "season indices not shrunk": [(seasonal, "_kept", lambda *_: 1.0)],
    "intervals: normal, not t": [
        (intervals, "t_quantile", lambda share, _: NormalDist().inv_cdf(share))
    ],
    "intervals: errors as they are": [(intervals, "_LEVEL_POWER", 0.0)],
    "intervals: errors relative to the level": [(intervals, "_LEVEL_POWER", 1.0)],
    "intervals: origins next to each other": [(intervals, "_STRIDE", 1)],
    "intervals: power of horizon fitted alone": [(intervals, "_POWER_WEIGHT", 1e-9)],
}


def figures(half: str, changes: list[tuple[Any, str, Any]]) -> dict[str, float]:
    """The pooled figures of one half with the changes in force."""
    with ExitStack() as stack:
        for module, name, value in changes:
            stack.enter_context(patch.object(module, name, value))
        rows = np.array([judge(case) for case in cases("M3", half)])
    pooled = dict(zip(COLUMNS, np.nanmean(rows, axis=0).tolist(), strict=True))
    pooled["owa"] = 0.5 * (pooled["smape"] / pooled["smape2"] + pooled["mase"] / pooled["mase2"])
    return pooled


def lines() -> Iterator[str]:
    """A Markdown table, one line a variant."""
    yield "| variant | OWA even | OWA odd | in 80% odd | in 95% odd | score 95 odd |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, changes in VARIANTS.items():
        even, odd = figures("even", changes), figures("odd", changes)
        yield (
            f"| {name} | {even['owa']:.4f} | {odd['owa']:.4f} "
            f"| {odd['in80']:.1%} | {odd['in95']:.1%} | {odd['score95']:.2f} |"
        )


def main(write: Callable[[str], None] = print) -> None:
    """Run and print the table."""
    for line in lines():
        write(line)


if __name__ == "__main__":
    main()
