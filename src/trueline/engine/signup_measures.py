"""Measures of sign-ups, which need a whole period at once: activation, time to value.

What an event means is declared in ``trueline.toml``, ``[product]``; what needs something that is
not declared is unknown, and says what to declare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from trueline.core.period import Period
from trueline.core.quality import Completeness, Reason
from trueline.engine import knowledge
from trueline.engine.cover import overlapping
from trueline.engine.movements import ASKED
from trueline.engine.observed import user_days
from trueline.engine.product_measures import (
    Values,
    counted,
    declare,
    known_over,
    unknown,
    within,
)
from trueline.engine.value import MeasureValue
from trueline.engine.view import FactsView, bound
from trueline.warehouse.compile import day_sql

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.resolve import Resolver

_HOUR = 3_600_000
"""Milliseconds: engines count whole seconds differently, some by the clock's ticks in between."""
_DAY = 24 * _HOUR


def signed_up(view: FactsView, period: Period) -> Any:
    """Who signed up in the period: ``person``, ``on``, ``signed_at``. A person signs up once, the
    first time."""
    product = view.product
    if product.signup == "customers":
        t = view.table("customers")
        t = t.filter(t.created_on >= period.start, t.created_on < period.end)
        return t.select(person=t.customer_id, on=t.created_on, signed_at=t.created_at)
    t = view.table("events")
    t = t.filter(t.name == product.signup)
    first = t.group_by("user_id").agg(signed_at=t.occurred_at.min(), on=t.occurred_on.min())
    first = first.filter(first.on >= period.start, first.on < period.end)
    return first.select(person=first.user_id, on=first.on, signed_at=first.signed_at)


def _doer(view: FactsView, t: Any) -> Any:
    """Whose sign-up an event counts for: the customer's, or the user's own."""
    if view.product.signup == "customers":
        return t.customer_id.coalesce(t.user_id)
    return t.user_id


def _reached(view: FactsView, names: tuple[str, ...], period: Period) -> Any:
    """Per person who signed up and event name: milliseconds until it first happened after that, and
    the day."""
    cohort = signed_up(view, period)
    t = view.table("events")
    # Nothing that counts happened before the first of them signed up.
    t = t.filter(t.name.isin(names), t.occurred_on >= period.start)
    t = t.mutate(doer=_doer(view, t))
    joined = t.join(cohort, t.doer == cohort.person)
    joined = joined.filter(joined.occurred_at >= joined.signed_at)
    return joined.group_by(["person", "on", "name"]).agg(
        after=joined.occurred_at.delta(joined.signed_at, unit="millisecond").min(),
        first_on=joined.occurred_on.min(),
    )


def _today(resolver: Resolver, _: Period) -> dict[str, str]:
    return {"today": day_sql(resolver.today, resolver.warehouse.dialect)}


def _by_today(people: Any) -> Any:
    """Per asked period: who signed up in it and is there by today. What is dated ahead has not
    happened yet."""
    periods = bound("asked_periods", ASKED | {"today": "DATE"})
    inside = [people.on >= periods.start_on, people.on < periods.end_on]
    return people.join(periods, [*inside, people.last_on <= periods.today])


def _cohort(view: FactsView, days: Period) -> ir.Table:
    """Per asked period: who signed up in it, and the first and last of them."""
    t = within(signed_up(view, days), "on")
    return t.group_by("number").agg(n=t.count(), first=t.signed_at.min(), last=t.signed_at.max())


def _cohort_over(resolver: Resolver, periods: Sequence[Period]) -> dict[Period, list[Any]]:
    return resolver.rows_over(("signups",), partial(_cohort, resolver.view()), periods)


def _signups(resolver: Resolver, period: Period) -> MeasureValue:
    table = "customers" if resolver.view().product.signup == "customers" else "events"
    found = _cohort_over(resolver, [period])[period]
    n, first, last = found[0] if found else (0, None, None)
    seen = int(n) or (user_days(resolver, period) if table == "events" else 0)
    base = known_over(resolver, table, period, seen)
    value = None if base.value is None else Decimal(int(n))
    return replace(base, value=value, rows=int(n), first=first, last=last)


def _matured(resolver: Resolver, found: MeasureValue, period: Period) -> MeasureValue:
    """Marked partial as long as somebody's window is not over (or its events not recorded).

    Unknown where events begin after the first of them signed up, or are incomplete on a day of
    somebody's window: who reached it then would count as one who never did.
    """
    cover = resolver.covers["events"]
    since = _first_day(resolver, found, period)
    begins = min((a for a, _ in cover.declared()), default=cover.first_day)
    if begins is not None and since < begins:
        unseen = Reason(
            "before_first_fact",
            f"Events begin on {begins}: what those who signed up from {since} on did before is not "
            "recorded.",
            "Choose a later period, or load earlier events.",
        )
        return found.blocked(unseen)
    window = timedelta(days=resolver.settings.product.activation_days)
    over = period.end + window
    days = Period(since, over)
    unseen_day = knowledge.unwatched(resolver.covers, "events", days)
    if unseen_day is not None and overlapping(days, cover.gaps()):
        return found.blocked(unseen_day)
    watched = knowledge.flow(resolver.covers, "events", days, 1, resolver.today)
    if not watched.known:
        return found.blocked(*watched.reasons)
    if watched.completeness is Completeness.COMPLETE:
        return found
    reason = Reason(
        "immature_cohort",
        f"Some who signed up have until {over - timedelta(days=1)} to reach it: the share may "
        "still rise.",
        "Choose a period that ended earlier, or load later events.",
    )
    return replace(found, completeness=Completeness.PARTIAL).because(reason)


