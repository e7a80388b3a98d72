"""Which fact tables feed a KPI: what a company has to record for it."""

from __future__ import annotations

from functools import cache

from trueline.catalog.bases import BASES
from trueline.catalog.kpi import NOT_MEASURED, Kpi
from trueline.catalog.kpis import from_facts, kpi
from trueline.catalog.measure import PeriodMeasure, Sum
from trueline.catalog.measures import measure
from trueline.facts.tables import CONTRACTS

_RECORDED = frozenset(table.name for table in CONTRACTS)
_BASES = {base.key: base.tables for base in BASES}


@cache
def tables_of(definition: type[Kpi]) -> tuple[str, ...]:
    """The fact tables that its inputs are counted from, in order of their coming."""
    found: dict[str, None] = {}
    for origin in definition.origins().values():
        if origin.source.startswith("kpi:"):
            found |= dict.fromkeys(tables_of(kpi(origin.source.removeprefix("kpi:"))))
        elif origin.source not in NOT_MEASURED:
            found |= dict.fromkeys(_measured(origin.source))
    return tuple(found)


def _measured(key: str) -> tuple[str, ...]:
    item = measure(key)
    if isinstance(item, Sum):
        return tuple(dict.fromkeys(t for part in item.parts for t in _measured(part)))
    if isinstance(item, PeriodMeasure):
        return item.tables
    return (item.table,) if item.table in _RECORDED else _BASES[item.base]


@cache
def fed_by() -> dict[str, tuple[type[Kpi], ...]]:
    """For each fact table, the KPIs that use it."""
    found: dict[str, list[type[Kpi]]] = {}
    for definition in from_facts():
        for table in tables_of(definition):
            found.setdefault(table, []).append(definition)
    return {table: tuple(kpis) for table, kpis in found.items()}


def known_words(table: str) -> dict[str, tuple[str, ...]]:
    """What columns of a table can say that facts alone do not know: a plan's KPIs."""
    return {"kpi": tuple(item.key for item in from_facts())} if table == "plan" else {}
