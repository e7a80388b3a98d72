"""What readers take away of a panel: its page, its values as CSV, its chart as PNG or SVG."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from trueline.core.errors import NotFoundError
from trueline.dashboards import find
from trueline.web.boards.files import csv_of
from trueline.web.boards.picture import drawing_of
from trueline.web.boards.shown import Shown
from trueline.web.boards.view import ViewQuery
from trueline.web.charts import export
from trueline.web.context import company, run
from trueline.web.pages.dashboards import Asked, board_of, words
from trueline.web.pages.frame import page, slug

router = APIRouter(include_in_schema=False)


@router.get("/d/{name}/{panel}.csv")
async def csv(request: Request, name: str, panel: str, asked: Asked) -> Response:
    """A panel's values; text that a spreadsheet would take for a formula is made harmless."""
    return await run(request, _csv, request, asked, name, panel)


def _csv(request: Request, asked: ViewQuery, name: str, panel: str) -> Response:
    board = board_of(request, asked, find(company(request).home, name))
    shown = board.panel(panel)
    if shown.table is None:
        raise NotFoundError(f"The panel '{panel}' has no values.", "Nothing is known in its range.")
    return _file(request, csv_of(shown.table).encode(), shown, "csv", "text/csv; charset=utf-8")


@router.get("/d/{name}/{panel}.png")
async def png(request: Request, name: str, panel: str, asked: Asked) -> Response:
    """A panel's chart as a PNG."""
    return await run(request, _drawn, request, asked, name, panel, "png")


@router.get("/d/{name}/{panel}.svg")
async def svg(request: Request, name: str, panel: str, asked: Asked) -> Response:
    """A panel's chart as an SVG."""
    return await run(request, _drawn, request, asked, name, panel, "svg")


def _drawn(request: Request, asked: ViewQuery, name: str, panel: str, kind: str) -> Response:
    board = board_of(request, asked, find(company(request).home, name))
    shown = board.panel(panel)
    spec, title, lines = drawing_of(shown, board.view, company(request).settings.company)
    if spec is None:
        raise NotFoundError(f"The panel '{panel}' has no chart.", "Its values are in its CSV.")
    draw = export.png if kind == "png" else export.svg
    media = "image/png" if kind == "png" else "image/svg+xml"
    return _file(request, draw(spec, title, *lines), shown, kind, media)


def _file(request: Request, content: bytes, shown: Shown, kind: str, media: str) -> Response:
    day = company(request).engine.today().isoformat()
    name = f"{slug(shown.title)[:60]}-{day}.{kind}"
    return Response(
        content,
        media_type=media,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


@router.get("/d/{name}/{panel}")
async def alone(request: Request, name: str, panel: str, asked: Asked) -> Response:
    """One panel on a page of its own, with its table."""
    return await run(request, _alone, request, asked, name, panel)


def _alone(request: Request, asked: ViewQuery, name: str, panel: str) -> Response:
    board = board_of(request, asked, find(company(request).home, name))
    shown = board.panel(panel)
    return page(
        request, "panel.html", title=shown.title, board=board, p=shown, **words(request, board)
    )
