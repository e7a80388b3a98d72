"""One panel inside a page of another site: closed until the settings name that site."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from trueline.core.errors import AccessError
from trueline.dashboards import find
from trueline.web.boards.view import ViewQuery
from trueline.web.context import company, run
from trueline.web.pages.dashboards import Asked, board_of, words
from trueline.web.pages.frame import page
from trueline.web.security import CONTENT_POLICY

router = APIRouter(include_in_schema=False)


class EmbedClosedError(AccessError):
    """No other site may show panels of this server."""

    status, code = 403, "embed_closed"


@router.get("/embed/{name}/{panel}")
async def embedded(request: Request, name: str, panel: str, asked: Asked) -> Response:
    """A panel alone, which the sites of ``[server] embed_origins`` may put in a frame."""
    return await run(request, _embedded, request, asked, name, panel)


def _embedded(request: Request, asked: ViewQuery, name: str, panel: str) -> Response:
    origins = company(request).settings.server.embed_origins
    if not origins:
        raise EmbedClosedError(
            "No site may show panels of this server in a frame.",
            'Name it in trueline.toml: [server] embed_origins = ["https://intranet.example"].',
        )
    board = board_of(request, asked, find(company(request).home, name))
    shown = board.panel(panel)
    answer = page(
        request, "embed.html", title=shown.title, board=board, p=shown, **words(request, board)
    )
    policy = CONTENT_POLICY.replace(
        "frame-ancestors 'none'", f"frame-ancestors {' '.join(origins)}"
    )
    answer.headers["Content-Security-Policy"] = policy
    return answer
