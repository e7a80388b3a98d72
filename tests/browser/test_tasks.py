"""Each page's main task, done as a person does it: by clicks and keys, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from demo_site import Served
from playwright.sync_api import expect
from watched import Watched

Open = Callable[..., Watched]
ORDERS = """order_id,customer_id,ordered_at,amount,currency
w1,c1,2026-11-20T15:00:00Z,25.00,USD
w2,c2,2026-11-20T16:00:00Z,$5,USD
"""
COSTS = """cost_id,cost_date,cost_type,amount,currency
w-1,2026-11-10,admin,31.00,USD
"""


def test_coverage_is_declared_by_click(open_page: Open, own_site: Served) -> None:
    watched = open_page("/data", site=own_site.base)
    page = watched.page
    page.get_by_label("Table", exact=True).select_option("cash_balances")
    page.get_by_label("First day", exact=True).fill("2026-11-01")
    page.get_by_label("Last day", exact=True).fill("2026-11-20")
    page.get_by_role("button", name="Declare", exact=True).click()
    expect(page.locator("[data-said]")).to_be_visible()
    row = page.locator("section", has=page.locator("#h-covered")).get_by_role("row")
    row = row.filter(has_text="cash_balances")
    expect(row).to_contain_text("Nov")
    expect(row).to_contain_text("Complete")
    watched.fits()
    watched.accessible()


def test_a_calculator_is_filled_and_sent_and_the_way_back_works(open_page: Open) -> None:
    page = open_page("/calculators").page
    page.get_by_role("link", name="Net revenue retention").first.click()
    field = page.get_by_label("Expansion revenue")
    field.fill("10000")
    field.press("Enter")
    page.wait_for_url(re.compile("expansion_revenue=10000"))
    expect(page.locator(".val.big")).to_have_text("114.0%")
    page.go_back()
    expect(page.locator(".val.big")).to_have_text("104.0%")


def test_a_calculator_says_what_is_wrong_beside_its_field(open_page: Open) -> None:
    watched = open_page("/calculators/nrr")
    page = watched.page
    page.get_by_label("MRR at beginning").fill("ten")
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_label("MRR at beginning")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("MRR at beginning")).to_have_value("ten")
    watched.accessible()
    watched.faults = [f for f in watched.faults if "422" not in f]


def left_out(open_page: Open, site: Served) -> int:
    """How many rejected orders the finance page says are in no number."""
    link = open_page("/finance", site=site.base).page.get_by_role("link", name="rejected row")
    return int(link.inner_text().split()[0])


def test_a_file_with_a_bad_row_gives_its_rejects_back(
    open_page: Open, own_site: Served, tmp_path: Path
) -> None:
    path = tmp_path / "orders-web.csv"
    path.write_text(ORDERS, encoding="utf-8")
    before = left_out(open_page, own_site)
    watched = open_page("/data/upload?table=orders", site=own_site.base)
    page = watched.page
    page.locator("#f-file").set_input_files(path)
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_text("Nothing of this file was loaded.")).to_be_visible()
    watched.accessible()
    with page.expect_download() as got:
        page.get_by_role("link", name="Rejected rows").click()
    text = got.value.path().read_text(encoding="utf-8-sig")
    assert "w2,c2,2026-11-20T16:00:00Z,$5,USD" in text
    assert "w1,c1" not in text
    page.get_by_role("button", name="Load the 1 good rows").click()
    expect(page.get_by_text("The good rows are loaded.")).to_be_visible()
    assert left_out(open_page, own_site) == before + 1
    # The rejected row is mended where it stands.
    page.get_by_label("amount, line 3").fill("5.00")
    page.get_by_role("button", name="Load the corrected rows").click()
    expect(page.get_by_text("Everything is loaded")).to_be_visible()
    assert left_out(open_page, own_site) == before
    watched.fits()
    watched.clean()


def test_costs_are_imported_from_a_file(open_page: Open, own_site: Served, tmp_path: Path) -> None:
    path = tmp_path / "costs-web.csv"
    path.write_text(COSTS, encoding="utf-8")
    page = open_page("/costs", site=own_site.base).page
    page.get_by_role("link", name="Import").click()
    expect(page.get_by_label("Table", exact=True)).to_have_value("costs")
    page.locator("#f-file").set_input_files(path)
    page.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_text("Everything is loaded")).to_be_visible()
    page.goto("/costs")
    expect(page.get_by_role("row").filter(has_text="$31.00")).to_contain_text("Admin")


def test_a_setting_is_changed_and_seen_at_once(open_page: Open, own_site: Served) -> None:
    watched = open_page("/settings", site=own_site.base)
    page = watched.page
    name = page.get_by_label("Name", exact=True)
    old = name.input_value()
    page.get_by_label("Refund rate").fill("many")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Refund rate")).to_have_attribute("aria-invalid", "true")
    watched.faults = [f for f in watched.faults if "422" not in f]
    page.get_by_label("Refund rate").fill("4.5")
    page.get_by_label("Name", exact=True).fill("Northwind & Sons")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-said]")).to_be_visible()
    expect(page.locator(".brand")).to_contain_text("Northwind & Sons")
    watched.accessible()
    watched.goto("/finance")
    expect(page.locator("#p-gauge-refund-rate .tgt")).to_contain_text("4.5%")
    watched.goto("/settings")
    page.get_by_label("Name", exact=True).fill(old)
    page.get_by_label("Refund rate").fill("5")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".brand")).not_to_contain_text("Sons")


def test_a_refresh_says_how_far_it_is_and_when_it_is_done(
    open_page: Open, own_site: Served
) -> None:
    page = open_page("/executive?range=90d", site=own_site.base).page
    button = page.locator("#refresh")
    page.route("**/api/refresh/*", lambda route: (page.wait_for_timeout(300), route.continue_()))
    button.click()
    expect(button).to_have_text(re.compile("Refreshing"))
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#live")).to_have_text("Refreshed: every source is loaded and counted.")
    expect(page.locator("#refresh")).to_have_text("Refresh")
    expect(page).to_have_url(re.compile(r"/executive\?range=90d$"))


def test_the_palette_goes_to_one_kpi(open_page: Open) -> None:
    page = open_page("/executive").page
    page.keyboard.press("Control+k")
    page.keyboard.type("net revenue ret")
    expect(page.get_by_role("dialog").get_by_role("option").first).to_contain_text(
        "Net revenue retention"
    )
    page.keyboard.press("Enter")
    page.wait_for_url("**/kpi/nrr")
    expect(page.get_by_role("heading", level=1)).to_have_text("Net revenue retention")


def test_a_range_and_a_filter_are_kept_on_the_way_back(open_page: Open) -> None:
    page = open_page("/growth?range=30d").page
    page.locator("#m-filter summary").click()
    page.locator("#m-filter").get_by_role("link", name="Meta", exact=True).click()
    page.wait_for_url(re.compile("range=30d&channel=Meta"))
    page.locator("#p-tile-new-customers h2 a").click()
    page.wait_for_url(re.compile(r"/kpi/new_customers\?range=30d&channel=Meta"))
    expect(page.get_by_text("Channel: Meta")).to_be_visible()
    page.go_back()
    page.wait_for_url(re.compile(r"/growth\?range=30d&channel=Meta"))
    expect(page.get_by_text("Channel: Meta")).to_be_visible()
    expect(page.get_by_role("link", name="30 days", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    page.go_back()
    expect(page.get_by_text("Channel: Meta")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/growth\?range=30d$"))


def test_a_link_to_an_operation_opens_it(open_page: Open) -> None:
    page = open_page("/kpi/mrr").page
    page.get_by_role("link", name="API reference").click()
    page.wait_for_url("**/docs#get-api-kpi-key")
    operation = page.locator("#get-api-kpi-key")
    expect(operation).to_have_attribute("open", "")
    expect(operation).to_be_in_viewport()
