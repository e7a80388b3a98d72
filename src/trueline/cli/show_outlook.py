"""How forecasts, anomalies, patterns and calculations are printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trueline.cli.show import console, line, plain, table
from trueline.core import words

if TYPE_CHECKING:
    from trueline.catalog.calculate import Calculation
    from trueline.catalog.kpi import Kpi


def forecast(found: dict[str, Any], locale: str) -> None:
    """The last buckets known, and the next ones with their intervals."""
    reasons(found)
    if found["forecast"] is None:
        return
    drawn = table(
        "from", "value", "80%", "95%", numbers=("value", "80%", "95%"), title=found["label"]
    )

    def amount(number: Any) -> str:
        return words.amount(number, found["unit"], found["currency"], locale)

    for point in found["history"][-6:]:
        known = words.UNKNOWN if point["value"] is None else amount(point["value"])
        drawn.add_row(point["start"], known, "", "")
    for point in found["forecast"]:
        spans = [
            " to ".join(amount(x) for x in point["intervals"][level]) for level in ("80", "95")
        ]
        drawn.add_row(f"{point['start']} (forecast)", amount(point["mean"]), *spans)
    console().print(drawn)
    line(f"Confidence {found['confidence_level']}: {found['confidence_reason'].rstrip('.')}.")
    tested = found["backtest"]
    if tested["mae"] is not None:
        line(
            f"Tested from {tested['origins']} earlier points: mean error {amount(tested['mae'])}, "
            f"repeating the last value {amount(tested['naive_mae'])}."
        )
    for insight in found["insights"]:
        line(f"- {insight}")


def anomalies(found: dict[str, Any], locale: str) -> None:
    """What was unusual, and what had been expected."""
    reasons(found)
    if not found["anomalies"]:
        if not found["reasons"]:
            line(f"Nothing unusual in {len(found['history'])} {found['grain']}s.")
        return
    names = ("from", "value", "expected", "ordinary range", "score")
    drawn = table(*names, numbers=names[1:], title=found["label"])

    def amount(number: Any) -> str:
        return words.amount(number, found["unit"], found["currency"], locale)

    for item in found["anomalies"]:
        ordinary = f"{amount(item['lower'])} to {amount(item['upper'])}"
        drawn.add_row(
            item["start"], amount(item["value"]), amount(item["expected"]), ordinary,
            f"{item['score']:.1f}",
        )  # fmt: skip
    console().print(drawn)


def pattern(found: dict[str, Any]) -> None:
    """Trend, volatility, season and jumps, in sentences."""
    reasons(found)
    if found["pattern"] is not None:
        for insight in found["pattern"]["insights"]:
            line(f"- {insight}")
        line(f"- Season: {found['pattern']['seasonality']}.")


def reasons(found: dict[str, Any]) -> None:
    """Why there is no answer."""
    for reason in found["reasons"]:
        line(f"{reason['message']} {reason['enable'] or ''}".strip())


def calculators(known: Mapping[str, type[Kpi]]) -> None:
    """Every calculator, and what it takes."""
    from trueline.catalog.schema import fields

    drawn = table("calculator", "KPI", "inputs")
    for slug, definition in known.items():
        for way in definition.calculators():
            required = [f["name"] for f in fields(way) if f["required"]]
            drawn.add_row(slug, plain(definition.label), ", ".join(required))
    console().print(drawn)


def inputs(definition: type[Kpi]) -> None:
    """What a calculator takes."""
    from trueline.catalog.schema import fields

    line(definition.meaning())
    for way in definition.calculators():
        drawn = table("input", "type", "required", "meaning")
        for field in fields(way):
            needed = "yes" if field["required"] else ""
            drawn.add_row(field["name"], field["type"], needed, plain(field["description"]))
        console().print(drawn)
        for rule in way.spoken_rules():
            line(f"Rule: {rule}")


def calculation(found: Calculation) -> None:
    """The answer in words."""
    line(found.interpretation)
    line(found.benchmark)
