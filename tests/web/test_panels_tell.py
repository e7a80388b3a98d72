"""What a panel says of what it does not show, and where a click on it leads."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html import unescape

import pytest
from serving import Served

from pages import shown as page
from pages import words_of
from trueline.core.errors import BusyError
from trueline.core.quality import Completeness, Quality
from trueline.web.boards.ahead import _last_whole
from trueline.web.boards.ground import Bucket, mark_of, marks_of

NO_PRICE = (
    "event_id,subscription_id,customer_id,effective_at,status,plan,quantity,unit_amount,currency,"
    "interval\ne9,s9,c9,2025-12-01T15:00:00Z,active,Pro,1,,USD,month\n"
)


def panel(served: Served, path: str, name: str) -> str:
    """A panel's HTML."""
    return re.split("</section>|</article>", page(served, path).split(f'id="p-{name}"')[1])[0]


@pytest.fixture
def unpriced(new_served: Callable[[str], Served]) -> Served:
    """A company with one subscription of which only the plan's declared price is known."""
    served = new_served("\n[assumptions.tier_prices]\nPro = 40\n")
    path = served.tl.home / "more.csv"
    path.write_text(NO_PRICE, encoding="utf-8")
    assert served.tl.load("subscription_events", path).status == "loaded"
    return served


def test_a_kpi_of_which_nothing_is_known_is_named_below_its_chart(unpriced: Served) -> None:
    """Its entry in the legend had no line, and nobody said why."""
    text = panel(unpriced, "/finance?estimates=true", "line-mrr-net-mrr-committed-mrr")
    legend = re.findall(r'class="k [^"]*">([^<]+)<', text)
    assert "Net MRR" not in legend
    assert "Net MRR is not known: 1 live subscription has no price" in text
    assert "excluded_count" not in text


def test_an_estimate_of_a_part_bears_both_marks(unpriced: Served) -> None:
    bare = unpriced.tl.kpi("mrr", start="2026-03-01", end="2026-04-01", allow_estimates=True)
    both = replace(bare, completeness=Completeness.PARTIAL)
    assert bare.quality is Quality.ESTIMATED
    assert (mark_of(both), marks_of([both])) == ("estimated, partial", ("estimated", "partial"))
    period = replace(both, completeness=Completeness.COMPLETE)
    buckets = [Bucket(None, None, "a", "a"), Bucket(None, None, "b", "b")]  # type: ignore[arg-type]
    found = _last_whole(buckets, [period, both])
    assert found is not None
    assert found[0] is buckets[0], "a forecast began at a month that is not over"


def test_costs_that_are_not_known_in_a_month_are_named(served: Served, own: Served) -> None:
    """A bar is lower there, and costs were not. Of a full export, none is none."""
    known = panel(served, "/finance", "costs-stacked")
    assert "so not known: Ad spend." in known
    assert "in some of these months" not in known
    own.tl.declare_coverage("costs", start="2026-01-01", end="2026-03-01", complete=False)
    text = panel(own, "/finance", "costs-stacked")
    assert "Not known in some of these months: Infrastructure, COGS. The table says why." in text
    table = panel(own, "/finance?table=costs-stacked", "costs-stacked")
    assert '<td class="n"><span title="' in table


def test_expenses_that_are_all_0_are_not_called_unknown(own: Served) -> None:
    own.tl.remove("costs", [{"cost_id": f"k{n}"} for n in range(1, 5)])
    own.tl.declare_coverage("costs", start="2024-01-01", end="2026-03-15")
    for name in ("costs-stacked", "costs-ring"):
        text = words_of(page(own, f"/d/finance/{name}?start=2026-01-01&last=2026-01-31"))
        assert "All 0 Every cost that is known of these days is 0." in text, text


def test_a_tile_of_one_bucket_has_its_value_as_a_file(served: Served) -> None:
    """It said that nothing was known, beside the value."""
    query = "start=2026-02-01&end=2026-03-01"
    found = served.client.get(f"/d/finance/tile-net-burn.csv?{query}").text.splitlines()
    reading = served.tl.kpi("net_burn", start="2026-02-01", end="2026-03-01")
    day, value = found[1].split(",")[:2]
    assert (day, Decimal(value), len(found)) == ("2026-02-01", reading.value, 2)


def links(text: str) -> set[str]:
    return {unescape(link) for link in re.findall(r'href="(/(?:kpi|cohorts|costs)[^"]*)"', text)}


def test_how_a_number_came_about_is_one_click_away_and_of_the_same_days(served: Served) -> None:
    query = "start=2026-01-01&end=2026-02-01&currency=USD"
    text = panel(served, f"/finance?{query}", "line-revenue")
    assert links(text) == {f"/kpi/revenue?{query}"}
    assert re.search(r"<h2[^>]*><a ", text), "its title leads there"
    year = panel(served, "/finance?start=2026-01-01&end=2026-02-01", "bars-cogs-rate")
    assert links(year) == {"/kpi/cogs_rate?start=2025-02-01&end=2026-02-01"}
    for link in links(text) | links(year):
        page(served, link)


def test_cohorts_of_a_past_range_lead_to_the_same_cohorts(served: Served) -> None:
    past = panel(served, "/growth?start=2026-01-01&last=2026-01-31", "cohorts-orders-heat")
    (link,) = links(past)
    assert link.endswith("&start=2026-01-01&end=2026-02-01")
    assert "Jan 2026" in words_of(page(served, link))
    (now,) = links(panel(served, "/growth", "cohorts-orders-heat"))
    assert now == "/cohorts?kind=orders&by=customers"


def test_parts_lead_to_their_own_pages(own: Served) -> None:
    path = own.tl.home / "spend.csv"
    path.write_text(
        "spend_date,channel,campaign,amount,currency,impressions,clicks,conversions\n"
        "2026-03-02,Meta & Co,x,40.00,USD,1000,50,5\n2026-03-03,TikTok,x,20.00,USD,900,,4\n",
        encoding="utf-8",
    )
    assert own.tl.load("spend", path).status == "loaded"
    ring = links(panel(own, "/growth?range=30d", "ring-spend"))
    assert "/kpi/spend?range=30d&channel=Meta+%26+Co" in ring
    table = panel(own, "/growth?range=30d", "table-channel")
    assert "/kpi/ctr?range=30d&channel=TikTok" in links(table)
    assert 'title="1 of 1 rows of spend do not say' in table


def test_a_tile_whose_value_was_reported_otherwise_is_marked_restated(own: Served) -> None:
    """The page of the KPI said so, the dashboard did not."""
    own.tl.snapshot()
    assert "Restated" not in page(own, "/executive")
    path = own.tl.home / "late.csv"
    path.write_text(NO_PRICE.replace("Pro,1,,", "Pro,1,70.00,"), encoding="utf-8")
    assert own.tl.load("subscription_events", path).status == "loaded"
    tile = words_of(page(own, "/d/executive/tile-mrr"))
    assert "$370.00" in tile
    assert "Restated reported as US$300.00" in tile
    own.tl.snapshot()
    assert "Restated reported as US$300.00" in words_of(page(own, "/d/executive/tile-mrr"))
    # Other days were never reported, and neither was a part of the company.
    for query in ("range=90d", "range=30d&plan=Pro"):
        assert "Restated" not in page(own, f"/d/executive/tile-mrr?{query}")


def test_a_store_that_cannot_be_read_takes_no_number_away(
    own: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise BusyError("The store is away.")

    monkeypatch.setattr(own.tl.store, "history", away)
    assert "$300.00" in words_of(page(own, "/d/executive/tile-mrr"))
