"""Readings survive JSON, digit by digit; nothing that is not finite is ever sent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline.core.errors import TruelineError
from trueline.core.money import exponents, plain, round_to
from trueline.core.quality import Completeness, Quality, Reason
from trueline.core.reading import Reading, ReadingInput, dumps, loads

INPUT = ReadingInput(
    "amount", Decimal("1.10"), Quality.ACTUAL, "mrr", "orders", 3, datetime(2026, 1, 1), None
)


def reading(value: Decimal | int | float | None) -> Reading:
    return Reading(
        key="mrr", label="MRR", value=value, unit="USD", currency="USD",
        start=date(2026, 1, 1), end=date(2026, 2, 1), quality=Quality.ACTUAL,
        completeness=Completeness.PARTIAL, reasons=(Reason("a", "b", None),),
        inputs=(INPUT,),
        definition="mrr@1", as_of=datetime(2026, 2, 1, tzinfo=UTC), slice={"plan": "Pro"},
    )  # fmt: skip


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=10
    )
)
def test_an_amount_keeps_every_digit(value: Decimal) -> None:
    again = Reading.from_json(loads(dumps(reading(value).to_json())))
    assert again.value == value
    assert again.reasons == reading(value).reasons
    assert again.inputs[0].value == Decimal("1.1")


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")]
)
def test_what_is_not_finite_is_never_sent(value: float | Decimal) -> None:
    with pytest.raises(TruelineError, match="finite"):
        dumps({"value": value})


def test_long_and_large_numbers_are_written_plainly() -> None:
    assert dumps({"a": Decimal("1E+3"), "b": Decimal("12.5000")}) == '{"a":1000,"b":12.5}'
    assert plain(Decimal("-0.000")) == "0"
    assert round_to(Decimal("2.5"), 0) == 3 and round_to(Decimal("-2.5"), 0) == -3


def test_the_worst_quality_decides() -> None:
    assert Quality.worst([Quality.ACTUAL, Quality.ESTIMATED]) is Quality.ESTIMATED
    assert Quality.worst([Quality.INSUFFICIENT, Quality.ESTIMATED]) is Quality.INSUFFICIENT
    assert Quality.worst([]) is Quality.ACTUAL


def test_currencies_know_their_decimals() -> None:
    assert (exponents()["JPY"], exponents()["USD"], exponents()["KWD"]) == (0, 2, 3)
