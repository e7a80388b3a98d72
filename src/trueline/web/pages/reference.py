"""The API's reference, made from its OpenAPI document; no script from elsewhere."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from trueline.core.reading import dumps
from trueline.web.context import run
from trueline.web.pages.frame import page, slug

router = APIRouter(include_in_schema=False)


@router.get("/docs")
@router.get("/redoc")
async def reference(request: Request) -> Response:
    """The API's reference, from its OpenAPI document."""
    return await run(request, _reference, request)


def _reference(request: Request) -> Response:
    reading = request.url.path == "/redoc"
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in request.app.openapi()["paths"].items():
        for method, entry in methods.items():
            groups.setdefault(entry.get("tags", ["Other"])[0], []).append(
                _operation(path, method, entry)
            )
    return page(
        request, "reference.html", title="API", groups=groups, try_it=not reading,
        description=_spoken(request.app.description).split("\n\n"),
    )  # fmt: skip


def _operation(path: str, method: str, entry: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = entry.get("requestBody", {}).get("content", {})
    kind, content = next(iter(body.items())) if body else ("", {})
    good = next(code for code in entry["responses"] if code.startswith("2"))
    example = entry["responses"][good].get("content", {}).get("application/json", {}).get("example")
    return {
        "id": slug(f"{method}{path}"),
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
