"""A file from a browser into a table: sent, watched, its columns named where they are called
otherwise."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from trueline.core.errors import InputError, TruelineError
from trueline.facts.contract import Column, Contract, Kind
from trueline.facts.load.mapping import Mapping
from trueline.facts.load.suggest import Suggested, suggest
from trueline.facts.tables import CONTRACTS, contract
from trueline.web import forms
from trueline.web.answers import Answer
from trueline.web.context import company, run
from trueline.web.loadings import Loading
from trueline.web.multipart import SUFFIXES
from trueline.web.pages.frame import page
from trueline.web.pages.saying import beside, to, wrong
from trueline.web.parameters import Strict
from trueline.web.upload import Received, receive

router = APIRouter(include_in_schema=False)
_FIELDS = ("table", forms.FIELD)
_SAME = "="
"""Says in the form of columns that every row has the value written beside it."""


class UploadQuery(Strict):
    """Which table is chosen at first."""

    table: str | None = Field(None, max_length=60)


@router.get("/data/upload")
async def chosen(request: Request, query: Annotated[UploadQuery, Query()]) -> Response:
    """The form that a file is sent with."""
    return await run(request, _form, request, query.table or "")


@router.post("/data/upload")
async def sent(request: Request) -> Response:
    """Take a file; it is loaded in its turn while its page is watched."""
    tl = company(request)
    try:
        received = await receive(request, tl, _FIELDS)
    except TruelineError as error:
        # The rest of what is sent is not waited for: the browser is told at once.
        return await run(request, _form, request, "", error)
    return await run(request, _accept, request, received)


def _accept(request: Request, received: Received) -> Response:
    table = received.fields.get("table", "")
    try:
        forms.check(request, received.fields.get(forms.FIELD))
        if table not in {item.name for item in CONTRACTS}:
            raise wrong("table", "Choose the table that the file is for.")
        loading = Loading(
            table, received.path, received.name, received.mapping, received.keep_good,
            received.full,
        )  # fmt: skip
        request.app.state.loadings.start(loading)
    except forms.ForeignFormError:
        received.discard()
        raise
    except TruelineError as error:
        received.discard()
        return _form(request, table, error)
    return to(f"/data/upload/{loading.id}")


def _form(request: Request, table: str, problem: TruelineError | None = None) -> Response:
    tables = [(c.name, f"{c.name}: {c.meaning}") for c in CONTRACTS]
    described = {c.name: _columns(c) for c in CONTRACTS}
    return page(
        request, "upload.html", title="Load a file", tables=[("", "Choose a table"), *tables],
        table=table if table in described else "", described=described, problem=problem,
        errors=beside(problem),
        suffixes=",".join(f".{s.rsplit('.', 1)[-1]}" for s in SUFFIXES), kinds=SUFFIXES,
        most=company(request).settings.server.max_upload_bytes,
        status=problem.status if problem else 200,
    )  # fmt: skip


def _columns(table: Contract) -> list[dict[str, Any]]:
    return [
        {"name": c.name, "meaning": c.meaning, "required": _needed(c),
         "choices": c.choices, "kind": c.kind.value}
        for c in table.columns
    ]  # fmt: skip


def _needed(column: Column) -> bool:
    """Whether a file must have it: without a currency's column the company's own holds."""
    return column.required and column.default is None and column.kind is not Kind.CURRENCY


@router.get("/data/upload/{loading_id}")
async def watched(request: Request, loading_id: str) -> Response:
    """How far a file is; its load's page once it is done."""
    loading: Loading = request.app.state.loadings.of(loading_id)
    return await run(request, _watch, request, loading)


@router.get("/data/upload/{loading_id}/state")
async def state(request: Request, loading_id: str) -> Answer:
    """The same, for a script that asks every moment."""
    loading: Loading = request.app.state.loadings.of(loading_id)
    return Answer(loading.to_json())


