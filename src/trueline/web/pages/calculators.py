"""Calculators: a form for every KPI that can be calculated from given inputs, made from the
catalogue. A result's address holds its inputs: it can be shared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from trueline.catalog.calculate import Calculation, calculate, calculator, calculators
from trueline.catalog.formula import formula_text
from trueline.catalog.kpi import Calculator, Kpi
from trueline.catalog.kpis import SUBJECTS
from trueline.catalog.schema import fields
from trueline.core import words
from trueline.core.errors import Fault, InputError
from trueline.web.context import company, run
from trueline.web.pages.frame import page
from trueline.web.pages.saying import beside

router = APIRouter(include_in_schema=False)
_NUMBER = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,60})?")
_WHOLE = re.compile(r"-?[0-9]{1,60}")
_ENDLESS = re.compile(r"-?[0-9]{61,}")
_ENTRY = re.compile(r"(.{1,200}?)\s*[:=]\s*(-?[0-9]{1,60}(?:\.[0-9]{1,60})?)")
_LONGEST = 4000
_SHORT = {"acv", "arpu", "arr", "cac", "clv", "cogs", "grr", "mrr", "nps", "nrr"}


class CalculatorQuery(BaseModel):
    """Which of its ways; every other parameter is one of its inputs, as typed."""

    model_config = ConfigDict(extra="allow")

    way: int = Field(0, ge=0, le=9)


@router.get("/calculators")
async def listed(request: Request) -> Response:
    """Every calculator, by subject."""
    return await run(request, _listed, request)


def _listed(request: Request) -> Response:
    groups: dict[str, list[tuple[str, type[Kpi]]]] = {}
    for slug, definition in calculators().items():
        groups.setdefault(SUBJECTS[definition.subject], []).append((slug, definition))
    return page(
        request, "calculators.html", title="Calculators", groups=groups, total=len(calculators())
    )


@router.get("/calculators/{name}")
async def one(request: Request, name: str, query: Annotated[CalculatorQuery, Query()]) -> Response:
    """One calculator: its form, and its result for what was given, else for its example."""
    typed = dict(request.query_params)
    return await run(request, _one, request, name, query.way, typed)


def _one(request: Request, name: str, number: int, typed: dict[str, str]) -> Response:
    definition = calculator(name)
    ways = definition.calculators()
    way = ways[min(number, len(ways) - 1)]
    typed.pop("way", None)
    inputs = [_input(field, way) for field in fields(way)]
    result, problem = _result(request, definition, way, inputs, typed)
    company_of = company(request).settings.company
    return page(
        request, "calculator.html", title=f"{definition.label} calculator", definition=definition,
        slug=definition.slug(), subject=SUBJECTS[definition.subject], inputs=inputs,
        ways=[w.meaning() for w in ways], chosen=ways.index(way), asked=bool(typed),
        result=None if result is None else _shown(result, company_of.locale), problem=problem,
        errors=beside(problem), formula=formula_text(way),
        rules=[_spoken(rule.spoken(), list(way.model_fields)) for rule in way.rules],
        meaning=definition.meaning(), status=problem.status if problem else 200,
        labels={item["name"]: item["label"] for item in inputs},
        address=request.scope["path"] + (f"?{request.url.query}" if typed else ""),
    )  # fmt: skip


def _input(field: Mapping[str, Any], way: type[Calculator]) -> dict[str, Any]:
    """A field of the form: what it is, in which unit, what it has to keep to, its example."""
    name, limits = field["name"], field["constraints"]
    return {
        "name": name,
        "label": _label(name),
        "kind": field["type"],
        "unit": field.get("unit"),
        "required": field["required"],
        "description": field["description"] or "",
        "rule": _rule(limits),
        "options": [(text, str(text).capitalize()) for text in limits.get("enum", ())],
        "day": limits.get("format") == "date",
        "value": _typed(way.example.get(name)),
    }


def _label(name: str) -> str:
    """A name as a person reads it."""
    parts = [part.upper() if part in _SHORT else part for part in name.split("_")]
    text = " ".join(parts)
    return text[:1].upper() + text[1:]


def _spoken(text: str, names: list[str]) -> str:
    """A sentence in which inputs are called as on the form."""
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(name)}\b", f"“{_label(name)}”", text)
    return text


def _rule(limits: Mapping[str, Any]) -> str:
    if "exclusiveMinimum" in limits:
        return f"above {limits['exclusiveMinimum']}"
    if "minimum" in limits and limits["minimum"] >= 0:
        return f"{limits['minimum']} or more"
    return ""


def _typed(value: Any) -> str:
    """An example's value as one types it."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return "\n".join(f"{name}: {count}" for name, count in value.items())
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _result(
    request: Request,
    definition: type[Kpi],
    way: type[Calculator],
    inputs: list[dict[str, Any]],
    typed: dict[str, str],
) -> tuple[Calculation | None, InputError | None]:
    """What comes out of what was typed (else of the example), or what is wrong with it."""
    settings = company(request).settings
    given: Mapping[str, Any] = way.example
    try:
        if typed:
            given = _given(inputs, typed)
        found = calculate(
            definition, given, currency=settings.company.currency,
            locale=settings.company.locale, targets=settings.targets,
        )  # fmt: skip
    except InputError as error:
        return None, _placed(error, [item["name"] for item in inputs])
    return found, None


