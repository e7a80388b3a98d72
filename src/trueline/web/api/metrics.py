"""Calculators: every KPI whose formula takes plain inputs, made from the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Receive, Scope, Send

from trueline.catalog.calculate import calculate, calculate_all, calculators
from trueline.catalog.kpi import Kpi
from trueline.catalog.schema import fields, inputs_schema
from trueline.core.errors import InputError, UnknownKeyError
from trueline.web.answers import Answer, Written
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
    return Written(calculate(definition, data, **_company(request)).to_text())


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


AT_ONCE = 50
"""So many calculations of a batch are made before others have their turn: a few milliseconds, and
more where names are not known, each of which the nearest one is sought for."""


@router.post("/batch", responses=answers(_BATCHED), openapi_extra=documented(Batch, _BATCH))
async def batch(request: Request, wanted: Annotated[Batch, Depends(json_body(Batch))]) -> Answer:
    """Up to 1,000 calculations in one call, each with its own result or error, in their order."""
    items = [vars(item) for item in wanted.calculations]
    said, results, failed = _company(request), [], 0
    for first in range(0, len(items), AT_ONCE):
        some, refused = calculate_all(items[first : first + AT_ONCE], **said)
        results += some
        failed += refused
        await anyio.sleep(0)  # others are answered in between
    counts = b'"succeeded":%d,"failed":%d' % (len(items) - failed, failed)
    return Written(b'{"results":[%b],%b}' % (b",".join(results), counts))


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


class Calculators:
    """Every calculator, answered before the router is asked: matching some fifty paths and solving
    dependencies that are none take longer than calculating. The routes document each, and answer
    where a path differs from theirs (one under a prefix, say)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        routes = {route.path: route for route in router.routes if isinstance(route, APIRoute)}
        self._known = {
            path: (definition, routes[path])
            for path, definition in ((f"/metrics/{n}", d) for n, d in calculators().items())
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a calculation; pass on what is none."""
        found = self._known.get(scope.get("path", ""))
        if found is None or scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        definition, scope["route"] = found  # the route: for logs and metrics
        request = Request(scope, receive)
        none(request)
        answer = await _calculated(request, definition)
        await answer(scope, receive, send)
