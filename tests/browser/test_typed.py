"""What a reader has typed: it outlasts new facts, a server that starts anew, a file cut off."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from demo_site import Served, record_cost
from playwright.sync_api import Page, Route, expect
from watched import Watched

Open = Callable[..., Watched]


def fill(page: Page, description: str) -> None:
    """Fill in a cost, and look elsewhere."""
    page.fill("#f-amount", "77.77")
    page.select_option("#f-cost_type", "sales")
    page.fill("#f-description", description)
    page.locator("h1").click()


def corner(page: Page) -> str:
    """What the corner says of the facts."""
    return page.locator("[data-state]").text_content() or ""


def forget_a_server_that_was_away(watched: Watched) -> None:
    watched.faults = [f for f in watched.faults if "ERR_" not in f]
    watched.clean()


def test_new_facts_come_to_costs_and_what_is_typed_stays(open_page: Open, own_site: Served) -> None:
    watched = open_page("/costs", site=own_site.base)
    page = watched.page
    before = page.locator("html").get_attribute("data-load")
    fill(page, "half done")
    record_cost(own_site, 4321.09)
    expect(page.locator("table.costs")).to_contain_text("$4,321.09")
    expect(page.locator("#f-description")).to_have_value("half done")
    expect(page.locator("#f-cost_type")).to_have_value("sales")
    load = page.locator("html").get_attribute("data-load")
    assert load != before
    assert f"Load {load}," in corner(page)


def test_newer_facts_wait_while_one_types_and_the_page_says_so(
    open_page: Open, own_site: Served
) -> None:
    page = open_page("/costs", site=own_site.base).page
    page.fill("#f-description", "typing")
    record_cost(own_site, 4322.10)
    expect(page.locator("[data-state-text]")).to_have_text("Newer facts wait until you are done")
    expect(page.locator("#f-description")).to_be_focused()
    page.locator("h1").click()
    expect(page.locator("table.costs")).to_contain_text("$4,322.10")
    expect(page.locator("[data-state-text]")).to_have_text("Facts up to date")
    expect(page.locator("#f-description")).to_have_value("typing")


def test_a_page_that_is_not_renewed_does_not_call_its_facts_up_to_date(
    open_page: Open, own_site: Served
) -> None:
    page = open_page("/settings", site=own_site.base).page
    record_cost(own_site, 12.0)
    expect(page.locator("[data-state-text]")).to_have_text("Newer facts since this page was made")


def test_a_form_sent_while_the_server_is_away_is_sent_once_it_is_back(
    open_page: Open, own_site: Served
) -> None:
    watched = open_page("/costs", site=own_site.base, width=390)
    page = watched.page
    fill(page, "typed before it went")
    own_site.stop()
    expect(page.locator(".toast.away")).to_be_visible()
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("What you filled in stays here")
    watched.accessible()
    watched.fits()
    own_site.start()
    expect(page.locator(".toast.away")).to_have_count(0)
    expect(page.locator("#f-description")).to_have_value("typed before it went")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator("[data-said]")).to_have_text("The cost is recorded.")
    assert page.locator("table.costs").inner_text().count("typed before it went") == 1
    # It is said once: the address that stays does not say it.
    expect(page).to_have_url(re.compile(r"/costs\?days=0$"))
    forget_a_server_that_was_away(watched)


def test_a_file_that_is_cut_off_is_said_to_be_and_can_be_sent_again(
    open_page: Open, own_site: Served, tmp_path: Path
) -> None:
    path = tmp_path / "costs-cut.csv"
    path.write_text(
        "cost_id,cost_date,cost_type,amount,currency\ncut-1,2026-11-11,admin,41.07,USD\n",
        encoding="utf-8",
    )
    watched = open_page("/data/upload?table=costs", site=own_site.base)
    page = watched.page
    page.locator("#f-file").set_input_files(path)
    page.route("**/data/upload", lambda route: route.abort("connectionreset"))
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="cut off")).to_be_visible()
    page.unroute("**/data/upload")
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_text("Everything is loaded")).to_be_visible()
    forget_a_server_that_was_away(watched)


def test_a_file_of_another_kind_is_refused_and_the_choice_of_table_stays(
    open_page: Open, own_site: Served, tmp_path: Path
) -> None:
    path = tmp_path / "costs.xlsx"
    path.write_bytes(b"PK\x03\x04 not for us")
    watched = open_page("/data/upload?table=costs", site=own_site.base)
    page = watched.page
    page.locator("#f-file").set_input_files(path)
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.locator("#problem")).to_contain_text("The file was not taken.")
    expect(page.locator("#problem")).to_be_focused()
    expect(page.get_by_label("Table", exact=True)).to_have_value("costs")
    watched.accessible()
    watched.faults = [f for f in watched.faults if "422" not in f]


def test_new_facts_do_not_take_away_the_page_that_was_asked_for(
    open_page: Open, own_site: Served
) -> None:
    """They renewed the page that was there, and the one that was clicked for never came."""
    page = open_page("/executive?range=90d", site=own_site.base).page

    def late(route: Route) -> None:
        record_cost(own_site, 91.0)
        page.wait_for_timeout(1500)
        route.continue_()

    page.route("**/executive?range=365d", late, times=1)
    page.locator("#range-365d").click()
    expect(page).to_have_url(re.compile("range=365d"))
    expect(page.locator("#range-365d")).to_have_attribute("aria-current", "true")


def test_what_is_opened_on_a_cost_stays_open_when_facts_change(
    open_page: Open, own_site: Served
) -> None:
    record_cost(own_site, 19.0, description="to be opened")
    page = open_page("/costs?days=0", site=own_site.base).page
    page.get_by_role("row").filter(has_text="to be opened").get_by_role("link").click()
    page.get_by_text("Delete this cost").click()
    load = page.locator("html").get_attribute("data-load") or ""
    record_cost(own_site, 20.0)
    expect(page.locator("html")).not_to_have_attribute("data-load", load)
    expect(page.get_by_role("button", name="Delete it")).to_be_visible()


def test_the_daily_job_of_the_data_page_says_how_far_it_is(
    open_page: Open, own_site: Served
) -> None:
    page = open_page("/data", site=own_site.base).page
    page.route("**/api/refresh/*", lambda route: (page.wait_for_timeout(300), route.continue_()))
    button = page.locator("#refresh")
    button.click()
    expect(button).to_have_text(re.compile("Refreshing"))
    expect(page.locator("#live")).to_have_text("Refreshed: every source is loaded and counted.")
    expect(page.locator("#refresh")).to_have_text("Run now")
