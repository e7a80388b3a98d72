"""How pages take a number apart, and how much room they leave it."""

from __future__ import annotations

import pytest

from trueline.web.pages.figures import parted, wide

GROUP, BEFORE = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        (f"5{GROUP}259{GROUP}091{BEFORE}KWD", f"5{GROUP}259{GROUP}091", "KWD"),
        (f"5{BEFORE}259{BEFORE}091{BEFORE}KWD/month", f"5{BEFORE}259{BEFORE}091", "KWD/month"),
        ("$44,479/month", "$44,479", "/month"),
        ("16.0 months", "16.0", "months"),
        (f"45,3{BEFORE}%", f"45,3{BEFORE}%", ""),
        ("$1,029,378", "$1,029,378", ""),
        ("KWD 5", "KWD 5", ""),
        ("–", "–", ""),
    ],
)
def test_a_number_stands_apart_from_the_letters_of_its_unit(
    text: str, number: str, unit: str
) -> None:
    assert parted(text) == (number, unit)


def test_longer_numbers_get_smaller_type() -> None:
    assert [wide("1" * n) for n in (0, 7, 8, 26, 80)] == ["w7", "w7", "w9", "w26", "w26"]
