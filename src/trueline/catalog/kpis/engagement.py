"""What people do with the product: visits, sessions, activation, use of features."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trueline.catalog.kpi import (
    AtMost,
    Charge,
    Count,
    Day,
    Detail,
    Direction,
    From,
    In,
    Kpi,
    Needs,
    Number,
    Said,
    Single,
    Text,
    TimeFrame,
    Unit,
)

_NO_SESSIONS = Needs("no_sessions", "There is no session in the period.")
_NO_USERS = Needs("no_users", "There is no active user in the period.")


_CHANNEL = ("channel",)


class Sessions(
    Single,
    key="sessions",
    label="Sessions",
    unit=Unit.COUNT,
    direction=Direction.UP,
    subject="engagement",
    slices=_CHANNEL,
    bounds=(0, None),
    example={"amount": 14000},
    example_value=14000,
):
    """Sessions that began in the period. A session ends after 30 idle minutes (a setting), or is
    what carries one session id; it goes on across midnight and counts on the day it begins."""

    amount: Annotated[Count, Field(description="sessions"), From("sessions")]


class Dau(
    Kpi,
    key="dau",
    label="Daily active users",
    unit=Unit.USERS,
    direction=Direction.UP,
    subject="engagement",
    bounds=(0, None),
    calculates=False,
    example={"active_user_days": 35000, "days": 7},
    example_value=5000.0,
):
    """Distinct users active on a day; over several days, the mean of the days. Never a sum."""

    active_user_days: Annotated[
        Count, Field(description="distinct users of each day, added up"), From("active_user_days")
    ]
    days: Annotated[
        Count,
        Field(description="days of the period that events cover so far"),
        From("days"),
        Needs("no_time", "The period is empty."),
    ]

    def formula(self) -> Number:
        return Decimal(self.active_user_days) / self.days


class Wau(
    Single,
    key="wau",
    label="Weekly active users",
    unit=Unit.USERS,
    direction=Direction.UP,
    subject="engagement",
    bounds=(0, None),
    example={"amount": 9000},
    example_value=9000,
):
    """Distinct users active in the seven days before the period's end."""

    amount: Annotated[Count, Field(description="distinct users"), From("active_users_7")]


class Mau(
    Single,
    key="mau",
    label="Monthly active users",
    unit=Unit.USERS,
    direction=Direction.UP,
    subject="engagement",
    bounds=(0, None),
    example={"amount": 15000},
    example_value=15000,
):
    """Distinct users active in the 30 days before the period's end."""

    amount: Annotated[Count, Field(description="distinct users"), From("active_users_30")]


class Traffic(
    Kpi,
    key="traffic",
    label="Traffic",
    unit=Unit.COUNT,
    direction=Direction.UP,
    subject="engagement",
    bounds=(0, None),
    example={"organic_traffic": 5000, "paid_traffic": 3000, "time_frame": "monthly"},
    example_value=8000,
):
    """Visitors of the period: organic and paid, each counted once. Shares are of these two, not of
    all traffic."""

    organic_traffic: Annotated[
        Count, Field(description="visitors who came unpaid"), From("visitors_organic")
    ]
    paid_traffic: Annotated[
        Count, Field(description="visitors from paid sources"), From("visitors_paid")
    ]
    time_frame: Annotated[
        TimeFrame | None, Field(description="over which time they were counted"), Said()
    ] = None

    def formula(self) -> Number:
        return self.organic_traffic + self.paid_traffic

    def details(self) -> dict[str, Detail]:
        both = self.organic_traffic + self.paid_traffic
        if not both:
            return {}
        return {
            "organic_share": Detail(100 * self.organic_traffic / both, Unit.PERCENT),
            "paid_share": Detail(100 * self.paid_traffic / both, Unit.PERCENT),
        }


class ConversionRate(
    Kpi,
    key="conversion_rate",
    label="Conversion rate",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="engagement",
    bounds=(0, 100),
    rules=(
        AtMost(
            "number_of_conversions",
            "total_visitors_or_users",
            "a visitor who converts twice counts once.",
        ),
    ),
    example={
        "number_of_conversions": 250,
        "total_visitors_or_users": 10000,
        "conversion_type": "signup",
    },
    example_value=2.5,
):
    """Of the visitors of the period, how many percent converted. Each visitor counts once, however
    often it came or converted."""

    number_of_conversions: Annotated[
        Count, Field(description="visitors who converted"), From("converters")
    ]
    total_visitors_or_users: Annotated[
        Count,
        Field(description="visitors who could have"),
        From("visitors"),
        Needs("no_visitors", "There is no visitor in the period."),
    ]
    conversion_type: Annotated[Text, Field(description="what counts as converting"), Said()] = None

    def formula(self) -> Number:
        return 100 * Decimal(self.number_of_conversions) / self.total_visitors_or_users


