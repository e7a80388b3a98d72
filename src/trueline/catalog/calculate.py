"""Calculators: a KPI's formula on inputs that are given, with its rules. No facts, no state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext
from functools import cache, lru_cache
from json.encoder import encode_basestring as quoted
from math import isfinite
from typing import Any, NamedTuple

from trueline.catalog.benchmark import Benchmark, benchmark, spoken
from trueline.catalog.interpret import counted, interpretation
from trueline.catalog.kpi import Calculator, Detail, Kpi, Needs, finished, needs, stated
from trueline.catalog.kpis import KPIS
from trueline.catalog.target import target
from trueline.core.checked import checked
from trueline.core.errors import Fault, InputError, UnknownKeyError
from trueline.core.money import EXACT, exactly, plain
from trueline.core.reading import Interval, Value, dumps


class Calculation(NamedTuple):
    """A calculator's answer. ``value`` is in the KPI's unit; percentages are in percent."""

    definition: type[Kpi]
    value: Value
    currency: str
    interval: Interval | None
    details: dict[str, Detail]
    interpretation: str
    benchmark: str
    beside: Benchmark
    verdict: str | None
    target: dict[str, Any] | None
    timestamp: datetime

    @property
    def benchmark_detail(self) -> dict[str, Any]:
        """The benchmark as a JSON object, with how the value stands beside it."""
        return self.beside.to_json(self.verdict)

    def to_json(self) -> dict[str, Any]:
        """The answer as a JSON object."""
        before, after = _alike(*self._of())
        return {**before, **self._own(), **after}

    def to_text(self) -> str:
        """The answer as JSON text; ``dumps(to_json())`` gives the same, and takes longer."""
        before, after = _alike_text(*self._of())
        target = "null" if self.target is None else _text(self.target)
        interval = "null" if self.interval is None else _interval_text(self.interval)
        details = _text({n: d.value for n, d in self.details.items()}) if self.details else "{}"
        return (
            f'{before},"value":{_text(self.value)}'
            f',"interpretation":{quoted(self.interpretation)}'
            f',"target":{target},"interval":{interval}'
            f',"details":{details},"timestamp":"{_iso(self.timestamp)}",{after}'
        )

    def _of(self) -> tuple[type[Kpi], str, str, Benchmark, str | None]:
        return self.definition, self.currency, self.benchmark, self.beside, self.verdict

    def _own(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "interpretation": self.interpretation,
            "target": self.target,
            "interval": self.interval.to_json() if self.interval else None,
            "details": {n: d.value for n, d in self.details.items()} if self.details else {},
            "timestamp": _iso(self.timestamp),
        }


def _interval_text(of: Interval) -> str:
    bounds = f'"low":{_text(of.low)},"high":{_text(of.high)}'
    return f'{{{bounds},"method":{quoted(of.method)},"level":{of.level}}}'


def _text(value: Any) -> str:
    """``dumps``, with what is usual written directly."""
    if value is None:
        return "null"
    kind = type(value)
    if kind is Decimal and value.is_finite():
        return plain(value)
    if kind is int or (kind is float and isfinite(value)):
        return repr(value)
    if kind is str:
        return quoted(value)
    if kind is date:
        return f'"{value}"'
    if kind is dict:
        return f"{{{','.join([f'{quoted(name)}:{_text(part)}' for name, part in value.items()])}}}"
    return dumps(value)


@lru_cache(8)
def _iso(moment: datetime) -> str:
    return moment.isoformat()


def _alike(
    definition: type[Kpi], currency: str, benchmark: str, beside: Benchmark, verdict: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a calculator's answers say alike: the fields before a value, and those after."""
    unit = definition.unit
    before = {"metric_name": definition.label, "key": definition.key}
    after = {
        "unit": unit.written("currency"),
        "currency": currency if unit.is_money else None,
        "benchmark": benchmark,
        "benchmark_detail": beside.to_json(verdict),
        "quality": "actual",
        "definition": definition.definition(),
    }
    return before, after


@lru_cache(1000)
def _alike_text(*of: Any) -> tuple[str, str]:
    """The same as JSON text without its outer braces, kept: most of an answer is this."""
    before, after = _alike(*of)
    return dumps(before)[:-1], dumps(after)[1:]


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
    with localcontext(EXACT):
        return _calculated(definition, data, currency, locale, targets or {}, moment or now())


def _calculated(
    definition: type[Kpi],
    data: Mapping[str, Any],
    currency: str,
    locale: str,
    targets: Mapping[str, Decimal],
    moment: datetime,
) -> Calculation:
    """The same, within the exact context: entering it for each of many takes its time."""
    said = stated(definition)
    way = said.ways[0] if len(said.ways) == 1 else _way(said.ways, data)
    inputs = checked(way, data)
    _require(needs(way), inputs)
    try:
        value = finished(said.unit, inputs.formula())
        interval, details = inputs.interval(), inputs.details()
    except (DivisionByZero, InvalidOperation, ZeroDivisionError):
        raise InputError(definition.undefined.message, definition.undefined.enable) from None
    leaning = inputs.leaning() or said.direction
    known = benchmark(definition)
    aim = target(said.key, targets)
    exact = exactly(value)
    verdict = known.verdict(exact, leaning)
    sentence = interpretation(
        definition, exact, currency=currency, locale=locale, benchmark=known, verdict=verdict,
        target=aim, interval=interval, details=details, direction=leaning,
        over=inputs.__dict__.get("time_frame"),
    )  # fmt: skip
    others = spoken(known, counted(said.unit, currency)[0], locale)
    # In their order: named one by one they take twice as long.
    return Calculation(
        definition, value, currency, interval, details, sentence, others, known, verdict, aim,
        moment,
    )  # fmt: skip


def now() -> datetime:
    """The moment of a calculation, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def _require(needed: Mapping[str, Needs], inputs: Calculator) -> None:
    for name, need in needed.items():
        amount = getattr(inputs, name)
        if amount is not None and amount <= need.above:
            rule = f"has to be above {need.above}"
            fault = Fault(rule, name, str(amount), need.enable)
            raise InputError(f"{name} {rule}. {need.message}", need.enable, (fault,))


def _way(ways: Sequence[type[Calculator]], data: Mapping[str, Any]) -> type[Calculator]:
    """Which of a KPI's ways the given fields belong to."""
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


def calculate_all(
    wanted: Sequence[Mapping[str, Any]],
    *,
    currency: str = "USD",
    locale: str = "en_CA",
    targets: Mapping[str, Decimal] | None = None,
) -> tuple[list[bytes], int]:
    """Many calculations: each ``{"metric": ..., "inputs": {...}}`` with its own result or error.

    Returns each as JSON in UTF-8, in their order, and how many have an error.
    """
    company = currency, locale, targets or {}, now()
    results, failed = [], 0
    with localcontext(EXACT):
        for item in wanted:
            metric = item["metric"]
            try:
                found = _calculated(calculator(metric), item["inputs"], *company).to_text()
                error = "null"
            except InputError as refused:
                found, error = "null", dumps(refused.to_json())
                failed += 1
            text = f'{{"metric":{quoted(metric)},"result":{found},"error":{error}}}'
            results.append(text.encode())
    return results, failed
