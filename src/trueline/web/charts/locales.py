"""The company's locale as charts know it: names of days and months, their order, decimal signs."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from trueline.web.charts.axis import DAYS, Spec

MONTHS, YEARS = "%b %Y", "%Y"
_PARTS = {
    "d": "%-d", "dd": "%d", "M": "%-m", "MM": "%m", "MMM": "%b", "MMMM": "%B",
    "L": "%-m", "LL": "%m", "LLL": "%b", "LLLL": "%B", "y": "%Y", "yyyy": "%Y",
}  # fmt: skip
"""CLDR's fields, as a time axis writes them."""


def days(locale: str) -> str:
    """How a time axis writes a day: "Nov 8", "8 nov."."""
    return _form("MMMd", locale) or DAYS


def months(locale: str) -> str:
    """How a time axis writes a month with its year."""
    return _form("yMMM", locale) or MONTHS


@cache
def _form(skeleton: str, locale: str) -> str | None:
    """CLDR's pattern in the signs of a time axis; None where it has a part that those lack."""
    from babel.core import Locale

    found = Locale.parse(locale).datetime_skeletons.get(skeleton)
    written = ""
    for literal, field, other in re.findall(r"'([^']*)'|([A-Za-z]+)|(.)", str(found or "")):
        if field and field not in _PARTS:
            return None
        written += _PARTS[field] if field else (literal or other).replace("%", "%%")
    return written or None


def localised(spec: Spec, locale: str) -> Spec:
    """The chart with the locale's words and signs; English ones are the drawing library's own."""
    if locale.split("_")[0] == "en":
        return spec
    return spec | {"config": spec.get("config", {}) | {"locale": _locale(locale)}}


@cache
def _locale(locale: str) -> dict[str, Any]:
    from babel.core import Locale
    from babel.numbers import get_decimal_symbol, get_group_symbol

    found = Locale.parse(locale)
    names = {width: _names(found, width) for width in ("wide", "abbreviated")}
    time = {
        "dateTime": "%x %X", "date": days(locale), "time": "%H:%M:%S", "periods": ["AM", "PM"],
        "days": names["wide"][0], "shortDays": names["abbreviated"][0],
        "months": names["wide"][1], "shortMonths": names["abbreviated"][1],
    }  # fmt: skip
    number = {
        "decimal": get_decimal_symbol(found), "thousands": get_group_symbol(found),
        "grouping": [3], "currency": ["", ""],
    }  # fmt: skip
    return {"time": time, "number": number}


def _names(found: Any, width: str) -> tuple[list[str], list[str]]:
    """The week's days, from Sunday on, and the year's months."""
    week, year = found.days["format"][width], found.months["format"][width]
    return [str(week[n]) for n in (6, *range(6))], [str(year[n]) for n in range(1, 13)]
