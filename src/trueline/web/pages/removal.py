"""Rows of facts taken away: named by their keys, looked at, and only then removed."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from trueline.core.errors import ConflictError, InputError, TruelineError
from trueline.facts.contract import Contract
from trueline.facts.load import key_of, key_word, rows_with
from trueline.facts.tables import CONTRACTS, COVERAGE, contract
from trueline.home import Trueline
from trueline.web import forms
from trueline.web.context import company, run
from trueline.web.pages.frame import page
from trueline.web.pages.rows import cell_text
from trueline.web.pages.saying import beside, to, wrong
from trueline.web.parameters import Strict

router = APIRouter(include_in_schema=False)
MOST_KEYS = 100
_TABLES = {c.name: c for c in CONTRACTS if c.name != COVERAGE.name}
Rows = list[dict[str, Any]]


class RemoveQuery(Strict):
    """Which table the form begins with."""

    table: str | None = Field(None, max_length=60)


@router.get("/data/remove")
async def asked(request: Request, query: Annotated[RemoveQuery, Query()]) -> Response:
    """The form that names rows."""
    return await run(request, _page, request, {"table": query.table or ""})


@router.post("/data/remove")
async def sent(request: Request) -> Response:
    """Show the rows that are named; remove them once they were seen."""
    fields = await forms.read(request)
    return await run(request, _sent, request, fields)


def _sent(request: Request, fields: dict[str, str]) -> Response:
    tl = company(request)
    try:
        table, keys, found = _named(tl, fields)
    except InputError as error:
        return _page(request, fields, problem=error)
    seen = fields.get("seen")
    if seen is None or not found:
        return _page(request, fields, found=found, keys=keys)
    if seen != _digest(found):
        changed = ConflictError(
            "These rows changed while you looked at them: nothing was removed.",
            "Look at what they say now.",
        )
        return _page(request, fields, found=found, keys=keys, problem=changed)
    tl.remove(table, keys)
    return to("/data", "removed", part=f"t-{table}")


def _named(tl: Trueline, fields: dict[str, str]) -> tuple[str, list[dict[str, str]], Rows]:
    """The table, the keys (one a line) and their rows. Raises InputError of a field."""
    table = fields.get("table", "")
    if table not in _TABLES:
        raise wrong("table", "Choose the table that the rows are in.")
    lines = fields.get("keys", "").replace("\r\n", "\n").split("\n")
    words = list(dict.fromkeys(filter(None, map(str.strip, lines))))
    if not words:
        raise wrong("keys", "No row is named.", f"Write {_shape(_TABLES[table])}, one a line.")
    if len(words) > MOST_KEYS:
        raise wrong(
            "keys", f"{len(words)} rows are named; at most {MOST_KEYS} are taken at once.",
            "The command trueline remove takes more.",
        )  # fmt: skip
    try:
        keys = [key_of(table, word) for word in words]
        return table, keys, rows_with(tl.warehouse, table, keys)
    except InputError as error:
        raise wrong("keys", error.message, error.fix) from None


def _shape(table: Contract) -> str:
    """How a row of it is named."""
    return key_word(table, ["..."] * len(table.key)) if len(table.key) > 1 else table.key[0]


def _digest(found: Rows) -> str:
    """What tells whether rows are those that were seen: another version has another load."""
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _page(
    request: Request, fields: dict[str, str], *, found: Rows | None = None,
    keys: list[dict[str, str]] | None = None, problem: TruelineError | None = None,
) -> Response:  # fmt: skip
    tl = company(request)
    name = fields.get("table", "")
    of = contract(name) if name in _TABLES else None
    return page(
        request, "remove.html", title="Remove rows", problem=problem, errors=beside(problem),
        tables=[("", "Choose a table"), *((c.name, c.name) for c in _TABLES.values())],
        shapes=[(c.name, _shape(c)) for c in _TABLES.values()],
        given={"table": name if of else "", "keys": fields.get("keys", "")},
        found=found, seen=_digest(found) if found else "",
        columns=[column for column in found[0] if column != "load_id"] if found else [],
        rows=[[cell_text(tl, row[c]) for c in row if c != "load_id"] for row in found or ()],
        missing=_missing(of, keys or [], found or []) if of else [],
        status=problem.status if problem else 200,
    )  # fmt: skip


def _missing(of: Contract, keys: list[dict[str, str]], found: Rows) -> list[str]:
    """The keys that name nothing recorded."""
    there = {tuple(str(row[name]) for name in of.key) for row in found}
    named = [[key[name] for name in of.key] for key in keys]
    return [key_word(of, values) for values in named if tuple(values) not in there]
