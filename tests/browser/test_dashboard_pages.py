"""What people do on a dashboard every morning: choose a range, filter, look closer, take away."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from demo_site import Served, record_cost
from playwright.sync_api import Page, expect
from watched import Watched

Open = Callable[..., Watched]
BOARDS = ("/executive", "/finance", "/growth")


def values(page: Page) -> list[str]:
    """The tiles' values, as they are read."""
    return page.locator(".tile .val").all_inner_texts()


def shown(page: Page) -> list[str]:
    """The period and how each tile has changed in it."""
    return page.locator("main .sub, .tile .meta").all_inner_texts()


@pytest.mark.parametrize("board", BOARDS)
def test_values_are_there_without_scripts(open_page: Open, board: str) -> None:
    """A reader whose scripts do not run has every value, the ranges and a table of each chart."""
    watched = open_page(board, java_script_enabled=False)
    page = watched.page
    assert len([v for v in values(page) if any(c.isdigit() for c in v)]) >= 2
    page.get_by_role("link", name="365 days", exact=True).click()
    page.wait_for_url("**range=365d")
    expect(page.get_by_role("link", name="365 days", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    watched.fits()
    watched.clean()


def test_a_range_is_an_address_and_the_way_back_works(
    open_page: Open, look: dict[str, Any]
) -> None:
    watched = open_page("/executive", **look)
    page = watched.page
    month = shown(page)
    link = page.get_by_role("link", name="90 days", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    expect(link).to_have_attribute("aria-current", "true")
    expect(link).to_be_focused()
    assert page.url.endswith("/executive?range=90d")
    quarter = shown(page)
    assert quarter != month
    page.keyboard.press("1")
    expect(page.get_by_role("link", name="30 days", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    assert shown(page) == month
    page.go_back()
    expect(link).to_have_attribute("aria-current", "true")
    assert shown(page) == quarter
    page.reload()
    assert shown(page) == quarter
    page.go_back()
    expect(link).not_to_have_attribute("aria-current", "true")
    assert shown(page) == month
    watched.draw()
    watched.fits()


def test_a_range_of_ones_own_and_a_filter(open_page: Open) -> None:
    watched = open_page("/growth")
    page = watched.page
    menu = page.locator("#m-range")
    menu.locator("summary").click()
    page.get_by_label("First day").fill("2026-09-01")
    page.get_by_label("Last day").fill("2026-09-30")
    watched.accessible()
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile("start=2026-09-01"))
    expect(page.locator("main .sub").first).to_contain_text("Sep 1")
    page.locator("#m-filter summary").click()
    page.locator("#m-filter").get_by_role("link", name="Meta", exact=True).click()
    page.wait_for_url(re.compile("channel=Meta"))
    assert "start=2026-09-01" in page.url
    expect(page.get_by_text("Channel: Meta")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_text("Channel: Meta")).to_have_count(0)


def test_filters_of_several_kinds_hold_together(open_page: Open) -> None:
    watched = open_page("/growth?range=month")
    page = watched.page
    for value in ("Meta", "CA"):
        page.locator("#m-filter summary").click()
        page.locator("#m-filter").get_by_role("link", name=value, exact=True).click()
        page.wait_for_url(re.compile(f"={value}$"))
    assert "channel=Meta&country=CA" in page.url
    expect(page.locator("#m-filter summary")).to_have_text("Meta · CA")
    expect(page.locator("#p-tile-cac")).to_contain_text("not by country")
    watched.fits()
    watched.accessible()
    page.get_by_role("link", name="Channel: Meta, take this filter off").click()
    page.wait_for_url(re.compile("range=month&country=CA$"))
    expect(page.get_by_text("Country: CA")).to_be_visible()
    page.go_back()
    page.wait_for_url(re.compile("channel=Meta&country=CA$"))
    expect(page.get_by_text("Channel: Meta")).to_be_visible()


NONSENSE = (
    "?start=2026-09-30&last=2026-09-01",
    "?range=nonsense",
    "?start=1800-01-01&last=2026-01-01",
    "?channel=no-such",
)


@pytest.mark.parametrize("query", NONSENSE)
def test_an_address_that_makes_no_sense_says_so_on_a_page(open_page: Open, query: str) -> None:
    watched = open_page(f"/executive{query}")
    page = watched.page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert len(page.locator("main").inner_text()) > 40
    watched.faults = [f for f in watched.faults if not any(c in f for c in ("404", "422", "400"))]
    watched.fits()
    watched.accessible()
    watched.clean()


def test_a_chart_has_a_table_and_a_file_that_say_the_same(open_page: Open) -> None:
    watched = open_page("/executive")
    page = watched.page
    panel = page.locator("#p-line-revenue")
    panel.locator("details.menu summary").click()
    with page.expect_download() as got:
        panel.get_by_role("link", name="CSV").click()
    rows = list(csv.reader(io.StringIO(got.value.path().read_text(encoding="utf-8-sig"))))
    if not panel.get_by_role("link", name="View as table").is_visible():
        panel.locator("details.menu summary").click()
    panel.get_by_role("link", name="View as table").click()
    table = panel.get_by_role("table")
    expect(table).to_be_visible()
    watched.accessible()
    assert table.locator("tbody tr").count() == len(rows) - 1
    first = table.locator("tbody tr").first.inner_text()
    assert any(part in first for part in ("2026", "Oct", "Nov")), (first, rows[1])
    assert "table=line-revenue" in page.url
    page.go_back()
    expect(panel.locator("[data-chart]")).to_be_visible()


def test_charts_are_drawn_as_they_come_into_view(open_page: Open) -> None:
    watched = open_page("/finance", width=390)
    page = watched.page
    last = page.locator("[data-chart]").last
    assert last.get_attribute("data-drawn") is None
    last.scroll_into_view_if_needed()
    expect(last).to_have_attribute("data-drawn", "1")


def test_a_chart_that_cannot_be_drawn_fails_alone(open_page: Open) -> None:
    watched = open_page("/style-guide")
    page = watched.page
    page.route("**/d/executive/line-revenue.json*", lambda route: route.abort())
    watched.goto("/executive")
    panel = page.locator("#p-line-revenue")
    panel.scroll_into_view_if_needed()
    expect(panel).to_contain_text("could not be drawn")
    other = page.locator("[data-chart][data-drawn='1'] svg")
    page.locator("[data-chart]").last.scroll_into_view_if_needed()
    expect(other.first).to_be_visible()
    watched.faults.clear()


def test_days_on_a_dashboard_are_the_company_s_in_every_zone(open_page: Open) -> None:
    said = []
    for zone in ("America/Toronto", "Pacific/Kiritimati", "Pacific/Honolulu"):
        page = open_page("/executive", zone=zone).page
        chart = page.locator("#c-line-revenue")
        chart.scroll_into_view_if_needed()
        expect(chart).to_have_attribute("data-drawn", "1")
        said.append(chart.locator("svg text").all_text_contents())
    assert said[0]
    assert said[0] == said[1] == said[2]


def test_a_dashboard_renews_itself_around_an_open_menu(open_page: Open, own_site: Served) -> None:
    page = open_page("/executive", site=own_site.base).page
    load = page.locator("html").get_attribute("data-load") or ""
    summary = page.locator("#m-line-revenue summary")
    summary.scroll_into_view_if_needed()
    summary.click()
    top = summary.evaluate("e => e.getBoundingClientRect().top")
    record_cost(own_site, 4321.0)
    page.wait_for_timeout(1500)
    expect(page.locator("#m-line-revenue a").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("html")).not_to_have_attribute("data-load", load)
    expect(page.locator("#m-line-revenue summary")).to_be_focused()
    assert abs(summary.evaluate("e => e.getBoundingClientRect().top") - top) < 2


def test_a_tile_leads_to_its_kpi(open_page: Open) -> None:
    page = open_page("/executive").page
    assert page.locator("#p-tile-mrr h2 a").get_attribute("href", timeout=1000) == (
        "/kpi/mrr?range=30d"
    )


def test_refresh_runs_and_comes_back(open_page: Open, own_site: Served) -> None:
    page = open_page("/executive?range=90d", site=own_site.base).page
    page.keyboard.press("r")
    page.wait_for_load_state()
    expect(page.get_by_role("heading", name="Executive")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/executive\?range=90d"))


@pytest.mark.parametrize("script", [True, False])
def test_a_last_day_before_the_first_is_refused_where_it_is_typed(
    open_page: Open, script: bool
) -> None:
    """With a script by its field; without one by a page that has the form again."""
    watched = open_page("/finance", java_script_enabled=script)
    page = watched.page
    page.locator("#m-range summary").click()
    page.get_by_label("First day").fill("2026-11-20")
    page.get_by_label("Last day").fill("2026-11-01")
    page.locator("#m-range").get_by_role("button", name="Show").click()
    last = page.get_by_label("Last day")
    if script:
        assert last.evaluate("(field) => field.validity.rangeUnderflow")
        assert page.url.endswith("/finance")
    else:
        expect(page.get_by_role("alert")).to_contain_text("is before the first, Nov 20, 2026")
    last.fill("2026-11-22")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**start=2026-11-20&last=2026-11-22")
    if not script:
        watched.faults.clear()  # it was answered with 422, as it should
