"""How users come to use the product: activation, time to value, use of features."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trueline.catalog.kpi import (
    AtMost,
    Calculator,
    Charge,
    Count,
    Direction,
    From,
    In,
    Kpi,
    Needs,
    Number,
    Said,
    Single,
    Text,
    Unit,
)

_NO_USERS = Needs("no_users", "There is no active user in the period.")


class ActivationRate(
    Kpi,
    key="activation_rate",
    label="Activation rate",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="engagement",
    bounds=(0, 100),
    rules=(AtMost("activated_users", "total_signups", "only who signed up can activate."),),
    example={
        "activated_users": 850,
        "total_signups": 1000,
        "activation_criteria": "Completed onboarding + first action",
    },
    example_value=85.0,
):
    """Of those who signed up in the period, how many percent reached the milestone within the
    window. Known in full once the window is over for all of them."""

    activated_users: Annotated[
        Count,
        Field(description="of those who signed up, who reached the milestone in time"),
        From("activated"),
    ]
    total_signups: Annotated[
        Count,
        Field(description="who signed up in the period"),
        From("signups"),
        Needs("no_signups", "Nobody signed up in the period."),
    ]
    activation_criteria: Annotated[Text, Field(description="what counts as activated"), Said()] = (
        None
    )

    def formula(self) -> Number:
        return 100 * Decimal(self.activated_users) / self.total_signups


class MeanTimeToValue(
    Calculator,
    example={"total_time_to_value_hours": 2400, "number_of_users": 800},
    example_value=3.0,
):
    """The mean hours of those who reached the value. A mean over them flatters: it leaves out who
    never did. From events the median is given, the 90th percentile and the share who never did."""

    total_time_to_value_hours: Annotated[
        Charge, Field(description="hours of all who reached it, added up"), In("hours")
    ]
    number_of_users: Annotated[
        Count,
        Field(description="users who reached it"),
        Needs("nobody_reached_value", "Nobody has reached the value."),
    ]

    def formula(self) -> Number:
        return self.total_time_to_value_hours / self.number_of_users


class TimeToValue(
    Single,
    key="time_to_value",
    label="Time to value",
    ways=(MeanTimeToValue,),
    unit=Unit.HOURS,
    direction=Direction.DOWN,
    subject="engagement",
    bounds=(0, None),
    example={"amount": 36},
    example_value=36.0,
):
    """Hours from signing up to the first value: the median of those who signed up in the period and
    reached it. Read it beside the 90th percentile and the share that never reached it."""

    amount: Annotated[
        Charge,
        Field(description="median hours of those who reached it"),
        From("value_hours_median"),
    ]


class TimeToValueP90(
    Single,
    key="time_to_value_p90",
    label="Time to value, 90th percentile",
    unit=Unit.HOURS,
    direction=Direction.DOWN,
    subject="engagement",
    bounds=(0, None),
    example={"amount": 120},
    example_value=120.0,
):
    """Hours within which nine in ten of those who reached the value did."""

    amount: Annotated[Charge, Field(description="90th percentile"), From("value_hours_p90")]


class ValueNeverReached(
    Kpi,
    key="value_never_reached",
    label="Never reached value",
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    subject="engagement",
    bounds=(0, 100),
    calculates=False,
    rules=(AtMost("value_reached", "value_cohort", "only who signed up can reach it."),),
    example={"value_reached": 800, "value_cohort": 1000},
    example_value=20.0,
):
    """Of those who signed up in the period, how many percent have not reached the value: what a
    mean time to value leaves out."""

    value_reached: Annotated[Count, Field(description="who reached it"), From("value_reached")]
    value_cohort: Annotated[
        Count,
        Field(description="who signed up"),
        From("value_cohort"),
        Needs("no_signups", "Nobody signed up in the period."),
    ]

    def formula(self) -> Number:
        return 100 - 100 * Decimal(self.value_reached) / self.value_cohort


class FeatureAdoption(
    Kpi,
    key="feature_adoption",
    slices=("feature",),
    label="Feature adoption",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="engagement",
    bounds=(0, 100),
    rules=(AtMost("users_using_feature", "total_active_users", "who uses the feature is active."),),
    example={
        "users_using_feature": 600,
        "total_active_users": 1000,
        "feature_name": "Advanced Reporting",
    },
    example_value=60.0,
):
    """Of the users active in the period, how many percent used the feature."""

    users_using_feature: Annotated[
        Count, Field(description="distinct users of the feature"), From("feature_users")
    ]
    total_active_users: Annotated[
        Count, Field(description="distinct active users"), From("active_users"), _NO_USERS
    ]
    feature_name: Annotated[Text, Field(description="which feature"), Said()] = None

    def formula(self) -> Number:
        return 100 * Decimal(self.users_using_feature) / self.total_active_users


ADOPTION: tuple[type[Kpi], ...] = (
    ActivationRate,
    TimeToValue,
    TimeToValueP90,
    ValueNeverReached,
    FeatureAdoption,
)
