"""Pages that stay open: facts that change, a server that goes away and comes back."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from demo_site import Served, record_cost
from playwright.sync_api import Page, expect
from watched import Watched

Open = Callable[..., Watched]


def loaded(page: Page) -> int:
    """The load that the page shows."""
    return int(page.locator("html").get_attribute("data-load") or 0)


def test_a_change_comes_to_an_open_page_and_disturbs_nothing(
    open_page: Open, own_site: Served
) -> None:
    page = open_page("/kpis", site=own_site.base, width=320).page
    before = loaded(page)
    row = page.get_by_role("row").filter(has=page.locator("a[href='/kpi/cac']"))
    old = row.inner_text()
    link = page.locator("a[href='/kpi/gross_margin']")
    link.focus()
    table = page.locator(".scroll").filter(has=link)
    assert table.evaluate("e => { e.scrollLeft = 20; return e.scrollLeft }") == 20
    top = link.evaluate("e => e.getBoundingClientRect().top")
    assert page.evaluate("scrollY") > 500
    record_cost(own_site, 12345.0)
    expect(row).not_to_have_text(old)
    expect(page.locator("#live")).to_have_text("Updated")
    assert loaded(page) > before
    assert abs(link.evaluate("e => e.getBoundingClientRect().top") - top) < 2
    assert table.evaluate("e => e.scrollLeft") == 20
    expect(link).to_be_focused()


def test_a_change_waits_until_what_is_open_is_closed(open_page: Open, own_site: Served) -> None:
    page = open_page("/kpis", site=own_site.base).page
    before = loaded(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("mrr")
    record_cost(own_site, 77.0)
    page.wait_for_timeout(1500)
    expect(page.get_by_role("dialog").get_by_role("combobox")).to_have_value("mrr")
    assert loaded(page) == before
    page.keyboard.press("Escape")
    expect(page.locator("html")).not_to_have_attribute("data-load", str(before))


def test_a_server_that_goes_away_is_said_to_be_away_and_found_again(
    open_page: Open, own_site: Served
) -> None:
    watched = open_page("/kpis", site=own_site.base)
    page = watched.page
    state = page.locator("[data-state-text]")
    fine = state.inner_text()
    # The page asks for nothing more: what a server that goes has not answered would be a fault.
    expect(page.locator("[data-spark] svg").first).to_be_visible()
    own_site.stop()
    expect(state).to_have_text("Server away, trying again")
    expect(page.locator("#live")).to_contain_text("may be old")
    values = page.locator("main").inner_text()
    watched.accessible()
    own_site.start()
    expect(state).to_have_text(fine)
    assert page.locator("main").inner_text() == values
    watched.faults = [f for f in watched.faults if "ERR_CONNECTION" not in f and "ERR_" not in f]
    watched.clean()


def test_a_partial_view_that_finds_no_server_keeps_the_page(
    open_page: Open, own_site: Served
) -> None:
    watched = open_page("/kpis", site=own_site.base)
    page = watched.page
    link = "<a data-partial=Next href=/style-guide>x</a>"
    page.locator("h1").evaluate("(h1, link) => { h1.innerHTML = link; }", link)
    own_site.stop()
    page.get_by_role("link", name="x", exact=True).click()
    expect(page.locator("#live")).to_contain_text("not answer")
    assert page.url.endswith("/kpis")
    assert page.locator("table").count() > 3
    watched.faults.clear()
    own_site.start()


def test_a_server_with_open_pages_stops_at_once(
    open_page: Open, demo_home: Path, tmp_path: Path
) -> None:
    """An open page's stream would hold a stopping server for as long as it waits for answers."""
    home = tmp_path / "served"
    shutil.copytree(demo_home, home)
    served = subprocess.Popen(
        [sys.executable, "-m", "trueline.cli", "serve", "--home", str(home), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = json.loads(_wait_for(home / "server.json", served))["url"]
        watched = open_page("/kpis", site=address)
        expect(watched.page.locator("h1")).to_be_visible()
        served.send_signal(signal.SIGTERM)
        assert served.wait(15) in (0, -signal.SIGTERM)
        watched.faults.clear()
    finally:
        served.kill()
        served.wait()


def _wait_for(path: Path, served: subprocess.Popen[str]) -> str:
    for _ in range(600):
        if path.exists() and (text := path.read_text()):
            return text
        assert served.poll() is None, "The server ended."
        time.sleep(0.1)
    raise AssertionError("The server did not start.")
