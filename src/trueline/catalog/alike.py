"""What all answers of one calculator say alike to a company: worked out once, looked at by each.

Asking a model's class for its label, or an input's for its rules, takes longer than to calculate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from trueline.catalog.benchmark import Benchmark, benchmark, spoken
from trueline.catalog.kpi import Calculator, Detail, Direction, Kpi, Needs, Number, Unit
from trueline.catalog.target import target
from trueline.core import words
from trueline.core.reading import Interval, dumps


@dataclass(frozen=True, eq=False, slots=True)
class Way:
    """What is asked of one way's inputs; None for what it does not say."""

    model: type[Calculator]
    validate: Callable[[Any], Any]
    needs: tuple[tuple[str, Needs], ...]
    formula: Callable[[Any], Number]
    interval: Callable[[Any], Interval | None] | None
    details: Callable[[Any], dict[str, Detail]] | None
    leaning: Callable[[Any], Direction | None] | None
    timed: bool

    @classmethod
    def of(cls, model: type[Calculator]) -> Way:
        """A way as its model declares it."""
        model.model_rebuild()  # built when it is first used: only then is there a validator to ask

        def own(name: str) -> Any:
            found = getattr(model, name)
            return None if found is getattr(Calculator, name) else found

        return cls(
            model,
            model.__pydantic_validator__.validate_python,
            tuple(model.needs().items()),
            model.formula,
            own("interval"),
            own("details"),
            own("leaning"),
            "time_frame" in model.model_fields,
        )


@dataclass(frozen=True, eq=False, slots=True)
class Alike:
    """A KPI's calculator in a company's currency and locale, with its target.

    ``written`` writes an amount in the KPI's unit. ``unjudged`` ends a sentence in which no
    benchmark is compared with. One is made for each, and equals itself alone.
    """

    definition: type[Kpi]
    unit: Unit
    direction: Direction
    ways: tuple[Way, ...]
    currency: str
    locale: str
    written: words.Writer
    beside: Benchmark
    benchmark: str
    target: dict[str, Any] | None
    opening: str
    unjudged: str

    def before(self) -> dict[str, Any]:
        """The fields that stand before a value."""
        return {"metric_name": self.definition.label, "key": self.definition.key}

    def after(self, verdict: str | None) -> dict[str, Any]:
        """The fields that stand after it; ``verdict`` is how it stands beside the benchmark."""
        return {
            "target": self.target,
            "unit": self.unit.written("currency"),
            "currency": self.currency if self.unit.is_money else None,
            "benchmark": self.benchmark,
            "benchmark_detail": self.beside.to_json(verdict),
            "quality": "actual",
            "definition": self.definition.definition(),
        }


@lru_cache(1000)
def texts(of: Alike, verdict: str | None) -> tuple[str, str]:
    """Both as JSON text without the outer braces, kept: most of an answer is this."""
    return dumps(of.before())[:-1], dumps(of.after(verdict))[1:]


@cache
def counted(unit: Unit, currency: str) -> tuple[str, str | None]:
    """A unit as it is written, and its currency where it is money."""
    return unit.written(currency), currency if unit.is_money else None


@lru_cache(1000)
def alike(definition: type[Kpi], currency: str, locale: str, own: Decimal | None) -> Alike:
    """What a KPI's answers say alike; ``own`` is the company's own target."""
    known, unit = benchmark(definition), definition.unit
    written_as, money = counted(unit, currency)
    over = known.over if known.known else None
    return Alike(
        definition,
        unit,
        definition.direction,
        tuple(Way.of(model) for model in definition.calculators()),
        currency,
        locale,
        words.writer(written_as, money, locale),
        known,
        spoken(known, written_as, locale),
        target(definition.key, {} if own is None else {definition.key: own}),
        f"{definition.label}: ",
        f". The benchmark is over {over}: compare a value over the same time." if over else ".",
    )
