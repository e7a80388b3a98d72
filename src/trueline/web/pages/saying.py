"""What a page says after something was done, and errors that belong to a field of a form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from trueline.core.errors import Fault, InputError, TruelineError
from trueline.core.period import parse_day


class Said(StrEnum):
    """What was done: part of the address that a form leads to, so that the page can say it."""

    DECLARED = "declared"
    RECORDED = "recorded"
    RECORDED_AHEAD = "recorded-ahead"
    RECORDED_BEFORE = "recorded-before"
    CHANGED = "changed"
    DELETED = "deleted"
    REMOVED = "removed"
    SAVED = "saved"
    UNCHANGED = "unchanged"
    RESTART = "restart"
    SIGNED_OUT = "signed-out"

    @property
    def text(self) -> str:
        """The sentence."""
        return _TEXTS[self]


_TEXTS = {
    Said.DECLARED: "The coverage is declared. Numbers follow it from now on.",
    Said.RECORDED: "The cost is recorded.",
    Said.RECORDED_AHEAD: "The cost is recorded. Its day has not come yet: it counts once it has.",
    Said.RECORDED_BEFORE: "This very form was sent before: the cost is recorded once.",
    Said.CHANGED: "The cost is changed; the version before is kept in its history.",
    Said.DELETED: "The cost is deleted: it counts no more, and its history is kept.",
    Said.REMOVED: "The rows are removed: they count in no number, and the history keeps them.",
    Said.SAVED: "The settings are saved, and in use.",
    Said.UNCHANGED: "Nothing was different: nothing was written.",
    Said.RESTART: "The settings are saved. Some take effect when the server starts anew.",
    Said.SIGNED_OUT: "You are signed out.",
}


def to(path: str, said: str | None = None, *, part: str = "", **query: str) -> Response:
    """Lead the browser to a page with GET, where ``said`` is told."""
    words = query | ({"said": Said(said).value} if said else {})
    address = path + (f"?{urlencode(words)}" if words else "") + (f"#{part}" if part else "")
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


def wrong(where: str, message: str, fix: str | None = None, value: str = "") -> InputError:
    """An error that belongs to a field."""
    return InputError(message, fix, (Fault(message, where, value[:80] or None, fix),))


def day_of(fields: Mapping[str, str], name: str) -> date:
    """A field's day. Raises InputError that belongs to the field."""
    text = fields.get(name, "").strip()
    if not text:
        raise wrong(name, "A day is missing.", "Write it as YYYY-MM-DD.")
    try:
        return parse_day(text, name)
    except InputError as error:
        raise wrong(name, error.message, error.fix, text) from None


_ON_PAGES = tuple(
    (re.compile(said), shown)
    for said, shown in (
        (r" \(POST /api/kpi/costs[^)]*\)", ""),
        (r"GET /api/kpi/costs lists them", "They are listed at Costs"),
        (r"Give its inputs to POST /metrics/[\w-]+", "Give its inputs to its calculator"),
        (r"ask with allow_estimates=true", "choose Allow estimates at the head of the page"),
        (r"load the good rows with keep_good", "load the good rows alone"),
        (r"with --full", "as a full export"),
        (r" \(excluded_count \d+\)", ""),
    )
)
"""What names a parameter, a route or an option, and what a page calls it."""


def on_page(text: str | None) -> str:
    """A reason, or a way to mend it, in a page's words; the library's name what a program does."""
    for said, shown in _ON_PAGES:
        text = said.sub(shown, text or "")
    return text or ""


def beside(problem: TruelineError | None) -> dict[str, str]:
    """Each field's error, as it is shown beside it."""
    if problem is None:
        return {}
    return {
        fault.where: f"{fault.message.rstrip('.')}. {fault.fix or ''}".strip()
        for fault in problem.faults
        if fault.where is not None
    }
