"""With a reader's own colours, and on a telephone: what matters is still to be told apart."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from watched import Watched

Open = Callable[..., Watched]


def test_what_is_chosen_is_seen_in_the_reader_s_own_colours(open_page: Open) -> None:
    page = open_page("/executive").page
    page.emulate_media(forced_colors="active")
    colour = "(e) => getComputedStyle(e).backgroundColor"
    links = page.locator("[data-range-key]")
    assert links.nth(0).evaluate(colour) != links.nth(1).evaluate(colour)
    places = page.locator("nav[aria-label=Pages] a")
    assert places.nth(0).evaluate(colour) != places.nth(1).evaluate(colour)
    marks = page.locator("#p-line-gross-margin-ebitda-margin .legend li")
    before = "(e) => getComputedStyle(e, '::before').backgroundColor"
    assert marks.nth(0).evaluate(before) != marks.nth(1).evaluate(before)
    page.keyboard.press("Control+k")
    options = page.get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert options.nth(0).evaluate(colour) != options.nth(1).evaluate(colour)


def test_a_table_of_many_columns_is_read_on_a_telephone_without_moving_it(open_page: Open) -> None:
    watched = open_page("/growth", width=390)
    page = watched.page
    table = page.get_by_role("table", name=None).and_(page.locator("table.by-row")).first
    box = table.locator("xpath=..")
    assert box.evaluate("(e) => e.scrollWidth <= e.clientWidth + 1")
    cell = table.get_by_role("cell").nth(1)
    expect(cell).to_be_visible()
    assert cell.evaluate("(e) => getComputedStyle(e, '::before').content") == '"Impressions"'
    watched.accessible()
