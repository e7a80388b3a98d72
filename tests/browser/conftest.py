"""A small demo company in a real browser: made once, served once for each worker."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import demo_server
import pytest
from playwright.sync_api import Browser, sync_playwright
from watched import FLAGS, Watched, browser_path

Open = Callable[..., Watched]
LOOKS = (("light", 1440), ("dark", 390))
"""Both themes and both sizes, each once: what is wrong in one theme is wrong at both sizes."""


class Served:
    """A company's server in a process of its own; it can go away and come back."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Serve, at the same address as before."""
        script = str(Path(demo_server.__file__))
        self._process = subprocess.Popen(
            [sys.executable, script, str(self.home), str(self.port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.base = self._process.stdout.readline().strip()
        assert self.base.startswith("http://"), "The server did not start; see above."
        self.port = int(self.base.rpartition(":")[2])

    def stop(self) -> None:
        """Go away."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The demo company's home, made by the first worker that needs it. Copy it to use it."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    home = shared / "browser-demo"
    with (shared / "browser-demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "made").exists():
            shutil.rmtree(home, ignore_errors=True)
            demo_server.make(home)
            (home / "made").touch()
    return home


@pytest.fixture(scope="session")
def site(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demo company that tests only look at."""
    home = tmp_path_factory.mktemp("site") / "home"
    shutil.copytree(demo_home, home)
    served = Served(home)
    yield served.base
    served.stop()


@pytest.fixture
def own_site(demo_home: Path, tmp_path: Path) -> Iterator[Served]:
    """A demo company of one test's own, to write to and to stop."""
    home = tmp_path / "home"
    shutil.copytree(demo_home, home)
    served = Served(home)
    yield served
    served.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a worker."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens pages (``path``, ``site``, and what ``Watched`` takes); at the end none has a fault."""
    made: list[Watched] = []

    def open_it(path: str, *, site: str | None = None, **options: Any) -> Watched:
        base = site or request.getfixturevalue("site")
        watched = Watched(chromium, base, **options)
        made.append(watched)
        watched.goto(path)
        return watched

    yield open_it
    faults = [fault for watched in made for fault in watched.faults]
    for watched in made:
        watched.close()
    assert not faults, "\n".join(dict.fromkeys(faults))


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A theme and a width."""
    theme, width = request.param
    return {"theme": theme, "width": width}
