"""The KPI reference, written from the catalogue: ``python -m trueline.catalog.reference FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

from trueline.catalog.benchmark import benchmark, spoken
from trueline.catalog.formula import formula_text
from trueline.catalog.kpi import Calculator, From, Kpi
from trueline.catalog.kpis import KPIS, SUBJECTS
from trueline.catalog.target import target

_HEAD = """# Every KPI

Written from the catalogue by `make reference`; do not edit it here. How quality, coverage and
periods work is told in [What a number means](../guide/numbers.md).
"""


def reference() -> str:
    """The reference as Markdown."""
    parts = [_HEAD]
    for subject, title in SUBJECTS.items():
        parts.append(f"## {title}\n")
        parts += [entry(item) for item in KPIS if item.subject == subject]
    return "\n".join(parts)


def entry(definition: type[Kpi]) -> str:
    """One KPI's part."""
    lines = [f"### `{definition.key}`: {definition.label}\n", f"{definition.meaning()}\n"]
    low, high = definition.bounds
    facts = [f"unit {definition.unit.value}", definition.direction.value.replace("_", " ")]
    if low is not None or high is not None:
        facts.append(f"from {_bound(low)} to {_bound(high)}")
    if definition.slices:
        facts.append(f"by {', '.join(definition.slices)}")
    aim = target(definition.key, {})
    if aim:
        facts.append(f"default target {aim['value']} ({aim['source']})")
    lines.append(f"*{'; '.join(facts)}*\n")
    lines.append("```\n" + formula_text(definition) + "\n```\n")
    lines += _inputs(definition)
    if definition.origins() and not definition.ways:
        lines.append(f"\nExample: {_given(definition)}\n")
    lines += _calculator(definition)
    known = benchmark(definition)
    if known.known:
        lines.append(f"Benchmark: {spoken(known, definition.unit.value, 'en_CA')}\n")
    needs = list(definition.needs().values())
    if needs:
        lines.append(
            "No answer when: " + " ".join(f"{n.message} (`{n.code}`)" for n in needs) + "\n"
        )
    return "\n".join(lines)


def _inputs(model: type[Calculator]) -> list[str]:
    """The table of what goes in."""
    origins = model.origins()
    lines = ["| input | meaning | from |", "|---|---|---|"]
    for name, info in model.model_fields.items():
        origin = origins.get(name)
        said = "said beside it" if name in model.said() else "given"
        lines.append(f"| `{name}` | {info.description} | {_origin(origin) if origin else said} |")
    return lines


def _origin(origin: From) -> str:
    when = "" if origin.window.value == "period" else f", {origin.window.value}"
    side = ", at the start" if origin.at == "opening" else ""
    return f"`{origin.source}`{side}{when}"


def _given(model: type[Calculator]) -> str:
    given = ", ".join(f"{k} {v}" for k, v in model.example.items())
    return f"{given}: **{model.example_value}**"


def _calculator(definition: type[Kpi]) -> list[str]:
    """How to calculate it from given inputs."""
    lines = []
    for way in definition.calculators():
        lines.append(f"\nCalculator: `POST /metrics/{definition.slug()}`\n")
        if way is not definition:
            lines.append(f"{way.meaning()}\n")
            lines += [*_inputs(way), ""]
        if way is not definition or not definition.origins():
            lines.append(f"Example: {_given(way)}\n")
        lines += [f"Rule: {rule}\n" for rule in way.spoken_rules()]
    return lines


def _bound(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
