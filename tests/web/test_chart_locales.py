"""Charts name days and months, and write decimals, as the company's locale does."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from trueline.core.period import Period
from trueline.web.charts import export
from trueline.web.charts.axis import MINUTE, Scale, scale_for
from trueline.web.charts.lines import Line, lines
from trueline.web.charts.locales import days, localised, months
from trueline.web.charts.marked import named_by


def drawn(locale: str, last: date, step: int) -> str:
    """An SVG of a line from 1 February 2026 on, its values between 1,000 and 2,000."""
    first = date(2026, 2, 1)
    rows: list[dict[str, Any]] = [
        {"t": f"{date.fromordinal(n)}{MINUTE}", "when": "", "v0": 1000.0 + n % 1000, "x0": ""}
        for n in range(first.toordinal(), last.toordinal(), step)
    ]
    spec = lines([Line("Revenue", "c1", False)], rows, Scale("$"))
    whole = Period(first, date.fromordinal(first.toordinal() + step))
    spec = named_by(spec, whole, Period(last, date.fromordinal(last.toordinal() + step)), locale)
    return export.svg(localised(spec, locale), "", "").decode()


@pytest.mark.parametrize(
    ("locale", "day", "month"),
    [
        ("en_CA", "%b %-d", "%b %Y"),
        ("en_GB", "%-d %b", "%b %Y"),
        ("fr_CA", "%-d %b", "%b %Y"),
        ("de_DE", "%-d. %b", "%b %Y"),
        ("ja_JP", "%-m月%-d日", "%Y年%-m月"),
    ],
)
def test_the_order_is_the_locale_s(locale: str, day: str, month: str) -> None:
    assert (days(locale), months(locale)) == (day, month)


def test_days_and_decimals_are_written_in_french() -> None:
    text = drawn("fr_CA", date(2026, 3, 8), 1)
    assert "8 févr." in text
    assert "$1,66k" in text
    assert "Feb" not in text


def test_months_are_named_in_german() -> None:
    text = drawn("de_DE", date(2026, 9, 1), 28)
    assert "März 2026" in text or "Mai 2026" in text
    assert "May" not in text


def test_an_axis_writes_a_loss_as_a_number_does() -> None:
    """The sign stands before the currency: -$500, as every value on the page has it."""
    rows = [{"t": f"2026-02-0{n}{MINUTE}", "v0": -500.0 * n, "x0": "", "when": ""} for n in (1, 2)]
    spec = lines([Line("Net burn", "c1", False)], rows, Scale("$"))
    text = export.svg(localised(spec, "en_CA"), "", "").decode()
    assert "-$1k" in text
    assert "$-" not in text


@pytest.mark.parametrize(
    ("scale", "most", "label"), [(Scale("$"), 0.5, "$0.2"), (Scale(whole=True), 1.0, "1")]
)
def test_an_axis_below_1_has_no_thousandths_and_names_a_day_once(
    scale: Scale, most: float, label: str
) -> None:
    """One new customer had an axis of 200m, 400m, 800m: millions, to a reader."""
    rows = [
        {"t": f"2026-02-0{day}{MINUTE}", "v0": value, "x0": "", "when": ""}
        for day, value in ((1, 0.0), (2, most))
    ]
    spec = lines([Line("New customers", "c1", False)], rows, scale)
    found = re.findall(r">([^<>]+)</text>", export.svg(localised(spec, "en_CA"), "", "").decode())
    assert label in found
    assert not any(text.endswith("m") for text in found), found
    assert not scale.whole or "0.5" not in found
    assert (found.count("Feb 1"), found.count("Feb 2")) == (1, 1)


def test_english_is_the_library_s_own() -> None:
    text = drawn("en_CA", date(2026, 3, 8), 1)
    assert "Feb 8" in text
    assert "$1.66k" in text
    spec = {"layer": []}
    assert localised(spec, "en_GB") is spec


def test_every_locale_that_a_company_may_have_gives_names() -> None:
    from babel.localedata import locale_identifiers

    for locale in locale_identifiers():
        time = localised({}, locale).get("config", {"locale": {"time": None}})["locale"]["time"]
        assert days(locale) and months(locale)
        if time is not None:
            assert [len(time[n]) for n in ("days", "shortDays", "months")] == [7, 7, 12], locale


@pytest.mark.parametrize(
    ("unit", "locale", "most", "labels"),
    [
        ("USD", "en_US", 8000.0, {"$2k", "$8k"}),
        ("USD", "fr_CA", 8000.0, {"2 k $ US", "8 k $ US"}),
        ("USD", "fr_CA", 2.5e6, {"1,5 M $ US"}),
        ("USD", "de_DE", 8000.0, {"2.000 $", "8.000 $"}),
        ("USD", "de_DE", 8e6, {"2 Mio. $"}),
        ("%", "fr_CA", 80.0, {"20 %", "80 %"}),
        ("%", "en_US", 80.0, {"20%"}),
    ],
)
def test_an_axis_counts_large_numbers_as_the_locale_does(
    unit: str, locale: str, most: float, labels: set[str]
) -> None:
    """English k and % stood beside French tiles: 8k $, 80%."""
    rows = [
        {"t": f"2026-03-{n + 1:02}T00:00:00", "when": "", "v0": v, "d0": None, "x0": ""}
        for n, v in enumerate((0.0, most))
    ]
    scale = scale_for(unit, None if unit == "%" else unit, locale)
    spec = lines([Line("Revenue", "c1", False)], rows, scale)
    svg = export.svg(localised(spec, locale), "", "").decode()
    found = {
        text.replace("\xa0", " ").replace("\u202f", " ")
        for text in re.findall(r">([^<>]+)</text>", svg)
    }
    assert labels <= found, found
