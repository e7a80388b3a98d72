"""How a KPI stands: against earlier periods, its target, what others have."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from trueline.catalog.benchmark import benchmark, spoken
from trueline.catalog.describe import describe
from trueline.catalog.kpis import kpi
from trueline.catalog.schema import fields
from trueline.catalog.target import AS_LONG
from trueline.core import words
from trueline.core.period import Period
from trueline.core.quality import Completeness, Quality
from trueline.core.reading import Reading, ReadingInput
from trueline.engine.engine import change
from trueline.home import Trueline
from trueline.web.boards.ground import missing_of
from trueline.web.boards.tiles import target_of
from trueline.web.explore.asked import Asked, KnownGround
from trueline.web.pages import figures

_OVER = {1: "a month", 12: "a year"}
_YEAR_LONG = (365, 366)
VERDICTS = {
    "better": ("ok", "Better than others"),
    "typical": ("", "As others"),
    "worse": ("warn", "Worse than others"),
}


def standing_of(tl: Trueline, asked: Asked) -> dict[str, Any]:
    """The reading with its words, changes, target and benchmark; for a KPI that facts feed."""
    with tl.engine.one_state():
        return _standing(tl, asked)


def _standing(tl: Trueline, asked: Asked) -> dict[str, Any]:
    ground = KnownGround(tl, asked)
    reading = ground.reading(asked.key, asked.period)
    target = target_of(ground, asked.key, None, reading)
    return {
        "reading": reading,
        "value": ground.text(reading).removeprefix("~"),
        "interval": _interval(ground, reading),
        "reasons": [missing_of([reason], reading) for reason in reading.reasons],
        "changes": [_compared(ground, reading, *other) for other in _others(asked.period)],
        "target": target,
        "gauge": _gauge(reading, target),
        "benchmark": benchmark_of(tl, asked, reading),
        "inputs": [_input(tl, asked, item, ground) for item in reading.inputs],
    }


def _input(tl: Trueline, asked: Asked, item: ReadingInput, ground: KnownGround) -> dict[str, Any]:
    """An input with its words; one that is a KPI leads to it."""
    zone = tl.settings.company.zone
    units = {field["name"]: field["unit"] for field in fields(asked.definition)}
    key = item.measure.removeprefix("kpi:") if item.measure.startswith("kpi:") else None
    mark = "" if item.quality is Quality.ACTUAL else "estimated"
    return {
        "name": item.name,
        "description": asked.definition.model_fields[item.name].description or "",
        "text": words.UNKNOWN
        if item.value is None
        else _figure(item, ground, units.get(item.name)),
        "mark": "unknown" if item.value is None else mark,
        "measure": "" if key else item.measure,
        "kpi": None if key is None else kpi(key).label,
        "link": None if key is None else asked.other(key),
        "table": item.table,
        "rows": item.rows,
        "first": _day(item.first, zone),
        "last": _day(item.last, zone),
    }


def _figure(item: ReadingInput, ground: KnownGround, unit: str | None) -> str:
    """A number with its unit: whole where it is, else to four digits behind the point."""
    from babel.numbers import format_decimal

    number = str(format_decimal(item.value, format="#,##0.####", locale=ground.locale))
    if unit is None or unit in ("count", "ratio", "score"):
        return number
    if unit == "%":
        return f"{number}%"
    currency = ground.view.cut.value("currency")
    return f"{number} {unit.replace('currency', currency or ground.company.currency)}"


def _day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    """A fact's local day; midnight in UTC is how facts of whole days are kept."""
    if moment is None or moment.time() == time(0):
        return None if moment is None else moment.date()
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(zone).date()


def _others(period: Period) -> list[tuple[str, Period]]:
    before = [("Period before", period.previous())]
    if period.days > 366:
        return before
    year = [("A year earlier", period.year_earlier())]
    return year if before[0][1] == year[0][1] else before + year


def _compared(ground: KnownGround, reading: Reading, name: str, period: Period) -> dict[str, Any]:
    """One comparison: both values and the change, or why they must not be compared."""
    other = ground.reading(reading.key, period)
    found = change(reading, other)
    return {
        "name": name,
        "period": period,
        "reading": other,
        "value": ground.text(other),
        "change": found,
        "text": words.changed(found, reading.unit, ground.locale)
        or _difference(ground, reading, found["absolute"]),
        "refused": found["reason"],
    }


def _difference(ground: KnownGround, reading: Reading, absolute: Any) -> str:
    """The change in the KPI's unit, where a percentage has no meaning."""
    if absolute is None:
        return ""
    text = ground.amount(abs(absolute), reading.unit, reading.currency)
    return f"{'+' if absolute > 0 else '-' if absolute < 0 else ''}{text}"


def _interval(ground: KnownGround, reading: Reading) -> str:
    if reading.interval is None:
        return ""
    low, high = (
        ground.amount(edge, reading.unit, reading.currency)
        for edge in (reading.interval.low, reading.interval.high)
    )
    return f"{reading.interval.level}% interval {low} to {high}, {reading.interval.method}"


def _gauge(reading: Reading, target: Any) -> Any:
    """A half circle to twice the target; none where there is nothing to aim at."""
    if target is None or not target["fits"] or target["number"] <= 0:
        return None
    if reading.value is None or reading.value < 0:
        return None
    most = max(2 * target["number"], float(reading.value))
    return figures.gauge(float(reading.value), most, target["number"])


def benchmark_of(tl: Trueline, asked: Asked, reading: Reading | None) -> dict[str, Any]:
    """What others have, with the verdict where one may be given."""
    found = benchmark(asked.definition)
    unit = asked.definition.unit.value
    verdict = None
    partial = reading is not None and reading.completeness is Completeness.PARTIAL
    if reading is not None and not partial:
        verdict = found.verdict(reading.value, asked.definition.direction, _over(asked.period))
    note = ""
    if found.known and partial:
        note = "Only a part of the period is known: it is not compared."
    elif found.known and found.over and verdict is None:
        note = f"It is over {found.over}: choose such a period to compare."
    return {
        "known": found.known,
        "spoken": spoken(found, unit, tl.settings.company.locale),
        "verdict": VERDICTS.get(verdict or ""),
        "note": note,
        "dated": found.dated,
    }


def _over(period: Period) -> str | None:
    """What a benchmark calls a period's length; days as long as a month or a year count as one."""
    if period.days in AS_LONG:
        return "a month"
    return "a year" if period.days in _YEAR_LONG else _OVER.get(period.whole_months or 0)


def declared_of(tl: Trueline, asked: Asked) -> dict[str, Any]:
    """The KPI as it is declared: meaning, formula, rules, worked example."""
    definition = asked.definition
    shown = describe(definition, tl.settings.targets)
    ways = definition.calculators()
    return shown | {
        "needs": [need.message for need in definition.needs().values()],
        "slug": definition.slug() if ways else None,
        "rules": [rule.spoken() for rule in definition.rules],
        "example": _example(definition) if hasattr(definition, "example") else None,
    }


def _example(definition: Any) -> dict[str, Any]:
    return {"inputs": definition.example, "value": getattr(definition, "example_value", None)}
