"""Errors out: one JSON shape for all of them, with a request id and never a trace."""

from __future__ import annotations

import logging
import re
import secrets
from typing import Any, cast
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trueline.core.checked import faults_from
from trueline.core.errors import AccessError, BusyError, InputError, TruelineError
from trueline.web.answers import Answer
from trueline.web.security import HEADERS, refuse_foreign_sites

log = logging.getLogger("trueline.web")
_GONE = 499
"""For the log: the sender went away before all was sent (a number that other servers use, too)."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,80}")


def error_answer(request: Request, status: int, content: dict[str, Any]) -> Response:
    """An error with the request's id: JSON, or a page where a person asked for one."""
    if _wants_page(request):
        return _problem(request, status, content)
    headers = {"Retry-After": "2"} if status == BusyError.status else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Answer(
        content | {"request_id": request.state.request_id}, status_code=status, headers=headers
    )


def _wants_page(request: Request) -> bool:
    path = request.scope["path"]
    spoken = "text/html" in request.headers.get("accept", "")
    return spoken and not path.startswith(("/api/", "/metrics/", "/predict/", "/analyze/"))


def _problem(request: Request, status: int, content: dict[str, Any]) -> Response:
    from trueline.web.pages.frame import page

    return page(
        request, "problem.html", title="Not possible", status=status, problem=content, fresh=None,
        request_id=request.state.request_id,
    )  # fmt: skip


def install(app: FastAPI) -> None:
    """Handlers for every kind of error, and the headers that every answer carries."""
    app.add_exception_handler(TruelineError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Around)


class Around:
    """Around every request: an id, who may ask, headers for browsers, no trace let out.

    Plain ASGI: a middleware that makes request and response objects costs more than a calculation.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        given = request.headers.get("x-request-id", "")
        known = _REQUEST_ID.fullmatch(given) if given else None
        request.state.request_id = given if known else secrets.token_hex(8)
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = _headed(message["headers"], request.state.request_id)
            await send(message)

        try:
            request.app.state.access.check(request)
            refuse_foreign_sites(request, request.app.state.tl.settings.server.cors_origins)
            await self.app(scope, receive, sent)
        except TruelineError as error:
            response = await _ours(request, error)
            await response(scope, receive, sent)
        except ClientDisconnect:  # nobody is there to be told
            await Response(status_code=_GONE)(scope, receive, sent)
        except Exception:  # a fault of ours: told as one, with the trace in the log
            log.exception("request %s failed", request.state.request_id)
            if begun:  # half an answer is out: only breaking off tells that it is none
                raise
            await error_answer(request, 500, _FAULT)(scope, receive, sent)


_FAULT = {
    "detail": "Something went wrong here; it is not your input.",
    "code": "internal",
    "fix": "Look for the request id in the server's log, and report it.",
    "errors": [],
}
_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


def _headed(headers: Any, request_id: str) -> list[tuple[bytes, bytes]]:
    """An answer's headers with the request's id, and every answer's where it has no own."""
    found = [pair for pair in headers if pair[0] != b"x-request-id"]
    own = {name for name, _ in found}
    found.append((b"x-request-id", request_id.encode()))
    found.extend(pair for pair in _RAW_HEADERS if pair[0] not in own)
    return found


async def _ours(request: Request, error: Exception) -> Response:
    ours = cast(TruelineError, error)  # what the handler is registered for
    if type(ours) is AccessError and _wants_page(request):
        return _to_sign_in(request)
    return error_answer(request, ours.status, ours.to_json())


def _to_sign_in(request: Request) -> Response:
    """A person who is not signed in is led to where that is done, and back to the page after."""
    wanted = request.scope["path"] if request.method == "GET" else "/"
    if request.method == "GET" and request.scope["query_string"]:
        wanted += f"?{request.scope['query_string'].decode('latin-1')}"
    address = f"/sign-in?{urlencode({'to': wanted[:2000]})}"
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


async def _invalid(request: Request, error: Exception) -> Response:
    broken = cast(RequestValidationError, error)  # what the handler is registered for
    faults = faults_from(broken.errors(), skip=1, known=_parameters(request))
    first = faults[0]
    ours = InputError(
        f"{first.where or 'A parameter without a name'} {first.message}.", first.fix, faults
    )
    return error_answer(request, ours.status, ours.to_json())


def _parameters(request: Request) -> list[str]:
    """The query parameters that the route knows."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    names: list[str] = []
    for found in dependant.query_params if dependant is not None else ():
        model = found.field_info.annotation
        names += getattr(model, "model_fields", None) or [found.alias]
    return names


async def _http(request: Request, error: Exception) -> Response:
    refused = cast(HTTPException, error)  # what the handler is registered for
    codes = {404: "not_found", 405: "method_not_allowed"}
    answer = error_answer(
        request,
        refused.status_code,
        {
            "detail": f"{refused.detail}: {request.method} {request.scope['path'][:200]}.",
            "code": codes.get(refused.status_code, "http_error"),
            "fix": "The routes are listed at /docs.",
            "errors": [],
        },
    )
    answer.headers.update(refused.headers or {})
    return answer
