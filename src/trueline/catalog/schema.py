"""Calculators' inputs as documentation gives them: JSON schemas and lists of fields."""

from __future__ import annotations

from typing import Any

from trueline.catalog.kpi import NOT_MEASURED, Calculator, Kpi
from trueline.catalog.kpis import kpi
from trueline.catalog.measures import measure


def inputs_schema(definition: type[Kpi]) -> dict[str, Any]:
    """The JSON schema of a calculator's inputs; of its ways, any one."""
    schemas = [_schema(way) for way in definition.calculators()]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _schema(way: type[Calculator]) -> dict[str, Any]:
    schema: dict[str, Any] = way.model_json_schema(by_alias=False)
    schema["description"] = " ".join([way.meaning(), *way.spoken_rules()])
    for name, need in way.needs().items():
        field = schema["properties"][name]
        field.pop("minimum", None)
        field["exclusiveMinimum"] = need.above
    return schema


def fields(way: type[Calculator]) -> list[dict[str, Any]]:
    """Each input: name, label, type, unit, whether it is required, its constraints, what it
    means and an example: all that a form needs."""
    schema = _schema(way)
    required = set(schema.get("required", ()))
    return [
        {
            "name": name,
            "label": name.replace("_", " ").capitalize(),
            "type": _kind(entry),
            "unit": _unit(way, name, _kind(entry)),
            "required": name in required,
            "description": way.model_fields[name].description,
            "constraints": _constraints(entry),
            "default": None if name in required else way.model_fields[name].default,
            "example": way.example.get(name),
        }
        for name, entry in schema["properties"].items()
    ]


def _unit(way: type[Calculator], name: str, kind: str) -> str | None:
    """What a number is counted in: said, or its source's unit, or by its type."""
    if kind not in ("number", "integer"):
        return None
    origin = way.origins().get(name)
    if name in way.units():
        return way.units()[name]
    if origin is None or origin.source == "none":
        found = "count" if kind == "integer" else "money"
    elif origin.source in NOT_MEASURED:
        found = origin.source
    elif origin.source.startswith("kpi:"):
        found = kpi(origin.source.removeprefix("kpi:")).unit.value
    else:
        found = measure(origin.source).unit
    return found.replace("money", "currency")


def _kind(entry: dict[str, Any]) -> str:
    if "enum" in entry:
        return "enum"
    if "type" in entry:
        return str(entry["type"])
    return next(_kind(part) for part in entry["anyOf"] if part.get("type") != "null")


def _constraints(entry: dict[str, Any]) -> dict[str, Any]:
    """What a value has to keep to, as JSON schema says it; a field that may be null aside."""
    for part in entry.get("anyOf", ()):
        if part.get("type") != "null":
            return _constraints(part)
    said = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "maxLength")
    return {name: entry[name] for name in (*said, "enum", "pattern", "format") if name in entry}
