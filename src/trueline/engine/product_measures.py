"""Measures of events that need a whole period at once: distinct users.

What an event means is declared in ``trueline.toml``, ``[product]``; what needs something that is
not declared is unknown, and says what to declare. Distinct counts are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from trueline.core.period import FIRST_DAY, Period
from trueline.core.quality import Completeness, Quality, Reason
from trueline.engine import knowledge
from trueline.engine.cover import merged, without
from trueline.engine.movements import ASKED
from trueline.engine.sessions import moment_of
from trueline.engine.value import MeasureValue
from trueline.engine.view import bound

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.catalog.measure import Measure
    from trueline.engine.resolve import Resolver

Values = dict[str, MeasureValue]
Build = Callable[[Period], Any]
Over = Callable[["Resolver", Sequence[Period]], Any]


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


def told(resolver: Resolver, found: MeasureValue, views: Measure) -> MeasureValue:
    """Unknown where no page view was ever recorded and nobody said what one is: they may go by
    another name, and a session of many would pass for one of none."""
    ever = Period(FIRST_DAY, resolver.today + timedelta(days=1))
    said = "page_view" in resolver.settings.product.model_fields_set
    if found.value is None or said or resolver.whole_rows(views, ever):
        return found
    unsaid = Reason(
        "not_declared",
        "No event is named page_view, and what counts as a page view is not declared.",
        "Declare it in trueline.toml: [product] page_view = ... ([] where nothing is one).",
    )
    return found.blocked(unsaid)


def asked(resolver: Resolver, what: str, build: Build, period: Period) -> list[Any]:
    """The rows of one period, of a query that is asked over many (see ``Resolver.rows_over``)."""
    return resolver.rows_over((what,), build, [period])[period]


def within(rows: Any, day: str) -> Any:
    """Rows with the ``number`` of each asked period that their day lies in."""
    periods = bound("asked_periods", ASKED)
    return rows.join(periods, [rows[day] >= periods.start_on, rows[day] < periods.end_on])


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
    channel = resolver.cut.value("channel")
    return t if channel is None else t.filter(t.channel == channel)


def _events(resolver: Resolver, period: Period) -> Any:
    t = resolver.view().table("events")
    return _cut(resolver, t.filter(t.occurred_on >= period.start, t.occurred_on < period.end))


def _users(resolver: Resolver, names: tuple[str, ...] | None, days: Period) -> ir.Table:
    """Per asked period: events, the first and last, and users; of events of these names, if any.

    Users of each day come first: periods may overlap, and a day's events are then looked at once.
    """
    t = _events(resolver, days)
    if names is not None:
        t = t.filter(t.name.isin(names))
    daily = t.group_by(["occurred_on", "user_id"]).agg(
        n=t.count(), first=t.occurred_at.min(), last=t.occurred_at.max()
    )
    t = within(daily, "occurred_on")
    each = t.group_by(["number", "user_id"]).agg(
        n=t.n.sum(), first=t["first"].min(), last=t["last"].max()
    )
    return each.group_by("number").agg(
        n=each.n.sum(), first=each["first"].min(), last=each["last"].max(), users=each.count()
    )


def _users_over(
    resolver: Resolver, names: tuple[str, ...] | None, periods: Sequence[Period]
) -> dict[Period, list[Any]]:
    key = ("users", names)
    return resolver.rows_over(key, partial(_users, resolver, names), periods)


def distinct_users(resolver: Resolver, period: Period) -> MeasureValue:
    """Distinct users active in a period, with what is known of the events."""
    found = _users_over(resolver, None, [period])[period]
    n, first, last, users = found[0] if found else (0, None, None, 0)
    base = known_over(resolver, "events", period, int(n))
    value = None if base.value is None else Decimal(int(users))
    return replace(base, value=value, first=first, last=last)


def _users_of(resolver: Resolver, names: tuple[str, ...], period: Period) -> int:
    """Distinct users with an event of these names."""
    found = _users_over(resolver, names, [period])[period]
    return int(found[0][3]) if found else 0


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
    """The last days of a period; of one that is not over, those before today, and of one that only
    begins today, those until today: they are all that is known of it."""
    end = period.begun(resolver.today).end
    if period.start < resolver.today:
        end = min(end, resolver.today)
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

    users = distinct_users(resolver, period)
    done = _users_of(resolver, conversion, period)
    return counted(users, visitors=users.value or 0, converters=done)


def _came(resolver: Resolver, days: Period) -> ir.Table:
    """Per asked period: users by the channel of their first event in it that has one."""
    t = _events(resolver, days)
    named = t.channel.notnull()
    daily = t.group_by(["occurred_on", "user_id"]).agg(
        at=t.occurred_at.min(where=named), channel=t.channel.argmin(moment_of(t), where=named)
    )
    t = within(daily, "occurred_on")
    first = t.group_by(["number", "user_id"]).agg(
        channel=t.channel.argmin(t["at"], where=t.channel.notnull())
    )
    return first.group_by(["number", "channel"]).agg(users=first.count())


def _came_over(resolver: Resolver, periods: Sequence[Period]) -> dict[Period, list[Any]]:
    return resolver.rows_over(("traffic",), partial(_came, resolver), periods)


def traffic(resolver: Resolver, period: Period) -> Values:
    """Distinct users by whether the channel of their first event in the period is paid for."""
    names = ("visitors_organic", "visitors_paid")
    paid = resolver.settings.product.paid_channels
    if not paid:
        return unknown(names, declare("paid_channels", "a paid channel"))
    rows = _came_over(resolver, [period])[period]
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
    base = distinct_users(resolver, period)
    return counted(base, feature_users=_users_of(resolver, _of_feature(resolver), period))


def _of_feature(resolver: Resolver) -> tuple[str, ...]:
    """The events that are use of the asked feature, or of any."""
    declared = resolver.settings.product.features
    feature = resolver.cut.value("feature")
    if feature is not None:
        return tuple(declared[feature])
    return tuple(dict.fromkeys(name for each in declared.values() for name in each))


def days_of_events(resolver: Resolver, period: Period) -> int:
    """How many of a period's days the events cover, today's included: what a daily mean is over.

    Days that are declared incomplete are not in it: of nobody it is known that they were not there.
    """
    cover = resolver.covers["events"]
    parts = without(period.begun(resolver.today), cover.gaps())
    spans = merged([*cover.declared(), *cover.observed()])
    return max(1, sum(part.overlap(start, end) for part in parts for start, end in spans))


def fetch(resolver: Resolver, needed: dict[str, list[Period]]) -> None:
    """Ask for many periods at once: ``needed`` are periods by source."""
    product = resolver.settings.product
    whole = [p for name in ("active_users", "visits", "traffic", "features") for p in needed[name]]
    users = [_trailing(resolver, p, 7) for p in needed["active_users_7"]]
    users += [_trailing(resolver, p, 30) for p in needed["active_users_30"]]
    wanted: list[tuple[bool, Over, list[Period]]] = [
        (True, partial(_named, None), whole + users),
        (bool(product.conversion), partial(_named, product.conversion), needed["visits"]),
        (bool(product.paid_channels), _came_over, needed["traffic"]),
    ]
    if product.features:
        wanted.append((True, partial(_named, _of_feature(resolver)), needed["features"]))
    for able, over, periods in wanted:
        if able and periods:
            over(resolver, periods)


def _named(names: tuple[str, ...] | None, resolver: Resolver, periods: Sequence[Period]) -> Any:
    return _users_over(resolver, names, periods)


PRODUCT_SOURCES: dict[str, Callable[[Resolver, Period], Values]] = {
    "active_users": active_users,
    "active_users_7": active_users_7,
    "active_users_30": active_users_30,
    "visits": visits,
    "traffic": traffic,
    "features": features,
}