def _watch(
    request: Request,
    loading: Loading,
    *,
    problem: InputError | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    over = loading.over  # looked at once: it may be over at any moment
    if over and problem is None and loading.error is None and loading.report is not None:
        return to(f"/data/loads/{loading.report.load_id}")
    table = contract(loading.table)
    failed = problem or (loading.error if over else None)
    missing = [] if problem else [f.where for f in failed.faults if f.where] if failed else []
    return page(
        request, "loading.html", title=f"Loading {loading.name}"[:120], loading=loading,
        over=over, columns=_columns(table), problem=failed, missing=missing,
        given=_guessed(table, loading, given), zones=_zones(request, table),
        zone=(given or {}).get("timezone", ""),
        same=_SAME, mappable=bool(loading.header) and failed is not None,
        status=failed.status if failed else 200,
    )  # fmt: skip


def _zones(request: Request, table: Contract) -> list[str]:
    """Whose clock a file's times may be of: the company's, or UTC, as most exports write them."""
    if all(column.kind is not Kind.MOMENT for column in table.columns):
        return []
    return list(dict.fromkeys([company(request).settings.company.timezone, "UTC"]))


def _guessed(
    table: Contract, loading: Loading, given: dict[str, str] | None
) -> dict[str, dict[str, str]]:
    """What the form of columns shows for each: the file's column, or the value of every row; and
    what to check of a column that is only suggested."""
    if given is not None:
        return {
            c.name: {"from": given.get(f"from-{c.name}", ""), "all": given.get(f"all-{c.name}", ""),
                     "check": ""}
            for c in table.columns
        }  # fmt: skip
    plain = {name.strip().lower(): name for name in loading.header}
    sure = {c.name: theirs for c in table.columns if (theirs := _own(c, plain))}
    left = [name for name in loading.header if name not in sure.values()]
    near = suggest(table, left, [c.name for c in table.columns if c.name not in sure])
    found = {}
    for column in table.columns:
        theirs = sure.get(column.name, "")
        hint = Suggested() if theirs else near.get(column.name, Suggested())
        found[column.name] = {"from": theirs or hint.likely, "all": "", "check": _check(hint)}
    return found


def _own(column: Column, plain: dict[str, str]) -> str:
    """The file's column that has our name, or one that means the same."""
    return next((plain[name] for name in (column.name, *column.aliases) if name in plain), "")


def _check(hint: Suggested) -> str:
    """What to say of a suggestion: nothing is loaded by it before somebody says yes."""
    if hint.likely:
        return "Suggested: is it this?"
    names = " or ".join(name[:60] for name in hint.perhaps)
    return f"Perhaps {names}, if it is this" if names else ""


@router.post("/data/upload/{loading_id}/columns")
async def columns(request: Request, loading_id: str) -> Response:
    """Name the columns of a file that is still here, and load it again."""
    fields = await forms.read(request)
    return await run(request, _map, request, loading_id, fields)


def _map(request: Request, loading_id: str, fields: dict[str, str]) -> Response:
    loadings = request.app.state.loadings
    loading: Loading = loadings.of(loading_id)
    try:
        text = _mapping(contract(loading.table), loading.header, fields)
    except InputError as error:
        return _watch(request, loading, problem=error, given=fields)
    path = loading.path.with_name(f"{loading.path.name}.toml")
    path.write_text(text, encoding="utf-8")
    again = loadings.again(loading_id, mapping=path)
    return to(f"/data/upload/{again.id}")


def _mapping(table: Contract, header: tuple[str, ...], fields: dict[str, str]) -> str:
    """The form of columns as a mapping file's text."""
    renames, constants = {}, {}
    for column in table.columns:
        theirs = fields.get(f"from-{column.name}", "")
        value = fields.get(f"all-{column.name}", "").strip()
        if theirs == _SAME and value:
            constants[column.name] = value
        elif theirs == _SAME:
            raise wrong(f"all-{column.name}", f"Write the value that every {column.name} has.")
        elif theirs in header:
            renames[theirs] = column.name
        elif _needed(column):
            raise wrong(f"from-{column.name}", f"Say which column is {column.name}.")
    zone = "UTC" if fields.get("timezone") == "UTC" else None
    return Mapping(renames, constants, timezone=zone).text()


@router.post("/data/upload/{loading_id}/good")
async def good(request: Request, loading_id: str) -> Response:
    """Load the good rows of a file that was refused."""
    await forms.read(request)
    again = request.app.state.loadings.again(loading_id, keep_good=True)
    return to(f"/data/upload/{again.id}")
