"""Routes that all pages need: assets, the palette's places, the style guide."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

import trueline
from trueline.catalog.kpis import KPIS, SUBJECTS
from trueline.core.errors import NotFoundError
from trueline.web import assets, forms
from trueline.web.answers import Answer
from trueline.web.charts import samples
from trueline.web.context import company, run
from trueline.web.pages.frame import navigation, page, static, static_version, stylesheet

router = APIRouter(include_in_schema=False)
_KINDS = {"js": "text/javascript", "css": "text/css", "woff2": "font/woff2"}
_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get("/static/{version}/pages.css")
async def styles(version: str) -> Response:
    """Every style of every page."""
    if version != static_version():
        raise NotFoundError("These styles are of another version.", "Reload the page.")
    return Response(stylesheet(), media_type=_KINDS["css"], headers=_FOR_GOOD)


@router.get("/")
async def start(request: Request) -> Response:
    """The first page for a browser, metadata for a program."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(
            "/executive", status_code=307, headers={"Cache-Control": "no-store"}
        )
    return Answer(
        {
            "name": "Trueline",
            "version": trueline.__version__,
            "description": "KPIs you can trust: from a company's own records.",
            "documentation": "/docs",
            "openapi": "/openapi.json",
            "kpis": "/api/kpi",
            "facts": "/api/facts",
            "health": "/health",
        }
    )


@router.get("/favicon.ico")
async def icon() -> Response:
    """For browsers that ask without reading the page."""
    return RedirectResponse(static("icon.svg"))


@router.get("/assets/{name}")
async def asset(request: Request, name: str) -> Response:
    """The charts' script or the typeface, made on this machine."""
    found = await run(request, assets.content, name)
    if found is None:
        raise NotFoundError(f"There is no asset '{name[:80]}'.", "Reload the page.")
    return Response(found, media_type=_KINDS[name.rpartition(".")[2]], headers=_FOR_GOOD)


@router.get("/places")
async def places(request: Request) -> Answer:
    """Every page and KPI, for the palette."""
    listed = await run(request, navigation, company(request).home)
    pages = [
        {"label": place.label, "path": place.path, "kind": section}
        for section, group in listed
        for place in group
    ]
    kpis = [{"label": k.label, "path": f"/kpi/{k.key}", "kind": SUBJECTS[k.subject]} for k in KPIS]
    return Answer({"places": [*pages, *kpis]})


@router.get("/form-token")
async def form_token(request: Request) -> Response:
    """What this browser's forms must carry now: a page that was open while the server started anew
    asks for it, and nothing that was typed is lost."""
    answer = Answer({"token": forms.token(request)}, headers={"Cache-Control": "no-store"})
    forms.remember(request, answer)
    return answer


@router.get("/events")
async def events(request: Request) -> Response:
    """Says, for as long as a page is open, when facts have changed (server-sent events)."""
    return StreamingResponse(
        request.app.state.live.stream(),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get("/style-guide")
async def style_guide(request: Request) -> Response:
    """Every part that pages are made of."""
    return await run(request, _style_guide, request)


def _style_guide(request: Request) -> Response:
    return page(request, "style_guide.html", title="Style guide", charts=list(samples.SAMPLES))


@router.get("/style-guide/{name}.json")
async def sample(name: str) -> Answer:
    """A sample chart's specification."""
    made: Any = samples.SAMPLES.get(name)
    if made is None:
        raise NotFoundError(f"There is no sample '{name[:80]}'.", "See /style-guide.")
    return Answer({"spec": made()})
