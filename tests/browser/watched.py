"""A page in a real browser that notices every fault: scripts, policy, requests, layout, access."""

from __future__ import annotations

import os
import shutil
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from contexts import Contexts
from playwright.sync_api import ConsoleMessage, Page, Request, Response, expect

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--font-render-hinting=none", "--disable-lcd-text", "--force-color-profile=srgb",
    # All pages are of one site: they share a process, and what it has compiled.
    "--renderer-process-limit=1", "--disable-site-isolation-trials",
)  # fmt: skip
HEIGHT = 900
PATIENCE = 60_000
"""How long a step may take, in ms, on a machine that does much else; no test measures time."""
Motion = Literal["reduce", "no-preference"]
_AXE = Axe()
_WANTED = {"resultTypes": ["violations"]}
"""What passes is not told element by element: that takes as long as looking."""


def browser_path() -> str:
    """Where Chromium is. A machine without one fails: nothing is passed over in silence."""
    named = os.environ.get("TRUELINE_BROWSER")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail(
            "Pages are tested in Chromium, which is not here. Install it (Debian: apt-get install "
            "chromium), or name another of its kind in TRUELINE_BROWSER.",
            pytrace=False,
        )
    return found


class Watched:
    """One page, as new as in a new browser. ``faults`` is what went wrong since it was opened."""

    def __init__(
        self,
        contexts: Contexts,
        base: str,
        *,
        theme: str = "light",
        width: int = 1440,
        height: int = HEIGHT,
        zone: str = "America/Toronto",
        reduced_motion: Motion = "reduce",
        **options: Any,
    ) -> None:
        self.base = base
        self.faults: list[str] = []
        self._contexts = contexts
        self._context = contexts.lend(base, timezone_id=zone, **options)
        self.page: Page = self._context.new_page()
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(
            color_scheme="dark" if theme == "dark" else "light", reduced_motion=reduced_motion
        )
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        # A layer without rows (nothing partial, say) has no extent, and needs none.
        if message.type in ("error", "warning") and "Infinite extent" not in message.text:
            self.faults.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _failed(self, request: Request) -> None:
        # A page that is left cancels what it was still asking for: no fault of its own.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"request: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"answer: {response.status} {response.url}")
        if urlsplit(response.url).netloc != urlsplit(self.base).netloc:
            self.faults.append(f"elsewhere: {response.url}")

    def goto(self, path: str) -> Page:
        """Open an address and wait until its scripts have run."""
        self.page.goto(path, wait_until="load")
        return self.page

    def draw(self) -> None:
        """Bring every panel and chart into view, and wait until each is there or has failed."""
        panels = self.page.locator("[data-panel]:not([data-loaded])")
        charts = self.page.locator("[data-chart]:not([data-drawn])")
        if not panels.count() and not charts.count():
            return  # a window as high as a long page takes half a minute to paint
        size = self.page.viewport_size
        assert size is not None
        for waiting in (panels, charts):  # what a panel brings makes the page longer
            self.page.evaluate(
                "document.querySelectorAll('[data-panel], [data-chart]')"
                ".forEach((part) => part.scrollIntoView())"
            )
            height = self.page.evaluate("document.documentElement.scrollHeight")
            self.page.set_viewport_size({"width": size["width"], "height": max(height, HEIGHT)})
            expect(waiting).to_have_count(0, timeout=PATIENCE)
        self.page.set_viewport_size({"width": size["width"], "height": HEIGHT})
        failed = self.page.locator("[data-drawn=failed]").count()
        if failed:
            self.faults.append(f"{failed} charts were not drawn")

    def accessible(self, *rules: str) -> None:
        """No violation that axe knows of, or of these rules alone."""
        only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
        found = _AXE.run(self.page, options=_WANTED | only).response["violations"]
        for violation in found:
            where = [node["target"] for node in violation["nodes"][:4]]
            why = violation["nodes"][0]["failureSummary"].replace("\n", " ")
            self.faults.append(f"axe: {violation['id']}: {violation['help']}: {where} {why[:300]}")

    def fits(self) -> None:
        """Nothing reaches beyond the page's sides."""
        over = self.page.evaluate(_OVERFLOW)
        if over:
            self.faults.append(f"too wide at {self.page.viewport_size}: {over}")

    def clean(self) -> None:
        """Nothing has gone wrong; forgets what is asserted."""
        faults, self.faults = self.faults, []
        assert not faults, f"{self.page.url}:\n" + "\n".join(dict.fromkeys(faults))

    def check(self, *rules: str) -> None:
        """All of it: charts drawn, nothing too wide, accessible, no fault."""
        self.draw()
        self.fits()
        self.accessible(*rules)
        self.clean()

    def close(self) -> None:
        """Leave."""
        self._contexts.take_back(self._context)


_OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return null;
  return [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > wide + 1 && !e.closest(".scroll, .tabs, pre"))
    .slice(0, 5).map((e) => `${e.tagName}.${e.className?.baseVal ?? e.className}`).join(", ")
    || `${document.documentElement.scrollWidth} of ${wide}`;
}"""
