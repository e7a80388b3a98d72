"""Signing in: a browser cannot send the key with every request, so it gives it once."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from trueline.core.errors import InputError
from trueline.web import forms
from trueline.web.pages.frame import templates
from trueline.web.pages.saying import Said, to
from trueline.web.parameters import Strict
from trueline.web.security import Access
from trueline.web.sessions import COOKIE, LONGEST_SECONDS

router = APIRouter(include_in_schema=False)


class SignInQuery(Strict):
    """Where to go afterwards."""

    to: str = Field("/", max_length=2000)
    said: Said | None = None


@router.get("/sign-in")
async def asked(request: Request, query: Annotated[SignInQuery, Query()]) -> Response:
    """The form for the key; where no key is set, nobody has to sign in."""
    access: Access = request.app.state.access
    if access.key is None or access.sessions.known(request.cookies.get(COOKIE)):
        return RedirectResponse(inside(query.to), status_code=303)
    return _form(request, query.to, said=query.said)


@router.post("/sign-in")
async def signed_in(request: Request) -> Response:
    """Compare the key; let the browser in with a session of its own."""
    access: Access = request.app.state.access
    fields = await forms.read(request)
    wanted = inside(fields.get("to", "/"))
    if access.key is None:
        return RedirectResponse(wanted, status_code=303)
    if access.sessions.tired():
        return _form(request, wanted, 429, "Too many wrong keys came in. Wait a minute.")
    if not access.opens(fields.get("key", "").strip()):
        access.sessions.wrong()
        return _form(request, wanted, 401, "This is not the key.")
    token = access.sessions.begin(replaced=request.cookies.get(COOKIE))
    answer = RedirectResponse(wanted, status_code=303, headers={"Cache-Control": "no-store"})
    answer.set_cookie(
        COOKIE, token, max_age=LONGEST_SECONDS, httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


@router.post("/sign-out")
async def signed_out(request: Request) -> Response:
    """End the browser's session."""
    await forms.read(request)
    access: Access = request.app.state.access
    access.sessions.end(request.cookies.get(COOKIE))
    answer = to("/sign-in", "signed-out")
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def inside(wanted: str) -> str:
    """A page of this server: whatever else was asked for, the start page."""
    plain = "".join(c for c in wanted if c.isprintable() and c != "\\")
    try:
        parts = urlsplit(plain)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or not plain.startswith("/") or plain.startswith("//"):
        return "/"
    return "/" if parts.path in ("/sign-in", "/sign-out") else plain


def _form(
    request: Request, wanted: str, status: int = 200, problem: str = "", *, said: Said | None = None
) -> Response:
    # Not in the frame: whoever has no key is told nothing of the company, not even its name.
    text = templates().get_template("sign_in.html").render(
        wanted=inside(wanted), problem=InputError(problem) if problem else None, said=said,
        form_token=forms.token(request),
    )  # fmt: skip
    answer = HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})
    forms.remember(request, answer)
    return answer
