"""A value in a sentence: what it is, how it stands beside others and beside the target."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from trueline.catalog.alike import Alike, counted
from trueline.catalog.kpi import Detail, Direction
from trueline.core import words
from trueline.core.money import exactly
from trueline.core.reading import Interval

MOST_DETAILS = 5
_GOOD = {
    Direction.UP: " Higher is better.",
    Direction.DOWN: " Lower is better.",
    Direction.NEUTRAL: "",
}
_BESIDE = {
    "better": ". That is better than the benchmark.",
    "typical": ". That is what is usual.",
    "worse": ". That is worse than the benchmark.",
}
_A_TIME = {
    "daily": " a day",
    "weekly": " a week",
    "monthly": " a month",
    "quarterly": " a quarter",
    "yearly": " a year",
}


def interpretation(
    of: Alike,
    value: Decimal,
    verdict: str | None,
    *,
    interval: Interval | None = None,
    details: Mapping[str, Detail] | None = None,
    direction: Direction | None = None,
    over: str | None = None,
) -> str:
    """The value in words, in the company's currency and locale; ``verdict`` is how it stands beside
    the benchmark, ``direction`` which way is good where the inputs say so, ``over`` the time that
    they are of."""
    leaning, written = direction or of.direction, of.written
    said = of.opening + written(value)
    if over is not None:
        said += _A_TIME.get(over, "")
    if interval is not None:
        low, high = written(exactly(interval.low)), written(exactly(interval.high))
        said += f" ({interval.level}% interval {low} to {high})"
    if details:
        for name, detail in islice(details.items(), MOST_DETAILS):
            unit, money = counted(detail.unit, of.currency)
            said += f", {_spoken(name)} {words.amount(detail.value, unit, money, of.locale)}"
    said += of.unjudged if verdict is None else _BESIDE[verdict]
    if of.target is not None:
        said += _against(of, of.target, value, leaning, over)
    return said + _GOOD[leaning]


def _spoken(name: str) -> str:
    return "ARR" if name == "arr" else "NRR" if name == "nrr" else name.replace("_", " ")


def _against(
    of: Alike, target: dict[str, Any], value: Decimal, direction: Direction, over: str | None
) -> str:
    """Where the target is a month's, only what is said to be of a month is judged by it."""
    aim = exactly(target["value"])
    written = of.written(aim)
    if target["per"] == "month" and over != "monthly":
        return f" The target is {written} a month: compare a value over one."
    if direction is Direction.NEUTRAL:
        return f" The target is {written}."
    met = value >= aim if direction is Direction.UP else value <= aim
    return f" It {'meets' if met else 'misses'} the target of {written}."
