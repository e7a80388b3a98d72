"""Filters of several kinds at once: on pages, in what leaves them, and over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from serving import Served

import trueline.web.charts.export as export
from pages import shown as page
from pages import words_of

FEBRUARY = {"start": "2026-02-01", "end": "2026-03-01"}
BOTH = "channel=Meta&country=CA"
OWN = """title = "Ours"
range = "month"

[[row]]

[[row.panel]]
kind = "table"
kpis = ["revenue", "aov"]
by = "country"

[[row.panel]]
kind = "tile"
kpi = "cac"

[[row.panel]]
kind = "cohorts"
of = "orders"
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("filters") / "home"
    made = Served(folder, '\n[server]\nembed_origins = ["https://intranet.example"]\n')
    places = {"c1": ("Meta", "CA"), "c2": ("Meta", "US"), "c3": ("Search & more", "CA")}
    made.tl.load_rows(
        "customers",
        [
            {"customer_id": who, "created_at": "2025-01-01", "channel": channel, "country": country}
            for who, (channel, country) in places.items()
        ],
    )
    (folder / "dashboards").mkdir()
    (folder / "dashboards" / "ours.toml").write_text(OWN, encoding="utf-8")
    with made.client:
        yield made
    made.tl.close()


def _panel(text: str, name: str) -> str:
    """A panel's words."""
    return words_of("<main" + text.split(f'id="p-{name}"')[1].split("</article>")[0])


def test_a_dashboard_holds_several_filters_in_whatever_order(served: Served) -> None:
    dates = "start=2026-02-01&end=2026-03-01"
    text = page(served, f"/executive?{dates}&{BOTH}")
    turned = page(served, f"/executive?{dates}&country=CA&channel=Meta")
    without = re.compile(r'name="form_token" value="[^"]*"')
    assert without.sub("", text) == without.sub("", turned)
    values = served.client.get(f"/d/executive/line-revenue.csv?{dates}&{BOTH}").text
    assert "2026-02-20,100" in values
    assert "74.5" not in values  # of another country
    assert "$150.00" in _panel(text, "tile-mrr")


def test_each_filter_can_be_taken_off_or_changed_by_itself(served: Served) -> None:
    text = unescape(page(served, f"/growth?range=month&{BOTH}"))
    held = text.split('<p class="filtered">')[1].split("</p>")[0]
    assert re.findall(r'href="([^"]+)"', held) == [
        "/growth?range=month&country=CA",
        "/growth?range=month&channel=Meta",
        "/growth?range=month",
    ]
    menu = text.split('id="m-filter"')[1].split("</details>")[0]
    assert 'href="/growth?range=month&channel=Search+%26+more&country=CA"' in menu
    assert 'href="/growth?range=month&channel=Meta&country=US"' in menu
    assert 'href="/growth?range=month&channel=Meta" data-partial="CA" aria-current' in menu
    days = text.split('id="m-range"')[1].split("</form>")[0]
    assert 'name="channel" value="Meta"' in days
    assert 'name="country" value="CA"' in days
    alone = page(served, "/growth?range=month&country=CA")
    assert alone.split('<p class="filtered">')[1].split("</p>")[0].count("href") == 1


def test_a_panel_that_filters_do_not_fit_says_which(served: Served) -> None:
    text = page(served, f"/d/ours?{BOTH}")
    cac = _panel(text, "tile-cac")
    assert (
        "can be filtered by channel, not by country. Take the country filter off to see it." in cac
    )
    assert "can only be shown for the whole company" in _panel(text, "cohorts-orders-heat")
    assert "Take the filter off" in _panel(page(served, "/d/ours?country=CA"), "tile-cac")


def test_a_panel_by_one_dimension_stands_within_a_filter_by_another(served: Served) -> None:
    table = served.client.get("/d/ours/table-country.csv?channel=Meta").text
    rows = dict(line.split(",", 1) for line in table.replace("\r", "").splitlines()[1:])
    assert rows["CA"].startswith("100")
    assert rows["US"].startswith("74.5")
    both = served.client.get(f"/d/ours/table-country.csv?{BOTH}").text
    assert [line.split(",")[0] for line in both.splitlines()[1:]] == ["CA"]


def test_whatever_leaves_a_page_names_its_filters(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a part would pass for the whole."""
    said = "Channel: Meta · Country: CA"
    assert said in words_of(page(served, f"/d/executive/line-revenue?{BOTH}"))
    assert said in words_of(page(served, f"/embed/executive/line-revenue?{BOTH}"))
    drawn: list[str] = []
    monkeypatch.setattr(export, "svg", lambda spec, title, subtitle: drawn.append(subtitle) or b"")
    for path in ("/d/executive/line-revenue.svg", "/kpi/revenue/course.svg"):
        assert served.client.get(f"{path}?range=90d&{BOTH}").status_code == 200
    assert len(drawn) <= 2
    assert all(said in subtitle for subtitle in drawn)


def test_a_kpi_page_is_cut_further_within_its_filters(served: Served) -> None:
    text = unescape(page(served, "/kpi/mrr", **FEBRUARY, channel="Meta", country="CA"))
    assert "$150.00" in words_of(text)
    assert 'id="h-by-plan"' in text
    assert 'id="h-by-channel"' not in text
    part = page(served, "/kpi/mrr/slices/plan", **FEBRUARY, channel="Meta", country="CA")
    assert "The whole within the filter is US$150.00" in words_of(part)
    assert "channel=Meta&plan=Pro&country=CA" in unescape(part)
    assert "Lite US$0.00" in words_of(part)
    refused = page(served, "/kpi/cac", 422, **FEBRUARY, channel="Meta", country="CA")
    assert "not by country" in words_of(refused)
    query = page(served, "/kpi/revenue/queries", **FEBRUARY, channel="Meta", country="CA")
    assert "= 'Meta'" in unescape(query)
    assert "= 'CA'" in unescape(query)


def _reading(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != "as_of"}


def test_the_api_reads_by_several_dimensions(served: Served) -> None:
    path = "/api/kpi/revenue"
    found = served.get(path, **FEBRUARY, channel="Meta", country="CA")
    assert found["value"] == 100
    assert found["slice"] == {"channel": "Meta", "country": "CA"}
    turned = served.get(path, country="CA", channel="Meta", **FEBRUARY)
    assert _reading(turned) == _reading(found)
    cut = {"channel": "Meta", "country": "CA"}
    series = served.get(f"{path}/series", start="2026-01-01", end="2026-03-01", **cut)["series"]
    assert [r["value"] for r in series] == [25.5, 100]
    parts = served.get(f"{path}/breakdown", by="country", channel="Meta", **FEBRUARY)["readings"]
    assert {r["slice"]["country"]: r["value"] for r in parts} == {"CA": 100, "US": 74.5}
    bridge = served.get("/api/kpi/bridge", plan="Pro", country="CA", **FEBRUARY)
    assert (bridge["opening"], bridge["expansion"], bridge["closing"]) == (100, 50, 150)
    explained = served.get(f"{path}/explain", **FEBRUARY, **cut)
    assert explained["reading"]["slice"] == cut
    ahead = served.get("/api/kpi/revenue/forecast", **cut)
    assert ahead["forecast"] is None  # two months are no history
    assert ahead["reasons"]


def test_the_api_says_which_dimension_is_lacking(served: Served) -> None:
    refused = served.get("/api/kpi/cac", 422, **FEBRUARY, channel="Meta", country="CA")
    assert "cannot be cut by country" in str(refused)
    unknown = served.get("/api/kpi/revenue", 404, **FEBRUARY, channel="Meta", country="FR")
    assert "no country 'FR'" in str(unknown)
