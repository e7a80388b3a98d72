"""Calculators: a KPI's formula on inputs that are given, with its rules. No facts, no state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext
from functools import cache, lru_cache
from json.encoder import encode_basestring as quoted
from math import isfinite
from typing import Any, NamedTuple

from pydantic import ValidationError

from trueline.catalog.alike import Alike, Way, alike, texts
from trueline.catalog.interpret import interpretation
from trueline.catalog.kpi import Detail, Kpi, finished
from trueline.catalog.kpis import KPIS
from trueline.core.checked import refusal
from trueline.core.errors import Fault, InputError, UnknownKeyError
from trueline.core.money import EXACT, exactly, plain
from trueline.core.reading import Interval, Value, dumps


class Calculation(NamedTuple):
    """A calculator's answer. ``value`` is in the KPI's unit; percentages are in percent. ``of`` is
    what it says like every other answer; ``verdict`` how the value stands beside the benchmark."""

    of: Alike
    value: Value
    interval: Interval | None
    details: Mapping[str, Detail]
    interpretation: str
    verdict: str | None
    timestamp: datetime

    @property
    def definition(self) -> type[Kpi]:
        """The KPI."""
        return self.of.definition

    @property
    def currency(self) -> str:
        """The company's currency."""
        return self.of.currency

    @property
    def benchmark(self) -> str:
        """What others have, in a sentence."""
        return self.of.benchmark

    @property
    def benchmark_detail(self) -> dict[str, Any]:
        """The benchmark as a JSON object, with how the value stands beside it."""
        return self.of.beside.to_json(self.verdict)

    @property
    def target(self) -> dict[str, Any] | None:
        """The target, with its source and what it is for; None where there is none."""
        return self.of.target

    def to_json(self) -> dict[str, Any]:
        """The answer as a JSON object."""
        own = {
            "value": self.value,
            "interpretation": self.interpretation,
            "interval": self.interval.to_json() if self.interval else None,
            "details": {name: detail.value for name, detail in self.details.items()},
            "timestamp": _iso(self.timestamp),
        }
        return {**self.of.before(), **own, **self.of.after(self.verdict)}

    def to_text(self) -> str:
        """The answer as JSON text; ``dumps(to_json())`` gives the same, and takes longer."""
        of, value, between, details, said, verdict, moment = self
        before, after = texts(of, verdict)
        interval = "null" if between is None else _interval_text(between)
        more = _text({n: d.value for n, d in details.items()}) if details else "{}"
        return (
            f'{before},"value":{_text(value)},"interpretation":{quoted(said)}'
            f',"interval":{interval},"details":{more},"timestamp":"{_iso(moment)}",{after}'
        )


_NO_DETAILS: Mapping[str, Detail] = {}


def _interval_text(of: Interval) -> str:
    bounds = f'"low":{_text(of.low)},"high":{_text(of.high)}'
    return f'{{{bounds},"method":{quoted(of.method)},"level":{of.level}}}'


def _text(value: Any) -> str:
    """``dumps``, with what is usual written directly."""
    kind = type(value)
    if kind is Decimal and value.is_finite():
        return plain(value)
    if kind is int or (kind is float and isfinite(value)):
        return repr(value)
    if value is None:
        return "null"
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
    of = alike(definition, currency, locale, (targets or {}).get(definition.key))
    with localcontext(EXACT):
        return _calculated(of, data, moment or now())


def _calculated(of: Alike, data: Mapping[str, Any], moment: datetime) -> Calculation:
    """The same, within the exact context: entering it for each of many takes its time."""
    way = of.ways[0] if len(of.ways) == 1 else _way(of.ways, data)
    try:
        inputs = way.validate(data)
    except ValidationError as error:
        raise refusal(error, way.model.model_fields) from None
    if way.needs:
        _require(way, inputs)
    try:
        value = finished(of.unit, way.formula(inputs))
        interval = None if way.interval is None else way.interval(inputs)
        details = _NO_DETAILS if way.details is None else way.details(inputs)
    except (DivisionByZero, InvalidOperation, ZeroDivisionError):
        undefined = of.definition.undefined
        raise InputError(undefined.message, undefined.enable) from None
    leaning = (way.leaning and way.leaning(inputs)) or of.direction
    exact = exactly(value)
    verdict = of.beside.verdict(exact, leaning)
    over = inputs.time_frame if way.timed else None
    sentence = interpretation(
        of, exact, verdict, interval=interval, details=details, direction=leaning, over=over
    )
    # In their order: named one by one they take twice as long.
    return Calculation(of, value, interval, details, sentence, verdict, moment)


def now() -> datetime:
    """The moment of a calculation, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def _require(way: Way, inputs: Any) -> None:
    given = inputs.__dict__
    for name, need in way.needs:
        amount = given[name]
        if amount is not None and amount <= need.above:
            rule = f"has to be above {need.above}"
            fault = Fault(rule, name, str(amount), need.enable)
            raise InputError(f"{name} {rule}. {need.message}", need.enable, (fault,))


def _way(ways: Sequence[Way], data: Mapping[str, Any]) -> Way:
    """Which of a KPI's ways the given fields belong to."""
    given = set(data)
    fitting = [way for way in ways if given & set(way.model.model_fields)]
    if len(fitting) == 1:
        return fitting[0]
    either = " or ".join(f"({' + '.join(way.model.model_fields)})" for way in ways)
    if not fitting:
        raise InputError(f"Give either {either}.")
    raise InputError(f"Give either {either}, not some of both.", "Leave the others out.")


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
    own, moment = targets or {}, now()
    results, failed = [], 0
    with localcontext(EXACT):
        for item in wanted:
            metric = item["metric"]
            try:
                definition = calculator(metric)
                of = alike(definition, currency, locale, own.get(definition.key))
                found = _calculated(of, item["inputs"], moment).to_text()
                error = "null"
            except InputError as refused:
                found, error = "null", dumps(refused.to_json())
                failed += 1
            text = f'{{"metric":{quoted(metric)},"result":{found},"error":{error}}}'
            results.append(text.encode())
    return results, failed
