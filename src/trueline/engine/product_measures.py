"""Measures of events that need a whole period at once: distinct users, cohorts of sign-ups.

What an event means is declared in ``trueline.toml``, ``[product]``; what needs something that is
not declared is unknown, and says what to declare. Distinct counts are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from trueline.core.period import Period
from trueline.core.quality import Completeness, Quality, Reason
from trueline.engine import knowledge
from trueline.engine.cover import merged
from trueline.engine.value import MeasureValue
from trueline.engine.view import FactsView

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.resolve import Resolver

Values = dict[str, MeasureValue]
Build = Callable[[Period], Any]


def declare(setting: str, what: str) -> Reason:
    """Something that only the company can say has not been said."""
    return Reason(
        "not_declared",
        f"What counts as {what} is not declared.",
        f"Declare it in trueline.toml: [product] {setting} = ...",
    )


def unknown(names: tuple[str, ...], reason: Reason, table: str = "events") -> Values:
    """None of these measures is known, for this reason."""
    return {name: MeasureValue.unknown(name, reason, table) for name in names}


def asked(resolver: Resolver, what: str, build: Build, period: Period) -> list[Any]:
    """The rows of a query over a period's days so far, compiled once for all periods."""
    return resolver.ask((what, resolver.cut), build, period.begun(resolver.today))


def known_over(resolver: Resolver, table: str, period: Period, rows: int) -> MeasureValue:
    """What the coverage of a table says of a period with so many rows; value still open."""
    found = knowledge.flow(resolver.covers, table, period, rows, resolver.today)
    quality = Quality.ACTUAL if found.known else Quality.INSUFFICIENT
    value = Decimal(0) if found.known else None
    return MeasureValue("", value, quality, found.completeness, found.reasons, table, rows)


def counted(base: MeasureValue, **values: Any) -> Values:
    """The values of measures that share what is known of them."""
    return {
        name: replace(base, key=name, value=None if base.value is None else Decimal(value))
        for name, value in values.items()
    }


def _cut(resolver: Resolver, t: Any) -> Any:
    if resolver.cut.by == "channel":
        return t.filter(t.channel == resolver.cut.value)
    return t


def _events(resolver: Resolver, period: Period) -> Any:
    t = resolver.view().table("events")
    return _cut(resolver, t.filter(t.occurred_on >= period.start, t.occurred_on < period.end))


def _distinct(resolver: Resolver, period: Period) -> ir.Table:
    t = _events(resolver, period)
    users = t.select("user_id").distinct().agg(users=lambda d: d.count())
    rows = t.agg(n=t.count(), first=t.occurred_at.min(), last=t.occurred_at.max())
    return rows.cross_join(users)


def distinct_users(resolver: Resolver, period: Period) -> MeasureValue:
    """Distinct users active in a period, with what is known of the events."""
    n, first, last, users = asked(resolver, "users", partial(_distinct, resolver), period)[0]
    base = known_over(resolver, "events", period, int(n))
    value = None if base.value is None else Decimal(int(users))
    return replace(base, value=value, first=first, last=last)


def active_users(resolver: Resolver, period: Period) -> Values:
    """Distinct users of the whole period."""
    return {"active_users": replace(distinct_users(resolver, period), key="active_users")}


def active_users_7(resolver: Resolver, period: Period) -> Values:
    """Distinct users of the last seven days."""
    users = distinct_users(resolver, _trailing(resolver, period, 7))
    return {"active_users_7": _so_far(resolver, period, replace(users, key="active_users_7"))}


def active_users_30(resolver: Resolver, period: Period) -> Values:
    """Distinct users of the last 30 days, and how many there were a day on average."""
    month = _trailing(resolver, period, 30)
    users = distinct_users(resolver, month)
    days = resolver.value("active_user_days", month)
    mean = None if days.value is None else days.value / days_of_events(resolver, month)
    daily = replace(days, key="daily_users_30", value=mean, by_currency={})
    return {
        "active_users_30": _so_far(resolver, period, replace(users, key="active_users_30")),
        "daily_users_30": _so_far(resolver, period, daily),
    }


def _trailing(resolver: Resolver, period: Period, days: int) -> Period:
    """The last days of a period; of one that is not over, those before today."""
    end = period.end if period.start >= resolver.today else min(period.end, resolver.today)
    return Period(end - timedelta(days=days), end)


