"""A KPI's declaration as data: what catalogues, pages and references show."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trueline.catalog.benchmark import benchmark
from trueline.catalog.formula import formula_text
from trueline.catalog.kpi import Kpi
from trueline.catalog.kpis import KPIS
from trueline.catalog.target import target


def describe(definition: type[Kpi], own_targets: dict[str, Decimal]) -> dict[str, Any]:
    """One KPI as the catalogue lists it."""
    low, high = definition.bounds
    return {
        "key": definition.key,
        "label": definition.label,
        "meaning": definition.meaning(),
        "unit": definition.unit.value,
        "direction": definition.direction.value,
        "subject": definition.subject,
        "stage": definition.stage,
        "slices": list(definition.slices),
        "bounds": [low, high],
        "definition": definition.definition(),
        "formula": formula_text(definition),
        "target": target(definition.key, own_targets),
        "calculator": f"/metrics/{definition.slug()}" if definition.calculators() else None,
        "benchmark": benchmark(definition).to_json(None),
        "inputs": [
            {
                "name": name,
                "description": info.description,
                "source": definition.origins()[name].source
                if name in definition.origins()
                else None,
            }
            for name, info in definition.model_fields.items()
        ],
    }


def catalogue(own_targets: dict[str, Decimal]) -> list[dict[str, Any]]:
    """Every KPI, in the catalogue's order."""
    return [describe(definition, own_targets) for definition in KPIS]
