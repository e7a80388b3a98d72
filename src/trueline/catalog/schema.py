"""Calculators' inputs as documentation gives them: JSON schemas and lists of fields."""

from __future__ import annotations

from typing import Any

from trueline.catalog.kpi import Calculator, Kpi


def inputs_schema(definition: type[Kpi]) -> dict[str, Any]:
    """The JSON schema of a calculator's inputs; of its ways, any one."""
    schemas = [_schema(way) for way in definition.calculators()]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _schema(way: type[Calculator]) -> dict[str, Any]:
    schema: dict[str, Any] = way.model_json_schema(by_alias=False)
    schema["description"] = " ".join([way.meaning(), *(rule.spoken() for rule in way.rules)])
    for name, need in way.needs().items():
        field = schema["properties"][name]
        field.pop("minimum", None)
        field["exclusiveMinimum"] = need.above
    return schema


def fields(way: type[Calculator]) -> list[dict[str, Any]]:
    """Each input: name, type, whether it is required, its constraints and what it means."""
    schema = _schema(way)
    required = set(schema.get("required", ()))
    return [
        {
            "name": name,
            "type": _kind(entry),
            "required": name in required,
            "description": way.model_fields[name].description,
            "constraints": _constraints(entry),
        }
        for name, entry in schema["properties"].items()
    ]


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
