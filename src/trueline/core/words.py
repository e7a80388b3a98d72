"""Values as people write them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from trueline.core.kept import kept_in, release
from trueline.core.money import exactly
from trueline.core.reading import Reading

UNKNOWN = "–"
_WIDE = Context(prec=120, rounding=ROUND_HALF_UP)
"""Wide enough to write any product of two inputs: Babel rounds in the context it finds. A half is
rounded up, as people who check a figure do."""
_WHOLE_FROM = Decimal(10_000)
"""From here on money is shown without its cents, which nobody reads."""
POINTS = {"%": "pp", "score": "points"}
"""Units whose change is a difference, and what that is counted in."""
_BARS = "▁▂▃▄▅▆▇█"


def value(reading: Reading, locale: str) -> str:
    """The value with its unit; a dash where it is not known, ``~`` before an estimate."""
    if reading.value is None:
        return UNKNOWN
    sign = "~" if reading.quality == "estimated" else ""
    return sign + amount(reading.value, reading.unit, reading.currency, locale)


def amount(number: Any, unit: str, currency: str | None, locale: str) -> str:
    """A number in a unit, as the company's locale writes it."""
    return writer(unit, currency, locale)(exactly(number))


@cache
def writer(unit: str, currency: str | None, locale: str) -> Writer:
    """What writes a unit's numbers as the company's locale does."""
    if currency is None:
        after = "" if unit in ("count", "%", "ratio", "score") else f" {unit}"
        return _ended(_writer(_KINDS.get(unit, "number"), locale), after)
    after = "/month" if unit.endswith("/month") else ""
    small = _ended(_writer("money", locale, currency), after)
    large = _ended(_writer("whole money", locale, currency), after)

    def write(exact: Decimal) -> str:
        return large(exact) if abs(exact) >= _WHOLE_FROM else small(exact)

    return write


def _ended(write: Writer, after: str) -> Writer:
    return (lambda exact: write(exact) + after) if after else write


def alike(numbers: Iterable[Any], unit: str, currency: str | None, locale: str) -> list[str]:
    """Numbers that stand in one column or chart, all to the same place behind the point.

    Money is written whole where the largest would be alone: "$12,674" beside "$6,917", never
    beside "$6,917.25". A number that is None is a dash.
    """
    given = [None if n is None else exactly(n) for n in numbers]
    most = max((abs(n) for n in given if n is not None), default=Decimal(0))
    if currency is None or most < _WHOLE_FROM:
        return [UNKNOWN if n is None else amount(n, unit, currency, locale) for n in given]
    write = _writer("whole money", locale, currency)
    after = "/month" if unit.endswith("/month") else ""
    return [UNKNOWN if n is None else write(n) + after for n in given]


def short_money(number: Any, currency: str, locale: str) -> str:
    """An amount in few letters, such as $4.6k, as the axes of charts have it: for labels; the
    whole one stands beside it."""
    from babel.core import Locale
    from babel.numbers import parse_pattern

    exact = Decimal(str(number))
    size = next((size for size in sizes(locale) if abs(exact) >= size.rounds_up), None)
    found = Locale.parse(locale)
    pattern = str(found.currency_formats["standard"].pattern)
    pattern = pattern.replace(".00", ".#" if size else "")
    with localcontext(_WIDE):
        shown = exact / size.unit if size else exact.quantize(Decimal(1)) or Decimal(0)
        text = str(
            parse_pattern(pattern).apply(shown, found, currency=currency, currency_digits=False)
        )
    end = 1 + max(place for place, sign in enumerate(text) if sign.isdigit())
    return f"{text[:end]}{size.name if size else ''}{text[end:]}"


class Size(NamedTuple):
    """What large numbers are counted in: 4.6k, 4,6 Mio."""

    least: int
    unit: int
    name: str
    rounds_up: Decimal
    """What would be written as a whole one of it is of it already."""


@cache
def sizes(locale: str) -> tuple[Size, ...]:
    """The sizes in which the locale writes large numbers, the largest first: k, M and B in English,
    elsewhere as CLDR has them; in German, thousands are written out."""
    out: list[Size] = []
    for least, unit, name in _units(locale):
        if not out or (unit, name) != (out[-1].unit, out[-1].name):
            before = Decimal("0.05") * out[-1].unit if out else Decimal("0.5")
            out.append(Size(least, unit, name, least - before))
    return tuple(reversed(out))


def _units(locale: str) -> list[tuple[int, int, str]]:
    """From which number on a number is counted in what, the smallest first."""
    from babel.core import Locale

    found = Locale.parse(locale)
    if found.language == "en":
        return [(10**3, 10**3, "k"), (10**6, 10**6, "M"), (10**9, 10**9, "B")]
    out = []
    for least, form in found.compact_decimal_formats["short"]["other"].items():
        before, zeros, name = str(form.pattern).replace("'", "").rpartition("0")
        unit = int(least) // 10 ** before.count("0")
        if zeros and name and unit > 1:
            out.append((int(least), unit, name))
    return sorted(out)


_KINDS = {"count": "whole", "%": "percent", "ratio": "ratio", "users": "people"}
"""How a unit's numbers are written; users are whole, only a mean of days has a decimal."""


Writer = Callable[[Decimal], str]


