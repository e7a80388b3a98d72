"""Product retention: of the users who started on some days, who came back after so many.

*N-day*: who was active in a step of time, counted from each user's own first day (day 0);
*unbounded*: who was active in it or in any later one. Users who started too lately to have been
watched through a whole step are in neither its numerator nor its denominator (right-censored): a
rate never falls only because time has not passed yet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from trueline.catalog.kpis.satisfaction import wilson
from trueline.core.errors import InputError, UnknownKeyError
from trueline.core.period import Grain, Period
from trueline.core.quality import Reason
from trueline.engine.observed import (
    WHOLE_EVENTS,
    Standing,
    events_until,
    never_recorded,
    rows_of,
    standing,
    user_days,
)
from trueline.engine.view import day_of

if TYPE_CHECKING:
    from trueline.engine.resolve import Resolver
    from trueline.engine.view import FactsView

Kind = Literal["n_day", "unbounded"]
KINDS: tuple[str, ...] = ("n_day", "unbounded")
STEP_DAYS = {Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 30}
"""Days in a step of age: weeks and months are counted from each user's first day, so they are
alike for all, whatever the calendar does."""

USUAL_STEPS = {Grain.DAY: 14, Grain.WEEK: 12, Grain.MONTH: 12}
MOST_STEPS = 400
MOST_COHORTS = 400
SIGNUP, FIRST = "signup", "first_event"


@dataclass(frozen=True)
class Question:
    """Who starts, what counts as coming back, and in steps of what length."""

    kind: Kind = "n_day"
    grain: Grain = Grain.DAY
    cohort_grain: Grain = Grain.WEEK
    steps: int = 14
    starting: str = SIGNUP
    returning: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        kind: str,
        grain: str,
        cohorts: str | None,
        steps: int | None,
        starting: str,
        returning: tuple[str, ...],
    ) -> Question:
        """A question in words. Raises UnknownKeyError, InputError."""
        if kind not in KINDS:
            raise UnknownKeyError.among("kind of retention", kind, KINDS)
        step = Grain.parse(grain)
        if step not in STEP_DAYS:
            raise UnknownKeyError.among("grain", grain, [g.value for g in STEP_DAYS])
        usual = Grain.MONTH if step is Grain.MONTH else Grain.WEEK
        wanted = USUAL_STEPS[step] if steps is None else steps
        if not 1 <= wanted <= MOST_STEPS:
            raise InputError(f"steps is {wanted}.", f"Give a whole number from 1 to {MOST_STEPS}.")
        return cls(
            "n_day" if kind == "n_day" else "unbounded",
            step,
            usual if cohorts is None else Grain.parse(cohorts),
            wanted,
            starting,
            returning,
        )


@dataclass
class _Counts:
    """Users of some first days: how many, watched through each step, back in each step."""

    steps: int
    size: int = 0
    observed: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.observed = [0] * (self.steps + 1)
        self.returned = [0] * (self.steps + 1)

    def add(self, people: int, back: dict[int, int], watched: int) -> None:
        """Users who started on one day; ``watched`` steps of theirs are over."""
        self.size += people
        for step in range(min(self.steps + 1, watched)):
            self.observed[step] += people
            self.returned[step] += back.get(step, 0)

    def to_json(self) -> dict[str, Any]:
        """Counts and rates in percent; null where nobody has been watched so long."""
        pairs = list(zip(self.returned, self.observed, strict=True))
        return {
            "size": self.size,
            "observed": self.observed,
            "returned": [n if of else None for n, of in pairs],
            "rates": [100 * n / of if of else None for n, of in pairs],
        }

    def intervals(self) -> list[dict[str, Any] | None]:
        """Wilson's 95% interval of each rate, in percent."""
        return [
            wilson(n, of).to_json() if of else None
            for n, of in zip(self.returned, self.observed, strict=True)
        ]


