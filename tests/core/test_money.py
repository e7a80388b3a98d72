"""Exact amounts, and the currencies they are in."""

from __future__ import annotations

from babel.core import get_global
from babel.numbers import list_currencies

from trueline.core.money import exponents


def test_the_currencies_written_down_are_those_that_babel_lists() -> None:
    fractions = get_global("currency_fractions")
    default = fractions["DEFAULT"]
    listed = sorted(code for code in list_currencies() if len(code) == 3 and code.isalpha())
    assert exponents() == {code: fractions.get(code, default)[0] for code in listed}
