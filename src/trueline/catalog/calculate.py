"""Calculators: a KPI's formula on inputs that are given, with its rules. No facts, no state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext
from functools import cache
from typing import Any

from trueline.catalog.benchmark import benchmark
from trueline.catalog.describe import target
from trueline.catalog.interpret import interpretation
from trueline.catalog.kpi import Calculator, Detail, Kpi, Needs, finished
from trueline.catalog.kpis import KPIS
from trueline.core.checked import checked
from trueline.core.errors import Fault, InputError, UnknownKeyError
from trueline.core.money import EXACT
from trueline.core.reading import Interval, Value


@dataclass(frozen=True)
class Calculation:
    """A calculator's answer. ``value`` is in the KPI's unit; percentages are in percent."""

    definition: type[Kpi]
    value: Value
    currency: str
    interval: Interval | None
    details: dict[str, Detail]
    interpretation: str
    benchmark: str
    benchmark_detail: dict[str, Any]
    target: dict[str, Any] | None
    timestamp: datetime

    def to_json(self) -> dict[str, Any]:
        """The answer as a JSON object."""
        unit, money = self.definition.unit, self.definition.unit.is_money
        return {
            "metric_name": self.definition.label,
            "key": self.definition.key,
            "value": self.value,
            "unit": unit.value.replace("money", "currency"),
            "currency": self.currency if money else None,
            "interpretation": self.interpretation,
            "benchmark": self.benchmark,
            "benchmark_detail": self.benchmark_detail,
            "target": self.target,
            "interval": self.interval.to_json() if self.interval else None,
            "details": {name: detail.value for name, detail in self.details.items()},
            "quality": "actual",
            "definition": self.definition.definition(),
            "timestamp": self.timestamp.isoformat(),
        }


@cache
def calculators() -> dict[str, type[Kpi]]:
    """Every KPI that can be calculated from given inputs, by its name in a path."""
    return {item.slug(): item for item in KPIS if item.calculators()}


def calculator(name: str) -> type[Kpi]:
    """The KPI of a calculator's name or key. Raises UnknownKeyError, naming its neighbours."""
    known = calculators()
    found = known.get(name) or known.get(name.replace("_", "-"))
    if found is None:
        found = next((item for item in known.values() if item.key == name), None)
    if found is None:
        raise UnknownKeyError.among("calculator", name, known)
    return found


def calculate(
    definition: type[Kpi],
    data: Mapping[str, Any],
    *,
    currency: str = "USD",
    locale: str = "en_CA",
    targets: Mapping[str, Decimal] | None = None,
    moment: datetime | None = None,
) -> Calculation:
    """The KPI from given inputs. Raises InputError naming the rule that they break."""
    way = _way(definition, data)
    inputs = checked(way, data)
    _require(way.needs(), inputs)
    try:
        with localcontext(EXACT):
            value = finished(definition.unit, inputs.formula())
            interval, details = inputs.interval(), inputs.details()
    except (DivisionByZero, InvalidOperation, ZeroDivisionError):
        raise InputError(definition.undefined.message, definition.undefined.enable) from None
    leaning = inputs.leaning() or definition.direction
    known = benchmark(definition)
    aim = target(definition.key, dict(targets or {}))
    return Calculation(
        definition=definition,
        value=value,
        currency=currency,
        interval=interval,
        details=details,
        interpretation=interpretation(
            definition, value, currency=currency, locale=locale, benchmark=known, target=aim,
            interval=interval, details=details, direction=leaning,
            over=inputs.__dict__.get("time_frame"),
        ),
        benchmark=known.spoken(definition.unit.written(currency), locale),
        benchmark_detail=known.to_json(known.verdict(value, leaning)),
        target=aim,
        timestamp=moment or now(),
    )  # fmt: skip


def now() -> datetime:
    """The moment of a calculation, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def _require(needs: Mapping[str, Needs], inputs: Calculator) -> None:
    for name, need in needs.items():
        amount = getattr(inputs, name)
        if amount is not None and amount <= need.above:
            rule = f"has to be above {need.above}"
            fault = Fault(rule, name, str(amount), need.enable)
            raise InputError(f"{name} {rule}. {need.message}", need.enable, (fault,))


def _way(definition: type[Kpi], data: Mapping[str, Any]) -> type[Calculator]:
    """Which of the KPI's ways the given fields belong to."""
    ways = definition.calculators()
    if len(ways) == 1:
        return ways[0]
    given = set(data)
    fitting = [way for way in ways if given & set(way.model_fields)]
    if len(fitting) == 1:
        return fitting[0]
    either = " or ".join(f"({_fields(way)})" for way in ways)
    if not fitting:
        raise InputError(f"Give either {either}.")
    raise InputError(f"Give either {either}, not some of both.", "Leave the others out.")


def _fields(way: type[Calculator]) -> str:
    return " + ".join(way.model_fields)


def calculate_all(wanted: Sequence[Mapping[str, Any]], **company: Any) -> list[dict[str, Any]]:
    """Many calculations: each ``{"metric": ..., "inputs": {...}}`` with its own result or error."""
    company = {"moment": now()} | company
    return [_one(item, company) for item in wanted]


def _one(item: Mapping[str, Any], company: dict[str, Any]) -> dict[str, Any]:
    try:
        found = calculate(calculator(item["metric"]), item["inputs"], **company)
    except InputError as error:
        return {"metric": item["metric"], "result": None, "error": error.to_json()}
    return {"metric": item["metric"], "result": found.to_json(), "error": None}
