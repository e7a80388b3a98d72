"""Axes and tooltips that all charts share."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from trueline.core import words

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_TAKEN = frozenset(
    {
        "__proto__", "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable",
        "toLocaleString", "toString", "valueOf", "__defineGetter__", "__defineSetter__",
        "__lookupGetter__", "__lookupSetter__",
    }
)  # fmt: skip
"""Every object of JavaScript has these: rows grouped by such a name would not be drawn at all."""
DAYS = "%b %-d"
"""How a time axis writes days."""
_DAY_ONCE = "hours(datum.value) > 1 ? '' : datum.label"
"""Of few days an axis has marks within a day, which is named at its first; that may be an hour late
where clocks are put forward at midnight."""
MINUTE = "T00:00:00"
"""Put behind a day: a bare date is read as UTC, and shows the day before west of Greenwich."""


@dataclass(frozen=True)
class Scale:
    """How a value axis is written: ``before`` and ``after`` the number (a currency, a unit);
    ``whole`` where half of one is none, as of customers."""

    before: str = ""
    after: str = ""
    whole: bool = False
    locale: str = "en_US"

    @property
    def label(self) -> str:
        """The axis label as a Vega expression: 1.2k, 3M, 4B, with what stands around it."""
        size = "abs(datum.value)"
        # Below 1 the library would write thousandths: 0.8 as 800m, which reads as millions.
        large = f"replace(format({size}, '~s'), 'G', 'B')"
        if not self.locale.startswith("en"):
            large = f"format({size}, ',.12~r')"
            for counted in reversed(words.sizes(self.locale)):
                name = f"format({size} / {counted.unit}, '.12~r') + {_quoted(counted.name)}"
                large = f"({size} >= {counted.least} ? {name} : {large})"
        short = f"({size} < 1 ? format({size}, '~g') : {large})"
        sign = "(datum.value < 0 ? '-' : '')"
        text = f"{sign} + {_quoted(self.before)} + {short} + {_quoted(self.after)}"
        return f"datum.value % 1 ? '' : {text}" if self.whole else text


def scale_for(unit: str, currency: str | None, locale: str) -> Scale:
    """The axis of a unit."""
    if currency is not None:
        return Scale(*_around(currency, locale), locale=locale)
    if unit == "%":
        before, _, after = words.share(Decimal(0), Decimal(1), locale).partition("0")
        return Scale(before, after, locale=locale)
    return Scale(whole=unit in ("count", "users"), locale=locale)


@cache
def _around(currency: str, locale: str) -> tuple[str, str]:
    """Where the locale puts the currency's sign."""
    from babel.numbers import format_currency

    text = format_currency(
        0, currency, locale=locale, format_type="standard", currency_digits=False
    )
    before, _, after = text.partition("0")
    return before, after.lstrip("0.,")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def value_axis(field: str, scale: Scale, *, zero: bool = False, **words: Any) -> Spec:
    """A vertical value axis with few, round labels."""
    return {
        "field": field,
        "type": "quantitative",
        "axis": {"title": None, "tickCount": 4, "labelExpr": scale.label},
        "scale": {"zero": zero, "nice": True},
        **words,
    }


def time_axis(field: str = "t") -> Spec:
    """A horizontal axis of local days (``marked.named_by`` sets another format for months)."""
    return {
        "field": field,
        "type": "temporal",
        "axis": {
            "title": None,
            "grid": False,
            "tickCount": 6,
            "format": DAYS,
            "labelExpr": _DAY_ONCE,
            "labelFlush": True,
            "labelOverlap": True,
        },
    }


def label_axis(field: str = "label") -> Spec:
    """A horizontal axis of buckets, each with its text."""
    return {
        "field": field,
        "type": "ordinal",
        "sort": None,
        "axis": {
            "title": None,
            "grid": False,
            "labelAngle": 0,
            "labelOverlap": "greedy",
            "labelSeparation": 8,
        },
        "scale": {"paddingInner": 0.35, "paddingOuter": 0.2},
    }


def tips(*pairs: tuple[str, str]) -> list[Spec]:
    """Tooltip lines: (field, title); the fields hold text already."""
    return [{"field": field, "type": "nominal", "title": title} for field, title in pairs]


def chart(
    layers: list[Spec],
    data: dict[str, list[Any]],
    height: int,
    *,
    grows: bool | int = True,
    **words: Any,
) -> Spec:
    """A chart of layers over named data, as wide as its place; on a page also as high, if it
    ``grows``: where height is no number of rows. A number is by how much at the most."""
    spec = {
        "$schema": SCHEMA,
        "width": "container",
        "height": height,
        "usermeta": {"grows": grows},
        "datasets": data,
        "layer": layers,
        **words,
    }
    kept: Spec = _apart(spec)
    return kept


def _apart(value: Any) -> Any:
    """The same, names that the drawing library takes for something of its own kept apart."""
    if isinstance(value, dict):
        return {key: _apart(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_apart(item) for item in value]
    return f"{value}\u200b" if isinstance(value, str) and value in _TAKEN else value
