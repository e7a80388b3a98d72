"""Panels inside a page of another site: really framed there, and refused by any other."""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from demo_site import Served
from playwright.sync_api import expect
from watched import Watched

Open = Callable[..., Watched]
PANELS = (
    *("tile-mrr", "gauge-runway-months", "line-revenue", "line-gross-margin-ebitda-margin"),
    *("ranked-cac", "ring-spend", "stacked-new-customer-orders-returning-customer-orders"),
    "cohorts-orders-heat",
)
"""More than the connections that a browser has for a server."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


class Site:
    """Another site, of one page that shows panels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        handler = functools.partial(_Quiet, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.base = f"http://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def shows(self, served: Served, *paths: str) -> None:
        """Write its page."""
        frames = [f'<iframe src="{served.base}{path}" width="500"></iframe>' for path in paths]
        page = f"<!doctype html><link rel=icon href=data:,><title>Ours</title>{''.join(frames)}"
        (self.folder / "index.html").write_text(page)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Site]]:
    """A site that may show panels, and one that may not."""
    made = Site(tmp_path_factory.mktemp("ours")), Site(tmp_path_factory.mktemp("theirs"))
    yield made
    for site in made:
        site.stop()


@pytest.fixture(scope="module")
def framed(
    demo_home: Path, tmp_path_factory: pytest.TempPathFactory, sites: tuple[Site, Site]
) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("framed") / "home"
    shutil.copytree(demo_home, home)
    with (home / "trueline.toml").open("a") as file:
        file.write(f'\n[server]\nembed_origins = ["{sites[0].base}"]\n')
    served = Served(home)
    yield served
    served.stop()


def test_a_page_of_another_site_shows_many_panels(
    open_page: Open, framed: Served, sites: tuple[Site, Site]
) -> None:
    sites[0].shows(framed, *(f"/embed/executive/{name}" for name in PANELS))
    watched = open_page("/", site=sites[0].base)
    page = watched.page
    for place, name in enumerate(PANELS):
        inside = page.frame_locator("iframe").nth(place)
        page.locator("iframe").nth(place).scroll_into_view_if_needed()
        expect(inside.locator(f"#p-{name}")).to_be_visible()
        expect(inside.locator("[data-chart]:not([data-drawn='1'])")).to_have_count(0)
    watched.faults = [fault for fault in watched.faults if not fault.startswith("elsewhere")]


@pytest.mark.parametrize(("which", "path"), [(0, "/executive"), (1, "/embed/executive/tile-mrr")])
def test_nothing_else_is_framed_and_by_nobody_else(
    open_page: Open, framed: Served, sites: tuple[Site, Site], which: int, path: str
) -> None:
    sites[which].shows(framed, path)
    watched = open_page("/", site=sites[which].base)
    assert watched.page.frames[1].url.startswith("chrome-error:")
    assert any("frame-ancestors" in fault for fault in watched.faults), watched.faults
    watched.faults.clear()
