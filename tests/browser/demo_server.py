"""Serves a demo company's home in a process of its own, at a moment that stands still."""

from __future__ import annotations

import socket
import sys
from datetime import UTC, date, datetime
from pathlib import Path

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
"""The demo company's present: noon of 25 November 2026 in Toronto."""
TODAY = date(2026, 11, 25)
ORDERS = 400


def make(home: Path) -> None:
    """A small demo company, loaded and counted."""
    from trueline import demo
    from trueline.home import Trueline

    files = home / "files"
    files.mkdir(parents=True)
    made = demo.generate(files, size=ORDERS, today=TODAY)
    (home / "trueline.toml").write_text(demo.settings_toml(), encoding="utf-8")
    with Trueline(home, clock=lambda: NOW) as tl:
        for file in made:
            report = tl.load(
                file.table, file.path, mapping=file.mapping, full=file.full,
                keep_good=file.keep_good,
            )  # fmt: skip
            assert report.status == "loaded", (file, report)
        tl.refresh()


def serve(home: Path, port: int) -> None:
    """Serve until told to end; the first line printed is the address."""
    import uvicorn

    from trueline.home import Trueline
    from trueline.web import create_app

    with Trueline(home, clock=lambda: NOW) as tl, socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(64)
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        config = uvicorn.Config(create_app(tl), log_level="warning", timeout_graceful_shutdown=1)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
