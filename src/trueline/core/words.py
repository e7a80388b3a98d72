"""Values as people write them."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from functools import cache
from typing import Any

from trueline.core.reading import Reading

UNKNOWN = "–"
_WIDE = Context(prec=120)
"""Wide enough to write any product of two inputs: Babel rounds in the context it finds."""
_BARS = "▁▂▃▄▅▆▇█"


def value(reading: Reading, locale: str) -> str:
    """The value with its unit; a dash where it is not known, ``~`` before an estimate."""
    if reading.value is None:
        return UNKNOWN
    sign = "~" if reading.quality == "estimated" else ""
    return sign + amount(reading.value, reading.unit, reading.currency, locale)


def amount(number: Any, unit: str, currency: str | None, locale: str) -> str:
    """A number in a unit, as the company's locale writes it."""
    exact = Decimal(str(number))
    if currency is not None:
        kind = "whole money" if abs(exact) >= 10_000 else "money"
        text = _formatted(exact, kind, locale, currency)
        return f"{text}/month" if unit.endswith("/month") else text
    if unit == "count":
        return _formatted(exact, "whole", locale)
    if unit == "%":
        return _formatted(exact / 100, "percent", locale)
    text = _formatted(exact, "ratio" if unit == "ratio" else "number", locale)
    return text if unit in ("ratio", "score") else f"{text} {unit}"


def short_money(number: Any, currency: str, locale: str) -> str:
    """An amount in few letters, such as $4.6K: for labels; the whole one stands beside it."""
    from babel.numbers import format_compact_currency

    exact = Decimal(str(number))
    if abs(exact) < 1000:
        return amount(round(exact), currency, currency, locale)
    return str(
        format_compact_currency(exact, currency, locale=locale, fraction_digits=1).replace(
            ".0K", "K"
        )
    )


def _formatted(exact: Decimal, kind: str, locale: str, currency: str | None = None) -> str:
    """Babel's own formatting, with the pattern parsed once."""
    prepared, found = _prepared(kind, locale)
    with localcontext(_WIDE):
        return str(prepared.apply(exact, found, currency=currency, currency_digits=kind == "money"))


@cache
def _prepared(kind: str, locale: str) -> tuple[Any, Any]:
    """The locale's pattern for a kind of number."""
    from babel.core import Locale
    from babel.numbers import parse_pattern

    found = Locale.parse(locale)
    money = str(found.currency_formats["standard"].pattern)
    pattern = {
        "money": money,
        "whole money": money.replace(".00", ""),
        "percent": str(found.percent_formats[None].pattern).replace("##0", "##0.0"),
        "whole": "#,##0",
        "ratio": "#,##0.00",
        "number": "#,##0.0",
    }[kind]
    return parse_pattern(pattern), found


def changed(change: dict[str, Any] | None, unit: str) -> str:
    """A change, signed: in percent, and in percentage points where the unit is percent."""
    if not change or change.get("absolute") is None:
        return ""
    if unit == "%":
        return f"{float(change['absolute']):+.1f} pp"
    return "" if change.get("percent") is None else f"{float(change['percent']):+.1f}%"


def spark(readings: list[Reading]) -> str:
    """A sparkline; an unknown bucket is a gap, a partial one a dot."""
    known = [
        float(r.value) for r in readings if r.value is not None and r.completeness == "complete"
    ]
    if not known:
        return ""
    low, high = min(known), max(known)
    out = []
    for reading in readings:
        if reading.value is None:
            out.append(" ")
        elif reading.completeness == "partial":
            out.append("·")
        else:
            share = (float(reading.value) - low) / ((high - low) or 1)
            out.append(_BARS[round(share * (len(_BARS) - 1))])
    return "".join(out)