def _so_far(resolver: Resolver, period: Period, found: MeasureValue) -> MeasureValue:
    """Marked partial where the period is not over."""
    if found.value is None or period.end <= resolver.today:
        return found
    return replace(found, completeness=Completeness.PARTIAL).because(
        knowledge.running(resolver.today)
    )


def visits(resolver: Resolver, period: Period) -> Values:
    """Distinct users, and those of them who converted."""
    conversion = resolver.settings.product.conversion
    if not conversion:
        return unknown(("visitors", "converters"), declare("conversion", "a conversion"))

    def converted(days: Period) -> Any:
        t = _events(resolver, days)
        done = t.filter(t.name.isin(conversion)).select("user_id").distinct()
        return done.agg(users=done.count())

    users = distinct_users(resolver, period)
    done = asked(resolver, f"converted {conversion}", converted, period)[0][0]
    return counted(users, visitors=users.value or 0, converters=int(done))


def traffic(resolver: Resolver, period: Period) -> Values:
    """Distinct users by whether the channel of their first event in the period is paid for."""
    names = ("visitors_organic", "visitors_paid")
    paid = resolver.settings.product.paid_channels
    if not paid:
        return unknown(names, declare("paid_channels", "a paid channel"))

    def came(days: Period) -> Any:
        t = _events(resolver, days)
        first = t.group_by("user_id").agg(
            channel=t.channel.argmin(t.occurred_at, where=t.channel.notnull())
        )
        return first.group_by("channel").agg(users=first.count())

    rows = asked(resolver, "traffic", came, period)
    base = distinct_users(resolver, period)
    nowhere = sum(int(users) for channel, users in rows if channel is None)
    if nowhere and base.value is not None:
        base = base.because(
            Reason(
                "channel_unknown",
                f"{nowhere} visitors have no channel: they are in neither part.",
                "Record the channel of events.",
            )
        )
    bought = sum(int(users) for channel, users in rows if channel in paid)
    free = sum(int(users) for channel, users in rows if channel is not None) - bought
    return counted(base, visitors_organic=free, visitors_paid=bought)


def features(resolver: Resolver, period: Period) -> Values:
    """Distinct users of one declared feature, or of any."""
    declared = resolver.settings.product.features
    if not declared:
        return unknown(("feature_users",), declare("features", "use of a feature"))
    if resolver.cut.by == "feature":
        names = declared[resolver.cut.value]
    else:
        names = tuple(dict.fromkeys(n for each in declared.values() for n in each))

    def used(days: Period) -> Any:
        t = _events(resolver, days)
        users = t.filter(t.name.isin(names)).select("user_id").distinct()
        return users.agg(users=users.count())

    base = distinct_users(resolver, period)
    return counted(base, feature_users=int(asked(resolver, f"used {names}", used, period)[0][0]))


# -- cohorts of sign-ups ------------------------------------------------------------------------


def signed_up(view: FactsView, period: Period) -> Any:
    """Who signed up in the period: ``person``, ``at``. A person signs up once, the first time."""
    product = view.product
    if product.signup == "customers":
        t = view.table("customers")
        t = t.filter(t.created_on >= period.start, t.created_on < period.end)
        return t.select(person=t.customer_id, signed_at=t.created_at)
    t = view.table("events")
    t = t.filter(t.name == product.signup)
    first = t.group_by("user_id").agg(signed_at=t.occurred_at.min(), on=t.occurred_on.min())
    first = first.filter(first.on >= period.start, first.on < period.end)
    return first.select(person=first.user_id, signed_at=first.signed_at)


def _doer(view: FactsView, t: Any) -> Any:
    """Whose sign-up an event counts for: the customer's, or the user's own."""
    if view.product.signup == "customers":
        return t.customer_id.coalesce(t.user_id)
    return t.user_id


def _reached(view: FactsView, names: tuple[str, ...], period: Period) -> Any:
    """Per person who signed up and event name: hours until it first happened after that."""
    cohort = signed_up(view, period)
    t = view.table("events")
    t = t.filter(t.name.isin(names))
    t = t.mutate(doer=_doer(view, t))
    joined = t.join(cohort, t.doer == cohort.person)
    joined = joined.filter(joined.occurred_at >= joined.signed_at)
    return joined.group_by(["person", "name"]).agg(
        after=joined.occurred_at.delta(joined.signed_at, unit="second").min()
    )


