"""Dashboards: their pages, and each panel's page, chart, table and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from trueline.core.errors import NotFoundError
from trueline.core.reading import dumps
from trueline.dashboards import DashboardError, Entry, find
from trueline.dashboards.ranges import PRESETS
from trueline.dashboards.shelf import BUILT_IN
from trueline.web import seals
from trueline.web.boards.evaluation import Board
from trueline.web.boards.view import View, ViewQuery, view_of
from trueline.web.charts.locales import localised
from trueline.web.context import company, run
from trueline.web.pages.frame import page, templates
from trueline.web.pages.range import SHORT, ReversedDaysError
from trueline.web.pages.reversed_days import reversed_days

router = APIRouter(include_in_schema=False)
MOST_DRAWN = 16
Asked = Annotated[ViewQuery, Query()]
_NO_STORE = {"Cache-Control": "no-store"}


@router.get("/executive")
@router.get("/finance")
@router.get("/growth")
async def built_in(request: Request, asked: Asked) -> Response:
    """A built-in dashboard, or the company's own of that name."""
    name = request.scope["path"].strip("/")
    if not request.app.state.has_facts and not await run(request, _has_facts, request):
        return RedirectResponse("/welcome", status_code=307, headers=_NO_STORE)
    return await run(request, _dashboard, request, asked, name)


def _has_facts(request: Request) -> bool:
    """Whether a row was ever taken; a file that was refused, or had no rows, brought nothing.
    Once there are facts nobody asks again."""
    found = company(request).warehouse.rows(
        "SELECT count(*) FROM loads WHERE status <> 'refused' AND accepted > 0"
    )[0][0]
    request.app.state.has_facts = found > 0
    return bool(found)


@router.get("/d/{name}")
async def own(request: Request, name: str, asked: Asked) -> Response:
    """A company's own dashboard."""
    if name in BUILT_IN:
        query = request.url.query
        return RedirectResponse(f"/{name}{'?' + query if query else ''}", headers=_NO_STORE)
    return await run(request, _dashboard, request, asked, name)


def _dashboard(request: Request, asked: ViewQuery, name: str) -> Response:
    entry = find(company(request).home, name)
    try:
        board = board_of(request, asked, entry)
    except ReversedDaysError as error:
        return reversed_days(request, entry.title, error)
    except DashboardError as error:
        return page(
            request, "dashboard_broken.html", title=entry.title, status=error.status, entry=entry,
            error=error,
        )  # fmt: skip
    given = words(request, board)
    return page(
        request, "dashboard.html", title=entry.title, board=board,
        rows=_rows(request, board, given),
        about=entry.declared().about, job=_job(request, asked.job),
        left_out=board.left_out, fresh=board.fresh, **given,
    )  # fmt: skip


def _rows(request: Request, board: Board, given: dict[str, Any]) -> Any:
    """The panels as markup: written once for each board and choice of tables."""
    from markupsafe import Markup

    found = board.drawn.get(board.view.tables)
    if found is None:
        company_ = company(request).settings.company
        template = templates().get_template("parts/rows.html")
        text = template.render(board=board, locale=company_.locale, company=company_, **given)
        if len(board.drawn) >= MOST_DRAWN:
            board.drawn.clear()
        found = board.drawn[board.view.tables] = text
    return Markup(found)  # noqa: S704  written by a template that escapes


def _job(request: Request, job_id: str | None) -> str:
    """How far a refresh is, in words, for a page without scripts; empty for one unknown here."""
    if job_id is None:
        return ""
    try:
        job = request.app.state.jobs.state(job_id)
    except NotFoundError:
        return ""
    if job["status"] == "running":
        return f"The daily job is at work ({job['step']}). Reload the page to see what it brought."
    if job["status"] == "failed":
        return f"The daily job failed: {job['error']['detail']}"
    return "The daily job is done: every source is loaded and counted."


def board_of(request: Request, asked: ViewQuery, entry: Entry) -> Board:
    """The evaluated dashboard at the view that the address asks for."""
    declared = entry.declared()
    tl = company(request)
    names = frozenset(name for _, named in declared.named() for name, _ in named)
    view = view_of(
        asked, declared.range, tl.engine.today(), tl.settings.company.calendar,
        names,
    )  # fmt: skip
    board: Board = request.app.state.boards.get(entry, view)
    return replace(board, view=view)


def words(request: Request, board: Board) -> dict[str, Any]:
    """What the templates of dashboards need: addresses of other views."""
    tl = company(request)
    view, today, calendar = board.view, tl.engine.today(), tl.settings.company.calendar

    def at(other: View) -> str:
        return board.entry.address + other.query

    return {
        "view": view,
        "framed": False,
        "chart_query": view.data_query,
        "data": f"/d/{board.entry.name}",
        "ranges": [
            (name, PRESETS[name], at(view.ranged(name, today, calendar))) for name in PRESETS
        ],
        "short": SHORT,
        "embed": _embed_of(request, board) if tl.settings.server.embed_origins else None,
        "last_day": (view.range.period.end - timedelta(days=1)).isoformat(),
        "at": at,
    }


def _embed_of(request: Request, board: Board) -> Callable[[str], str]:
    """What gives a panel's address for frames; sealed where readers would need a key."""
    key, query = request.app.state.access.key, board.view.data_query
    today = company(request).engine.today()

    def address(panel: str) -> str:
        path = f"{seals.FOLDER}{board.entry.name}/{panel}"
        return path + query if key is None else seals.sealed(key, path, query, today)

    return address


@router.get("/d/{name}/{panel}.json")
async def chart(request: Request, name: str, panel: str, asked: Asked) -> Response:
    """A panel's chart, from the same readings as its page."""
    return await run(request, chart_of, request, asked, name, panel)


def chart_of(request: Request, asked: ViewQuery, name: str, panel: str) -> Response:
    """A panel's chart as JSON. Raises NotFoundError for one that is a table."""
    shown = board_of(request, asked, find(company(request).home, name)).panel(panel)
    if shown.spec is None:
        raise NotFoundError(f"The panel '{panel}' has no chart.", "It is a table.")
    spec = localised(shown.spec, company(request).settings.company.locale)
    return Response(dumps({"spec": spec}), media_type="application/json", headers=_NO_STORE)
