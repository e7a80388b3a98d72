"""What a company can ask about its users over time; part of its home's front door."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trueline.core.errors import InputError, UnknownKeyError
from trueline.core.period import Grain, Period

if TYPE_CHECKING:
    from trueline.engine.engine import Engine
    from trueline.settings import Funnel, Settings

Day = str | date | None
Step = str | Sequence[str]
USUAL_DAYS = {Grain.DAY: 30, Grain.WEEK: 84, Grain.MONTH: 365, Grain.QUARTER: 1095}
DECLARE = (
    "Give steps, or declare a funnel in trueline.toml: [product.funnels.Purchase] "
    'steps = ["visit", "purchase"].'
)


class ProductAnalyses:
    """Retention, funnels and lifecycle of users, from events."""

    engine: Engine
    settings: Settings

    def retention(
        self,
        kind: str = "n_day",
        *,
        grain: str = "day",
        cohorts: str | None = None,
        steps: int | None = None,
        starting: str = "signup",
        returning: str | Iterable[str] | None = None,
        start: Day = None,
        end: Day = None,
        period_days: int | None = None,
        as_of: datetime | None = None,
    ) -> dict[str, Any]:
        """Of the users who started in ``[start, end)``: who was back after 0, 1, 2... steps.

        ``kind``: n_day (active in that step) or unbounded (in it or later). ``grain``: day, week (7
        days) or month (30), from each user's first day. ``cohorts``: the calendar's buckets that
        users are grouped in. ``starting``: signup (as declared), first_event, or an event's name.
        ``returning``: event names; any event when left out. Rates are percent; users who were not
        watched through a whole step are not counted in it.
        """
        from trueline.engine.retention import Question, retention

        names = (returning,) if isinstance(returning, str) else tuple(returning or ())
        asked = Question.of(kind, grain, cohorts, steps, starting, names)
        period = self._period(start, end, period_days, asked.grain)
        return self.engine.settled(
            lambda found: retention(found.resolver, period, asked), as_of=as_of
        )

    def funnels(self) -> dict[str, dict[str, Any]]:
        """The declared funnels: their steps and windows."""
        return {
            name: {"steps": [list(step) for step in f.steps], "window_hours": f.window_hours}
            for name, f in self.settings.product.funnels.items()
        }

    def funnel(
        self,
        name: str | None = None,
        *,
        steps: Sequence[Step] | None = None,
        window_hours: Decimal | float | None = None,
        by: str | None = None,
        start: Day = None,
        end: Day = None,
        period_days: int | None = None,
        as_of: datetime | None = None,
    ) -> dict[str, Any]:
        """Of the users who took the first step in the period: how many took the next ones.

        A declared funnel by its ``name``, or ``steps`` given: each an event's name, or several of
        which one is enough. ``window_hours`` from the first step (168 unless declared or given).
        ``by``: channel, country or plan.
        """
        from trueline.engine.funnel import funnel_of

        found = self._funnel(name, steps, window_hours)
        period = self.engine.period(start, end, period_days)
        return {"name": name} | self.engine.settled(
            lambda seen: funnel_of(seen.resolver, period, found, by), as_of=as_of
        )

    def _funnel(
        self,
        name: str | None,
        steps: Sequence[Step] | None,
        window_hours: Decimal | float | None,
    ) -> Funnel:
        known = self.settings.product.funnels
        if name is not None and steps is not None:
            raise InputError("Both a funnel's name and steps are given.", "Give one of them.")
        if name is not None and name not in known:
            if not known:
                raise InputError(f"No funnel is declared, so none is '{name[:60]}'.", DECLARE)
            raise UnknownKeyError.among("funnel", name, list(known))
        if name is None and steps is None:
            raise InputError("No funnel was asked for.", DECLARE)
        given: dict[str, Any] = {} if name is None else dict(known[name])
        if steps is not None:
            given["steps"] = [s if isinstance(s, str) else list(s) for s in steps]
        if window_hours is not None:
            given["window_hours"] = window_hours
        return _checked(given)

    def lifecycle(
        self,
        *,
        grain: str = "week",
        start: Day = None,
        end: Day = None,
        period_days: int | None = None,
        as_of: datetime | None = None,
    ) -> dict[str, Any]:
        """New, returning, resurrecting and dormant users of every bucket that touches the period.

        ``active = new + returning + resurrecting`` and ``opening = returning + dormant``, exactly.
        """
        from trueline.engine.lifecycle import lifecycle

        wanted = Grain.parse(grain)
        period = self._period(start, end, period_days, wanted)
        return self.engine.settled(
            lambda found: lifecycle(found.resolver, period, wanted), as_of=as_of
        )

    def event_names(self, limit: int = 200) -> list[dict[str, Any]]:
        """The recorded events, most frequent first: name, rows, users, first and last day."""
        from trueline.engine.observed import event_names

        return self.engine.settled(lambda found: event_names(found.resolver, limit))

    def _period(self, start: Day, end: Day, period_days: int | None, grain: Grain) -> Period:
        """The period asked for; else whole buckets up to the last that is over."""
        if start is not None or end is not None or period_days is not None:
            return self.engine.period(start, end, period_days)
        calendar = self.settings.company.calendar
        until = calendar.bucket_start(self.engine.today(), grain)
        back = Period.trailing(USUAL_DAYS.get(grain, 3650), until)
        return Period(calendar.bucket_start(back.start, grain), until)


def _checked(given: dict[str, Any]) -> Funnel:
    """A funnel by the rules of the declared ones. Raises InputError."""
    from pydantic import ValidationError

    from trueline.core.checked import faults_from
    from trueline.settings import Funnel

    try:
        return Funnel.model_validate(given)
    except ValidationError as error:
        faults = faults_from(error.errors(), known=Funnel.model_fields)
        first = faults[0]
        raise InputError(
            f"{first.where} {first.message}.",
            "A funnel has 2 to 10 steps and a window of up to 8784 hours.",
            faults,
        ) from error
