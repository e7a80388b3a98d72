"""How a number came about: formula, inputs, facts, row counts, and the queries."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from trueline.catalog.bases import BASES
from trueline.catalog.formula import formula_text
from trueline.catalog.inputs import NOT_MEASURED
from trueline.catalog.kpis import kpi
from trueline.catalog.measure import Measure, MeasureKind, PeriodMeasure, Sum
from trueline.catalog.measures import measure
from trueline.core.period import Period
from trueline.engine.evaluate import source_of, window
from trueline.engine.from_facts import slices_of

if TYPE_CHECKING:
    from trueline.engine.evaluate import Evaluator
    from trueline.engine.resolve import Resolver


def explain(evaluator: Evaluator, key: str, period: Period) -> dict[str, Any]:
    """The reading of a KPI with, for each input, the measure, its facts and its SQL."""
    definition = kpi(key)
    reading = evaluator.reading(key, period)
    inputs = []
    for item in reading.inputs:
        origin = definition.origins()[item.name]
        over = window(period, origin.window, evaluator.resolver.today)
        source = source_of(origin, evaluator.resolver.cut)
        inputs.append(
            item.to_json()
            | {
                "description": definition.model_fields[item.name].description,
                "source": source,
                "start": over.start.isoformat(),
                "end": over.end.isoformat(),
                "queries": _queries(
                    evaluator.resolver, source, over.begun(evaluator.resolver.today)
                ),
            }
        )
    return {
        "reading": reading.to_json(),
        "meaning": definition.meaning(),
        "formula": formula_text(definition),
        "definition": definition.definition(),
        "inputs": inputs,
    }


def _queries(resolver: Resolver, source: str, period: Period) -> list[dict[str, Any]]:
    """The SQL behind a source, down to the facts."""
    if source.startswith("kpi:"):
        return [{"see": f"/api/kpi/{source.removeprefix('kpi:')}/explain"}]
    if source in NOT_MEASURED:
        return []
    item = measure(source)
    if isinstance(item, Sum):
        return [q for part in item.parts for q in _queries(resolver, part, period)]
    if isinstance(item, PeriodMeasure):
        return [_period_query(resolver, item, period)]
    return [_daily_query(resolver, item, period)]


def _daily_query(resolver: Resolver, item: Measure, period: Period) -> dict[str, Any]:
    from trueline.engine.counting import daily

    base = next(b for b in BASES if b.key == item.base)
    level = item.kind is MeasureKind.LEVEL
    cut = resolver.cut
    slices = slices_of(base, cut.by)

    def build(days: Period) -> Any:
        # Columns are named value_0, rows_0...: this measure is the only one in it.
        rows = daily(base, (item,), resolver.view(), slices)
        if cut:
            rows = rows.filter(*(rows[by] == value for by, value in cut.pairs))
        rows = rows.filter(rows.day < days.end)
        return rows if level else rows.filter(rows.day >= days.start)

    text = resolver.query(("explained", item.key, cut), build, period)
    return {"measure": item.key, "kind": item.kind.value, "tables": list(base.tables), "sql": text}


def _period_query(resolver: Resolver, item: PeriodMeasure, period: Period) -> dict[str, Any]:
    """The queries that the measure asks; none where what it needs is not known."""
    from trueline.engine.period_measures import SOURCES

    out = {"measure": item.key, "kind": item.kind.value, "tables": list(item.tables)}
    # A copy is watched: the resolver is others' too. What it remembers would not be asked again.
    watched = copy(resolver)
    watched.asked, watched.moves, watched.found = [], {}, {}
    SOURCES[item.source](watched, period)
    asked = list(dict.fromkeys(watched.asked))
    return out | {"sql": ";\n\n".join(asked)} if asked else out
