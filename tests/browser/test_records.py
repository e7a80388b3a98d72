"""Records kept as people keep them: a form of our own page is taken by our own server."""

from __future__ import annotations

from collections.abc import Callable

from demo_site import Served
from playwright.sync_api import expect
from watched import Watched


def test_a_cost_is_recorded_and_changed_in_a_browser(
    open_page: Callable[..., Watched], own_site: Served
) -> None:
    watched = open_page("/costs", site=own_site.base)
    page = watched.page
    page.fill("#f-amount", "12.50")
    page.select_option("#f-cost_type", "sales")
    page.fill("#f-description", "A fair")
    page.click("#record button[type=submit]")
    expect(page.locator("[data-said]")).to_have_text("The cost is recorded.")
    page.get_by_role("link", name="Change").first.click()
    page.fill("#f-amount", "13.00")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-said]")).to_contain_text("The cost is changed")
    watched.check()
