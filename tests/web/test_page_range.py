"""The page's range: what ends with it, and what is said of one that cannot be."""

from __future__ import annotations

import pytest
from serving import Served

from pages import shown as page
from pages import value_of, words_of

PAST = "start=2025-12-01&last=2026-01-31"
STACKED = "stacked-new-customer-orders-returning-customer-orders"


@pytest.mark.parametrize("query", [PAST, "range=30d", "start=2026-01-01&last=2026-06-30"])
def test_a_panel_with_a_range_of_its_own_ends_where_the_page_does(
    served: Served, query: str
) -> None:
    """Its last bucket holds the page's last day, or yesterday."""
    words = dict(word.split("=") for word in query.split("&"))
    spec = served.get(f"/d/executive/{STACKED}.json", **words)["spec"]
    assert spec["datasets"]["rows"][-1]["label"] == ("Jan 26" if query == PAST else "Mar 9")


def test_a_page_of_the_first_days_there_are_is_shown(served: Served) -> None:
    """A year before them there is no day to begin at: the page was refused for it."""
    for path in ("/executive", "/finance", "/growth"):
        assert "No comparison with a year ago" in page(
            served, f"{path}?start=1900-01-02&last=1900-01-03"
        )


def test_cohorts_are_those_whose_first_month_is_over_where_the_page_ends(served: Served) -> None:
    def rows(query: str) -> str:
        text = page(served, f"/executive?{query}")
        return text.split('id="p-cohorts-orders-heat"')[1].split("</section>")[0]

    assert "Feb 2026" in rows("range=30d")
    assert "Jan 2026" in rows(PAST)
    assert "Feb 2026" not in rows(PAST)
    # What later months brought is not of that range.
    assert "M1" in rows("range=30d")
    assert "M1" not in rows(PAST)
    assert "Jan 1\N{EN DASH}31, 2026" in rows(PAST)


def test_a_forecast_follows_on_what_the_page_shows(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A range that ended two days ago was joined to today's forecast over days that are known."""
    step = {"start": "2026-03-15", "end": "2026-03-16", "mean": 5, "intervals": {"80": (1, 9)}}
    made = {"forecast": [step], "unit": "USD", "currency": "USD"}
    monkeypatch.setattr(served.tl, "forecast", lambda *_, **__: made)
    for last, ahead in (("2026-03-14", True), ("2026-03-12", False)):
        words = {"start": "2026-03-02", "last": last}
        spec = served.get("/d/executive/line-revenue.json", **words)["spec"]
        assert ("forecast" in spec["datasets"]) == ahead, last


def test_a_plan_is_shown_until_the_page_ends_and_ahead_where_that_is_today(own: Served) -> None:
    path = own.tl.home / "plan.csv"
    months = "".join(f"revenue,2026-0{n}-01,100\n" for n in range(1, 7))
    path.write_text(f"kpi,month,value\n{months}", encoding="utf-8")
    assert own.tl.load("plan", path).status == "loaded"
    for key, fix in (("revenu", "Did you mean: revenue"), ("cltv", "Did you mean: clv")):
        (wrong,) = own.tl.load_rows(
            "plan", [{"kpi": key, "month": "2026-01-01", "value": 1}]
        ).rejects
        assert (wrong.value, wrong.rule) == (key, "is no KPI that facts feed")
        assert wrong.fix.startswith(fix)

    def panel(query: str) -> str:
        return words_of(page(own, f"/d/finance/plan-revenue?{query}"))

    whole = "Jan\N{EN DASH}Jun 2026"
    assert f"scenario 'base', {whole}" in panel("range=30d")
    assert "scenario 'base', Jan 2026" in panel(PAST)
    nothing = panel("start=2025-07-01&last=2025-07-31")
    assert f"The finance model plans {whole}, not Jul 2025." in nothing


@pytest.mark.parametrize("path", ["/finance", "/kpi/revenue", "/product"])
def test_days_the_wrong_way_round_are_said_beside_the_form_as_it_was_filled_in(
    served: Served, path: str
) -> None:
    text = page(served, path, 422, start="2026-02-20", last="2026-02-01", channel="paid")
    assert "The last day, Feb 1, 2026, is before the first, Feb 20, 2026." in words_of(text)
    assert value_of(text, "start") == "2026-02-20"
    assert value_of(text, "last") == "2026-02-01"
    assert value_of(text, "channel") == "paid"
    assert f'action="{path}"' in text
    assert "the day after the last" not in text
