"""Exact amounts. Money is decimal with a currency, from the file to the sum."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cache
from typing import Any

MONEY_SCALE = 4
"""Decimals a recorded amount may carry at the most (DECIMAL(18,4))."""

MRR_SCALE = 10
"""Decimals of one subscription's monthly amount: a yearly price over 12 need not terminate."""

EXACT = Context(prec=50, rounding=ROUND_HALF_UP)
"""Wide enough that no sum or product of recorded amounts and rates is ever rounded."""

_PLAIN = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?")


@cache
def exponents() -> dict[str, int]:
    """ISO 4217 codes in use, each with the decimals an amount really charged can have."""
    from trueline.core.currencies import BY_DECIMALS

    found = {code: digits for digits, codes in BY_DECIMALS.items() for code in codes.split()}
    return dict(sorted(found.items()))


def is_plain_decimal(text: str) -> bool:
    """Whether ``text`` is a number as files must write it: digits, a point, a sign. No 1e3."""
    return _PLAIN.fullmatch(text) is not None


def exactly(number: Any) -> Decimal:
    """A number as the decimal of the digits that it is written with."""
    return number if type(number) is Decimal else Decimal(str(number))


def divide(numerator: Decimal | int, denominator: Decimal | int) -> Decimal:
    """Exact-context division (50 digits). The caller has ruled out a zero denominator."""
    with localcontext(EXACT):
        return Decimal(numerator) / Decimal(denominator)


def round_to(value: Decimal, places: int) -> Decimal:
    """Round half up to ``places`` decimals."""
    return value.quantize(_last_place(places), context=EXACT)


@cache
def _last_place(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def plain(value: Decimal) -> str:
    """The shortest exact notation without an exponent: 12.5000 is 12.5, 100 is 100."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
