"""``trueline demo``: a made-up company, loaded by the real loader."""

from __future__ import annotations

import shutil
import threading
import webbrowser
from datetime import datetime
from pathlib import Path
from typing import Any

from trueline.cli import show
from trueline.core.errors import InputError
from trueline.demo.company import DemoFile

_STAMP = "demo.stamp"


def run(home: Path, size: str, *, serve_it: bool, open_it: bool, port: int) -> None:
    """Make the company unless today's is there; print its KPIs; serve it."""
    from trueline.home import Trueline

    wanted: str | int = int(size) if size.isdigit() else size
    stamp = f"{size} {datetime.now().astimezone():%Y-%m-%d}"
    if _is_ours(home) and (home / _STAMP).exists() and (home / _STAMP).read_text() == stamp:
        show.line(f"{home} holds today's demo company already.")
    else:
        _make(home, wanted)
        (home / _STAMP).write_text(stamp)
    with Trueline(home) as tl:
        found = _table(tl)
        show.readings(found[0], tl.settings.company.locale, found[1])
    if serve_it:
        _serve(home, port, open_it)


def _is_ours(home: Path) -> bool:
    """A folder that is empty, missing or a demo home; anything else is not touched."""
    if not home.exists() or not any(home.iterdir()):
        return True
    if (home / "demo-files").is_dir():
        return True
    raise InputError(
        f"{home} is not empty and no demo company's home.", "Choose another with --home."
    )


def _make(home: Path, size: str | int) -> None:
    from trueline import demo
    from trueline.home import Trueline

    show.line(f"Making {demo.COMPANY}, a made-up company, in {home} ...")
    if home.exists():
        shutil.rmtree(home)
    files = home / "demo-files"
    files.mkdir(parents=True)
    with show.steps("Making", quiet=False) as steps:
        made = demo.generate(files, size=size, progress=steps)
    (home / "trueline.toml").write_text(demo.settings_toml(), encoding="utf-8")
    with Trueline(home) as tl:
        with tl.counting_later():
            for file in made:
                _load(tl, file)
        with show.steps("Counting", quiet=False) as steps:
            tl.refresh(steps)


def _load(tl: Any, file: DemoFile) -> None:
    with show.progress(file.path, quiet=False) as progress:
        report = tl.load(
            file.table, file.path, mapping=file.mapping, keep_good=file.keep_good,
            full=file.full, progress=progress,
        )  # fmt: skip
    show.report(report)


def _table(tl: Any) -> tuple[list[Any], dict[str, Any]]:
    """Every reading of the last 30 days, and its change."""
    from trueline.engine.engine import change

    period = tl.engine.period(period_days=30)
    readings = tl.engine.readings(None, period)
    earlier = tl.engine.readings(None, period.previous())
    changes = {key: change(reading, earlier[key]) for key, reading in readings.items()}
    return list(readings.values()), changes


def _serve(home: Path, port: int, open_it: bool) -> None:
    from trueline.web.server import serve

    def announce(url: str) -> None:
        show.line(f"Serving {url} · API at {url}/docs (Ctrl-C stops).")
        if open_it:
            threading.Timer(1.0, webbrowser.open, [url]).start()

    serve(home, "127.0.0.1", port, announce=announce)
