"""A KPI's page: what stands on it for every key, and what happens when it is asked for nonsense."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from serving import NOW, Served

from pages import HTML
from pages import shown as page
from trueline.catalog.kpis import KPIS, from_facts
from trueline.web.explore.asked import near

PART = HTML | {"X-Partial": "1"}
FEBRUARY = {"start": "2026-02-01", "end": "2026-03-01"}


def shown(text: str) -> str:
    """The text a reader sees, its marks left out."""
    inside = text.partition('id="main"')[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", inside))


@pytest.mark.parametrize("key", [k.key for k in KPIS])
def test_every_kpi_has_a_page(served: Served, key: str) -> None:
    text = page(served, f"/kpi/{key}", **FEBRUARY)
    for part in ("Formula and inputs", "Declaration", "Benchmark and target"):
        assert part in text
    assert " style=" not in text
    assert "undefined" not in shown(text)


@pytest.mark.parametrize("key", ["revenue", "nrr", "cac", "wau", "clv"])
def test_every_part_of_a_page_is_a_page_of_its_own(served: Served, key: str) -> None:
    definition = next(k for k in KPIS if k.key == key)
    parts = ["course", "outlook", "queries", "reported", "rows"]
    parts += [f"slices/{by}" for by in definition.slices]
    for part in parts:
        text = page(served, f"/kpi/{key}/{part}", **FEBRUARY)
        assert "<title>" in text
        inside = served.client.get(f"/kpi/{key}/{part}", params=FEBRUARY, headers=PART).text
        assert part == "rows" or "<title>" not in inside


def test_a_refused_comparison_is_said_inside_its_list(served: Served) -> None:
    """A list of terms holds terms and what is said of them, nothing else."""
    text = page(served, "/kpi/revenue", start="2026-03-01", end="2026-04-01")
    compared = text.split('<dl class="compared">')[1].split("</dl>")[0]
    assert "Not compared" in compared
    assert 'class="why' in compared
    assert "<p" not in compared


def test_the_value_stands_in_the_page_with_its_comparisons(served: Served) -> None:
    text = shown(page(served, "/kpi/nrr", **FEBRUARY))
    assert "125.0%" in text
    assert "From facts" in text
    assert "Period before" in text


def test_a_part_or_another_length_is_not_judged_by_a_months_target(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fortnight's revenue was called below a target that is meant for the whole month."""
    for key in ("revenue", "arpu"):
        monkeypatch.setitem(served.tl.settings.targets, key, Decimal(90))

    def said(key: str, start: str, end: str) -> str:
        text = shown(page(served, f"/kpi/{key}", start=start, end=end))
        return text.partition("Target trueline.toml")[2].partition("Benchmark")[0].strip()

    part = "Not judged: only a part of the period is known."
    length = "Not judged: the target is for one month."
    assert said("revenue", **FEBRUARY) == "≥ US$90.00 a month On target"
    assert said("revenue", "2026-03-01", "2026-04-01") == f"≥ US$90.00 a month {part}"
    assert said("revenue", "2025-12-01", "2026-03-01") == f"≥ US$90.00 a month {length}"
    last_30_days = said("revenue", "2026-01-30", "2026-03-01")  # as long as a month
    assert "Not judged" not in last_30_days
    assert said("arpu", "2025-12-01", "2026-03-01") == "≥ US$90.00 On target"
    assert said("arpu", "2026-03-01", "2026-04-01") == f"≥ US$90.00 {part}"
    sliced = page(served, "/kpi/revenue", channel="paid", **FEBRUARY)
    assert "Not judged: the target is the whole company's." in shown(sliced).replace("&#39;", "'")
    stage = served.get("/api/kpi/mid-stage", period_days=90)["data"]["kpis"]["arpu"]
    assert (stage["target"], stage["target_per"]) == (90, None)
    assert (stage["target_met"], stage["target_note"]) == (True, None)


def test_a_year_that_is_not_over_is_not_compared_with_others_years(served: Served) -> None:
    text = shown(page(served, "/kpi/nrr", start="2026-01-01", end="2027-01-01"))
    assert "Only a part of the period is known: it is not compared." in text
    assert "than others" not in text


def test_unequal_coverage_is_not_compared_and_says_so(served: Served) -> None:
    text = shown(page(served, "/kpi/revenue", start="2026-03-01", end="2026-04-01"))
    assert "Partial" in text
    assert "Not compared" in text
    assert "One of the two periods is covered only in part." in text


def test_what_is_missing_is_said_with_a_link_to_mend_it(served: Served) -> None:
    text = page(served, "/kpi/nps", **FEBRUARY)
    assert "No surveys are recorded" in text
    assert 'href="/data"' in text


def test_a_calculator_only_says_so(served: Served) -> None:
    text = page(served, "/kpi/cltv")
    assert "A calculator only" in text
    assert "/calculators/" in text
    assert "calculator only" in page(served, "/kpi/cltv/course", 404)


