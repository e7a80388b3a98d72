"""What spans of coverage say of a state, whoever declared them in how many pieces."""

from __future__ import annotations

from datetime import date

import pytest

from trueline.core.period import Period
from trueline.engine import knowledge
from trueline.engine.cover import TableCover

JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in (1, 2, 3, 4))


def cover(*spans: tuple[date, date]) -> TableCover:
    """Subscription changes from 5 January on, declared complete in some spans."""
    declared = tuple(("*", start, end) for start, end in spans)
    return TableCover("subscription_events", declared, (), date(2026, 1, 5), APRIL, APRIL)


@pytest.mark.parametrize(
    ("spans", "known"),
    [
        ([(JANUARY, MARCH)], True),
        ([(JANUARY, FEBRUARY), (FEBRUARY, MARCH)], True),
        ([(FEBRUARY, MARCH), (JANUARY, FEBRUARY)], True),
        ([(JANUARY, FEBRUARY)], False),
        ([(JANUARY, FEBRUARY), (date(2026, 2, 2), MARCH)], False),
    ],
)
def test_a_state_is_known_over_months_declared_one_by_one(
    spans: list[tuple[date, date]], known: bool
) -> None:
    """Each month declared by itself left MRR unknown from the second on."""
    assert knowledge.state_at(cover(*spans), date(2026, 2, 20)) is known


def test_a_state_after_a_hole_says_where_the_hole_begins() -> None:
    covers = {name: cover((JANUARY, FEBRUARY), (MARCH, APRIL)) for name in knowledge.TABLES_OF[
        "subscription_events"]}  # fmt: skip
    found = knowledge.level(covers, "subscription_events", date(2026, 3, 20), APRIL)  # type: ignore[arg-type]
    assert not found.known
    assert "only until 2026-02-01" in found.reasons[0].message


def test_rows_beside_a_declared_span_join_it_and_fill_no_hole() -> None:
    """A full load followed by daily ones is one stretch; what two declarations left out is none."""
    seen = [(date(2026, 1, 5), date(2026, 4, 10))]
    assert cover((JANUARY, MARCH)).beside(seen) == [(JANUARY, date(2026, 4, 10))]
    assert cover((JANUARY, FEBRUARY), (MARCH, APRIL)).beside(seen) == [
        (JANUARY, FEBRUARY),
        (MARCH, date(2026, 4, 10)),
    ]


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ([("*", date(2026, 1, 10), date(2026, 1, 21))], "from 2026-01-10 to 2026-01-20."),
        ([("*", date(2025, 12, 20), date(2026, 1, 3))], "from 2026-01-01 to 2026-01-02."),
        (
            [("*", date(2026, 1, 5), date(2026, 1, 6)), ("*", date(2026, 1, 20), MARCH)],
            "for days from 2026-01-05 to 2026-01-31.",
        ),
    ],
)
def test_the_days_that_are_declared_incomplete_are_named(
    gaps: list[tuple[str, date, date]], said: str
) -> None:
    """The period that was asked for was named, whichever days of it were missing."""
    spend = TableCover("spend", (("*", JANUARY, APRIL),), tuple(gaps), JANUARY, APRIL, APRIL)
    reason = knowledge.unwatched(
        {"spend": spend},  # type: ignore[arg-type]
        "spend",
        Period(JANUARY, FEBRUARY),
    )
    assert reason is not None
    assert reason.message == f"Spend is declared incomplete {said}"