def exact_money(number: Any, currency: str, locale: str) -> str:
    """An amount to its last decimal, as entries of a ledger are written."""
    from babel.numbers import format_currency

    with localcontext(_WIDE):
        return str(format_currency(Decimal(str(number)), currency, locale=locale))


class _Form(NamedTuple):
    """How one kind of number is written: what stands around it, its separators and decimals."""

    before: str
    after: str
    before_minus: str
    after_minus: str
    group: str
    point: str
    places: int

    def writer(self) -> Writer:
        """Writes numbers so."""
        before, after, before_minus, after_minus, group, point, places = self
        last_place = Decimal(1).scaleb(-places)
        plain = (group, point) == (",", ".")
        separators = None if plain else str.maketrans({",": group, ".": point})
        ungrouped = 3 + (places + 1 if places else 0)

        def write(exact: Decimal) -> str:
            rounded = exact.quantize(last_place, None, _WIDE).copy_abs()
            text = str(rounded)
            if len(text) > ungrouped:
                text = format(rounded, ",f")
            if separators is not None:
                text = text.translate(separators)
            if exact.is_signed() and rounded:
                return f"{before_minus}{text}{after_minus}"
            return f"{before}{text}{after}"

        return write


@cache
def _writer(kind: str, locale: str, currency: str | None = None) -> Writer:
    """Writes one kind of number: as Babel does, and where the locale is simple, without asking
    Babel each time, which takes longer than a calculation."""
    name, learnt = repr((kind, locale, currency)), kept_in("words", _state())
    said = learnt.get(name)
    if said is None:
        form = _learnt(_babel(kind, locale, currency), locale)
        learnt.put(name, json.dumps(form))
    else:
        form = _Form(*json.loads(said)) if said != "null" else None
    return _babel(kind, locale, currency) if form is None else form.writer()


@cache
def _state() -> str:
    """What forms are learnt from: Babel's data, and the code here."""
    made_by = release("babel", "babel").encode() + Path(__file__).read_bytes()
    return hashlib.sha256(made_by).hexdigest()[:16]


def _learnt(by_babel: Writer, locale: str) -> _Form | None:
    """What Babel does, learnt from two numbers; None where digits or groups are of another kind."""
    from babel.numbers import get_decimal_symbol, get_group_symbol

    shown = by_babel(Decimal("1234567.89")), by_babel(Decimal("-1234567.89"))
    first, last = shown[0].find("1"), max(map(shown[0].rfind, "0123456789"))
    places = len(shown[0][first : last + 1].partition(get_decimal_symbol(locale))[2])
    around = [text.split(shown[0][first : last + 1]) for text in shown]
    if first < 0 or any(len(parts) != 2 for parts in around):
        return None
    (before, after), (before_minus, after_minus) = around
    group, point = get_group_symbol(locale), get_decimal_symbol(locale)
    form = _Form(before, after, before_minus, after_minus, group, point, places)
    write = form.writer()
    alike = all(write(probe) == by_babel(probe) for probe in _PROBES)
    return form if alike else None


_PROBES = [Decimal(text) for text in ("0", "-0.001", "12.345", "-9876543210.125", "1234567.89")]


def _babel(kind: str, locale: str, currency: str | None) -> Writer:
    """Babel's own formatting, with the locale's pattern for that kind of number."""
    from babel.core import Locale
    from babel.numbers import parse_pattern

    found = Locale.parse(locale)
    money = str(found.currency_formats["standard"].pattern)
    pattern = {
        "money": money,
        "whole money": money.replace(".00", ""),
        "percent": str(found.percent_formats[None].pattern).replace("##0", "##0.0"),
        "whole percent": str(found.percent_formats[None].pattern),
        "whole": "#,##0",
        "ratio": "#,##0.00",
        "number": "#,##0.0",
        "people": "#,##0.#",
    }[kind]
    prepared = parse_pattern(pattern)

    def write(exact: Decimal) -> str:
        with localcontext(_WIDE):
            number = exact / 100 if kind.endswith("percent") else exact
            words = {"currency": currency, "currency_digits": kind == "money"}
            text = str(prepared.apply(number, found, **words))
            # What is less than the last place is none, and none has no sign.
            signed = number.is_signed() and unmoved(text)
            return str(prepared.apply(abs(number), found, **words)) if signed else text

    return write


def changed(change: dict[str, Any] | None, unit: str, locale: str) -> str:
    """A change, signed: in percent, but of a percentage or a score (which may be 0 or less) in
    points."""
    if not change or change.get("absolute") is None:
        return ""
    if unit in POINTS:
        return f"{_signed('number', change['absolute'], locale)} {POINTS[unit]}"
    return "" if change.get("percent") is None else _signed("percent", change["percent"], locale)


def _signed(kind: str, number: Any, locale: str) -> str:
    exact = Decimal(str(number))
    return ("-" if exact.is_signed() else "+") + _writer(kind, locale)(exact.copy_abs())


def share(part: Decimal, whole: Decimal, locale: str) -> str:
    """A part of a whole in full percent, such as 34%; ``whole`` is not 0."""
    return _writer("whole percent", locale)(100 * part / whole)


def unmoved(text: str) -> bool:
    """Whether a change as it is written is none: it may have been less than its last digit."""
    return not any(digit in text for digit in "123456789")


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