class Stickiness(
    Kpi,
    key="stickiness",
    label="Stickiness (DAU/MAU)",
    path="dau-mau",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="engagement",
    bounds=(0, 100),
    rules=(
        AtMost(
            "daily_active_users",
            "monthly_active_users",
            "who is active on a day is active in its month.",
        ),
    ),
    example={
        "daily_active_users": 5000,
        "monthly_active_users": 15000,
        "measurement_date": "2024-02-01",
    },
    example_value=100 / 3,
):
    """The mean of daily active users in percent of monthly active users: on how many of 30 days the
    average user of a month is there. Distinct users, never a sum of days."""

    daily_active_users: Annotated[
        Charge, Field(description="distinct users a day, on average"), From("daily_users_30")
    ]
    monthly_active_users: Annotated[
        Count, Field(description="distinct users of the month"), From("active_users_30"), _NO_USERS
    ]
    measurement_date: Annotated[Day, Field(description="the day it was measured"), Said()] = None

    def formula(self) -> Number:
        return 100 * self.daily_active_users / self.monthly_active_users


class SessionDuration(
    Kpi,
    key="session_duration",
    slices=_CHANNEL,
    label="Session duration",
    unit=Unit.SECONDS,
    direction=Direction.UP,
    subject="engagement",
    bounds=(0, None),
    example={"total_session_duration_seconds": 360000, "total_number_of_sessions": 10000},
    example_value=36.0,
):
    """How long a session lasts on average, in seconds, from its first event to its last."""

    total_session_duration_seconds: Annotated[
        Charge,
        Field(description="time of all sessions together, in seconds"),
        From("session_seconds"),
        In("seconds"),
    ]
    total_number_of_sessions: Annotated[
        Count, Field(description="sessions"), From("sessions"), _NO_SESSIONS
    ]

    def formula(self) -> Number:
        return self.total_session_duration_seconds / self.total_number_of_sessions


class BounceRate(
    Kpi,
    key="bounce_rate",
    slices=_CHANNEL,
    label="Bounce rate",
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    subject="engagement",
    bounds=(0, 100),
    rules=(
        AtMost(
            "number_of_non_engaged_sessions",
            "total_number_of_sessions",
            "they are some of the sessions.",
        ),
    ),
    example={"number_of_non_engaged_sessions": 4500, "total_number_of_sessions": 10000},
    example_value=45.0,
):
    """How many percent of sessions were not engaged: at most 10 seconds long, and without a key
    event, and with fewer than 2 page views (all three, not one of them)."""

    number_of_non_engaged_sessions: Annotated[
        Count,
        Field(description="sessions of 10 s or less, without key event, with fewer than 2 pages"),
        From("non_engaged_sessions"),
    ]
    total_number_of_sessions: Annotated[
        Count, Field(description="sessions"), From("sessions"), _NO_SESSIONS
    ]

    def formula(self) -> Number:
        return 100 * Decimal(self.number_of_non_engaged_sessions) / self.total_number_of_sessions


class SessionsPerUser(
    Kpi,
    key="sessions_per_user",
    label="Sessions per user",
    unit=Unit.RATIO,
    direction=Direction.UP,
    subject="engagement",
    bounds=(0, None),
    example={"total_number_of_sessions": 14000, "number_of_users": 10000},
    example_value=1.4,
):
    """Sessions for each user active in the period."""

    total_number_of_sessions: Annotated[Count, Field(description="sessions"), From("sessions")]
    number_of_users: Annotated[
        Count, Field(description="distinct active users"), From("active_users"), _NO_USERS
    ]

    def formula(self) -> Number:
        return Decimal(self.total_number_of_sessions) / self.number_of_users


class ActionsPerSession(
    Kpi,
    key="actions_per_session",
    slices=_CHANNEL,
    label="User actions per session",
    path="user-actions",
    unit=Unit.RATIO,
    direction=Direction.UP,
    subject="engagement",
    bounds=(0, None),
    example={
        "total_actions": 50000,
        "total_sessions": 10000,
        "action_types": {"clicks": 30000, "scrolls": 15000, "form_fills": 5000},
    },
    example_value=5.0,
    also=("The values of action_types, added up ≤ total_actions: they are parts of it.",),
):
    """What users do in a session, on average: actions over sessions."""

    total_actions: Annotated[
        Count, Field(description="actions of all sessions"), From("session_actions")
    ]
    total_sessions: Annotated[Count, Field(description="sessions"), From("sessions"), _NO_SESSIONS]
    action_types: Annotated[
        dict[str, Count] | None,
        Field(max_length=200, description="actions by kind; at most total_actions together"),
        Said(),
    ] = None

    def contradiction(self) -> str | None:
        together = sum((self.action_types or {}).values())
        if together <= self.total_actions:
            return None
        return (
            f"action_types add up to {together}, more than total_actions {self.total_actions}: "
            "they are parts of it."
        )

    def formula(self) -> Number:
        return Decimal(self.total_actions) / self.total_sessions

    def details(self) -> dict[str, Detail]:
        return {
            f"{name}_per_session": Detail(count / self.total_sessions, Unit.RATIO)
            for name, count in (self.action_types or {}).items()
        }


ENGAGEMENT: tuple[type[Kpi], ...] = (
    Sessions,
    Dau,
    Wau,
    Mau,
    Traffic,
    ConversionRate,
    Stickiness,
    SessionDuration,
    BounceRate,
    SessionsPerUser,
    ActionsPerSession,
)
