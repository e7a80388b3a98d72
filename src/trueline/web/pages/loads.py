"""What loads did: their counts, and their rejected rows to be looked at, taken away, corrected."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from trueline.core.errors import InputError, NotFoundError
from trueline.engine.left_out import left_out
from trueline.facts.load import (
    LoadReport,
    count_rejects,
    list_loads,
    load_moment,
    rejects,
    returned_rows,
    write_corrected,
)
from trueline.facts.load.mapping import Mapping, mapping_beside
from trueline.facts.rejected import CORRECTED, rejects_name
from trueline.web import forms
from trueline.web.context import company, run
from trueline.web.loadings import Loading
from trueline.web.pages.frame import page
from trueline.web.pages.saying import to
from trueline.web.parameters import Strict

router = APIRouter(include_in_schema=False)
SHOWN = 50
_GREATEST = 2**62


class LoadsQuery(Strict):
    """Which loads."""

    before: int | None = Field(None, ge=1, le=_GREATEST)
    table: str | None = Field(None, max_length=60)


class RejectedQuery(Strict):
    """Which rejects of a load."""

    offset: int = Field(0, ge=0, le=10**9)


@router.get("/data/loads")
async def loads(request: Request, query: Annotated[LoadsQuery, Query()]) -> Response:
    """Every load, newest first."""
    return await run(request, _loads, request, query)


def _loads(request: Request, query: LoadsQuery) -> Response:
    tl = company(request)
    found = list_loads(tl.warehouse, table=query.table, before=query.before, limit=SHOWN)
    words = f"&table={query.table}" if query.table else ""
    following = f"/data/loads?before={found.before}{words}" if found.before else None
    return page(request, "loads.html", title="Loads", loads=found, following=following, query=query)


@router.get("/data/loads/{load_id}")
async def load(
    request: Request, load_id: int, query: Annotated[RejectedQuery, Query()]
) -> Response:
    """One load with its rejects."""
    return await run(request, _load, request, load_id, query)


def _load(request: Request, load_id: int, query: RejectedQuery) -> Response:
    tl = company(request)
    report = tl.load_report(min(load_id, _GREATEST))
    path = _rejects_path(tl, report)
    shown = rejects(path, query.offset, SHOWN) if path else []
    editable = returned_rows(path) if path and report.status == "loaded" else None
    # A refused load rejects every row; the file has those that break a rule.
    broken = count_rejects(path) if path else 0
    at = f"/data/loads/{report.load_id}"
    pager = {
        "first": query.offset + 1, "last": query.offset + len(shown), "total": broken,
        "previous": f"{at}?offset={max(0, query.offset - SHOWN)}" if query.offset else None,
        "following": f"{at}?offset={query.offset + SHOWN}"
        if query.offset + len(shown) < broken and shown
        else None,
    }  # fmt: skip
    return page(
        request, "load.html", title=f"Load {report.load_id}", report=report,
        moment_of=load_moment(tl.warehouse, report.load_id), shown=shown, pager=pager,
        gone=report.rejected > 0 and path is None, editable=editable, broken=broken,
        ours=_ours(path) if editable else {},
        held=request.app.state.loadings.held(report.load_id), waiting=_waiting(tl, report),
    )  # fmt: skip


def _ours(rejects: Path | None) -> dict[str, str]:
    """What the columns of a rejects file are called here, where a mapping says so."""
    kept = mapping_beside(rejects) if rejects else None
    return Mapping.read(kept).columns if kept is not None and kept.is_file() else {}


def _waiting(tl: Any, report: LoadReport) -> bool:
    """Whether rows of the load are rejected still, and nothing has made them good since."""
    if report.status != "loaded" or not report.rejected:
        return False
    return any(report.load_id in out.among for out in left_out(tl.warehouse).values())


def _rejects_path(tl: Any, report: LoadReport) -> Path | None:
    """The load's rejects file, where it is there and in the home's own folder."""
    path = report.rejects_path
    if path is None or not path.is_file():
        return None
    inside = path.resolve().is_relative_to((tl.home / "rejects").resolve())
    return path if inside else None


@router.get("/data/loads/{load_id}/rejects.csv")
async def rejected(request: Request, load_id: int) -> Response:
    """The rejected rows with why, as a file that can be corrected and loaded again."""
    return await run(request, _rejected, request, load_id)


def _rejected(request: Request, load_id: int) -> Response:
    tl = company(request)
    path = _rejects_path(tl, tl.load_report(min(load_id, _GREATEST)))
    if path is None:
        raise NotFoundError(f"Load {load_id} has no rejected rows here.", "See /data/loads.")

    def blocks() -> Iterator[bytes]:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                yield block

    name = rejects_name(load_id)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(blocks(), media_type="text/csv; charset=utf-8", headers=headers)


def _mapping_of(rejects: Path | None, file: Path) -> Path | None:
    """A copy, beside a file of corrected rows, of the mapping by which they were read at first."""
    kept = mapping_beside(rejects) if rejects else None
    if kept is None or not kept.is_file():
        return None
    copy = file.with_name(f"{file.name}.toml")
    copy.write_bytes(kept.read_bytes())
    return copy


@router.post("/data/loads/{load_id}/corrected")
async def corrected(request: Request, load_id: int) -> Response:
    """Load rows as they were corrected on the page."""
    fields = await forms.read(request)
    return await run(request, _corrected, request, load_id, fields)


def _corrected(request: Request, load_id: int, fields: dict[str, str]) -> Response:
    tl = company(request)
    report = tl.load_report(min(load_id, _GREATEST))
    path = _rejects_path(tl, report)
    found = returned_rows(path) if path else None
    if found is None:
        raise NotFoundError("These rows can no longer be corrected here.", "Send them as a file.")
    rows = [
        [fields.get(f"c{row}-{place}", value) for place, value in enumerate(values)]
        for row, (values, _) in enumerate(found.rows)
        if fields.get(f"take{row}") == "on"
    ]
    if not rows:
        raise InputError("No row was chosen.", "Go back and mark the rows to load.")
    folder = tl.home / "uploads"
    folder.mkdir(exist_ok=True)
    file = folder / f"{secrets.token_hex(12)}.csv"
    write_corrected(file, found.header, rows)
    mapping = _mapping_of(path, file)
    name = f"{report.source.removesuffix(CORRECTED)[:180]}{CORRECTED}"
    loading = Loading(report.table, file, name, mapping, keep_good=True)
    request.app.state.loadings.start(loading)
    return to(f"/data/upload/{loading.id}")