def test_estimates_are_marked_and_name_the_assumption(new_served: Any) -> None:
    made = new_served('[assumptions]\ncogs_share = "0.3"\n')
    made.tl.declare_coverage(
        "costs", category="cogs", start="2026-01-01", end="2026-02-01", complete=False
    )
    without = shown(page(made, "/kpi/gross_margin", start="2026-01-01", end="2026-02-01"))
    assert "Not known" in without
    words = {"start": "2026-01-01", "end": "2026-02-01", "estimates": "true"}
    text = page(made, "/kpi/gross_margin", **words)
    assert "Estimated" in text
    assert "70.0%" in shown(text)
    assert "share" in shown(text)
    alike = {"start": "2026-01-01", "end": "2026-02-01", "allow_estimates": "true"}
    assert "70.0%" in shown(page(made, "/kpi/gross_margin", **alike))
    table = made.client.get("/kpi/gross_margin/course.csv", params=words | {"grain": "month"}).text
    assert "estimated" in table


def test_the_moment_of_knowledge_stands_within_its_sentence(served: Served) -> None:
    """What is strong in a note has a line of its own: the sentence went on with a full stop."""
    for path in ("/kpi/revenue", "/cohorts", "/product"):
        text = page(served, path, as_of="2026-03-14T12:00")
        said = text.partition('class="note accent"')[2].partition("Back to the present")[0]
        assert "As it was known on" in said
        assert "<strong>" not in said


def test_an_unknown_key_is_answered_with_its_neighbours(served: Served) -> None:
    text = page(served, "/kpi/gros_margin", 404)
    assert 'href="/kpi/gross_margin"' in text
    assert near("net revenue retention")[0][0] == "nrr"
    assert served.client.get("/api/kpi/gros_margin").status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"grain": "fortnight"}, 404, "There is no grain"),
        ({"range": "10d"}, 404, "There is no range"),
        ({"start": "2026-03-01", "end": "2026-02-01"}, 422, "empty or reversed"),
        ({"start": "1900-01-01", "end": "2100-01-01"}, 422, "years long"),
        ({"start": "01/02/2026"}, 422, "is not a day"),
        ({"channel": "a", "country": "b"}, 404, "There is no channel"),
        ({"plan": "Pro", "channel": "(none)"}, 422, "not by plan"),
        ({"plan": "Pro"}, 422, "not by plan"),
        ({"channel": "<script>alert(1)</script>"}, 404, "There is no channel"),
        ({"as_of": "2027-01-01T12:00"}, 422, "has not come yet"),
        ({"as_of": "yesterday"}, 422, "is no moment"),
        ({"as_of": "2026-03-08T02:30"}, 422, "skip or repeat"),
        ({"as_of": "2025-11-02T01:30"}, 422, "skip or repeat"),
        ({"nonsense": "1"}, 422, "is not known here"),
    ],
)
def test_nonsense_is_refused_in_words(
    served: Served, query: dict[str, str], status: int, said: str
) -> None:
    text = page(served, "/kpi/revenue", status, **query)
    assert said in text
    assert "<script>alert" not in text


def test_too_many_buckets_fail_alone(served: Served) -> None:
    query = {"start": "2016-01-01", "end": "2026-03-01", "grain": "day"}
    assert "Over time" in page(served, "/kpi/revenue", **query)
    assert "coarser grain" in page(served, "/kpi/revenue/course", 422, **query)


def test_a_range_before_the_first_fact_is_unknown_not_zero(new_served: Any) -> None:
    made = new_served("")
    made.tl.load_rows(
        "surveys",
        [{"response_id": "r1", "survey": "nps", "answered_at": "2026-02-05T12:00:00Z",
          "score": 9, "scale_max": 10}],
    )  # fmt: skip
    assert "100.0" in shown(page(made, "/kpi/nps", **FEBRUARY))
    query = {"start": "2001-01-01", "end": "2001-02-01", "grain": "day"}
    assert "Not known" in shown(page(made, "/kpi/nps", **query))
    assert "Not known" in page(made, "/kpi/nps/course", **query)
    chart = made.client.get("/kpi/nps/course.json", params=query).json()
    assert chart["spec"] is None


