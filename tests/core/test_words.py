"""Numbers in words: written as Babel writes them, whatever the locale, to the last digit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path

import pytest
from babel.core import Locale
from babel.localedata import locale_identifiers
from babel.numbers import format_currency, format_decimal, format_percent
from hypothesis import given
from hypothesis import strategies as st

from trueline.core import words
from trueline.core.kept import KeptTexts
from trueline.settings import _is_written_in_full

LOCALES = (
    "en_CA", "en_US", "fr_CA", "fr_FR", "de_DE", "de_CH", "de_AT", "en_IN", "hi_IN", "sv_SE",
    "ja_JP", "ar_EG", "fa_IR", "he_IL", "pt_BR", "es_ES", "pl_PL",
)  # fmt: skip
NUMBERS = st.decimals(min_value=-(10**30), max_value=10**30, allow_nan=False, places=4)


@pytest.mark.parametrize(
    ("unit", "written"),
    [("%", "-3.2 pp"), ("score", "-3.2 points"), ("count", "-7.6%"), ("USD/month", "-7.6%")],
)
def test_a_change_of_a_score_is_in_points_as_one_of_a_percentage_is(
    unit: str, written: str
) -> None:
    """A score may have been 0 or below: in percent of that its change says nothing."""
    assert words.changed({"absolute": Decimal("-3.2"), "percent": -7.6}, unit, "en_CA") == written
    assert (
        words.changed({"absolute": Decimal("5"), "percent": None}, "score", "en_CA")
        == "+5.0 points"
    )
    assert not words.changed({"absolute": None, "percent": None}, unit, "en_CA")


@pytest.mark.parametrize("locale", ["fr_CA", "hi_IN"])
def test_how_a_number_is_written_is_kept_between_processes(
    locale: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Babel is asked once, also where it has to write each number itself (hi_IN groups by two)."""
    file = KeptTexts(tmp_path / "words")
    monkeypatch.setattr(words, "kept_in", lambda *_: file)
    number = Decimal("-1234567.891")
    learnt = words._writer.__wrapped__("money", locale, "EUR")(number)
    monkeypatch.delattr(words, "_learnt")
    assert words._writer.__wrapped__("money", locale, "EUR")(number) == learnt
    with localcontext() as context:
        context.rounding = ROUND_HALF_UP
        assert learnt == format_currency(number, "EUR", locale=locale)


def test_a_locale_that_babel_has_a_file_of_is_known_without_asking_babel() -> None:
    known = [name for name in locale_identifiers() if _is_written_in_full(name)]
    assert {"en_CA", "fr_FR", "zh_Hans_CN"} <= set(known)
    assert all(str(Locale.parse(name)) for name in known)
    assert not any(map(_is_written_in_full, ("tlh_QO", "../../etc", "en-CA", "EN_ca", "", "root")))


def signed(write: Callable[[Decimal], str], number: Decimal) -> str:
    """A number as it is written; what is less than its last place is none, and has no sign."""
    text = write(number)
    return write(abs(number)) if words.unmoved(text) else text


@given(number=NUMBERS, locale=st.sampled_from(LOCALES))
def test_numbers_are_written_as_babel_writes_them(number: Decimal, locale: str) -> None:
    percent = str(Locale.parse(locale).percent_formats[None].pattern).replace("##0", "##0.0")
    forms: dict[str, Callable[[Decimal], str]] = {
        "count": lambda n: str(format_decimal(n, "#,##0", locale)),
        "ratio": lambda n: str(format_decimal(n, "#,##0.00", locale)),
        "%": lambda n: str(format_percent(n / 100, percent, locale)),
    }
    with localcontext(prec=120, rounding=ROUND_HALF_UP):
        for unit, write in forms.items():
            assert words.amount(number, unit, None, locale) == signed(write, number)


@given(
    number=NUMBERS,
    locale=st.sampled_from(LOCALES),
    currency=st.sampled_from(["USD", "CAD", "EUR", "JPY", "KWD", "CHF", "INR"]),
)
def test_money_is_written_as_babel_writes_it(number: Decimal, locale: str, currency: str) -> None:
    with localcontext(prec=120, rounding=ROUND_HALF_UP):
        if abs(number) < 10_000:
            wanted = signed(lambda n: str(format_currency(n, currency, locale=locale)), number)
        else:
            pattern = str(Locale.parse(locale).currency_formats["standard"].pattern)
            wanted = format_currency(
                number, currency, pattern.replace(".00", ""), locale, currency_digits=False
            )
    assert words.amount(number, currency, currency, locale) == wanted


