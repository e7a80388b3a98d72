"""What a page shows, as its address says it: the range, the slice, estimates, tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from pydantic import Field

from trueline.core.errors import InputError
from trueline.core.period import Calendar, Period, parse_day
from trueline.dashboards.declaration import DIMENSIONS
from trueline.engine.daily import WHOLE, Cut
from trueline.web.pages.range import LONGEST_DAYS, Range, ReversedDaysError, preset, read
from trueline.web.parameters import Strict


@dataclass(frozen=True)
class View:
    """A range, a slice (dimensions at one value each), and whether assumptions may stand in.

    ``tables`` names the panels that are shown as tables, not as charts.
    """

    range: Range
    usual: str
    cut: Cut = WHOLE
    estimates: bool = False
    tables: frozenset[str] = frozenset()

    @property
    def slice(self) -> dict[str, str]:
        """The slice as the engine takes it."""
        return self.cut.as_dict()

    @property
    def said(self) -> tuple[str, ...]:
        """Its filters in words: whatever leaves the page must say that it is not the whole."""
        return tuple(f"{by.capitalize()}: {value}" for by, value in self.cut.pairs)

    @property
    def query(self) -> str:
        """The view as an address's query, with its ``?``; empty for the usual one."""
        words = {} if self.range.name == self.usual else dict(self.range.query)
        words |= self.slice
        if self.estimates:
            words["estimates"] = "true"
        if self.tables:
            words["table"] = ",".join(sorted(self.tables))
        return f"?{urlencode(words)}" if words else ""

    @property
    def data_query(self) -> str:
        """The same for a panel's data, which is no table or chart yet."""
        return replace(self, tables=frozenset(), usual="-").query

    def ranged(self, name: str, today: date, calendar: Calendar) -> View:
        """The same over another range."""
        return replace(self, range=preset(name, today, calendar))

    def sliced(self, by: str | None, value: str = "") -> View:
        """The same at a value of one dimension beside the others, or whatever its value; without a
        dimension for the whole."""
        if by is None:
            return replace(self, cut=WHOLE)
        return replace(self, cut=self.cut.having(by, value) if value else self.cut.without(by))

    def estimated(self, wanted: bool) -> View:
        """The same with or without estimates."""
        return replace(self, estimates=wanted)

    def turned(self, panel: str) -> View:
        """The same with one panel as a table, or as a chart again."""
        return replace(self, tables=self.tables ^ {panel})


class ViewQuery(Strict):
    """A view as an address asks for it. ``last`` is a last day, ``end`` the day after it."""

    range: str | None = Field(None, max_length=20)
    start: str | None = Field(None, max_length=20)
    end: str | None = Field(None, max_length=20)
    last: str | None = Field(None, max_length=20)
    channel: str | None = Field(None, max_length=10_000)
    plan: str | None = Field(None, max_length=10_000)
    country: str | None = Field(None, max_length=10_000)
    currency: str | None = Field(None, max_length=10)
    estimates: bool = False
    table: str = Field("", max_length=4000)
    job: str | None = Field(None, max_length=40)
    v: str | None = Field(None, max_length=40)

    def slice_asked(self) -> Cut:
        """The slice asked for."""
        found = {by: getattr(self, by, None) for by in (*DIMENSIONS, "feature")}
        return Cut.of({by: value for by, value in found.items() if value})


def view_of(
    asked: ViewQuery, usual: str, today: date, calendar: Calendar, panels: frozenset[str]
) -> View:
    """The view that is asked for.

    Raises InputError for what is no range, ReversedDaysError for days the wrong way round,
    UnknownKeyError for a name.
    """
    end = asked.end
    if asked.last:
        last = parse_day(asked.last, "last")
        if asked.start and last < (first := parse_day(asked.start, "start")):
            raise ReversedDaysError(first, last)
        end = (last + timedelta(days=1)).isoformat()
    found = read(asked.range, asked.start, end, today, calendar, default=usual)
    if found.period.days > LONGEST_DAYS:
        raise InputError(
            f"The range is {found.period.days // 365} years long.", "A page shows 50 at the most."
        )
    wanted = frozenset(asked.table.split(",")) & panels
    return View(found, usual, asked.slice_asked(), asked.estimates, wanted)


def shown_period(view: View, own: str | None, today: date, calendar: Calendar) -> Period:
    """A panel's period: its own range's, ending where the page's does, else the page's."""
    if own is None:
        return view.range.period
    return preset(own, min(view.range.period.end, today), calendar).period
