"""Numbers are whole wherever they stand: none is cut, broken, or over a drawing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from watched import Watched

from trueline.web.pages.figures import wide

Open = Callable[..., Watched]
LONG = (
    "$85,782",
    "$1,029,378",
    "-$5,335,995",
    "63 109 094",
    "105 259 091 334",
    "$1,234,567,890.12",
)
LINES = """(element) => { const range = document.createRange(); range.selectNodeContents(element);
  const texts = [...range.getClientRects()].filter((r) => r.width);
  const room = element.parentElement.getBoundingClientRect().right;
  return { lines: new Set(texts.map((r) => Math.round(r.bottom / 9))).size,
    out: Math.max(...texts.map((r) => r.right)) - room }; }"""
CORNERS = """(element) => { const box = element.getBoundingClientRect();
  const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), out = [];
  while (walk.nextNode()) {
    const range = document.createRange(); range.selectNodeContents(walk.currentNode);
    const half = parseFloat(getComputedStyle(walk.currentNode.parentElement).fontSize) * 0.36;
    const text = range.getBoundingClientRect(), middle = (text.top + text.bottom) / 2;
    for (const y of [middle - half, middle + half])
      for (const x of [text.left, text.right])
        out.push([x - box.x - box.width / 2, y - box.y - box.height / 2]);
  }
  return out; }"""


@pytest.mark.parametrize("width", [1440, 1100, 820, 390])
def test_the_amount_of_every_cost_is_whole_and_in_view(open_page: Open, width: int) -> None:
    page = open_page("/costs?days=0", width=width).page
    place = page.locator(".scroll:has(.costs)").bounding_box()
    assert place is not None
    amounts = page.locator(".costs td.amount").all()
    assert len(amounts) > 20
    for amount in (amounts[0], amounts[-1]):
        box = amount.bounding_box()
        assert box is not None
        assert box["x"] >= place["x"]
        assert box["x"] + box["width"] <= place["x"] + place["width"]
        assert amount.evaluate("(e) => e.scrollWidth <= e.clientWidth")


def test_a_table_that_is_wider_than_its_place_fades_where_it_goes_on(open_page: Open) -> None:
    """And its first column stays, with its head over it: a row is never without its name."""
    page = open_page("/executive", width=390).page
    table = page.locator(".scroll:has(.heat)")
    expect(table).to_have_class("scroll panel-table goes-on")
    table.evaluate("(e) => { e.scrollLeft = e.scrollWidth; }")
    expect(table).to_have_class("scroll panel-table moved")
    table.scroll_into_view_if_needed()
    place = table.bounding_box()
    for cell in ("thead th", "tbody th"):
        box = table.locator(cell).first.bounding_box()
        assert place is not None
        assert box is not None
        assert abs(box["x"] - place["x"]) < 16
        middle = f"[{box['x'] + box['width'] / 2}, {box['y'] + box['height'] / 2}]"
        on_top = table.locator(cell).first.evaluate(
            f"(e) => e.contains(document.elementFromPoint(...{middle}))"
        )
        assert on_top, cell


def test_a_menu_is_on_the_page_wherever_its_button_is(open_page: Open) -> None:
    page = open_page("/executive", width=390).page
    for menu in ("filter", "range"):
        page.locator(f"#m-{menu} summary").click()
        box = page.locator(f"#m-{menu} > div").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


@pytest.mark.parametrize("width", [1440, 1280])
def test_slices_of_a_kpi_have_room_for_their_change(open_page: Open, width: int) -> None:
    page = open_page("/kpi/revenue", width=width).page
    place = page.locator(".scroll.slices").first
    place.scroll_into_view_if_needed()
    for found in page.locator(".scroll.slices").all():
        assert found.evaluate("(e) => e.scrollWidth <= e.clientWidth + 1")


@pytest.mark.parametrize("width", [1440, 1280, 390])
def test_a_number_in_a_tile_is_never_broken(open_page: Open, width: int) -> None:
    page = open_page("/executive", width=width).page
    for tile in ("tile-mrr", "gauge-runway-months"):
        value = page.locator(f"#p-{tile} .val")
        for text in LONG:
            given = [text.replace(" ", "\N{NO-BREAK SPACE}"), wide(text)]
            value.evaluate("(e, [t, w]) => { e.className = `val ${w}`; e.textContent = t; }", given)
            found = value.evaluate(LINES)
            assert found["lines"] == 1, (text, found)
            assert found["out"] <= 0.5, (text, found)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_value_with_its_unit_stays_in_its_tile(open_page: Open, width: int) -> None:
    page = open_page("/finance", width=width).page
    for value in page.locator(".tile .val").all():
        assert value.evaluate(LINES)["out"] <= 0.5, value.inner_text()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_rings_total_is_within_the_ring(open_page: Open, width: int) -> None:
    page = open_page("/finance", width=width).page
    total = page.locator("#p-costs-ring .ring p")
    total.scroll_into_view_if_needed()
    for text in ("$438,248", "$1,438,248", "5 335 995", "105 335 995", "-$105,335,995"):
        shown = text.replace(" ", "\N{NO-BREAK SPACE}")
        given = [f"{shown}<small>KWD</small><small>recorded</small>", wide(text)]
        total.evaluate("(e, [t, w]) => { e.className = w; e.innerHTML = t; }", given)
        assert reach(total) < 46.5 - 4, text


def reach(total: Any) -> float:
    """How far from the ring's middle its text reaches; the hole's radius is 46.5."""
    return max(math.hypot(*corner) for corner in total.evaluate(CORNERS))


@pytest.mark.parametrize("width", [1440, 1100])
def test_a_gauge_ends_above_the_comparisons(open_page: Open, width: int) -> None:
    page = open_page("/finance", width=width).page
    for tile in page.locator(".tile:has(.gauge)").all():
        gauge, moves = tile.locator(".gauge").bounding_box(), tile.locator(".moves").bounding_box()
        assert gauge is not None
        assert moves is not None
        assert gauge["y"] + gauge["height"] <= moves["y"]