def _first_day(resolver: Resolver, found: MeasureValue, period: Period) -> date:
    """The local day on which the first of them signed up: nobody is to be watched before it."""
    if found.first is None:
        return period.start
    aware = found.first if found.first.tzinfo else found.first.replace(tzinfo=UTC)
    return aware.astimezone(resolver.settings.company.zone).date()


def activation(resolver: Resolver, period: Period) -> Values:
    """Who signed up in the period, and who of them did all that activation takes, in time."""
    names = ("signups", "activated")
    product = resolver.settings.product
    if not product.activation:
        return unknown(names, declare("activation", "activated"))
    cohort = _signups(resolver, period)
    if cohort.value is None:
        return {name: replace(cohort, key=name) for name in names}
    found = _done_over(resolver, [period])[period]
    base = _matured(resolver, cohort, period)
    return counted(base, signups=cohort.value, activated=int(found[0][0]) if found else 0)


def _done(view: FactsView, days: Period) -> ir.Table:
    """Per asked period: who signed up in it and did all that activation takes, in time."""
    product = view.product
    each = _reached(view, product.activation, days)
    each = each.filter(each.after < product.activation_days * _DAY)
    person = each.group_by(["person", "on"]).agg(n=each.count(), last_on=each.first_on.max())
    t = _by_today(person.filter(person.n == len(set(product.activation))))
    return t.group_by("number").agg(people=t.count())


def _done_over(resolver: Resolver, periods: Sequence[Period]) -> dict[Period, list[Any]]:
    build = partial(_done, resolver.view())
    return resolver.rows_over(("activated",), build, periods, partial(_today, resolver))


def value_reached(resolver: Resolver, period: Period) -> Values:
    """How long those who signed up took to the first value, and how many have reached it."""
    names = ("value_hours_median", "value_hours_p90", "value_reached", "value_cohort")
    product = resolver.settings.product
    goal = product.value or product.activation
    if not goal:
        return unknown(names, declare("value", "reaching value"))
    cohort = _signups(resolver, period)
    if cohort.value is None:
        return {name: replace(cohort, key=name) for name in names}
    taken = [int(row[0]) for row in _hours_over(resolver, [period])[period]]
    base = _matured(resolver, cohort, period)
    if not taken:
        nobody = Reason("nobody_reached_value", "Nobody who signed up has reached the value.")
        lost = base.blocked(nobody)
        return counted(base, value_reached=0, value_cohort=cohort.value) | {
            name: replace(lost, key=name) for name in names[:2]
        }
    return counted(
        base,
        value_hours_median=quantile(taken, Decimal("0.5")) / _HOUR,
        value_hours_p90=quantile(taken, Decimal("0.9")) / _HOUR,
        value_reached=len(taken),
        value_cohort=cohort.value,
    )


def _hours(view: FactsView, days: Period) -> ir.Table:
    """Per asked period: the milliseconds that each took who signed up and reached the value."""
    goal = view.product.value or view.product.activation
    each = _reached(view, goal, days)
    person = each.group_by(["person", "on"]).agg(
        n=each.count(), after=each.after.max(), last_on=each.first_on.max()
    )
    t = _by_today(person.filter(person.n == len(set(goal))))
    return t.select("number", "after").order_by(["number", "after"])


def _hours_over(resolver: Resolver, periods: Sequence[Period]) -> dict[Period, list[Any]]:
    build = partial(_hours, resolver.view())
    return resolver.rows_over(("value",), build, periods, partial(_today, resolver))


def quantile(ordered: list[int], share: Decimal) -> Decimal:
    """The quantile of sorted values, by straight lines between them (Hyndman and Fan's type 7)."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def fetch(resolver: Resolver, needed: dict[str, list[Period]]) -> None:
    """Ask for many periods at once: ``needed`` are periods by source."""
    product = resolver.settings.product
    able = {
        "activation": bool(product.activation),
        "value_reached": bool(product.value or product.activation),
    }
    over = {"activation": _done_over, "value_reached": _hours_over}
    for name, can in able.items():
        if can and needed[name]:
            _cohort_over(resolver, needed[name])
            over[name](resolver, needed[name])


SIGNUP_SOURCES: dict[str, Callable[[Resolver, Period], Values]] = {
    "activation": activation,
    "value_reached": value_reached,
}
