"""Advertising: what was spent, seen, clicked and converted, whole and by channel."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trueline.catalog.kpi import (
    AtMost,
    Charge,
    Count,
    Direction,
    From,
    Kpi,
    Needs,
    Number,
    Single,
    Unit,
)

_CHANNEL = ("channel",)


class Spend(
    Single,
    key="spend",
    label="Ad spend",
    unit=Unit.MONEY,
    direction=Direction.NEUTRAL,
    subject="marketing",
    slices=("channel", "currency"),
    bounds=(0, None),
    example={"amount": 20000},
    example_value=Decimal(20000),
):
    """Ad spend of the period, as the channels report it."""

    amount: Annotated[Charge, Field(description="ad spend"), From("ad_spend")]


class Impressions(
    Single,
    key="impressions",
    label="Impressions",
    unit=Unit.COUNT,
    direction=Direction.UP,
    subject="marketing",
    slices=_CHANNEL,
    bounds=(0, None),
    example={"amount": 250000},
    example_value=250000,
):
    """How often ads were shown."""

    amount: Annotated[Count, Field(description="impressions"), From("impressions")]


class Clicks(
    Single,
    key="clicks",
    label="Clicks",
    unit=Unit.COUNT,
    direction=Direction.UP,
    subject="marketing",
    slices=_CHANNEL,
    bounds=(0, None),
    example={"amount": 5000},
    example_value=5000,
):
    """How often ads were clicked."""

    amount: Annotated[Count, Field(description="clicks"), From("clicks")]


class Conversions(
    Single,
    key="conversions",
    label="Conversions",
    unit=Unit.COUNT,
    direction=Direction.UP,
    subject="marketing",
    slices=_CHANNEL,
    bounds=(0, None),
    example={"amount": 200},
    example_value=200,
):
    """Conversions as the channels count them."""

    amount: Annotated[Count, Field(description="conversions"), From("conversions")]


class Ctr(
    Kpi,
    key="ctr",
    label="Click-through rate",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="marketing",
    slices=_CHANNEL,
    bounds=(0, 100),
    rules=(AtMost("clicks", "impressions", "an ad is clicked where it was shown."),),
    example={"clicks": 5000, "impressions": 250000},
    example_value=2.0,
):
    """Clicks in percent of impressions."""

    clicks: Annotated[Count, Field(description="clicks"), From("clicks")]
    impressions: Annotated[
        Count,
        Field(description="impressions"),
        From("impressions"),
        Needs("no_impressions", "No ad was shown in the period."),
    ]

    def formula(self) -> Number:
        return 100 * Decimal(self.clicks) / self.impressions


class AdConversionRate(
    Kpi,
    key="ad_conversion_rate",
    label="Ad conversion rate",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="marketing",
    slices=_CHANNEL,
    bounds=(0, None),
    example={"conversions": 200, "clicks": 5000},
    example_value=4.0,
):
    """Conversions in percent of clicks, both as the channels count them."""

    conversions: Annotated[Count, Field(description="conversions"), From("conversions")]
    clicks: Annotated[
        Count,
        Field(description="clicks"),
        From("clicks"),
        Needs("no_clicks", "No ad was clicked in the period."),
    ]

    def formula(self) -> Number:
        return 100 * Decimal(self.conversions) / self.clicks


MARKETING: tuple[type[Kpi], ...] = (Spend, Impressions, Clicks, Conversions, Ctr, AdConversionRate)
