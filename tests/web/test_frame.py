"""The frame of pages: assets made here, forms that only this server gives, charts that draw."""

from __future__ import annotations

import re
from datetime import date

import pytest
from serving import Served

from trueline.core.period import Calendar, Period
from trueline.web import assets
from trueline.web.charts import bars, export, samples
from trueline.web.charts.axis import Scale
from trueline.web.pages import figures
from trueline.web.pages import range as ranges
from trueline.web.pages.frame import STATIC, TEMPLATES, span

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("name", ["charts.js", "inter.woff2"])
def test_assets_are_made_here_and_may_be_kept(served: Served, name: str) -> None:
    answer = served.client.get(f"/assets/{assets.names()[name]}")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert len(answer.content) > 100


def test_a_page_names_only_addresses_of_this_server_that_are_there(served: Served) -> None:
    text = served.client.get("/style-guide", headers=HTML).text
    named = set(re.findall(r'(?:src|href)="(/(?:static|assets)/[^"#]+)', text))
    assert len(named) > 4
    for address in named:
        assert served.client.get(address).status_code == 200, address
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    assert " style=" not in text


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_every_chart_draws_without_a_browser(name: str) -> None:
    spec = samples.SAMPLES[name]()
    drawn = export.svg(spec, name, "a sample").decode()
    assert drawn.startswith("<svg")
    assert "@" not in re.sub(r"<text.*?</text>", "", drawn)


def test_a_name_that_looks_like_a_colour_stays_a_name() -> None:
    spec = export.coloured(
        {"color": "@c1", "scale": {"domain": ["@c1"]}, "datasets": {"x": ["@c1"]}}
    )
    assert spec["color"].startswith("#")
    assert spec["scale"]["domain"] == ["@c1"]
    assert spec["datasets"] == {"x": ["@c1"]}


def test_an_unknown_page_is_said_to_a_person_on_a_page(served: Served) -> None:
    answer = served.client.get("/nowhere", headers=HTML)
    assert answer.status_code == 404
    assert "Start page" in answer.text
    assert served.client.get("/api/nowhere", headers=HTML).json()["code"] == "not_found"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_sites_page_cannot_change_anything(served: Served, headers: dict[str, str]) -> None:
    answer = served.client.post("/api/refresh", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_site")


def test_a_range_of_whole_months_ends_before_today() -> None:
    today, calendar = date(2026, 11, 25), Calendar()
    month = ranges.preset("month", today, calendar).period
    assert month == Period(date(2026, 10, 1), date(2026, 11, 1))
    year = ranges.preset("ytd", today, calendar).period
    assert year == Period(date(2026, 1, 1), today)
    first = ranges.preset("mtd", date(2026, 11, 1), calendar).period
    assert first == Period(date(2026, 10, 1), date(2026, 11, 1))


def test_periods_are_written_with_their_last_day() -> None:
    text = span(Period(date(2026, 11, 1), date(2026, 12, 1)), "en_CA")
    assert "30" in text
    assert "Dec" not in text


def test_a_sparkline_leaves_gaps_and_dashes_what_is_partial() -> None:
    drawn = figures.spark([1, 2, None, 3, 4, 2], loose=[5])
    assert drawn is not None
    assert (drawn["line"].count("M"), drawn["dashes"].count("M")) == (2, 1)
    within = figures.spark([1, 2, 3, 4, 5, 6, 7], loose=[3])
    assert within is not None, "a month that is known in part stood in the middle as a whole one"
    assert (within["line"].count("M"), within["dashes"].count("M")) == (2, 2)
    assert figures.spark([None, 3.0, None]) is None


@pytest.mark.parametrize("name", ["__proto__", "constructor", "toString"])
def test_a_channel_named_like_a_part_of_every_object_is_drawn(name: str) -> None:
    rows = [
        {"label": f"W{n}", "when": f"W{n}", "name": name, "order": 0, "v": n, "x": str(n)}
        for n in (1, 2)
    ]
    spec = bars.stacked(rows, [name, "Meta"], Scale())
    assert export.svg(spec, "names", "by channel").count(b"<path") > 2


def test_a_link_to_the_reference_leads_to_its_operation(served: Served) -> None:
    reference = served.client.get("/docs", headers=HTML).text
    for path in ("/kpi/nrr", "/calculators/nrr"):
        text = served.client.get(path, headers=HTML).text
        places = re.findall(r'href="/docs#([^"]+)"', text)
        assert places, path
        assert all(f'id="{place}"' in reference for place in places), places


def test_all_styles_come_in_one_answer_that_may_be_kept(served: Served) -> None:
    text = served.client.get("/style-guide", headers=HTML).text
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', text)
    assert len(sheets) == 1
    answer = served.client.get(sheets[0])
    assert "immutable" in answer.headers["Cache-Control"]
    assert "@font-face" in answer.text
    assert ".card" in answer.text
    old = re.sub(r"/static/\w+/", "/static/0123456789ab/", sheets[0])
    assert served.client.get(old).status_code == 404


def test_a_page_is_in_english_whatever_locale_its_numbers_have() -> None:
    """Who hears a page hears English words; the locale is that of numbers and days."""
    for name in ("base.html", "embed.html"):
        text = (TEMPLATES / name).read_text(encoding="utf-8")
        assert """<html lang="en" data-locale="{{ locale|replace('_', '-') }}\"""" in text, name
    script = (STATIC / "js" / "records.js").read_text(encoding="utf-8")
    assert "toLocaleString()" not in script
