"""Pages on paper: dark text on white, whatever the theme, and nothing that only a screen needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from papers import sheets
from playwright.sync_api import Page, expect
from watched import Watched

Open = Callable[..., Watched]
PAGES = ("/kpis", "/style-guide")
LIBRARY = """() => new Promise((done) => {
  const again = setInterval(() => { if (window.vegaEmbed) { clearInterval(again); done(); } }, 50);
})"""
"""Waits for what draws charts, which is fetched when a page has nothing else to do."""


@pytest.mark.parametrize("path", PAGES)
def test_a_page_prints_dark_on_white_in_the_dark_theme(open_page: Open, path: str) -> None:
    watched = open_page(path, theme="dark")
    watched.draw()
    page = watched.page
    page.emulate_media(media="print")
    colour, ground = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.documentElement)"
        ".backgroundColor].map((c) => c.match(/[0-9]+/g).map(Number).slice(0, 3))"
    )
    assert max(colour) < 90
    assert min(ground) > 240
    expect(page.get_by_role("navigation", name="Pages", exact=True)).to_be_hidden()
    made = page.pdf(format="A4")
    assert made.startswith(b"%PDF-")
    assert len(made) > 20_000


def printed(page: Page) -> bytes:
    """The page as the keys for printing make it: everything is drawn first."""
    page.evaluate("() => { window.print = () => { document.body.dataset.printed = '1'; }; }")
    # As the browser does: the key prints, unless the page (with charts to draw first) says it will.
    page.evaluate(
        """() => {
          const key = { key: "p", ctrlKey: true, bubbles: true, cancelable: true };
          if (document.body.dispatchEvent(new KeyboardEvent("keydown", key))) print();
        }"""
    )
    page.wait_for_selector("body[data-printed]", state="attached")
    return page.pdf(prefer_css_page_size=True, print_background=False)


def from_menu(page: Page) -> bytes:
    """The page as the browser's own menu makes it: no key tells the page beforehand."""
    return page.pdf(prefer_css_page_size=True, print_background=False)


@pytest.mark.parametrize(
    ("path", "least", "most", "make"),
    [
        ("/executive", 2, 4, printed),
        ("/executive", 2, 4, from_menu),
        ("/kpi/mrr", 2, 6, from_menu),
    ],
)
def test_a_page_is_printed_whole_on_pages_that_none_is_blank(
    open_page: Open, path: str, least: int, most: int, make: Callable[[Page], bytes]
) -> None:
    page = open_page(path, theme="dark", height=300).page  # most charts are out of its sight
    assert page.locator("[data-chart]:not([data-drawn]), [data-panel]").count() > 0
    page.evaluate(LIBRARY)
    found = sheets(make(page))
    # What was printed is all there is to be drawn: printed again, it is no more.
    assert [sheet.shapes for sheet in found] == [s.shapes for s in sheets(from_menu(page))]
    assert least <= len(found) <= most
    for number, sheet in enumerate(found):
        assert sheet.width > sheet.height, "on its side, as wide as the page is"
        assert sheet.texts + sheet.shapes > 20, f"page {number + 1} is blank"
    expect(page.locator("[data-chart]:not([data-drawn])")).to_have_count(0)


def test_charts_are_printed_in_the_colours_of_paper_and_get_theirs_back(open_page: Open) -> None:
    watched = open_page("/executive", theme="dark")
    watched.draw()
    page = watched.page
    colour = (
        "[...document.querySelectorAll('#c-line-revenue svg [stroke]')]"
        ".map((e) => e.getAttribute('stroke').toLowerCase())"
    )
    dark = page.evaluate(colour)
    assert "#8080f2" in dark
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = page.evaluate(colour)
    assert "#5656d6" in paper
    assert "#8080f2" not in paper
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(colour) == dark


def test_no_card_is_cut_by_the_end_of_a_page(open_page: Open) -> None:
    """Each card is kept whole, and a heading stays with what it is for."""
    page = open_page("/finance").page
    page.emulate_media(media="print")
    cards, headings = page.evaluate(
        "[['.card', 'breakInside'], ['.section-title', 'breakAfter']].map(([what, style]) => ["
        "...new Set([...document.querySelectorAll(what)].map((e) => getComputedStyle(e)[style]))])"
    )
    assert cards == ["avoid"]
    assert headings == ["avoid"]


def test_the_table_is_printed_where_the_chart_cannot_be_drawn(open_page: Open) -> None:
    """A browser's menu waits for nothing: what draws charts may not be there yet."""
    watched = open_page("/executive")
    watched.page.route("**/assets/charts*", lambda route: route.abort())
    page = watched.goto("/kpi/mrr")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    table = page.locator("#course-table")
    expect(table).to_have_attribute("open", "")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(table).not_to_have_attribute("open", "")
    watched.faults.clear()


def test_what_goes_on_over_pages_runs_over_nothing(open_page: Open) -> None:
    """A long forecast beside its notes was laid over the section that follows."""
    watched = open_page("/kpi/mrr")
    watched.draw()
    page = watched.page
    page.emulate_media(media="print")
    shown = (
        "[...document.querySelectorAll('.two, .card:has(> .later)')]"
        ".map((e) => getComputedStyle(e).display)"
    )
    assert set(page.evaluate(shown)) == {"block"}


def test_the_library_is_fetched_where_a_chart_is_still_to_come(open_page: Open) -> None:
    page = open_page("/kpi/mrr", height=60).page
    page.evaluate(LIBRARY)
