"""The range a page shows, from its address: shareable, and the back button works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from trueline.core.errors import InputError, UnknownKeyError
from trueline.core.period import Calendar, Grain, Period
from trueline.dashboards.ranges import PRESETS

SHORT = ("30d", "90d", "365d")
LONGEST_DAYS = 366 * 50


@dataclass(frozen=True)
class Range:
    """A period with the name it was asked by; ``name`` is '' for any days."""

    name: str
    period: Period

    @property
    def label(self) -> str:
        """What to call it."""
        return PRESETS.get(self.name, "Custom")

    @property
    def query(self) -> dict[str, str]:
        """The range as parameters of an address."""
        if self.name:
            return {"range": self.name}
        return {"start": self.period.start.isoformat(), "end": self.period.end.isoformat()}

    @property
    def address(self) -> str:
        """The same as text."""
        return urlencode(self.query)

    def line_grain(self) -> Grain:
        """The grain of a line over it: about 30 to 130 points."""
        days = self.period.days
        return Grain.DAY if days <= 130 else Grain.WEEK if days <= 800 else Grain.MONTH

    def bar_grain(self) -> Grain:
        """The grain of bars over it: about 8 to 40 of them."""
        days = self.period.days
        return Grain.DAY if days <= 40 else Grain.WEEK if days <= 280 else Grain.MONTH


class ReversedDaysError(InputError):
    """A first and a last day that a page's form was given the wrong way round."""

    def __init__(self, first: date, last: date) -> None:
        super().__init__(
            f"The last day, {last}, is before the first, {first}.", "Give a later last day."
        )
        self.first = first
        self.last = last


def read(
    name: str | None, start: str | None, end: str | None, today: date, calendar: Calendar, *,
    default: str = "90d",
) -> Range:  # fmt: skip
    """The range of an address: a preset's name, or ``start`` and ``end`` (the day after the last).

    Raises InputError for days that are none, a reversed range, or an unknown name.
    """
    if start or end:
        period = Period.parse(start or today - timedelta(days=90), end or today)
        return Range("", period)
    return preset(name or default, today, calendar)


def preset(name: str, today: date, calendar: Calendar) -> Range:
    """A named range that ends before ``today`` (complete days only), or before the day that a page
    takes for it. Raises UnknownKeyError."""
    if name not in PRESETS:
        raise UnknownKeyError.among("range", name, PRESETS)
    if name.endswith("d") and name[:-1].isdigit():
        return Range(name, Period.trailing(int(name[:-1]), today))
    grain = {"m": Grain.MONTH, "q": Grain.QUARTER, "y": Grain.YEAR}[name[0]]
    last = today - timedelta(days=1)
    if name.endswith("td"):
        return Range(name, Period(calendar.bucket_start(last, grain), today))
    end = calendar.bucket_start(today, grain)
    return Range(name, Period(calendar.bucket_start(end - timedelta(days=1), grain), end))
