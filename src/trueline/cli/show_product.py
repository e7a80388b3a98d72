"""How retention, funnels and lifecycle are printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trueline.cli.show import console, line, plain, table
from trueline.cli.show_outlook import reasons
from trueline.core.words import UNKNOWN


def retention(found: dict[str, Any]) -> None:
    """A row a cohort, a column a step; the whole beneath."""
    if found["overall"] is None:
        reasons(found)
        return
    last = max((k for k, n in enumerate(found["overall"]["observed"]) if n), default=0)
    shown = [k for k in range(last + 1) if k <= 7 or k % 7 == 0 or k == last][:15]
    columns = ("from", "users", *(f"{found['grain']} {k}" for k in shown))
    title = f"Retention ({found['kind'].replace('_', '-')}), starting: {found['starting']}"
    drawn = table(*columns, numbers=columns[1:], title=title)
    for cohort in (*found["cohorts"], {"start": "all"} | found["overall"]):
        cells = [_percent(cohort["rates"][k]) for k in shown]
        size = UNKNOWN if cohort["size"] is None else f"{cohort['size']:,}"
        drawn.add_row(cohort["start"], size, *cells)
    console().print(drawn)
    reasons(found)


def funnels(declared: Mapping[str, Any]) -> None:
    """The declared funnels."""
    if not declared:
        line("No funnel is declared. Give --step twice or more, or declare one in trueline.toml:")
        line('[product.funnels.Purchase]\nsteps = ["visit", "purchase"]')
        return
    drawn = table("funnel", "steps", "hours")
    for name, funnel_ in declared.items():
        text = " > ".join(" / ".join(step) for step in funnel_["steps"])
        drawn.add_row(plain(name), plain(text), str(funnel_["window_hours"]))
    console().print(drawn)


def funnel(found: dict[str, Any]) -> None:
    """A row a step; slices beneath."""
    if found["funnel"] is not None:
        title = f"{found['name'] or 'Funnel'}, within {float(found['window_hours']):g} hours"
        _steps(found["funnel"], title)
        for part in found["slices"]:
            _steps(part, f"{found['by']}: {part['slice'] or 'not recorded'}")
    reasons(found)


def _steps(part: dict[str, Any], title: str) -> None:
    names = ("step", "users", "of the first", "of the one before", "median time", "90% within")
    drawn = table(*names, numbers=names[1:], title=plain(title))
    for step in part["steps"]:
        drawn.add_row(
            plain(step["name"]), f"{step['users']:,}", _percent(step["rate"]),
            _percent(step["step_rate"]), _time(step["median_seconds"]), _time(step["p90_seconds"]),
        )  # fmt: skip
    console().print(drawn)


def lifecycle(found: dict[str, Any]) -> None:
    """A row a bucket."""
    names = ("opening", "new", "returning", "resurrecting", "dormant", "active", "quick ratio")
    drawn = table("from", *names, "to know", numbers=names, title="Users")
    for row in found["buckets"]:
        counts = [UNKNOWN if row[n] is None else f"{row[n]:,}" for n in names[:-1]]
        ratio = UNKNOWN if row["quick_ratio"] is None else f"{row['quick_ratio']:.2f}"
        why = row["reasons"][0]["message"] if row["reasons"] else ""
        drawn.add_row(row["start"], *counts, ratio, why)
    console().print(drawn)


def _percent(rate: float | None) -> str:
    return UNKNOWN if rate is None else f"{rate:.1f}%"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for size, word in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {word}"
    return f"{seconds:.0f} s"