def test_the_chart_and_the_file_hold_the_same_readings(served: Served) -> None:
    query = {"start": "2026-01-01", "end": "2026-03-15", "grain": "month"}
    spec = served.client.get("/kpi/revenue/course.json", params=query).json()["spec"]
    rows = spec["datasets"]["rows"]
    table = list(csv.DictReader(io.StringIO(page(served, "/kpi/revenue/course.csv", **query))))
    assert [row["Revenue (USD)"] for row in table] == ["50", "174.5", "25.5"]
    assert [row["Quality"] for row in table] == ["partial", "", ""]
    assert [row["v0"] for row in rows] == [25.5, 174.5, None]
    assert rows[2]["d0"] == 50
    assert "partial" in rows[2]["x0"]
    assert rows[0]["t"] == "2026-01-01T00:00:00"


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_chart_can_be_taken_away(served: Served, kind: str) -> None:
    query = {"start": "2026-01-01", "end": "2026-03-15", "grain": "month"}
    answer = served.client.get(f"/kpi/revenue/course.{kind}", params=query)
    assert answer.status_code == 200
    assert answer.content[:4] in (b"\x89PNG", b"<svg")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert served.client.get("/kpi/revenue/course.exe", params=query).status_code == 404


def test_rows_behind_an_input_are_paged(served: Served) -> None:
    text = shown(page(served, "/kpi/aov/rows", input="orders", **FEBRUARY))
    assert "o2" in text
    assert "o1" not in text
    assert "1 to 2 of 2" in text
    assert "orders.csv" in text
    page(served, "/kpi/aov/rows", 422, input="orders", offset=50, **FEBRUARY)
    page(served, "/kpi/aov/rows", 404, input="nothing", **FEBRUARY)
    assert "This input is a KPI" in page(served, "/kpi/clv/rows", input="arpu", **FEBRUARY)


def test_queries_are_shown_to_be_copied(served: Served) -> None:
    text = page(served, "/kpi/revenue/queries", **FEBRUARY)
    assert "SELECT" in text
    assert "data-copy-from" in text


def test_hostile_names_of_slices_stay_text(new_served: Any) -> None:
    made = new_served("")
    names = ["<script>alert(1)</script>", "=1+1", "قناة‮", "x" * 10_000, "🛒"]
    made.tl.load_rows(
        "orders",
        [
            {"order_id": f"h{n}", "customer_id": "c1", "ordered_at": "2026-02-05T12:00:00Z",
             "amount": "10", "currency": "USD", "channel": name}
            for n, name in enumerate(names)
        ],
    )  # fmt: skip
    text = page(made, "/kpi/revenue/slices/channel", **FEBRUARY)
    assert "<script>alert" not in text
    assert "x" * 400 not in shown(text)
    table = page(made, "/kpi/revenue/slices/channel.csv", **FEBRUARY)
    assert "'=1+1" in table
    link = re.search(r'href="(/kpi/revenue\?[^"]*channel=%3Cscript[^"]*)"', text)
    assert link is not None
    answer = made.client.get(link.group(1).replace("&amp;", "&"), headers=HTML)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_restated_values_stand_beside_what_they_were(new_served: Any) -> None:
    made = new_served("")
    made.tl.snapshot("2026-03-15")
    made.tl.load_rows(
        "orders",
        [{"order_id": "late", "customer_id": "c9", "ordered_at": "2026-03-01T12:00:00Z",
          "amount": "7.25", "currency": "USD"}],
    )  # fmt: skip
    made.tl.snapshot("2026-03-15")
    text = shown(page(made, "/kpi/revenue"))
    assert "Restated" in text
    assert "$150.00" in text
    assert "$157.25" in text
    listed = page(made, "/kpi/revenue/reported.csv")
    assert listed.splitlines()[1].startswith("2026-03-15,2026-02-13,2026-03-14,2,157.25")


def test_an_earlier_moment_is_read_as_it_was_known(new_served: Any) -> None:
    made = new_served("")
    then = made.now.isoformat()
    made.now += timedelta(hours=2)
    made.tl.load_rows(
        "orders",
        [{"order_id": "late", "customer_id": "c9", "ordered_at": "2026-02-01T12:00:00Z",
          "amount": "1000", "currency": "USD"}],
    )  # fmt: skip
    assert "$1,174.50" in shown(page(made, "/kpi/revenue", **FEBRUARY))
    text = shown(page(made, "/kpi/revenue", as_of=then, **FEBRUARY))
    assert "$174.50" in text
    assert "As it was known on" in text
    local = page(made, "/kpi/revenue", as_of="2026-03-15T12:30", **FEBRUARY)
    assert "$174.50" in shown(local)
    assert 'value="2026-03-15T12:30"' in local


def test_the_present_of_the_tests_stands_still() -> None:
    assert NOW.isoformat() == "2026-03-15T16:00:00+00:00"
    assert len(from_facts()) < len(KPIS)


def test_what_was_reported_is_said_to_be_the_whole_company_s_where_a_filter_holds(
    served: Served,
) -> None:
    """Under a plan's filter stood the MRR of the whole company, without a word."""
    assert "whatever the filter" not in page(served, "/kpi/mrr")
    for path in ("/kpi/mrr", "/kpi/mrr/reported"):
        assert "of the whole company" in page(served, path, currency="USD").lower()
