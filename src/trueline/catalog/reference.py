"""The KPI reference, written from the catalogue: ``python -m trueline.catalog.reference FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

from trueline.catalog.describe import formula_text, target
from trueline.catalog.kpi import Kpi
from trueline.catalog.kpis import KPIS

SUBJECTS = {
    "recurring": "Recurring revenue",
    "economics": "Unit economics",
    "cash": "Revenue, margins and cash",
    "marketing": "Marketing",
    "customers": "Customers",
}
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
    lines += ["| input | meaning | from |", "|---|---|---|"]
    for name, info in definition.model_fields.items():
        origin = definition.origins()[name]
        when = "" if origin.window.value == "period" else f", {origin.window.value}"
        side = ", at the start" if origin.at == "opening" else ""
        lines.append(f"| `{name}` | {info.description} | `{origin.source}`{side}{when} |")
    given = ", ".join(f"{k} {v}" for k, v in definition.example.items())
    lines.append(f"\nExample: {given}: **{definition.example_value}**\n")
    needs = list(definition.needs().values())
    if needs:
        lines.append(
            "No answer when: " + " ".join(f"{n.message} (`{n.code}`)" for n in needs) + "\n"
        )
    return "\n".join(lines)


def _bound(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
