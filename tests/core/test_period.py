"""Half-open local days, whole and broken months, fiscal calendars."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline.core.errors import InputError
from trueline.core.period import Calendar, Grain, Period, add_months, parse_day

DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


def test_a_period_is_half_open() -> None:
    january = Period.parse("2026-01-01", "2026-02-01")
    assert january.days == 31
    assert january.contains(date(2026, 1, 31)) and not january.contains(date(2026, 2, 1))


@pytest.mark.parametrize(
    ("start", "end"), [("2026-02-01", "2026-01-01"), ("2026-01-01", "2026-01-01")]
)
def test_an_empty_or_reversed_period_is_an_error(start: str, end: str) -> None:
    with pytest.raises(InputError, match="empty or reversed"):
        Period.parse(start, end)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-13-01",
        "01/02/2026",
        "26-01-01",
        "2026-1-1",
        "2026-W01-1",
        "",
        "0000-01-01",
        "9999-12-31",
        "٢٠٢٦-٠١-٠١",
    ],
)
def test_days_are_iso_or_an_error(text: str) -> None:
    with pytest.raises(InputError):
        parse_day(text)


def test_the_last_days_are_complete_days_before_today() -> None:
    period = Period.trailing(30, date(2026, 3, 15))
    assert (period.start, period.end) == (date(2026, 2, 13), date(2026, 3, 15))


def test_months_are_exact_or_a_share_of_the_mean_month() -> None:
    assert Period.parse("2026-01-01", "2026-04-01").months == 3
    assert Period.parse("2026-02-01", "2026-03-01").months == 1
    assert Period.parse("2026-01-01", "2026-01-31").months == Fraction(30 * 12, 365)


def test_the_previous_period_goes_by_months_or_by_days() -> None:
    assert Period.parse("2026-03-01", "2026-04-01").previous() == Period.parse(
        "2026-02-01", "2026-03-01"
    )
    assert Period.parse("2026-03-02", "2026-04-01").previous() == Period.parse(
        "2026-01-31", "2026-03-02"
    )


def test_29_february_compares_with_28() -> None:
    assert Period.parse("2024-02-29", "2024-03-01").year_earlier() == Period.parse(
        "2023-02-28", "2023-03-01"
    )


def test_a_fiscal_year_may_begin_in_april() -> None:
    calendar = Calendar(fiscal_year_start=4)
    assert calendar.bucket_start(date(2026, 3, 31), Grain.YEAR) == date(2025, 4, 1)
    assert calendar.bucket_start(date(2026, 4, 1), Grain.QUARTER) == date(2026, 4, 1)
    assert calendar.bucket_end(date(2025, 4, 1), Grain.YEAR) == date(2026, 4, 1)


@given(
    DAYS, st.integers(1, 900), st.sampled_from(list(Grain)), st.integers(0, 6), st.integers(1, 12)
)
def test_buckets_tile_the_period(
    first: date, days: int, grain: Grain, week: int, fiscal: int
) -> None:
    period = Period(first, first + timedelta(days=days))
    buckets = list(Calendar(week, fiscal).buckets(period, grain))
    assert buckets[0].start <= period.start < buckets[0].end
    assert buckets[-1].start < period.end <= buckets[-1].end
    assert all(a.end == b.start for a, b in pairwise(buckets))
    if grain is Grain.WEEK:
        assert all(b.start.weekday() == week and b.days == 7 for b in buckets)


@given(DAYS, st.integers(-500, 500))
def test_adding_months_goes_back_again(day: date, months: int) -> None:
    there = add_months(day, months)
    assert (there.year * 12 + there.month) - (day.year * 12 + day.month) == months
    assert there.day <= day.day


@pytest.mark.parametrize(
    ("start", "end", "earlier"),
    [
        ("2025-02-28", "2025-03-01", ("2024-02-28", "2024-02-29")),  # a day, not two
        ("2025-02-24", "2025-03-03", ("2024-02-24", "2024-03-02")),  # a week, not eight days
        ("2025-02-01", "2025-03-01", ("2024-02-01", "2024-03-01")),  # February, whatever its length
        ("2023-03-15", "2024-03-15", ("2022-03-15", "2023-03-15")),
        ("2023-01-15", "2025-01-15", ("2022-01-15", "2024-01-16")),
    ],
)
def test_a_year_earlier_there_are_as_many_days(
    start: str, end: str, earlier: tuple[str, str]
) -> None:
    """A week around 29 February was compared with eight days, the 28th with two."""
    assert Period.parse(start, end).year_earlier() == Period.parse(*earlier)


def test_a_leap_year_s_28_february_has_a_year_earlier() -> None:
    """The day after it, the 29th, has none: the period was empty and no reading was given."""
    for day in (date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)):
        earlier = Period(day, day + timedelta(days=1)).year_earlier()
        assert earlier.days == 1
        assert earlier.start in (date(2023, 2, 28), date(2023, 3, 1))
