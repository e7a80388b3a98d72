"""Days are the company's, whatever zone the reader's browser is in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from watched import Watched

Open = Callable[..., Watched]
ZONES = ("America/Toronto", "Pacific/Kiritimati", "Pacific/Honolulu")
"""The company's own, the first to begin a day and the last to end it."""


def test_a_day_has_the_same_name_in_every_zone(open_page: Open) -> None:
    """A bare date is read as UTC by scripts: west of it, an axis showed the day before."""
    said = {}
    for zone in ZONES:
        watched = open_page("/style-guide", zone=zone)
        watched.draw()
        assert watched.page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == zone
        said[zone] = watched.page.locator("[data-chart] svg text").all_text_contents()
    first = said[ZONES[0]]
    assert any("Sep" in text for text in first), first
    for zone in ZONES[1:]:
        assert said[zone] == first


def test_a_tooltip_names_the_company_s_day(open_page: Open) -> None:
    found = set()
    for zone in ZONES:
        page = open_page("/style-guide", zone=zone).page
        chart = page.locator("[data-chart*='line.json']")
        chart.scroll_into_view_if_needed()
        chart.locator("svg").wait_for()
        box = chart.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.move(box["x"] + box["width"] / 2 + 2, box["y"] + box["height"] / 2)
        tooltip = page.locator("#vg-tooltip-element.visible")
        tooltip.wait_for()
        found.add(tooltip.inner_text())
    assert len(found) == 1, found
    assert "undefined" not in found.pop()


@pytest.mark.parametrize("name", ["line-revenue", "line-gross-margin-ebitda-margin"])
def test_a_tooltip_says_what_its_row_says(open_page: Open, name: str) -> None:
    """Of what is nearest to the pointer it said "undefined", of each line."""
    page = open_page("/executive").page
    chart = page.locator(f"#c-{name}")
    chart.scroll_into_view_if_needed()
    chart.locator("svg").wait_for()
    box = chart.bounding_box()
    assert box is not None
    for step in (0, 2):
        page.mouse.move(box["x"] + box["width"] / 2 + step, box["y"] + box["height"] * 0.7)
    tooltip = page.locator("#vg-tooltip-element.visible")
    tooltip.wait_for()
    said = tooltip.inner_text()
    assert "undefined" not in said
    assert re.search(r"\d", said), said
