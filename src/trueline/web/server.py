"""Serving a home: one process owns it, and says so in ``server.json``."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from trueline.core.errors import HomeError
from trueline.home import Trueline
from trueline.web.app import create_app
from trueline.web.security import KEY_VARIABLE, Access, access_for

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

ADDRESS_FILE = "server.json"


def serve(
    home: Path,
    host: str | None = None,
    port: int | None = None,
    *,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve a home until interrupted. Settings give what is not given here.

    ``announce`` is told the address once it is listened on.

    Raises HomeError where the port is taken, InputError where the address needs a key.
    """
    import uvicorn

    tl = Trueline(home)
    try:
        settings = tl.settings.server
        host, port = host or settings.host, settings.port if port is None else port
        access = access_for(host, os.environ.get(KEY_VARIABLE))
        with _listening(host, port) as listening:
            port = listening.getsockname()[1]
            app = create_app(tl, access=access)
            app.state.jobs.schedule()
            server = uvicorn.Server(
                uvicorn.Config(
                    app, log_level="warning", server_header=False, timeout_graceful_shutdown=30
                )
            )
            _let_streams_end(server, app)
            url = _announce(home, host, port, access)
            if announce is not None:
                announce(url)
            try:
                server.run(sockets=[listening])
            finally:
                (home / ADDRESS_FILE).unlink(missing_ok=True)
    finally:
        tl.close()


def _let_streams_end(server: uvicorn.Server, app: FastAPI) -> None:
    """When the server is told to stop, open pages' streams end at once: it waits for them."""
    handle = server.handle_exit

    def handle_exit(number: int, frame: FrameType | None) -> None:
        app.state.live.stop()
        handle(number, frame)

    server.handle_exit = handle_exit  # type: ignore[assignment, method-assign]


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise HomeError(
            f"{host}:{port} cannot be listened on: {error.strerror}.",
            "Stop what is there, or choose another: trueline serve --port 8001",
        ) from error
    return listening


def _announce(home: Path, host: str, port: int, access: Access) -> str:
    """Tell commands of the same user where to go, and the secret that lets them in."""
    reach = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host  # noqa: S104
    address = f"[{reach}]" if ":" in reach else reach
    url = f"http://{address}:{port}"
    path = home / ADDRESS_FILE
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"pid": os.getpid(), "url": url, "token": access.token}, file)
    return url
