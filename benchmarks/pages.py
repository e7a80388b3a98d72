"""What a page costs its server, and when a reader sees it, in Chromium.

    python -m benchmarks.pages [--home HOME] [--times 9] [--path /executive ...]

A demo company is served (``--home``: one that is there already) by a process of its own. *Server*
is that process's processor time for one view of the page after its first, which is given beside
it, once the server has evaluated ahead what it does at its start. The rest is Chromium's own
clock, from the start of the navigation, in a window that is open already, with what it may keep
kept: *first byte*, *first paint*, *values* (the frame after the first value is in the page),
*charts* (the last chart in view is drawn). Medians, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from playwright.sync_api import Browser, sync_playwright

from benchmarks.api import settled

PATHS = ("/executive", "/finance", "/growth", "/kpis", "/kpi/mrr", "/data", "/style-guide")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
VIEWS = 20
SETTLED = 2500
"""After so many ms a new window's own work is done."""
_WATCH = """
globalThis.seen = { values: null, charts: null };
new MutationObserver((changes) => {
  if (seen.values === null && document.querySelector(".val, main td.n")) {
    seen.values = 0;
    requestAnimationFrame(() => setTimeout(() => { seen.values = performance.now(); }));
  }
  if (changes.some((c) => c.attributeName === "data-drawn")) seen.charts = performance.now();
}).observe(document, { childList: true, subtree: true, attributeFilter: ["data-drawn"] });
"""
_READ = """() => ({
  "first byte": performance.getEntriesByType("navigation")[0].responseStart,
  "first paint": performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
  values: seen.values, charts: seen.charts,
  waiting: [...document.querySelectorAll("[data-chart]:not([data-drawn])")]
    .filter((c) => c.getBoundingClientRect().top < innerHeight).length,
})"""
COLUMNS = ("first byte", "first paint", "values", "charts")


@contextmanager
def serving(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A server of a home, and its process."""
    (home / "server.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "trueline.cli", "serve", "--home", str(home), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as served:
        try:
            address = home / "server.json"
            while not (address.exists() and address.read_text()):
                if served.poll() is not None:
                    raise SystemExit("The server did not start.")
                time.sleep(0.1)
            yield json.loads(address.read_text())["url"], psutil.Process(served.pid)
        finally:
            served.terminate()


def spent(process: psutil.Process) -> float:
    """The processor time of a process so far, in ms."""
    times = process.cpu_times()
    return 1000 * float(times.user + times.system)


def view(base: str, path: str) -> int:
    """Ask for a page as a browser does; its size."""
    request = urllib.request.Request(base + path, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request) as answer:
        return len(answer.read())


def on_server(base: str, path: str, process: psutil.Process) -> tuple[float, float]:
    """Processor time of the first view and the mean of those after it, in ms."""
    before = spent(process)
    view(base, path)
    first = spent(process) - before
    settled(process)  # at its start a server evaluates other pages ahead: no part of this one
    before = spent(process)
    for _ in range(VIEWS):
        view(base, path)
    return first, (spent(process) - before) / VIEWS


def in_browser(browser: Browser, address: str, times: int) -> dict[str, float | None]:
    """Medians of what the browser's clock says, the first views left out.

    One window for all of them: in a new one Chromium loads its own interface's scripts at the same
    time, which is no part of the page.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.goto(address, wait_until="load")
    page.wait_for_timeout(SETTLED)
    runs: list[dict[str, Any]] = []
    for _ in range(times):
        page.goto("about:blank")
        page.goto(address, wait_until="load")
        while page.evaluate(_READ)["waiting"]:
            page.wait_for_timeout(50)
        page.wait_for_timeout(50)
        runs.append(page.evaluate(_READ))
    context.close()
    return {name: _middle([run[name] for run in runs]) for name in COLUMNS}


def _middle(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _line(cells: list[str]) -> str:
    return f"| {cells[0]:14} | " + " | ".join(f"{cell:>11}" for cell in cells[1:]) + " |"


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def measure(home: Path, paths: list[str], times: int) -> None:
    """Measure and print."""
    named = os.environ.get("TRUELINE_BROWSER")
    chromium = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        raise SystemExit("Install Chromium, or name another of its kind in TRUELINE_BROWSER.")
    print(_line(["page", "server", "first view", *COLUMNS]))
    print(_line([":---", *["---:"] * 6]))
    with serving(home) as (base, process), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for path in paths:
            first, after = on_server(base, path, process)
            seen = in_browser(browser, base + path, times)
            print(_line([path, *(_cell(v) for v in (after, first, *seen.values()))]), flush=True)
        browser.close()


def main() -> None:
    """Read the command line, make a demo company where none is given, measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--home", type=Path)
    parser.add_argument("--size", default="small")
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--path", nargs="+", default=list(PATHS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder) / "home"
        if given.home is None:
            subprocess.run(
                [sys.executable, "-m", "trueline.cli", "demo", "--home", str(home),
                 "--size", given.size, "--no-serve"],
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        measure(home, given.path, given.times)


if __name__ == "__main__":
    main()