def _given(inputs: list[dict[str, Any]], typed: dict[str, str]) -> dict[str, Any]:
    """Inputs from their text. Raises InputError naming every field whose text is none."""
    known = {item["name"]: item for item in inputs}
    given: dict[str, Any] = {}
    faults = [Fault("is not known here", name[:60]) for name in typed if name not in known]
    for name, item in known.items():
        text = typed.get(name, "").strip()
        item["value"] = typed.get(name, "")[:_LONGEST]
        if not text:
            if item["required"]:
                faults.append(Fault("is missing", name))
            continue
        try:
            given[name] = _value(item["kind"], text)
        except ValueError as error:
            faults.append(Fault(str(error), name, text[:80]))
    if faults:
        first = faults[0]
        raise InputError(f"{first.where} {first.message}.", None, tuple(faults))
    return given


def _value(kind: str, text: str) -> Any:
    if len(text) > _LONGEST:
        raise ValueError(f"has more than {_LONGEST} characters")
    if kind in ("number", "integer") and _ENDLESS.fullmatch(text):
        raise ValueError("has more than 60 digits")
    if kind == "number":
        if not _NUMBER.fullmatch(text):
            raise ValueError("is no plain number: write digits and a point, such as 1234.50")
        return Decimal(text)
    if kind == "integer":
        if not _WHOLE.fullmatch(text):
            raise ValueError("is no whole number: write digits, such as 1200")
        return int(text)
    if kind == "object":
        return _entries(text)
    return text


def _entries(text: str) -> dict[str, Any]:
    """Lines of a name and a number."""
    found: dict[str, Any] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        entry = _ENTRY.fullmatch(line)
        if entry is None:
            raise ValueError("has a line that is no 'name: number'")
        if entry[1] in found:
            raise ValueError(f"names '{entry[1][:40]}' twice")
        found[entry[1]] = Decimal(entry[2]) if "." in entry[2] else int(entry[2])
    return found


def _placed(error: InputError, names: list[str]) -> InputError:
    """A rule between inputs is shown beside the first input that its words name."""
    placed = []
    for fault in error.faults or (Fault(error.message.rstrip("."), None, None, error.fix),):
        where = (fault.where or "").split(".")[0] or None
        if where is None:
            at = [(fault.message.find(name), name) for name in names if name in fault.message]
            where = min(at)[1] if at else None
        placed.append(Fault(_spoken(fault.message, names), where, fault.value, fault.fix))
    return InputError(error.message, error.fix, tuple(placed))


def _aim(written: Any, target: dict[str, Any], unit: Any) -> str:
    return f"{written(target['value'], unit)}{' a month' if target['per'] else ''}"


def _shown(found: Calculation, locale: str) -> dict[str, Any]:
    """A result in the company's words."""

    def written(value: Any, unit: Any) -> str:
        if value is None:
            return words.UNKNOWN
        return words.amount(
            value, unit.written(found.currency), found.currency if unit.is_money else None, locale
        )

    unit, interval = found.definition.unit, found.interval
    return {
        "value": written(found.value, unit),
        "interpretation": found.interpretation,
        "benchmark": found.benchmark,
        "verdict": found.benchmark_detail["verdict"],
        "target": None if found.target is None else _aim(written, found.target, unit),
        "target_source": None if found.target is None else found.target["source"],
        "interval": None
        if interval is None
        else (written(interval.low, unit), written(interval.high, unit), interval),
        "details": [
            (_label(name), written(detail.value, detail.unit))
            for name, detail in found.details.items()
        ],
    }
