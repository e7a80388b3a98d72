"""Half-open periods ``[start, end)`` of local business days, and the calendar's buckets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from trueline.core.errors import InputError, UnknownKeyError

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2200, 1, 1)
DAYS_PER_MONTH = Fraction(365, 12)
"""The mean month: a per-month figure of any other period is the daily mean times this."""


class Grain(StrEnum):
    """Buckets of a series."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @classmethod
    def parse(cls, text: str) -> Grain:
        """The grain of that name; an unknown one names the known."""
        try:
            return cls(text)
        except ValueError:
            raise UnknownKeyError.among("grain", text, [g.value for g in cls]) from None


def parse_day(text: str | date, what: str = "date") -> date:
    """A day from ISO 8601 ``YYYY-MM-DD`` within 1900 to 2200; anything else is an error."""
    if isinstance(text, date):
        day = date(text.year, text.month, text.day)
    else:
        try:
            day = date.fromisoformat(text if text[4:5] == text[7:8] == "-" else "")
        except ValueError:
            raise InputError(
                f"'{text[:40]}' is not a day ({what}).",
                "Write it as YYYY-MM-DD, for example 2026-01-31.",
            ) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InputError(
            f"{what} {day} is out of range.", "Days from 1900-01-01 to 2200-01-01 are taken."
        )
    return day


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, or the month's last day where it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


@dataclass(frozen=True, order=True)
class Period:
    """``[start, end)`` in local business days."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise InputError(
                f"The period {self.start} to {self.end} is empty or reversed.",
                "start is the first day, end the day after the last: end must be later.",
            )

    @classmethod
    def parse(cls, start: str | date, end: str | date) -> Period:
        """From two ISO days."""
        return cls(parse_day(start, "start"), parse_day(end, "end"))

    @classmethod
    def trailing(cls, days: int, today: date) -> Period:
        """The last ``days`` complete local days before ``today``."""
        if not 1 <= days <= 3660:
            raise InputError(f"period_days is {days}.", "Give a whole number from 1 to 3660.")
        return cls(today - timedelta(days=days), today)

    @property
    def days(self) -> int:
        """How many local days."""
        return (self.end - self.start).days

    @property
    def whole_months(self) -> int | None:
        """How many calendar months exactly, or None where it is not a whole number of them."""
        if self.start.day != 1 or self.end.day != 1:
            return None
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month

    @property
    def months(self) -> Fraction:
        """Length in months: exact for whole calendar months, else days x 12/365."""
        whole = self.whole_months
        return Fraction(whole) if whole is not None else self.days / DAYS_PER_MONTH

    def previous(self) -> Period:
        """The period of the same kind right before: whole months by months, else by days."""
        whole = self.whole_months
        if whole is not None:
            return Period(add_months(self.start, -whole), self.start)
        return Period(self.start - timedelta(days=self.days), self.start)

    def year_earlier(self) -> Period:
        """The period of the same kind a year before: whole months by months, else as many days from
        the same one (28 February stands in for the 29th): a week has no eighth day."""
        start = add_months(self.start, -12)
        if self.whole_months is not None:
            return Period(start, add_months(self.end, -12))
        end = start + timedelta(days=self.days)
        # A year of 366 days has one of 365 before it: a day is never compared with itself.
        return Period(start, min(end, self.start) if self.days <= 366 else end)

    def begun(self, today: date) -> Period:
        """Its days until today (today included); the whole of it where it lies ahead."""
        until = min(self.end, today + timedelta(days=1))
        return self if until <= self.start else Period(self.start, until)

    def contains(self, day: date) -> bool:
        """Whether ``day`` lies inside."""
        return self.start <= day < self.end

    def overlap(self, start: date, end: date) -> int:
        """Days shared with ``[start, end)``."""
        return max(0, (min(self.end, end) - max(self.start, start)).days)


@dataclass(frozen=True)
class Calendar:
    """The company's weeks and years: ``week_start`` 0 is Monday; fiscal years start in a month."""

    week_start: int = 0
    fiscal_year_start: int = 1

    def bucket_start(self, day: date, grain: Grain) -> date:
        """First day of the bucket that ``day`` lies in. Quarters and years are fiscal."""
        if grain is Grain.DAY:
            return day
        if grain is Grain.WEEK:
            return day - timedelta(days=(day.weekday() - self.week_start) % 7)
        if grain is Grain.MONTH:
            return day.replace(day=1)
        size = 3 if grain is Grain.QUARTER else 12
        behind = (day.month - self.fiscal_year_start) % size
        return add_months(day.replace(day=1), -behind)

    def bucket_end(self, start: date, grain: Grain) -> date:
        """The day after the last of the bucket that begins on ``start``."""
        if grain is Grain.DAY:
            return start + timedelta(days=1)
        if grain is Grain.WEEK:
            return start + timedelta(days=7)
        return add_months(start, {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}[grain])

    def buckets(self, period: Period, grain: Grain) -> Iterator[Period]:
        """Whole buckets that touch ``period``, in order; the first and last may stick out."""
        start = self.bucket_start(period.start, grain)
        while start < period.end:
            end = self.bucket_end(start, grain)
            yield Period(start, end)
            start = end
