"""One panel inside a page of another site: closed until the settings name that site."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from trueline.core.errors import AccessError
from trueline.dashboards import find
from trueline.web.boards.view import ViewQuery
from trueline.web.context import company, run
from trueline.web.pages.dashboards import board_of, chart_of, words
from trueline.web.pages.frame import page
from trueline.web.security import CONTENT_POLICY

router = APIRouter(include_in_schema=False)


class EmbedClosedError(AccessError):
    """No other site may show panels of this server."""

    status, code = 403, "embed_closed"


class EmbedQuery(ViewQuery):
    """A view, and where readers have no key the last day and the seal of its address."""

    until: str | None = Field(None, max_length=10)
    seal: str | None = Field(None, max_length=64)


Asked = Annotated[EmbedQuery, Query()]


@router.get("/embed/{name}/{panel}.json")
async def embedded_chart(request: Request, name: str, panel: str, asked: Asked) -> Response:
    """The chart of a panel alone."""
    return await run(request, _embedded_chart, request, asked, name, panel)


def _embedded_chart(request: Request, asked: EmbedQuery, name: str, panel: str) -> Response:
    _origins(request)
    return chart_of(request, asked, name, panel)


@router.get("/embed/{name}/{panel}")
async def embedded(request: Request, name: str, panel: str, asked: Asked) -> Response:
    """A panel alone, which the sites of ``[server] embed_origins`` may put in a frame."""
    return await run(request, _embedded, request, asked, name, panel)


def _origins(request: Request) -> tuple[str, ...]:
    """The sites that may show panels. Raises EmbedClosedError where none may."""
    origins = company(request).settings.server.embed_origins
    if not origins:
        raise EmbedClosedError(
            "No site may show panels of this server in a frame.",
            'Name it in trueline.toml: [server] embed_origins = ["https://intranet.example"].',
        )
    return origins


def _embedded(request: Request, asked: EmbedQuery, name: str, panel: str) -> Response:
    origins = _origins(request)
    board = board_of(request, asked, find(company(request).home, name))
    shown = board.panel(panel)
    given = words(request, board) | {
        "data": f"/embed/{name}",
        "framed": True,
    }
    if asked.seal is not None:
        given["chart_query"] = f"?{request.url.query}"
    answer = page(
        request, "embed.html", title=shown.title, board=board, p=shown,
        home=f"/d/{name}/{panel}{board.view.data_query}", **given,
    )  # fmt: skip
    policy = CONTENT_POLICY.replace(
        "frame-ancestors 'none'", f"frame-ancestors {' '.join(origins)}"
    )
    answer.headers["Content-Security-Policy"] = policy
    return answer
