"""Serving a home: by one process, or by several on a database server; see ``server.json``."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from fastapi import FastAPI

from trueline.core.errors import HomeError, InputError
from trueline.home import Trueline
from trueline.settings import Settings
from trueline.web import logs
from trueline.web.app import create_app
from trueline.web.security import KEY_VARIABLE, Access, access_for

ADDRESS_FILE = "server.json"
_BACKLOG = 2048
HOME_VARIABLE, TOKEN_VARIABLE = "TRUELINE_WORKER_HOME", "TRUELINE_WORKER_TOKEN"
_UVICORN: dict[str, Any] = {
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": 30,
    "timeout_worker_healthcheck": 60,  # a worker that is still starting answers nothing
}


def serve(
    home: Path,
    host: str | None = None,
    port: int | None = None,
    *,
    workers: int = 1,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve a home until interrupted. Settings give what is not given here.

    ``announce`` is told the address once it is listened on. Several ``workers`` need a warehouse
    that several processes may use.

    Raises HomeError where the port is taken, InputError where the address needs a key or the
    warehouse belongs to one process.
    """
    settings = Settings.read(home)
    server = settings.server
    _refuse_several(workers, settings)
    logs.configure(server.log_level)
    host, port = host or server.host, server.port if port is None else port
    access = access_for(host, os.environ.get(KEY_VARIABLE))
    run = _run_alone if workers == 1 else partial(_run_several, workers)
    with _listening(host, port) as listening:
        run(home, access, listening, partial(_announced, home, host, listening, access, announce))


def _refuse_several(workers: int, settings: Settings) -> None:
    if workers > 1 and settings.warehouse.url.startswith("duckdb:"):
        raise InputError(
            f"{workers} workers cannot share a DuckDB file: it belongs to one process.",
            "Serve with one worker, or keep the warehouse in PostgreSQL (docs/guide/deploy.md).",
        )


def _run_alone(
    home: Path, access: Access, listening: socket.socket, announced: Callable[[], Any]
) -> None:
    """One process: it owns the warehouse."""
    import uvicorn

    with Trueline(home) as tl:
        app = create_app(tl, access=access)
        app.state.jobs.schedule()
        app.state.boards.schedule()
        _settle()
        server = uvicorn.Server(uvicorn.Config(app, **_UVICORN))
        # The server has no other place to be told of it.
        server.handle_exit = _ending_streams(app, server.handle_exit)  # type: ignore[method-assign]
        with announced():
            server.run(sockets=[listening])


def _run_several(
    workers: int, home: Path, access: Access, listening: socket.socket,
    announced: Callable[[], Any],
) -> None:  # fmt: skip
    """Several processes on one socket; each opens the warehouse for itself."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    os.environ |= {HOME_VARIABLE: str(home), TOKEN_VARIABLE: access.token}
    os.environ |= {KEY_VARIABLE: access.key} if access.key else {}
    config = uvicorn.Config("trueline.web.server:worker", factory=True, workers=workers, **_UVICORN)
    with announced():
        Multiprocess(config, [listening]).run()


def worker() -> FastAPI:
    """The application of one of several workers, from what their parent left in the environment."""
    home = Path(os.environ[HOME_VARIABLE])
    logs.configure(Settings.read(home).server.log_level)
    access = Access(os.environ.get(KEY_VARIABLE) or None, os.environ[TOKEN_VARIABLE])
    app = create_app(home, access=access)
    app.state.jobs.schedule()
    app.state.boards.schedule()
    _settle()
    # The server has set its handler before it asks for the application.
    handle = signal.getsignal(signal.SIGTERM)
    if callable(handle):
        signal.signal(signal.SIGTERM, _ending_streams(app, handle))
    return app


def _settle() -> None:
    """What starting made stays: garbage is not looked for in it again and again."""
    gc.collect()
    gc.freeze()


def _ending_streams(app: FastAPI, handle: Callable[..., Any]) -> Callable[..., None]:
    """When the server is told to stop, open pages' streams end at once: it waits for them."""

    def ending(number: int, frame: FrameType | None) -> None:
        app.state.live.stop()
        handle(number, frame)

    return ending


@contextmanager
def _announced(
    home: Path, host: str, listening: socket.socket, access: Access,
    announce: Callable[[str], None] | None,
) -> Iterator[None]:  # fmt: skip
    """While serving: the address in ``server.json``, for commands of the same user."""
    url = _announce(home, host, listening.getsockname()[1], access)
    if announce is not None:
        announce(url)
    try:
        yield
    finally:
        (home / ADDRESS_FILE).unlink(missing_ok=True)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said to be TCP: only then do accepted connections send at once what they have. Left out, each
    # answer on a kept-open connection waited 40 ms for the other side's acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)  # who comes before the server is ready waits, and is not refused
    except OSError as error:
        listening.close()
        raise HomeError(
            f"{host}:{port} cannot be listened on: {error.strerror}.",
            "Stop what is there, or choose another: trueline serve --port 8001",
        ) from error
    return listening


def _announce(home: Path, host: str, port: int, access: Access) -> str:
    """Tell commands of the same user where to go, and the secret that lets them in."""
    reach = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host  # noqa: S104  compared with
    address = f"[{reach}]" if ":" in reach else reach
    url = f"http://{address}:{port}"
    path = home / ADDRESS_FILE
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"pid": os.getpid(), "url": url, "token": access.token}, file)
    return url
