"""Targets: what each is for, and how a reading stands to its own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from trueline.catalog.formula import adds_up
from trueline.catalog.kpi import Direction, Kpi, Unit, Window
from trueline.catalog.kpis import kpi
from trueline.catalog.measure import Measure, MeasureKind
from trueline.catalog.measures import measure
from trueline.core.period import Period
from trueline.core.quality import Completeness
from trueline.core.reading import Reading

MONTH = "month"
AS_LONG = (30, 31)
"""Days that are as long as a month, wherever they begin: the last 30, say."""
_AT_THE_START = ("movement_opening", "customers_at_start")


@cache
def targets() -> dict[str, dict[str, Any]]:
    """Default targets by KPI, each with its source and date (``targets.toml``)."""
    text = files("trueline.catalog").joinpath("targets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def target(key: str, own: Mapping[str, Decimal]) -> dict[str, Any] | None:
    """The target of a KPI: the company's own, else the default one; None where there is none.
    ``per`` is what it is for: a month, or None where the length of a period does not matter."""
    found = {"value": own[key], "source": "trueline.toml"} if key in own else targets().get(key)
    return None if found is None else found | {"per": MONTH if grows(kpi(key)) else None}


@cache
def grows(definition: type[Kpi]) -> bool:
    """Whether a longer period has more of it: what happens in it (revenue, new customers), and what
    changed since its start (churn, NRR). A target of such a KPI is a month's, as its plan is."""
    origins = definition.origins().values()
    if not origins:
        return False
    since = any(o.at == "opening" or o.source in _AT_THE_START for o in origins)
    if definition.unit is Unit.PERCENT:
        return since or any(o.window is Window.PREVIOUS for o in origins)
    return adds_up(definition) and (since or not any(_state(o.source) for o in origins))


def _state(source: str) -> bool:
    """Whether a measure is how things are at a moment, however long the period before it is."""
    found = measure(source)
    return source == "cash" or (isinstance(found, Measure) and found.kind is MeasureKind.LEVEL)


def fits(reading: Reading, found: Mapping[str, Any]) -> bool:
    """Whether a reading is of the whole company, over as long a period as the target is for."""
    return not reading.slice and _as_long(reading, found)


def _as_long(reading: Reading, found: Mapping[str, Any]) -> bool:
    period = Period(reading.start, reading.end)
    return found["per"] is None or period.whole_months == 1 or period.days in AS_LONG


class Stand(NamedTuple):
    """Whether a target is met; None where that is not judged, with the reason in ``why``."""

    met: bool | None
    why: str = ""


def stand(reading: Reading, found: Mapping[str, Any]) -> Stand:
    """How a reading stands to its target. A part is not judged by what is meant for the whole."""
    direction = kpi(reading.key).direction
    if reading.value is None or direction is Direction.NEUTRAL:
        return Stand(None)
    if reading.slice:
        return Stand(None, "Not judged: the target is the whole company's.")
    if not _as_long(reading, found):
        return Stand(None, "Not judged: the target is for one month.")
    if reading.completeness is Completeness.PARTIAL:
        return Stand(None, "Not judged: only a part of the period is known.")
    value, aim = Decimal(str(reading.value)), Decimal(found["value"])
    return Stand(value >= aim if direction is Direction.UP else value <= aim)
