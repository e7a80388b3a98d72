"""Pages without a mouse: tab order, visible focus, the palette, shortcuts, menus."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from watched import Watched

Open = Callable[..., Watched]
FOCUSED = "document.activeElement"


def focused(page: Page) -> str:
    """What has the focus, in words."""
    return str(
        page.evaluate(
            "(() => { const e = document.activeElement;"
            " return e.getAttribute('aria-label') ?? e.textContent.trim(); })()"
        )
    )


def test_the_first_stop_skips_to_the_page(open_page: Open) -> None:
    page = open_page("/kpis").page
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the page"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(f"document.querySelector('main').contains({FOCUSED})")
    assert page.evaluate("document.querySelectorAll('main > *').length") > 1


@pytest.mark.parametrize("path", ["/kpis", "/style-guide"])
def test_every_stop_is_seen(open_page: Open, path: str) -> None:
    """Each press of Tab goes on, down the page or across, and what has the focus is marked."""
    page = open_page(path).page
    page.keyboard.press("Tab")
    seen = []
    for _ in range(40):
        marked = page.evaluate(
            """() => {
              const e = document.activeElement, box = e.getBoundingClientRect();
              const style = (x) => x && getComputedStyle(x).outlineStyle !== "none";
              const holder = e.closest(".tile");
              return [box.width > 0 && box.bottom > 0 && box.top < innerHeight
                && (style(e) || style(holder)), e.outerHTML.slice(0, 120)];
            }"""
        )
        assert marked[0], f"The focus is not to be seen on {marked[1]}"
        seen.append(marked[1])
        page.keyboard.press("Tab")
    assert len(set(seen)) > 30


@pytest.mark.parametrize("keys", ["Control+k", "Meta+k", "/"])
def test_the_palette_goes_to_a_kpi(open_page: Open, keys: str) -> None:
    page = open_page("/docs").page
    button = page.get_by_role("button", name="Go to")
    button.focus()
    page.keyboard.press(keys)
    box = page.get_by_role("dialog").get_by_role("combobox")
    expect(box).to_be_focused()
    page.keyboard.type("all kp")
    expect(page.get_by_role("dialog").get_by_role("option").first).to_have_attribute(
        "aria-selected", "true"
    )
    expect(page.get_by_role("dialog").get_by_role("option").first).to_contain_text("All KPIs")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press(keys)
    page.keyboard.type("all kp")
    expect(page.get_by_role("dialog").get_by_role("option").first).to_contain_text("All KPIs")
    page.keyboard.press("Enter")
    page.wait_for_url("**/kpis")


def test_the_palette_has_what_is_called_so_before_what_only_begins_so(open_page: Open) -> None:
    page = open_page("/kpis").page
    page.keyboard.press("Control+k")
    page.keyboard.type("revenue")
    first = page.get_by_role("dialog").get_by_role("option").first
    expect(first).to_have_text(re.compile("^Revenue(?! )"))


def test_arrows_move_in_the_palette_and_stop_at_its_ends(open_page: Open) -> None:
    watched = open_page("/kpis")
    page = watched.page
    page.keyboard.press("Control+k")
    page.keyboard.type("rev")
    options = page.get_by_role("dialog").get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    active = (
        page.get_by_role("dialog").get_by_role("combobox").get_attribute("aria-activedescendant")
    )
    assert active == options.nth(1).get_attribute("id")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    expect(options.first).to_have_attribute("aria-selected", "true")
    watched.accessible()


def test_the_palette_says_that_nothing_is_found(open_page: Open) -> None:
    watched = open_page("/kpis")
    page = watched.page
    page.keyboard.press("Control+k")
    page.keyboard.type("no such thing <b>")
    expect(page.get_by_text("Nothing is called that.")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_role("option")).to_have_count(0)
    for key in ("ArrowDown", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    watched.accessible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_question_mark_lists_the_keys(open_page: Open) -> None:
    watched = open_page("/kpis", theme="dark")
    page = watched.page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    watched.accessible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("t")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_keys_that_are_typed_into_a_field_do_nothing_else(open_page: Open) -> None:
    page = open_page("/style-guide").page
    field = page.get_by_label("Amount")
    field.fill("")
    field.press_sequentially("t?/1r")
    expect(field).to_have_value("t?/1r")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_escape_closes_a_menu_and_gives_the_focus_back(open_page: Open) -> None:
    page = open_page("/style-guide").page
    menu = page.locator("details.menu").first
    summary = menu.locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(menu.locator("a").first).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(menu.locator("a").first).to_be_hidden()
    expect(summary).to_be_focused()
    summary.press("Enter")
    page.get_by_role("heading", level=1).click()
    expect(menu.locator("a").first).to_be_hidden()


def test_escape_closes_the_navigation_of_small_screens(open_page: Open) -> None:
    watched = open_page("/kpis", width=390)
    page = watched.page
    toggle = page.get_by_role("button", name="Navigation")
    toggle.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="All KPIs")).to_be_visible()
    watched.fits()
    watched.accessible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="All KPIs")).to_be_hidden()
    expect(toggle).to_be_focused()
    expect(toggle).to_have_attribute("aria-expanded", "false")
