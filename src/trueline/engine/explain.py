"""How a number came about: formula, inputs, facts, row counts, and the queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trueline.catalog.bases import BASES
from trueline.catalog.describe import formula_text
from trueline.catalog.inputs import NOT_MEASURED
from trueline.catalog.kpis import kpi
from trueline.catalog.measure import Measure, MeasureKind, PeriodMeasure, Sum
from trueline.catalog.measures import measure
from trueline.core.period import Period
from trueline.engine.evaluate import window

if TYPE_CHECKING:
    from trueline.engine.engine import Engine


def explain(engine: Engine, key: str, period: Period, **options: Any) -> dict[str, Any]:
    """The reading of a KPI with, for each input, the measure, its facts and its SQL."""
    definition = kpi(key)
    evaluator = engine.evaluator(**options)
    reading = evaluator.reading(key, period)
    inputs = []
    for item in reading.inputs:
        origin = definition.origins()[item.name]
        over = window(period, origin.window)
        inputs.append(
            item.to_json()
            | {
                "description": definition.model_fields[item.name].description,
                "source": origin.source,
                "start": over.start.isoformat(),
                "end": over.end.isoformat(),
                "queries": _queries(engine, origin.source, over, options),
            }
        )
    return {
        "reading": reading.to_json(),
        "meaning": definition.meaning(),
        "formula": formula_text(definition),
        "definition": definition.definition(),
        "inputs": inputs,
    }


def _queries(
    engine: Engine, source: str, period: Period, options: dict[str, Any]
) -> list[dict[str, Any]]:
    """The SQL behind a source, down to the facts."""
    if source.startswith("kpi:"):
        return [{"see": f"/api/kpi/{source.removeprefix('kpi:')}/explain"}]
    if source in NOT_MEASURED:
        return []
    item = measure(source)
    if isinstance(item, Sum):
        return [q for part in item.parts for q in _queries(engine, part, period, options)]
    if isinstance(item, PeriodMeasure):
        return [_period_query(engine, item, period, options)]
    return [_daily_query(engine, item, period)]


def _daily_query(engine: Engine, item: Measure, period: Period) -> dict[str, Any]:
    from ibis import _

    from trueline.engine.rollup import daily, view_for
    from trueline.engine.view import sql

    base = next(b for b in BASES if b.key == item.base)
    view = view_for(engine.warehouse, engine.settings)
    # The daily query names its columns value_0, rows_0...: this measure is the only one in it.
    rows = daily(base, (item,), view, "", None).filter(_.day < period.end)
    if item.kind is not MeasureKind.LEVEL:
        rows = rows.filter(_.day >= period.start)
    text = sql(rows, engine.warehouse.dialect)
    return {"measure": item.key, "kind": item.kind.value, "tables": list(base.tables), "sql": text}


def _period_query(
    engine: Engine, item: PeriodMeasure, period: Period, options: dict[str, Any]
) -> dict[str, Any]:
    from trueline.engine.movements import expression
    from trueline.engine.view import sql

    out = {"measure": item.key, "kind": item.kind.value, "tables": list(item.tables)}
    if item.source == "movements":
        resolver = engine.evaluator(**options).resolver
        out["sql"] = sql(expression(resolver, period), engine.warehouse.dialect)
    return out
