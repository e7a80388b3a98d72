"""What a browser sees at ``/``, and the API's reference: plain, readable, no script needed."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

import trueline
from trueline.catalog.kpis import SUBJECTS, from_facts
from trueline.core import words
from trueline.core.reading import Reading, dumps
from trueline.web.answers import Answer
from trueline.web.context import company, run

router = APIRouter(include_in_schema=False)
TEMPLATES = Path(__file__).parent / "templates"


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(name: str, status: int = 200, **words: Any) -> HTMLResponse:
    """A rendered template."""
    return HTMLResponse(_templates().get_template(name).render(**words), status_code=status)


@router.get("/")
async def home(request: Request) -> Response:
    """The overview for a browser, metadata for a program."""
    if "text/html" not in request.headers.get("accept", ""):
        return Answer(_metadata())
    return await run(request, _overview, company(request))


def _metadata() -> dict[str, Any]:
    return {
        "name": "Trueline",
        "version": trueline.__version__,
        "description": "KPIs you can trust: from a company's own records.",
        "documentation": "/docs",
        "openapi": "/openapi.json",
        "kpis": "/api/kpi",
        "facts": "/api/facts",
        "health": "/health",
    }


def _overview(tl: Any) -> Response:
    from trueline.catalog.describe import target
    from trueline.engine.engine import change

    company = tl.settings.company
    period = tl.engine.period(period_days=30)
    evaluator = tl.engine.evaluator()
    previous = period.previous()
    evaluator.prefetch([k.key for k in from_facts()])
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in SUBJECTS.values()}
    for definition in from_facts():
        reading = evaluator.reading(definition.key, period)
        moved = change(reading, evaluator.reading(definition.key, previous))
        groups[SUBJECTS[definition.subject]].append(
            {
                "reading": reading,
                "shown": words.value(reading, company.locale),
                "change": moved,
                "moved": words.changed(moved, reading.unit),
                "reason": _reason(reading),
                "meaning": definition.meaning(),
                "target": target(definition.key, tl.settings.targets),
            }
        )
    facts = [t for t in tl.facts() if t["rows"]]
    return page(
        "overview.html",
        company=company,
        period=period,
        last_day=period.end - timedelta(days=1),
        groups=groups,
        facts=facts,
        known=sum(1 for g in groups.values() for k in g if k["reading"].known),
        total=len(from_facts()),
        version=trueline.__version__,
    )


def _reason(reading: Reading) -> dict[str, str] | None:
    if not reading.reasons:
        return None
    first = reading.reasons[0]
    return {"message": first.message, "enable": first.enable or ""}


@router.get("/docs")
@router.get("/redoc")
async def reference(request: Request) -> Response:
    """The API's reference, from its OpenAPI document."""
    reading = request.url.path == "/redoc"
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in request.app.openapi()["paths"].items():
        for method, entry in methods.items():
            groups.setdefault(entry.get("tags", ["Other"])[0], []).append(
                _operation(path, method, entry)
            )
    return page(
        "reference.html",
        groups=groups,
        try_it=not reading,
        description=_spoken(request.app.description).split("\n\n"),
        version=trueline.__version__,
    )


def _operation(path: str, method: str, entry: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = entry.get("requestBody", {}).get("content", {})
    kind, content = next(iter(body.items())) if body else ("", {})
    good = next(code for code in entry["responses"] if code.startswith("2"))
    example = entry["responses"][good].get("content", {}).get("application/json", {}).get("example")
    return {
        "id": entry["operationId"],
        "path": path,
        "method": method.upper(),
        "summary": _spoken(entry.get("description", entry.get("summary", ""))),
        "parameters": [_parameter(p) for p in entry.get("parameters", [])],
        "body_kind": kind,
        "body": dumps(content["example"], indent=2) if "example" in content else "",
        "fields": content.get("schema", {}).get("properties", {}),
        "required": content.get("schema", {}).get("required", []),
        "status": good,
        "example": dumps(example, indent=2) if example is not None else "",
        "errors": [code for code in entry["responses"] if not code.startswith("2")],
    }


def _spoken(text: str) -> str:
    """Text without the marks that Markdown makes of code."""
    return text.replace("`", "")


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = parameter.get("schema", {})
    kinds = [schema] if "type" in schema else schema.get("anyOf", [])
    examples = schema.get("examples") or [""]
    return {
        "name": parameter["name"],
        "where": parameter["in"],
        "required": parameter.get("required", False),
        "kind": " or ".join(k["type"] for k in kinds if k.get("type") != "null"),
        "default": schema.get("default"),
        "description": parameter.get("description") or schema.get("description", ""),
        "example": examples[0],
    }


@router.get("/favicon.ico")
async def icon() -> Response:
    """No icon: an empty answer, so that no log fills."""
    return Response(status_code=204)
