"""Funnels: of the users who took a first step, how many took the next ones, in order and in time.

A user enters with the first step within the period and has ``window_hours`` from it. Each later
step must come at or after the one before; where two steps share an event name, it must be another
event. A user who tries several times counts once, by the attempt that gets furthest; the time to a
step runs from the latest first step before it, to the first time the step is reached.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trueline.catalog.kpis.satisfaction import wilson
from trueline.core.errors import UnknownKeyError
from trueline.core.period import Period
from trueline.core.quality import Reason
from trueline.engine import knowledge
from trueline.engine.observed import (
    Standing,
    events_until,
    never_recorded,
    rows_of,
    standing,
    user_days,
)
from trueline.engine.sessions import moment_of

if TYPE_CHECKING:
    from trueline.engine.resolve import Resolver
    from trueline.engine.view import FactsView
    from trueline.settings import Funnel

CUTS = ("channel", "country", "plan")
"""What a funnel can be cut by: the channel of the event a user enters with; country or plan of the
customer."""

EDGES = (60, 600, 3600, 6 * 3600, 86_400, 3 * 86_400, 7 * 86_400, 14 * 86_400, 30 * 86_400)
"""Seconds within which converted users are counted, as far as the window goes."""


@dataclass
class _Steps:
    """One slice: how many users entered, and how many seconds each step took them."""

    entered: int
    immature: int
    taken: list[dict[int, int]]

    @property
    def reached(self) -> list[int]:
        """Users who reached each step."""
        return [self.entered, *(sum(times.values()) for times in self.taken)]

    def to_json(self, funnel: Funnel) -> dict[str, Any]:
        """Steps with their rates and times; the share that went all the way."""
        reached = self.reached
        last = reached[-1]
        return {
            "steps": [self._step(funnel, place) for place in range(len(reached))],
            "entered": self.entered,
            "converted": last,
            "conversion_rate": _percent(last, self.entered),
            "interval": _interval(last, self.entered),
            "immature": self.immature,
            "within": list(self._within(funnel)),
        }

    def _step(self, funnel: Funnel, place: int) -> dict[str, Any]:
        reached = self.reached
        before = reached[max(0, place - 1)]
        times = self.taken[place - 1] if place else {}
        return {
            "name": " / ".join(funnel.steps[place]),
            "events": list(funnel.steps[place]),
            "users": reached[place],
            "rate": _percent(reached[place], self.entered),
            "step_rate": _percent(reached[place], before),
            "dropped": before - reached[place],
            "median_seconds": _quantile(times, Decimal("0.5")),
            "p90_seconds": _quantile(times, Decimal("0.9")),
            "interval": _interval(reached[place], self.entered),
        }

    def _within(self, funnel: Funnel) -> Iterator[dict[str, Any]]:
        """How many had converted within so many seconds: the last row is the window."""
        window = int(funnel.window_hours * 3600)
        for edge in (*(e for e in EDGES if e < window), window):
            users = sum(n for taken, n in self.taken[-1].items() if taken < edge)
            yield {"seconds": edge, "users": users, "rate": _percent(users, self.entered)}


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _interval(part: int, whole: int) -> dict[str, Any] | None:
    return wilson(part, whole).to_json() if whole else None


def _quantile(times: dict[int, int], share: Decimal) -> float | None:
    """A quantile of counted values, by straight lines between them (Hyndman and Fan's type 7)."""
    count = sum(times.values())
    if not count:
        return None
    at = share * (count - 1)
    low = int(at)
    first, second = _nth(times, low), _nth(times, min(low + 1, count - 1))
    return float(first + (at - low) * (second - first))


def _nth(times: dict[int, int], place: int) -> int:
    seen = 0
    for taken in sorted(times):
        seen += times[taken]
        if seen > place:
            return taken
    raise IndexError(place)


def funnel_of(
    resolver: Resolver, period: Period, funnel: Funnel, by: str | None = None
) -> dict[str, Any]:
    """A funnel over the users who enter in ``period``; with ``by`` also slice by slice."""
    if by is not None and by not in CUTS:
        raise UnknownKeyError.among("cut of a funnel", by, CUTS)
    parts = _slices(resolver, period, funnel, by)
    whole = _whole(parts, len(funnel.steps))
    stands = _standing(resolver, period, funnel, whole)
    answer: dict[str, Any] = {
        "window_hours": funnel.window_hours,
        "start": period.start.isoformat(),
        "end": period.end.isoformat(),
        "by": by,
    }
    if not stands.known:
        return answer | stands.to_json() | {"funnel": None, "slices": []}
    cut = [
        {"slice": name} | part.to_json(funnel)
        for name, part in sorted(parts.items(), key=lambda p: (-p[1].entered, p[0] or ""))
    ]
    return answer | stands.to_json() | {
        "funnel": whole.to_json(funnel),
        "slices": cut if by else [],
    }  # fmt: skip


def _whole(parts: dict[str | None, _Steps], steps: int) -> _Steps:
    whole = _Steps(0, 0, [{} for _ in range(steps - 1)])
    for part in parts.values():
        whole.entered += part.entered
        whole.immature += part.immature
        for mine, theirs in zip(whole.taken, part.taken, strict=True):
            for taken, users in theirs.items():
                mine[taken] = mine.get(taken, 0) + users
    return whole


def _standing(resolver: Resolver, period: Period, funnel: Funnel, whole: _Steps) -> Standing:
    found = standing(resolver, "events", period, whole.entered or user_days(resolver, period))
    if found.known and 0 in whole.reached:
        names = (name for step in funnel.steps for name in step)
        found = found.noted(*never_recorded(resolver, names))
    if not found.known or not whole.immature:
        return found
    told = {reason.code for reason in found.reasons}
    why = _unsettled(resolver, Period(period.start, period.end + _longest(funnel)), whole.immature)
    return found.partial(*(reason for reason in why if reason.code not in told))


def _unsettled(resolver: Resolver, watched: Period, people: int) -> Iterator[Reason]:
    """Why it is not known of so many whether they convert: days without events, or days to come."""
    over = min(watched.end, resolver.today)
    unseen = None
    if watched.start < over:
        unseen = knowledge.unwatched(resolver.covers, "events", Period(watched.start, over))
    if unseen is not None:
        said = f"{people} of those who entered may have gone on, on days that are not known."
        yield Reason(unseen.code, f"{said} {unseen.message}", unseen.enable)
    if unseen is None or watched.end > resolver.today:
        yield Reason(
            "window_not_over",
            f"{people} of those who entered have until {watched.end} to convert: the rates may "
            "still rise."
            if unseen is None
            else f"Who entered last has until {watched.end} to convert: the rates may still rise.",
            "Choose a period that ended earlier, or load later events.",
        )


def _longest(funnel: Funnel) -> timedelta:
    """Whole days that a window may reach beyond the day it begins on."""
    return timedelta(days=math.ceil(funnel.window_hours / 24))


def _slices(
    resolver: Resolver, period: Period, funnel: Funnel, by: str | None
) -> dict[str | None, _Steps]:
    users = _users(resolver, period, funnel, by)
    until = events_until(resolver, period.start)
    parts = {
        name: _Steps(int(n), int(late), [{} for _ in funnel.steps[1:]])
        for name, n, late in rows_of(resolver, _entered(users, until - _longest(funnel)))
    }
    for name, step, taken, people in rows_of(resolver, _taken(users, len(funnel.steps))):
        parts[name].taken[int(step) - 1][int(taken)] = int(people)
    return parts


# -- queries ------------------------------------------------------------------------------------


def _users(resolver: Resolver, period: Period, funnel: Funnel, by: str | None) -> Any:
    """A row a user who entered: slice, last day of entry, seconds to each step reached.
    What is dated ahead has not happened yet.

    Carried along each user's events is the latest first step from which the steps so far have been
    taken in order and in time: from it, a later step is reached if from any.
    """
    import ibis

    names = dict.fromkeys(name for step in funnel.steps for name in step)
    view = resolver.view()
    t = view.table("events")
    watched = Period(period.start, period.end + _longest(funnel) + timedelta(days=1))
    days = watched.begun(resolver.today)
    t = t.filter(t.occurred_on >= days.start, t.occurred_on < days.end, t.name.isin(list(names)))
    t = t.mutate(place=_place(t.name, funnel))
    window = ibis.interval(seconds=int(funnel.window_hours * 3600))
    enters = t.name.isin(funnel.steps[0]) & (t.occurred_on < period.end)
    t = t.mutate(from_0=ibis.ifelse(enters, t.occurred_at, ibis.null("timestamp")))
    for step, events in enumerate(funnel.steps[1:], start=1):
        t = t.mutate(begun=t[f"from_{step - 1}"].max().over(_so_far(t, _shared(funnel))))
        done = t.name.isin(events) & (t.occurred_at < t.begun + window)
        t = t.mutate(**{f"from_{step}": ibis.ifelse(done, t.begun, ibis.null("timestamp"))})
    return _per_user(view, t.drop("begun", "place"), len(funnel.steps), by)


def _shared(funnel: Funnel) -> bool:
    """Whether an event could be taken for two steps."""
    return sum(len(set(step)) for step in funnel.steps) > len(
        {name for step in funnel.steps for name in step}
    )


def _place(name: Any, funnel: Funnel) -> Any:
    """The first step that an event may be taken for."""
    import ibis

    first: dict[str, int] = {}
    for step, events in enumerate(funnel.steps):
        first |= {event: step for event in events if event not in first}
    return ibis.cases(*((name == event, step) for event, step in first.items()), else_=0)


def _so_far(t: Any, shared: bool) -> Any:
    """A user's events up to one: with those of the same moment, or (``shared``, where each may be
    taken once) those before, of one moment in the order of the steps."""
    import ibis

    if shared:
        order = [t.occurred_at, t.place, t.event_id]
        return ibis.window(group_by=t.user_id, order_by=order, preceding=(None, 1))
    return ibis.range_window(
        group_by=t.user_id, order_by=t.occurred_at, preceding=None, following=0
    )


def _per_user(view: FactsView, t: Any, steps: int, by: str | None) -> Any:
    import ibis

    entry = t.from_0.notnull()
    found: dict[str, Any] = {"entered_on": t.occurred_on.max(where=entry)}
    for step in range(1, steps):
        begun = t[f"from_{step}"]
        took = t.occurred_at.delta(begun, unit="millisecond") // 1000
        first = ibis.struct({"at": t.occurred_at, "took": took})
        found[f"took_{step}"] = took.argmin(first, where=begun.notnull()).cast("int64")
    if by == "channel":
        named = entry & t.channel.notnull()
        found["slice"] = t.channel.argmin(moment_of(t), where=named)
    elif by is not None:
        found["customer_id"] = t.customer_id.max().coalesce(t.user_id.max())
    users = t.group_by("user_id").agg(**found)
    users = users.filter(users.entered_on.notnull())
    return _sliced(view, users, by)


def _sliced(view: FactsView, users: Any, by: str | None) -> Any:
    import ibis

    if by is None:
        return users.mutate(slice=ibis.null("string"))
    if by == "channel":
        return users
    customers = view.table("customers")
    theirs = customers.select(person=customers.customer_id, slice=customers[by])
    return users.left_join(theirs, users.customer_id == theirs.person)


def _entered(users: Any, over: date) -> Any:
    """Users a slice, and those whose window may not be over and who have not converted."""
    import ibis

    took = [name for name in users.columns if name.startswith("took_")]
    late = (users.entered_on >= ibis.date(over.isoformat())) & users[took[-1]].isnull()
    return users.group_by("slice").agg(users=users.count(), late=late.cast("int64").sum())


def _taken(users: Any, steps: int) -> Any:
    """Per slice and step: how many users took how many seconds."""
    import ibis

    each = []
    for step in range(1, steps):
        t = users.select("slice", step=ibis.literal(step).cast("int64"), taken=f"took_{step}")
        t = t.filter(t.taken.notnull())
        each.append(t.group_by(["slice", "step", "taken"]).agg(people=t.count()))
    return ibis.union(*each) if len(each) > 1 else each[0]