def retention(resolver: Resolver, period: Period, asked: Question) -> dict[str, Any]:
    """Retention of the users who started in ``period``; see the module for what it means."""
    buckets = _buckets(resolver, period.begun(resolver.today), asked)
    until = events_until(resolver, period.start)
    sizes = _sizes(resolver, period, asked)
    stands = _standing(resolver, period, asked, sum(sizes.values()), until)
    answer = {
        "kind": asked.kind,
        "grain": asked.grain.value,
        "step_days": STEP_DAYS[asked.grain],
        "starting": asked.starting,
        "returning": list(asked.returning),
        "start": period.start.isoformat(),
        "end": period.end.isoformat(),
        "observed_until": until.isoformat(),
    }
    if not stands.known:
        return answer | stands.to_json() | {"cohorts": [], "overall": None}
    back = _back(resolver, period, asked, until)
    cohorts, overall = _added_up(buckets, period, asked, sizes, back, until)
    for bucket, cohort in zip(buckets, cohorts, strict=True):
        if not cohort["size"] and not _told(resolver, bucket, asked):
            cohort["size"] = None
    named = () if any(overall.returned) else asked.returning
    if not overall.size and asked.starting not in (SIGNUP, FIRST):
        named = (asked.starting, *named)
    if named:
        stands = stands.noted(*never_recorded(resolver, named))
    if overall.observed[asked.steps] < overall.size:
        stands = stands.noted(_censored(asked, until))
    if asked.kind == "unbounded":
        stands = stands.noted(_may_rise(until))
    whole = overall.to_json() | {"intervals": overall.intervals()}
    return answer | stands.to_json() | {"cohorts": cohorts, "overall": whole}


def _starting(resolver: Resolver, period: Period, asked: Question, people: int) -> Standing:
    """What is known of who started in a period."""
    if asked.starting == SIGNUP and resolver.settings.product.signup == "customers":
        return standing(resolver, "customers", period, people)
    return standing(resolver, "events", period, people or user_days(resolver, period))


def _told(resolver: Resolver, bucket: Period, asked: Question) -> bool:
    """Whether nobody in a bucket means that nobody started in it, and not that nothing is known."""
    return _starting(resolver, bucket, asked, 0).known


def _standing(
    resolver: Resolver, period: Period, asked: Question, people: int, until: date
) -> Standing:
    found = _starting(resolver, period, asked, people)
    if not found.known:
        return found
    watched = standing(resolver, "events", period, 1)
    if not watched.known or until == period.start:
        return found.unknown(
            *(watched.reasons or (_not_watched(period.start),)),
        )
    if asked.starting != SIGNUP and not _from_the_beginning(resolver, period.start):
        return found.partial(
            Reason(
                "first_seen_not_first_time",
                f"Events begin on {resolver.covers['events'].first_day}: who was there before "
                "looks new.",
                WHOLE_EVENTS,
            )
        )
    return found


def _from_the_beginning(resolver: Resolver, start: date) -> bool:
    from trueline.engine import knowledge

    return knowledge.state_at(resolver.covers["events"], start)


def _not_watched(start: date) -> Reason:
    return Reason(
        "events_not_covered", f"No events are known to be recorded from {start} on.", WHOLE_EVENTS
    )


def _censored(asked: Question, until: date) -> Reason:
    return Reason(
        "not_watched_so_long",
        f"Events are whole until {until - timedelta(days=1)}: a rate counts those users only who "
        f"were watched through the {asked.grain.value}.",
    )


def _may_rise(until: date) -> Reason:
    return Reason(
        "may_still_rise",
        f"Who was not back by {until - timedelta(days=1)} may still come: unbounded rates can "
        "rise as time goes on, the latest ones most.",
    )


# -- queries ------------------------------------------------------------------------------------


