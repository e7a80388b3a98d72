"""A value in a sentence: what it is, how it stands beside others and beside the target."""

from __future__ import annotations

from functools import cache
from typing import Any

from trueline.catalog.benchmark import Benchmark
from trueline.catalog.kpi import Detail, Direction, Kpi, Unit, stated
from trueline.core import words
from trueline.core.money import exactly
from trueline.core.reading import Interval, Value

_GOOD = {
    Direction.UP: "Higher is better.",
    Direction.DOWN: "Lower is better.",
    Direction.NEUTRAL: "",
}
_BESIDE = {
    "better": "better than the benchmark",
    "typical": "what is usual",
    "worse": "worse than the benchmark",
}
_A_TIME = {
    "daily": "a day",
    "weekly": "a week",
    "monthly": "a month",
    "quarterly": "a quarter",
    "yearly": "a year",
}


def interpretation(
    definition: type[Kpi],
    value: Value,
    *,
    currency: str,
    locale: str,
    benchmark: Benchmark,
    verdict: str | None,
    target: dict[str, Any] | None = None,
    interval: Interval | None = None,
    details: dict[str, Detail] | None = None,
    direction: Direction | None = None,
    over: str | None = None,
) -> str:
    """The value in words, in the company's currency and locale; ``verdict`` is how it stands beside
    the benchmark."""
    said = stated(definition)
    leaning = direction or said.direction
    unit, money = counted(said.unit, currency)
    parts = [f"{said.label}: {words.amount(value, unit, money, locale)}"]
    if over in _A_TIME:
        parts[0] += f" {_A_TIME[over]}"
    if interval is not None:
        low = words.amount(interval.low, unit, money, locale)
        high = words.amount(interval.high, unit, money, locale)
        parts[0] += f" ({interval.level}% interval {low} to {high})"
    for name, detail in list(details.items())[:5] if details else ():
        amount = words.amount(detail.value, *counted(detail.unit, currency), locale)
        parts.append(f"{_spoken(name)} {amount}")
    sentence = ", ".join(parts) + "."
    if verdict is not None:
        sentence += f" That is {_BESIDE[verdict]}."
    elif benchmark.known and benchmark.over:
        sentence += f" The benchmark is over {benchmark.over}: compare a value over the same time."
    if target is not None and value is not None:
        sentence += " " + _against(value, target, leaning, unit, money, locale, over)
    return f"{sentence} {_GOOD[leaning]}".strip()


@cache
def counted(unit: Unit, currency: str) -> tuple[str, str | None]:
    """A unit as it is written, and its currency where it is money."""
    return unit.written(currency), currency if unit.is_money else None


def _spoken(name: str) -> str:
    return "ARR" if name == "arr" else "NRR" if name == "nrr" else name.replace("_", " ")


def _against(
    value: Value,
    target: dict[str, Any],
    direction: Direction,
    unit: str,
    currency: str | None,
    locale: str,
    over: str | None,
) -> str:
    """Where the target is a month's, only what is said to be of a month is judged by it."""
    aim = exactly(target["value"])
    written = words.amount(aim, unit, currency, locale)
    exact = exactly(value)
    if target["per"] == "month" and over != "monthly":
        return f"The target is {written} a month: compare a value over one."
    if direction is Direction.NEUTRAL:
        return f"The target is {written}."
    met = exact >= aim if direction is Direction.UP else exact <= aim
    return f"It {'meets' if met else 'misses'} the target of {written}."