@pytest.mark.parametrize(
    ("number", "unit", "currency", "locale", "text"),
    [
        (Decimal("1234.5"), "USD", "USD", "en_US", "$1,234.50"),
        (Decimal("-1234.5"), "USD", "USD", "en_US", "-$1,234.50"),
        (Decimal("1234.5"), "CAD", "CAD", "fr_CA", "1\xa0234,50\xa0$"),
        (Decimal("1234567"), "INR", "INR", "en_IN", "₹12,34,567"),
        (Decimal("0.125"), "ratio", None, "de_DE", "0,13"),
        (Decimal("0.135"), "ratio", None, "de_DE", "0,14"),
        (45, "%", None, "en_CA", "45.0%"),
        (0.1 + 0.2, "hours", None, "en_CA", "0.3 hours"),
        (9000, "users", None, "en_CA", "9,000 users"),
        (412.0, "users", None, "en_CA", "412 users"),
        (1412.26, "users", None, "de_DE", "1.412,3 users"),
    ],
)
def test_written(number: object, unit: str, currency: str | None, locale: str, text: str) -> None:
    assert words.amount(number, unit, currency, locale) == text


def test_a_change_is_written_as_the_locale_writes_numbers() -> None:
    change = {"absolute": Decimal("-1234.56"), "percent": 7.68}
    assert words.changed(change, "USD", "fr_CA") == "+7,7\xa0%"
    assert words.changed(change, "%", "de_DE") == "-1.234,6 pp"
    assert words.changed({"absolute": 0, "percent": -0.01}, "USD", "en_CA") == "-0.0%"


@pytest.mark.parametrize(
    ("locale", "text"), [("en_CA", "33%"), ("fr_CA", "33\xa0%"), ("tr_TR", "%33")]
)
def test_a_share_is_written_as_the_locale_writes_percents(locale: str, text: str) -> None:
    assert words.share(Decimal(1), Decimal(3), locale) == text


def test_a_half_is_rounded_up_as_people_round_it() -> None:
    """11.885 stood as 11.88: the decimal's own way is to the even digit."""
    said = [words.amount(Decimal(n), "money", "USD", "en_US") for n in ("11.885", "-11.885")]
    assert said == ["$11.89", "-$11.89"]
    assert words.amount(Decimal("2.25"), "%", None, "en_US") == "2.3%"
    assert words.short_money(Decimal("998.5"), "USD", "en_US") == "$999"
    assert words.exact_money(Decimal("0.125"), "USD", "en_US") == "$0.13"


@pytest.mark.parametrize(
    ("number", "locale", "currency", "expected"),
    [
        ("4600", "en_US", "USD", "$4.6k"),
        ("80000", "en_US", "USD", "$80k"),
        ("-646", "en_US", "USD", "-$646"),
        ("-0.4", "en_US", "USD", "$0"),
        ("999.6", "en_US", "USD", "$1k"),
        ("999940", "en_US", "USD", "$999.9k"),
        ("999950", "en_US", "USD", "$1M"),
        ("2.54e9", "en_US", "USD", "$2.5B"),
        ("4300000", "fr_CA", "KWD", "4,3 M KWD"),
        ("-558400", "fr_CA", "KWD", "-558,4 k KWD"),
        ("646.25", "fr_CA", "KWD", "646 KWD"),
        ("4600", "de_DE", "JPY", "4.600 ¥"),
        ("4600000", "de_DE", "JPY", "4,6 Mio. ¥"),
        ("46000", "ja_JP", "JPY", "￥4.6万"),
        ("2540000000", "es_ES", "EUR", "2.540 M €"),
    ],
)
def test_an_amount_in_few_letters_is_written_as_axes_are(
    number: str, locale: str, currency: str, expected: str
) -> None:
    found = words.short_money(number, currency, locale)
    assert found.replace("\N{NO-BREAK SPACE}", " ") == expected


@pytest.mark.parametrize("locale", ["en_CA", "fr_CA", "ar_EG"])
def test_none_has_no_sign(locale: str) -> None:
    """A margin of -0.04% stood as -0.0%: neither a loss nor none."""
    for number in ("-0.04", "-0", "0"):
        text = words.amount(Decimal(number), "%", None, locale)
        assert text == words.amount(Decimal("0.04"), "%", None, locale)
    assert words.amount(Decimal("-0.06"), "%", None, locale) != text
