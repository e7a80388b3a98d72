"""Forms of pages: a token that another site cannot know, and fields read as text.

The token is a digest of a random cookie under a secret of this server (its workers share one): what
is posted must come from a page that this server gave to the same browser.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from trueline.core.errors import AccessError

COOKIE = "trueline_browser"
FIELD = "form_token"
_SECRET = os.environ.get("TRUELINE_WORKER_TOKEN", "").encode() or secrets.token_bytes(32)
_YEAR = 365 * 24 * 3600


class ForeignFormError(AccessError):
    """A form that this server did not give to this browser."""

    status, code = 403, "foreign_form"


def token(request: Request) -> str:
    """The token that this browser's forms must carry."""
    known = request.cookies.get(COOKIE) or getattr(request.state, "browser", None)
    if known is None:
        known = request.state.browser = secrets.token_urlsafe(24)
    return _of(known)


def remember(request: Request, answer: Response) -> None:
    """Give a browser that has none its cookie."""
    fresh = getattr(request.state, "browser", None)
    if fresh is not None:
        answer.set_cookie(
            COOKIE, fresh, max_age=_YEAR, httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip


def check(request: Request, given: str | None) -> None:
    """Raises ForeignFormError where a form's token is not this browser's."""
    known = request.cookies.get(COOKIE)
    if known is None or given is None or not hmac.compare_digest(given, _of(known)):
        raise ForeignFormError(
            "This form is not from this server, or too old.", "Reload the page and send it again."
        )


async def read(request: Request) -> dict[str, str]:
    """A posted form's text fields, its token checked and left out."""
    form = await request.form(max_files=0, max_fields=400)
    fields = {k: v for k, v in form.items() if not isinstance(v, UploadFile)}
    check(request, fields.pop(FIELD, None))
    return fields


def _of(browser: str) -> str:
    return hmac.new(_SECRET, browser.encode(), hashlib.sha256).hexdigest()
