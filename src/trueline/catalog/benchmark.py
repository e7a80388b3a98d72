"""Benchmarks: what others have, dated and cited, and how a value stands beside it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from trueline.catalog.kpi import Direction, Kpi, Unit
from trueline.core import words
from trueline.core.money import exactly
from trueline.core.reading import Value

NOT_KNOWN = "Nobody credible has published what others have."
AMOUNT = "It grows with the company: an amount or a count of others says nothing about yours."
_SIZES = (Unit.MONEY, Unit.MONEY_PER_MONTH, Unit.COUNT, Unit.USERS)


@dataclass(frozen=True, eq=False)
class Benchmark:
    """A range of others' values, with whose it is; without a range, ``reason`` says why not.

    One is made for each KPI and equals itself alone: its sentence is kept by that (``spoken``).
    """

    low: Decimal | None = None
    high: Decimal | None = None
    typical: Decimal | None = None
    kind: str | None = None
    source: str | None = None
    year: int | None = None
    population: str | None = None
    over: str | None = None
    dated: date | None = None
    checked: bool = False
    reason: str | None = None

    @property
    def known(self) -> bool:
        """Whether there is anything to compare with."""
        return self.reason is None

    def verdict(self, value: Value, direction: Direction, over: str | None = None) -> str | None:
        """``better``, ``typical`` or ``worse`` than others; None where that cannot be said.

        ``over`` is the time that the value is over: a month's retention is not compared with a
        year's.
        """
        if value is None or self.reason is not None or direction is Direction.NEUTRAL:
            return None
        if self.over is not None and over != self.over:
            return None
        exact = exactly(value)
        low = self.typical if self.low is None else self.low
        high = self.typical if self.high is None else self.high
        if low is not None and exact < low:
            return "worse" if direction is Direction.UP else "better"
        # A floor alone (at least 3) is met from there on.
        if high is None or exact > high:
            return "better" if direction is Direction.UP else "worse"
        return "typical"

    def to_json(self, verdict: str | None) -> dict[str, Any]:
        """The benchmark as a JSON object."""
        return {
            "low": self.low,
            "high": self.high,
            "typical": self.typical,
            "kind": self.kind,
            "source": self.source,
            "year": self.year,
            "population": self.population,
            "over": self.over,
            "dated": self.dated,
            "checked": self.checked,
            "reason": self.reason,
            "verdict": verdict,
        }


@cache
def spoken(of: Benchmark, unit: str, locale: str) -> str:
    """A benchmark in one sentence, its figures in ``unit``."""
    if of.reason is not None:
        return f"No benchmark. {of.reason}"
    over = f", over {of.over}" if of.over else ""
    hand = "" if of.checked else ", cited at second hand"
    source = f"{of.source}, {of.year}" if of.year else of.source
    figure = _figure(of, unit, locale)
    return f"{figure} ({of.kind}{over}): {of.population}. Source: {source}{hand}."


def _figure(of: Benchmark, unit: str, locale: str) -> str:
    def written(number: Decimal) -> str:
        return words.amount(number, unit, None, locale)

    if of.typical is not None:
        return written(of.typical)
    if of.low is not None and of.high is not None:
        return f"{written(of.low)} to {written(of.high)}"
    return f"At least {written(of.low)}" if of.low is not None else ""


@cache
def _recorded() -> dict[str, Any]:
    text = files("trueline.catalog").joinpath("benchmarks.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


@cache
def benchmark(definition: type[Kpi]) -> Benchmark:
    """The benchmark of a KPI; where none is credible, one that says why."""
    recorded = _recorded()
    entry = recorded.get(definition.key)
    if entry is None:
        general = AMOUNT if definition.unit in _SIZES else NOT_KNOWN
        return Benchmark(reason=recorded["none"].get(definition.key, general))
    amounts = {k: Decimal(entry[k]) for k in ("low", "high", "typical") if k in entry}
    return Benchmark(**{**entry, **amounts})


def recorded_keys() -> set[str]:
    """Every key that the benchmarks name."""
    recorded = _recorded()
    return (set(recorded) - {"none"}) | set(recorded["none"])
