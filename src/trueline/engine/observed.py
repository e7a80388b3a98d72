"""From when to when what users do is recorded, for analyses that follow them over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from trueline.catalog.measures import daily
from trueline.core.errors import UnknownKeyError
from trueline.core.period import Period
from trueline.core.quality import Completeness, Quality, Reason
from trueline.engine import knowledge, left_out
from trueline.engine.earlier import as_known
from trueline.engine.view import day_of, sql

if TYPE_CHECKING:
    from trueline.engine.resolve import Resolver

MOST_NAMES = 1000
"""So many names of events are told apart; where there are more, none is called unknown."""
WHOLE_EVENTS = "Load events with --full, or declare coverage of events."


@dataclass(frozen=True)
class Standing:
    """What an analysis may claim: its quality, completeness and the reasons for both."""

    quality: Quality
    completeness: Completeness
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """The three as they stand in every answer."""
        return {
            "quality": self.quality.value,
            "completeness": self.completeness.value,
            "reasons": [reason.to_json() for reason in self.reasons],
        }

    @property
    def known(self) -> bool:
        """Whether there is an answer at all."""
        return self.quality is not Quality.INSUFFICIENT

    def partial(self, *reasons: Reason) -> Standing:
        """The same, marked as covering only a part, and why."""
        return Standing(self.quality, Completeness.PARTIAL, (*self.reasons, *reasons))

    def noted(self, *reasons: Reason) -> Standing:
        """The same, with something to know about it."""
        return Standing(self.quality, self.completeness, (*self.reasons, *reasons))

    def unknown(self, *reasons: Reason) -> Standing:
        """No answer, and why."""
        return Standing(Quality.INSUFFICIENT, self.completeness, (*self.reasons, *reasons))


def rows_of(resolver: Resolver, expression: Any) -> list[tuple[Any, ...]]:
    """The rows of an expression, over the facts that the resolver knows: as they are, or were."""
    dialect = resolver.warehouse.dialect
    text = sql(expression, dialect)
    if resolver.as_of is not None:
        text = as_known(text, resolver.view(), resolver.as_of, dialect)
    return resolver.warehouse.rows(text)


def standing(resolver: Resolver, table: str, period: Period, rows: int) -> Standing:
    """What coverage says of a period in which a table has so many rows."""
    found = knowledge.flow(resolver.covers, table, period, rows, resolver.today)
    quality = Quality.ACTUAL if found.known else Quality.INSUFFICIENT
    lacking = left_out.notes(resolver.covers.left_out, (table,))
    return Standing(quality, found.completeness, (*found.reasons, *lacking))


def user_days(resolver: Resolver, period: Period) -> int:
    """On how many days users were active, each counted: above 0 where events are recorded at all,
    though perhaps none of those that somebody asks for."""
    return resolver.totals(daily("active_user_days"), period.begun(resolver.today)).rows


def events_until(resolver: Resolver, start: date) -> date:
    """The first day after ``start`` whose events are not all recorded; ``start`` where that is it.

    Declared coverage decides; without it, the days from the first to the last recorded event are
    taken to be whole. Today is never over.
    """
    cover = resolver.covers["events"]
    spans = cover.declared() or cover.observed()
    until = max((b for a, b in spans if a <= start < b), default=start)
    for a, b in sorted(spans):
        if a <= until < b:
            until = b
    gap = min((max(a, start) for a, b in cover.gaps() if start < b), default=until)
    return max(start, min(until, gap, resolver.today))


def span(start: date, until: date) -> str:
    """Days as people name them."""
    return f"{start} to {until - timedelta(days=1)}"


def event_names(resolver: Resolver, limit: int) -> list[dict[str, Any]]:
    """The recorded events, most frequent first."""
    t = resolver.view().table("events")
    users = t.select("name", "user_id").distinct().group_by("name").agg(users=lambda d: d.count())
    rows = t.group_by("name").agg(
        rows=t.count(), first=t.occurred_on.min(), last=t.occurred_on.max()
    )
    both = rows.join(users, "name").select("name", "rows", "users", "first", "last")
    most = both.order_by([both.rows.desc(), both.name]).limit(limit)
    found = rows_of(resolver, most)
    return [
        {
            "name": name,
            "rows": int(n),
            "users": int(people),
            "first": day_of(first).isoformat(),
            "last": day_of(last).isoformat(),
        }
        for name, n, people, first, last in found
    ]


def never_recorded(resolver: Resolver, names: Iterable[str]) -> Iterator[Reason]:
    """Those of these events that never happened: a 0 of them may be a slip of the pen."""
    known = [found["name"] for found in event_names(resolver, MOST_NAMES)]
    if len(known) == MOST_NAMES:
        return
    for name in dict.fromkeys(names):
        if name not in known:
            fix = UnknownKeyError.among("event", name, known).fix
            said = f"No event is recorded under the name '{name[:80]}'."
            yield Reason("event_never_recorded", said, fix)
