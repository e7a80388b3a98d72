"""Errors out: one JSON shape for all of them, with a request id and never a trace."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from trueline.core.checked import faults_from
from trueline.core.errors import BusyError, InputError, TruelineError
from trueline.web.answers import Answer
from trueline.web.security import HEADERS, refuse_foreign_sites

log = logging.getLogger("trueline.web")
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
    app.middleware("http")(_around)


async def _around(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    given = request.headers.get("x-request-id", "")
    request.state.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    try:
        request.app.state.access.check(request)
        refuse_foreign_sites(request, request.app.state.tl.settings.server.cors_origins)
        response = await call_next(request)
    except TruelineError as error:
        response = await _ours(request, error)
    except Exception:
        log.exception("request %s failed", request.state.request_id)
        response = error_answer(
            request,
            500,
            {
                "detail": "Something went wrong here; it is not your input.",
                "code": "internal",
                "fix": "Look for the request id in the server's log, and report it.",
                "errors": [],
            },
        )
    response.headers["X-Request-ID"] = request.state.request_id
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, TruelineError)  # noqa: S101  what the handler is registered for
    return error_answer(request, error.status, error.to_json())


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults = faults_from(error.errors(), skip=1)
    first = faults[0]
    ours = InputError(f"{first.where} {first.message}.", None, faults)
    return error_answer(request, ours.status, ours.to_json())


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    codes = {404: "not_found", 405: "method_not_allowed"}
    answer = error_answer(
        request,
        error.status_code,
        {
            "detail": f"{error.detail}: {request.method} {request.scope['path'][:200]}.",
            "code": codes.get(error.status_code, "http_error"),
            "fix": "The routes are listed at /docs.",
            "errors": [],
        },
    )
    answer.headers.update(error.headers or {})
    return answer