def _signups(resolver: Resolver, period: Period) -> MeasureValue:
    view = resolver.view()
    table = "customers" if view.product.signup == "customers" else "events"

    def size(days: Period) -> Any:
        cohort = signed_up(view, days)
        return cohort.agg(
            n=cohort.count(), first=cohort.signed_at.min(), last=cohort.signed_at.max()
        )

    n, first, last = asked(resolver, "signups", size, period)[0]
    base = known_over(resolver, table, period, int(n))
    value = None if base.value is None else Decimal(int(n))
    return replace(base, value=value, first=first, last=last)


def _matured(resolver: Resolver, found: MeasureValue, period: Period) -> MeasureValue:
    """Marked partial as long as somebody's window is not over (or its events not recorded).

    Unknown where events begin after the first of them signed up: who reached it before then would
    count as one who never did.
    """
    cover = resolver.covers["events"]
    begins = min((a for a, _ in cover.declared()), default=cover.first_day)
    if begins is not None and period.start < begins:
        unseen = Reason(
            "before_first_fact",
            f"Events begin on {begins}: what those who signed up from {period.start} on did before "
            "is not recorded.",
            "Choose a later period, or load earlier events.",
        )
        return replace(found, value=None, quality=Quality.INSUFFICIENT).because(unseen)
    window = timedelta(days=resolver.settings.product.activation_days)
    over = period.end + window
    watched = knowledge.flow(
        resolver.covers, "events", Period(period.start, over), 1, resolver.today
    )
    if not watched.known:
        return replace(found, value=None, quality=Quality.INSUFFICIENT).because(*watched.reasons)
    if watched.completeness is Completeness.COMPLETE:
        return found
    reason = Reason(
        "immature_cohort",
        f"Some who signed up have until {over - timedelta(days=1)} to reach it: the share may "
        "still rise.",
        "Choose a period that ended earlier, or load later events.",
    )
    return replace(found, completeness=Completeness.PARTIAL).because(reason)


def activation(resolver: Resolver, period: Period) -> Values:
    """Who signed up in the period, and who of them did all that activation takes, in time."""
    names = ("signups", "activated")
    product = resolver.settings.product
    if not product.activation:
        return unknown(names, declare("activation", "activated"))
    cohort = _signups(resolver, period)
    if cohort.value is None:
        return {name: replace(cohort, key=name) for name in names}
    window = product.activation_days * 86_400

    def done(days: Period) -> Any:
        each = _reached(resolver.view(), product.activation, days)
        each = each.filter(each.after < window)
        all_of_it = each.group_by("person").agg(n=each.count())
        all_of_it = all_of_it.filter(all_of_it.n == len(set(product.activation)))
        return all_of_it.agg(people=all_of_it.count())

    what = f"activated {product.activation} {product.activation_days}"
    found = asked(resolver, what, done, period)[0][0]
    base = _matured(resolver, cohort, period)
    return counted(base, signups=cohort.value, activated=int(found))


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

    def hours(days: Period) -> Any:
        each = _reached(resolver.view(), goal, days)
        done = each.group_by("person").agg(n=each.count(), after=each.after.max())
        return done.filter(done.n == len(set(goal))).select("after").order_by("after")

    taken = [int(row[0]) for row in asked(resolver, f"value {goal}", hours, period)]
    base = _matured(resolver, cohort, period)
    if not taken:
        nobody = Reason("nobody_reached_value", "Nobody who signed up has reached the value.")
        lost = replace(base, value=None, quality=Quality.INSUFFICIENT).because(nobody)
        return counted(base, value_reached=0, value_cohort=cohort.value) | {
            name: replace(lost, key=name) for name in names[:2]
        }
    return counted(
        base,
        value_hours_median=quantile(taken, Decimal("0.5")) / 3600,
        value_hours_p90=quantile(taken, Decimal("0.9")) / 3600,
        value_reached=len(taken),
        value_cohort=cohort.value,
    )


def quantile(ordered: list[int], share: Decimal) -> Decimal:
    """The quantile of sorted values, by straight lines between them (Hyndman and Fan's type 7)."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def days_of_events(resolver: Resolver, period: Period) -> int:
    """How many of a period's days the events cover, today's included: what a daily mean is over."""
    cover = resolver.covers["events"]
    begun = period.begun(resolver.today)
    spans = merged([*cover.declared(), *cover.observed()])
    return max(1, sum(begun.overlap(start, end) for start, end in spans))


PRODUCT_SOURCES: dict[str, Callable[[Resolver, Period], Values]] = {
    "active_users": active_users,
    "active_users_7": active_users_7,
    "active_users_30": active_users_30,
    "visits": visits,
    "traffic": traffic,
    "activation": activation,
    "value_reached": value_reached,
    "features": features,
}
