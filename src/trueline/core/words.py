"""Values as people write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trueline.core.reading import Reading

UNKNOWN = "–"
_BARS = "▁▂▃▄▅▆▇█"


def value(reading: Reading, locale: str) -> str:
    """The value with its unit; a dash where it is not known, ``~`` before an estimate."""
    if reading.value is None:
        return UNKNOWN
    sign = "~" if reading.quality == "estimated" else ""
    return sign + amount(reading.value, reading.unit, reading.currency, locale)


def amount(number: Any, unit: str, currency: str | None, locale: str) -> str:
    """A number in a unit, in the company's locale."""
    from babel.numbers import format_currency, format_decimal

    exact = Decimal(str(number))
    if currency is not None:
        pattern = "¤#,##0" if abs(exact) >= 10_000 else "¤#,##0.00"
        text = str(format_currency(exact, currency, pattern, locale=locale, currency_digits=False))
        return f"{text}/month" if unit.endswith("/month") else text
    if unit == "count":
        return str(format_decimal(exact, "#,##0", locale=locale))
    text = str(format_decimal(exact, "#,##0.0" if unit != "ratio" else "#,##0.00", locale=locale))
    return {"%": f"{text}%", "months": f"{text} months"}.get(unit, text)


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
