"""A small demo company in a real browser: made once, served once for each worker."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import demo_server
import pytest
from contexts import Contexts
from demo_site import Served
from playwright.sync_api import expect, sync_playwright
from watched import FLAGS, PATIENCE, Watched, browser_path

Open = Callable[..., Watched]
LOOKS = (("light", 1440), ("dark", 390))
"""Both themes and both sizes, each once: what is wrong in one theme is wrong at both sizes."""


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


@pytest.fixture(scope="module")
def own_site(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demo company of one module's own, to write to and to stop."""
    home = tmp_path_factory.mktemp("own") / "home"
    shutil.copytree(demo_home, home)
    served = Served(home)
    yield served
    served.stop()


@pytest.fixture(scope="session")
def contexts() -> Iterator[Contexts]:
    """One browser for all tests of a worker, and what it has open."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path(), args=list(FLAGS))
        yield Contexts(browser)
        browser.close()


@pytest.fixture
def open_page(contexts: Contexts, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens pages (``path``, ``site``, and what ``Watched`` takes); at the end none has a fault."""
    made: list[Watched] = []

    def open_it(path: str, *, site: str | None = None, **options: Any) -> Watched:
        base = site or request.getfixturevalue("site")
        watched = Watched(contexts, base, **options)
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
