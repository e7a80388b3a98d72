"""A formula as it is written, and what that says of the KPI."""

from __future__ import annotations

from trueline.catalog.kpi import Calculator, Kpi, Unit


def formula_text(definition: type[Calculator]) -> str:
    """The formula as it is written in the catalogue."""
    import ast
    import inspect
    import re
    import textwrap

    (written,) = ast.parse(textwrap.dedent(inspect.getsource(definition.formula))).body
    said = [s for s in getattr(written, "body", []) if not isinstance(s, ast.Expr)]
    lines = [ast.unparse(s).replace("self.", "").removeprefix("return ") for s in said]
    named = [re.sub(r"Decimal\((\w+)\)", r"\1", line) for line in lines]
    return "\n".join(re.sub(r"Decimal(\([^()]*\))", r"\1", line) for line in named)


def adds_up(definition: type[Kpi]) -> bool:
    """Whether parts of a KPI add up to the whole: an amount or a count that is no quotient."""
    text = formula_text(definition)
    divided = "/" in text or "divide" in text
    return definition.unit in (Unit.MONEY, Unit.COUNT) and not divided
