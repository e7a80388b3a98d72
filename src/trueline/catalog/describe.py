"""A KPI's declaration as data: what catalogues, pages and references show."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from trueline.catalog.benchmark import benchmark
from trueline.catalog.kpi import Calculator, Kpi
from trueline.catalog.kpis import KPIS


@cache
def targets() -> dict[str, dict[str, Any]]:
    """Default targets by KPI, each with its source and date (``targets.toml``)."""
    text = files("trueline.catalog").joinpath("targets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def target(key: str, own: Mapping[str, Decimal]) -> dict[str, Any] | None:
    """The target of a KPI: the company's own, else the default one; None where there is none."""
    if key in own:
        return {"value": own[key], "source": "trueline.toml"}
    found = targets().get(key)
    return None if found is None else dict(found)


def formula_text(definition: type[Calculator]) -> str:
    """The formula as it is written in the catalogue."""
    import ast
    import inspect
    import re
    import textwrap

    (written,) = ast.parse(textwrap.dedent(inspect.getsource(definition.formula))).body
    said = [s for s in getattr(written, "body", []) if not isinstance(s, ast.Expr)]
    lines = [ast.unparse(s).replace("self.", "").removeprefix("return ") for s in said]
    return "\n".join(re.sub(r"Decimal\((\w+)\)", r"\1", line) for line in lines)


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
