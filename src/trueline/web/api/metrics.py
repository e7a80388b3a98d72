"""Calculators: every KPI whose formula takes plain inputs, made from the catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from trueline.catalog.calculate import calculate, calculate_all, calculators
from trueline.catalog.kpi import Kpi
from trueline.catalog.schema import fields, inputs_schema
from trueline.core.errors import InputError, UnknownKeyError
from trueline.web.answers import Answer
from trueline.web.body import documented, json_body, json_value
from trueline.web.context import company
from trueline.web.examples import answers
from trueline.web.parameters import none

router = APIRouter(prefix="/metrics", tags=["Calculators"])
Endpoint = Callable[[Request], Coroutine[Any, Any, Answer]]

MOST_CALCULATIONS = 1000


def _company(request: Request) -> dict[str, Any]:
    settings = company(request).settings
    return {
        "currency": settings.company.currency,
        "locale": settings.company.locale,
        "targets": settings.targets,
    }


async def _calculated(request: Request, definition: type[Kpi]) -> Answer:
    data = await json_value(request)
    if not isinstance(data, dict):
        raise InputError("The body is no JSON object.", "Send the inputs as an object.")
    return Answer(calculate(definition, data, **_company(request)).to_json())


def _endpoint(definition: type[Kpi]) -> Endpoint:
    async def endpoint(request: Request) -> Answer:
        return await _calculated(request, definition)

    return endpoint


def _add(slug: str, definition: type[Kpi]) -> None:
    ways = definition.calculators()
    body: dict[str, Any] = {"schema": inputs_schema(definition)}
    if len(ways) == 1:
        body["example"] = ways[0].example
    else:
        body["examples"] = {
            way.__name__: {"summary": way.meaning(), "value": way.example} for way in ways
        }
    answer = calculate(definition, ways[0].example).to_json()
    router.add_api_route(
        f"/{slug}",
        _endpoint(definition),
        methods=["POST"],
        name=f"calculate_{definition.key}",
        summary=definition.label,
        description=definition.meaning(),
        responses=answers(answer | {"timestamp": "2026-02-01T10:00:00+00:00"}),
        openapi_extra={"requestBody": {"required": True, "content": {"application/json": body}}},
    )


class Wanted(BaseModel):
    """One calculation of several."""

    model_config = ConfigDict(extra="forbid", strict=True)

    metric: str = Field(max_length=100, description="a calculator's name, as in its path, or key")
    inputs: dict[str, Any] = Field(max_length=100, description="the calculator's inputs")


class Batch(BaseModel):
    """Many calculations."""

    model_config = ConfigDict(extra="forbid", strict=True)

    calculations: list[Wanted] = Field(min_length=1, max_length=MOST_CALCULATIONS)


_BATCH = {
    "calculations": [
        {"metric": "arpu", "inputs": {"total_revenue": Decimal(50000), "total_users": 1000}},
        {"metric": "bounce-rate", "inputs": {"number_of_non_engaged_sessions": 45}},
    ]
}
_BATCHED = {
    "results": [
        {"metric": "arpu", "result": {"key": "arpu", "value": 50}, "error": None},
        {
            "metric": "bounce-rate",
            "result": None,
            "error": {
                "detail": "total_number_of_sessions is missing.",
                "code": "invalid_input",
                "fix": None,
                "errors": [],
            },
        },
    ],
    "succeeded": 1,
    "failed": 1,
}


@router.post("/batch", responses=answers(_BATCHED), openapi_extra=documented(Batch, _BATCH))
async def batch(request: Request, wanted: Annotated[Batch, Depends(json_body(Batch))]) -> Answer:
    """Up to 1,000 calculations in one call, each with its own result or error, in their order."""
    items = [{"metric": item.metric, "inputs": item.inputs} for item in wanted.calculations]
    results = calculate_all(items, **_company(request))
    failed = sum(1 for result in results if result["error"] is not None)
    return Answer({"results": results, "succeeded": len(results) - failed, "failed": failed})


@cache
def listing() -> list[dict[str, Any]]:
    """Every calculator: where it is, what it takes (one of its ways), rules and an example."""
    return [
        {
            "name": definition.label,
            "key": definition.key,
            "endpoint": f"/metrics/{slug}",
            "method": "POST",
            "subject": definition.subject,
            "description": definition.meaning(),
            "unit": definition.unit.value.replace("money", "currency"),
            "direction": definition.direction.value,
            "ways": [
                {
                    "description": way.meaning(),
                    "fields": fields(way),
                    "rules": way.spoken_rules(),
                    "example": way.example,
                }
                for way in definition.calculators()
            ],
        }
        for slug, definition in calculators().items()
    ]


@router.get(
    "/list",
    responses=answers(
        {
            "metrics": [
                {
                    "name": "ARPU",
                    "key": "arpu",
                    "endpoint": "/metrics/arpu",
                    "method": "POST",
                    "ways": [
                        {
                            "fields": [
                                {
                                    "name": "total_users",
                                    "label": "Total users",
                                    "type": "integer",
                                    "unit": "count",
                                    "required": True,
                                    "description": "paying customers at the end",
                                    "constraints": {"exclusiveMinimum": 0},
                                    "default": None,
                                    "example": 1000,
                                }
                            ],
                            "example": {"total_revenue": 50000, "total_users": 1000},
                        }
                    ],
                }
            ],
            "total": 1,
        }
    ),
)
async def listed() -> Answer:
    """Every calculator with its fields, their types and constraints, and an example."""
    found = listing()
    return Answer({"metrics": found, "total": len(found)})


for _slug, _definition in calculators().items():
    _add(_slug, _definition)


@router.post("/{name}", include_in_schema=False)
async def unknown(name: str) -> Answer:
    """No such calculator: say which there are."""
    raise UnknownKeyError.among("calculator", name, calculators())


async def _quick(request: Request) -> Answer:
    request.scope["route"] = quick  # for logs and metrics, as a route of the framework does itself
    none(request)
    return await _calculated(request, calculators()[request.path_params["name"]])


class _Names(Convertor[str]):
    """The calculators' names, as a part of a path."""

    regex = "|".join(re.escape(name) for name in sorted(calculators(), key=len, reverse=True))

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("calculator", _Names())
quick = Route("/metrics/{name:calculator}", _quick, methods=["POST"], include_in_schema=False)
"""Every calculator at once, asked before the routes that document each: matching some fifty paths
and solving dependencies that are none take longer than calculating."""
