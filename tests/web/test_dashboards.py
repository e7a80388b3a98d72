"""Dashboards: what they declare, what they show, what is taken away from them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from serving import NOW, Served
from starlette.testclient import TestClient

import trueline
from pages import HTML
from pages import shown as page
from trueline.core.quality import Completeness
from trueline.home import Trueline
from trueline.web import create_app
from trueline.web.boards import plan_panel
from trueline.web.charts import export

HEAD = 'title = "Ours"\n\n[[row]]\n\n[[row.panel]]\n'


# -- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/executive", "/finance", "/growth"])
def test_a_dashboard_has_its_values_before_any_script(served: Served, path: str) -> None:
    text = page(served, path)
    assert "data-live" in text
    assert " style=" not in text
    assert "could not be" not in text
    assert "failed; see" not in text


def test_the_page_shows_the_engines_readings(served: Served) -> None:
    mrr = served.tl.kpi("mrr", period_days=30)
    assert mrr.value == 300
    text = page(served, "/executive")
    tile = text.split('id="p-tile-mrr"')[1].split("</article>")[0]
    assert "$300.00" in tile
    assert "a year ago" in tile


def test_what_is_not_known_says_what_is_missing_and_where_to_mend_it(served: Served) -> None:
    text = page(served, "/finance")
    tile = text.split('id="p-tile-cash-balance"')[1].split("</article>")[0]
    assert "Not known" in tile
    assert 'href="/data"' in tile


def test_the_start_page_of_a_browser_is_the_executive_one(served: Served) -> None:
    answer = served.client.get("/", headers=HTML, follow_redirects=False)
    assert answer.headers["location"] == "/executive"
    assert served.client.get("/").json()["name"] == "Trueline"


def test_a_company_without_facts_is_welcomed(tmp_path: Path) -> None:
    home = trueline.init(tmp_path / "empty")
    with Trueline(home) as tl, TestClient(create_app(tl)) as client:
        answer = client.get("/", headers=HTML)
        assert answer.status_code == 200
        assert answer.url.path == "/welcome"
        assert "trueline demo --home demo --port 8000" in answer.text
        # A demo cannot listen where this server does.
        there = client.get("http://127.0.0.1:8000/welcome", headers=HTML)
        assert "trueline demo --home demo --port 8001" in there.text
        assert client.get("/d/executive/tile-mrr", headers=HTML).status_code == 200


def test_a_company_whose_only_file_was_refused_is_welcomed_still(tmp_path: Path) -> None:
    home = trueline.init(tmp_path / "refused")
    with Trueline(home) as tl, TestClient(create_app(tl)) as client:
        row = {"order_id": "o1", "customer_id": "c1", "ordered_at": "2026-01-05", "amount": "$5"}
        assert tl.load_rows("orders", [row]).status == "refused"
        assert client.get("/", headers=HTML).url.path == "/welcome"
        tl.load_rows("orders", [row | {"amount": "5", "currency": "USD"}])
        assert client.get("/", headers=HTML).url.path == "/executive"


def test_a_panel_that_nothing_feeds_is_not_shown(served: Served) -> None:
    text = page(served, "/executive")
    assert "p-experiments" not in text
    assert "p-alerts" not in text
    assert "Nothing feeds" in page(served, "/d/executive/experiments", 404)
    assert "p-plan-revenue" not in page(served, "/finance")


def test_what_is_planned_below_zero_has_no_percentage(served: Served) -> None:
    """Cash of 5,000 a month was to be earned, 6,000 was: that is no +20 % of burn."""
    reading = served.tl.kpi("revenue", start="2026-02-01", end="2026-03-01")
    whole = replace(reading, value=Decimal(-6000), completeness=Completeness.COMPLETE)
    assert plan_panel._difference(whole, Decimal(-5000), "en_US").raw is None
    assert plan_panel._difference(whole, Decimal(5000), "en_US").raw == -220


def test_every_chart_of_every_dashboard_draws(served: Served) -> None:
    drawn = 0
    for name in ("executive", "finance", "growth"):
        text = page(served, f"/{name}?range=365d")
        for address in set(re.findall(r'data-chart="([^"]+)"', text)):
            spec = served.client.get(address.replace("&amp;", "&")).json()["spec"]
            assert export.svg(spec, name, "drawn by a test").startswith(b"<svg"), address
            drawn += 1
    assert drawn > 12


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("range=mtd", 200),
        ("range=ytd", 200),
        ("start=2026-01-01&end=2026-02-01", 200),
        ("start=2026-01-01&last=2026-01-31", 200),
        ("start=1990-01-01&end=1991-01-01", 200),
        ("start=1977-01-01&end=2026-01-01", 200),
        ("start=1900-01-01&end=2100-01-01", 422),
        ("start=2026-02-01&end=2026-01-01", 422),
        ("start=2026-02-30&end=2026-03-01", 422),
        ("range=fortnight", 404),
        ("channel=nowhere", 404),
        ("channel=paid&country=CA", 404),
        ("channel=" + quote("<script>alert(1)</script>"), 404),
        ("wrong=1", 422),
        ("range=30d&range=90d", 422),
        ("estimates=perhaps", 422),
    ],
)
def test_a_range_or_slice_that_cannot_be_is_said_on_a_page(
    served: Served, query: str, status: int
) -> None:
    text = page(served, f"/executive?{query}", status)
    assert "<script>alert" not in text
    assert "Traceback" not in text


def test_a_kpi_that_cannot_be_cut_says_so_rather_than_showing_the_whole(served: Served) -> None:
    text = page(served, "/executive?plan=Pro")
    runway = text.split('id="p-gauge-runway-months"')[1].split("</section>")[0]
    assert runway.count("can only be shown for the whole company") == 1
    assert "cannot be cut" not in text
    assert "by: nothing" not in text
    assert "$250.00" in text.split('id="p-tile-mrr"')[1].split("</article>")[0]


def test_a_range_is_shared_by_its_address_and_by_its_last_day(served: Served) -> None:
    by_end = page(served, "/executive?start=2026-01-01&end=2026-02-01")
    by_last = page(served, "/executive?start=2026-01-01&last=2026-01-31")
    without = re.compile(r'name="form_token" value="[^"]*"')
    assert without.sub("", by_end) == without.sub("", by_last)
    assert "range=365d" in by_end
    assert "start=2026-01-01&amp;end=2026-02-01" in by_end


def test_a_target_says_where_it_is_set(served: Served) -> None:
    text = page(served, "/finance")
    assert "the dashboard specification" in text.split("About these numbers")[1]


def test_a_bar_of_a_bucket_that_is_not_over_is_partial(served: Served) -> None:
    spec = served.get("/d/growth/bars-new-customers.json")["spec"]
    rows = spec["datasets"]["rows"]
    assert [row["partial"] for row in rows[:-1]] == [False] * (len(rows) - 1)
    assert rows[-1]["partial"]


def test_charts_send_local_days_with_a_time(served: Served) -> None:
    spec = served.get("/d/executive/line-revenue.json")["spec"]
    assert all(row["t"].endswith("T00:00:00") for row in spec["datasets"]["rows"])


def test_a_panel_can_be_shown_as_a_table_and_alone(served: Served) -> None:
    chart = page(served, "/executive")
    table = page(served, "/executive?table=line-revenue,nothing")
    assert 'id="c-line-revenue"' in chart
    assert 'id="c-line-revenue"' not in table
    assert "Revenue, table" in table
    alone = page(served, "/d/executive/line-revenue")
    assert 'id="c-line-revenue"' in alone
    assert "Revenue, table" in alone


# -- kept results ---------------------------------------------------------------------------------


def test_a_result_is_kept_until_facts_or_the_day_change(
    own: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trueline.web.boards import evaluation

    made = []
    real = evaluation.evaluate
    monkeypatch.setattr(evaluation, "evaluate", lambda *a: made.append(1) or real(*a))

    def ask() -> int:
        page(own, "/executive")
        own.get("/d/executive/line-revenue.json")
        return len(made)

    assert ask() == 1
    assert ask() == 1
    row = {"order_id": "o9", "customer_id": "c1", "ordered_at": "2026-03-10T15:00:00Z"}
    own.tl.load_rows("orders", [row | {"amount": "900.00", "currency": "USD"}])
    assert ask() == 2
    own.now = NOW + timedelta(days=1)
    assert ask() == 3


def test_a_panel_that_fails_takes_no_other_with_it(
    own: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trueline.web.boards import evaluation

    def broken(*_: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setitem(evaluation.BUILDERS, "line", broken)
    text = page(own, "/executive")
    assert "This panel failed" in text
    assert "boom" not in text
    assert "$300.00" in text


def test_a_companys_own_dashboard_is_in_the_navigation_and_a_broken_one_says_why(
    own: Served,
) -> None:
    folder = own.tl.home / "dashboards"
    folder.mkdir()
    (folder / "board.toml").write_text(
        HEAD.replace("Ours", "Ours & <b>theirs</b>") + 'kind = "tile"\nkpi = "mrr"\ntarget = 500\n'
    )
    text = page(own, "/d/board")
    assert "$300.00" in text
    assert "≥ US$500.00" in text
    assert "Ours &amp; &lt;b&gt;theirs" in page(own, "/kpis")
    assert "Ours & <b>theirs</b>" in own.client.get("/places").text
    (folder / "broken.toml").write_text(HEAD + 'kind = "tile"\nkpi = "mrrr"\n')
    text = page(own, "/d/broken", 422)
    assert "broken.toml, line 7" in text
    assert "Did you mean" in text
    check = next(c for c in own.tl.doctor() if c["check"] == "dashboards")
    assert not check["ok"]
    assert "broken.toml, line 7" in check["message"]
    assert "$300.00" in page(own, "/d/board")


def test_names_that_people_gave_break_no_page_and_no_file(own: Served) -> None:
    hostile = ["<script>alert(1)</script>", "=1+1", "\u202eevil", "x" * 500, "@c1", "😀"]
    rows = [
        {"spend_date": "2026-03-01", "channel": name, "campaign": "k", "amount": str(10 + n),
         "currency": "USD", "impressions": 100, "clicks": 10, "conversions": 1}
        for n, name in enumerate(hostile)
    ]  # fmt: skip
    report = own.tl.load_rows("spend", rows)
    assert report.status == "loaded", report.rejects
    text = page(own, "/growth")
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;" in text
    sheet = own.client.get("/d/growth/ring-spend.csv").text
    names = [line[0] for line in csv.reader(io.StringIO(sheet))][1:]
    assert "'=1+1" in names
    assert "'@c1" in names
    spec = own.client.get("/d/growth/ring-spend.json").json()["spec"]
    assert export.svg(spec, "Spend", "").startswith(b"<svg")
    assert own.client.get("/growth", params={"channel": "=1+1"}, headers=HTML).status_code == 200