def _starts(view: FactsView, asked: Question, period: Period) -> Any:
    """Who started in the period: ``person``, ``born`` (local day). Everybody starts once."""
    product = view.product
    if asked.starting == SIGNUP and product.signup == "customers":
        t = view.table("customers")
        t = t.filter(t.created_on >= period.start, t.created_on < period.end)
        return t.select(person=t.customer_id, born=t.created_on)
    t = view.table("events")
    if asked.starting != FIRST:
        name = product.signup if asked.starting == SIGNUP else asked.starting
        t = t.filter(t.name == name)
    first = t.group_by("user_id").agg(born=t.occurred_on.min())
    first = first.filter(first.born >= period.start, first.born < period.end)
    return first.select(person=first.user_id, born=first.born)


def _sizes(resolver: Resolver, period: Period, asked: Question) -> dict[date, int]:
    # Who is dated ahead has not started yet.
    people = _starts(resolver.view(), asked, period.begun(resolver.today))
    query = people.group_by("born").agg(people=people.count())
    return {day_of(born): int(n) for born, n in rows_of(resolver, query)}


def _back(
    resolver: Resolver, period: Period, asked: Question, until: date
) -> dict[date, dict[int, int]]:
    """Per first day and step: how many of those users were back (in it, or in it or later)."""
    query = _steps_back(resolver.view(), period, asked, until)
    found: dict[date, dict[int, int]] = {}
    for born, step, people in rows_of(resolver, query):
        found.setdefault(day_of(born), {})[int(step)] = int(people)
    if asked.kind == "unbounded":
        return {born: _or_later(steps) for born, steps in found.items()}
    return found


def _or_later(last_steps: dict[int, int]) -> dict[int, int]:
    """From how many were last seen in each step: how many were seen in it or later."""
    out: dict[int, int] = {}
    total = 0
    for step in range(max(last_steps), -1, -1):
        total += last_steps.get(step, 0)
        out[step] = total
    return out


def _steps_back(view: FactsView, period: Period, asked: Question, until: date) -> Any:
    people = _starts(view, asked, period)
    t = view.table("events")
    t = t.filter(t.occurred_on >= period.start, t.occurred_on < until)
    if asked.returning:
        t = t.filter(t.name.isin(asked.returning))
    by_customers = asked.starting == SIGNUP and view.product.signup == "customers"
    doer = t.customer_id.coalesce(t.user_id) if by_customers else t.user_id
    days = t.select(doer=doer, on=t.occurred_on).distinct()
    seen = days.join(people, days.doer == people.person)
    seen = seen.filter(seen.on >= seen.born)
    age = seen.on.delta(seen.born, unit="day")
    seen = seen.mutate(step=(age // STEP_DAYS[asked.grain]).cast("int64"))
    if asked.kind == "n_day":
        each = seen.filter(seen.step <= asked.steps).select("person", "born", "step").distinct()
    else:
        each = seen.group_by(["person", "born"]).agg(step=seen.step.max())
    return each.group_by(["born", "step"]).agg(people=each.count())


def _buckets(resolver: Resolver, period: Period, asked: Question) -> list[Period]:
    buckets = list(resolver.settings.company.calendar.buckets(period, asked.cohort_grain))
    if len(buckets) > MOST_COHORTS:
        raise InputError(
            f"{len(buckets)} cohorts were asked for; at most {MOST_COHORTS} are given.",
            "Choose a coarser grain of cohorts or a shorter period.",
        )
    return buckets


def _added_up(
    buckets: list[Period],
    period: Period,
    asked: Question,
    sizes: dict[date, int],
    back: dict[date, dict[int, int]],
    until: date,
) -> tuple[list[dict[str, Any]], _Counts]:
    """First days added up to cohorts, and to the whole."""
    whole = _Counts(asked.steps)
    cohorts = []
    for bucket in buckets:
        counts = _Counts(asked.steps)
        days = [day for day in sizes if bucket.contains(day)]
        for day in days:
            watched = max(0, (until - day).days // STEP_DAYS[asked.grain])
            for part in (counts, whole):
                part.add(sizes[day], back.get(day, {}), watched)
        edges = {
            "start": max(bucket.start, period.start).isoformat(),
            "end": min(bucket.end, period.end).isoformat(),
        }
        cohorts.append(edges | counts.to_json())
    return cohorts, whole
