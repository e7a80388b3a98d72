"""What product, satisfaction and delivery KPIs are counted from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueline.catalog.measure import Measure, MeasureKind, PeriodMeasure

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir


def _flow(
    key: str,
    label: str,
    base: str,
    table: str,
    value: Callable[[ir.Table], ir.NumericValue],
    where: Callable[[ir.Table], ir.BooleanValue] | None = None,
    category: str = "*",
    *,
    for_means: bool = False,
    told_by: str = "",
) -> Measure:
    return Measure(
        key, label, "count", MeasureKind.FLOW, base, value,
        where=where, table=table, category=category,
        seen_by=("active_user_days",) if base == "sessions" else (), told_by=told_by,
        for_means=for_means,
    )  # fmt: skip


def _rows(t: ir.Table) -> ir.NumericValue:
    return t.count()


PRODUCT_DAILY: tuple[Measure, ...] = (
    _flow("sessions", "sessions", "sessions", "events", _rows),
    _flow(
        "non_engaged_sessions",
        "sessions of 10 s or less, without key event, with fewer than 2 page views",
        "sessions",
        "events",
        _rows,
        where=lambda t: ~t.engaged,
        told_by="page_views",
    ),
    _flow(
        "session_seconds",
        "seconds of all sessions",
        "sessions",
        "events",
        lambda t: t.seconds.sum(),
    ),
    _flow(
        "page_views",
        "page views",
        "sessions",
        "events",
        lambda t: t.page_views.sum(),
        where=lambda t: t.page_views > 0,
    ),
    _flow("session_actions", "actions", "sessions", "events", lambda t: t.actions.sum()),
    _flow(
        "active_user_days",
        "users active each day, added up over days: for means of days only",
        "active",
        "events",
        _rows,
        for_means=True,
    ),
    _flow("defects", "defects found", "defects", "defects", _rows),
    _flow(
        "production_defects",
        "defects found in production",
        "defects",
        "defects",
        _rows,
        where=lambda t: t.stage == "production",
        category="production",
    ),
    _flow(
        "prerelease_defects",
        "defects found before release",
        "defects",
        "defects",
        _rows,
        where=lambda t: t.stage == "pre",
        category="pre",
    ),
    _flow("releases", "releases", "releases", "releases", _rows),
    _flow("sprints", "sprints that ended", "sprints", "sprints", _rows),
    _flow("points_accepted", "points accepted", "sprints", "sprints", lambda t: t.points.sum()),
)


def _period(source: str, tables: tuple[str, ...], **labels: str) -> tuple[PeriodMeasure, ...]:
    return tuple(
        PeriodMeasure(key, label, "count", source, tables) for key, label in labels.items()
    )


_EVENTS = ("events",)
PRODUCT_PERIOD: tuple[PeriodMeasure, ...] = (
    *_period("active_users", _EVENTS, active_users="distinct users active in the period"),
    *_period(
        "active_users_7",
        _EVENTS,
        active_users_7="distinct users active in the 7 days before the period's end",
    ),
    *_period(
        "active_users_30",
        _EVENTS,
        active_users_30="distinct users active in the 30 days before the period's end",
        daily_users_30="users active a day, the mean of those 30 days",
    ),
    *_period(
        "visits",
        _EVENTS,
        visitors="distinct users with any event",
        converters="distinct users with the conversion event",
    ),
    *_period(
        "traffic",
        _EVENTS,
        visitors_organic="distinct users whose first event came by an unpaid channel",
        visitors_paid="distinct users whose first event came by a paid channel",
    ),
    *_period(
        "activation",
        ("events", "customers"),
        signups="users who signed up in the period",
        activated="of those, who reached the milestone within the window",
    ),
    *_period(
        "value_reached",
        ("events", "customers"),
        value_hours_median="median hours from signing up to the value, of those who reached it",
        value_hours_p90="90th percentile of those hours",
        value_reached="users who signed up in the period and reached the value",
        value_cohort="users who signed up in the period",
    ),
    *_period(
        "features",
        _EVENTS,
        feature_users="distinct users of the feature (of any declared one, as a whole)",
    ),
    *_period(
        "nps_answers",
        ("surveys",),
        nps_promoters="answers of 9 and 10",
        nps_passives="answers of 7 and 8",
        nps_detractors="answers of 0 to 6",
    ),
    *_period(
        "csat_answers",
        ("surveys",),
        csat_satisfied="satisfied answers",
        csat_responses="all answers",
    ),
    *_period(
        "osat_answers",
        ("surveys",),
        osat_satisfied="satisfied answers",
        osat_responses="all answers",
    ),
    *_period(
        "ces_answers",
        ("surveys",),
        ces_sum="answers added up",
        ces_responses="all answers",
        ces_scale="the scale's highest answer",
    ),
    PeriodMeasure(
        "referred_new_mrr",
        "MRR of new customers who were referred",
        "money",
        "referred",
        ("subscription_events", "subscriptions", "customers"),
    ),
)
