"""The server's log: a line an event, JSON for programs, readable where a person watches.

A line carries time, level, the event and, within a request, its id. Keys, bodies and query strings
are never written.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import structlog

REQUESTS = "trueline.request"
REQUEST_FIELDS = ("method", "route", "status", "ms", "request_id")


def configure(level: str, *, as_json: bool | None = None) -> None:
    """Send all logging through one format. ``as_json`` None: JSON unless a terminal reads it."""
    as_json = not sys.stderr.isatty() if as_json is None else as_json
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.EventRenamer("event"),
            structlog.processors.format_exc_info if as_json else _as_is,
            last,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    requests = logging.getLogger(REQUESTS)
    requests.handlers[:] = [_plain_lines()] if as_json else []
    requests.propagate = not as_json
    for chatty in ("uvicorn.access", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class _RequestLine(logging.Formatter):
    """A request as one JSON line, written directly: there are many of them."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat()
        line = {"level": "info", "logger": REQUESTS, "timestamp": at, "event": "request"}
        return json.dumps(line | {name: getattr(record, name, None) for name in REQUEST_FIELDS})


def _plain_lines() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_RequestLine())
    return handler


def _as_is(_: Any, __: str, event: Any) -> Any:
    return event
