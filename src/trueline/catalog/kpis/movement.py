"""What moved recurring revenue, and what the opening's customers did: closed cohorts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trueline.catalog.kpi import (
    NO_OPENING,
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

_ATTRIBUTES = ("channel", "country")
_ANY_LOSS = Needs(
    "nothing_lost",
    "No recurring revenue was lost in the period: the ratio has no answer.",
    "Choose a longer period.",
)


class MrrNew(
    Single,
    key="mrr_new",
    label="New MRR",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    example={"amount": "5000"},
    example_value=Decimal(5000),
):
    """MRR at the end from customers who had never paid before the period."""

    amount: Annotated[Charge, Field(description="MRR of new customers"), From("movement_new")]


class MrrReactivation(
    Single,
    key="mrr_reactivation",
    label="Reactivation MRR",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    example={"amount": "400"},
    example_value=Decimal(400),
):
    """MRR at the end from customers who did not pay at the start, but had before."""

    amount: Annotated[
        Charge, Field(description="MRR of returned customers"), From("movement_reactivation")
    ]


class MrrExpansion(
    Single,
    key="mrr_expansion",
    label="Expansion MRR",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    example={"amount": "2000"},
    example_value=Decimal(2000),
):
    """What customers who paid at the start pay more at the end."""

    amount: Annotated[Charge, Field(description="MRR added"), From("movement_expansion")]


class MrrContraction(
    Single,
    key="mrr_contraction",
    label="Contraction MRR",
    unit=Unit.MONEY,
    direction=Direction.DOWN,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    example={"amount": "500"},
    example_value=Decimal(500),
):
    """What customers who stayed pay less at the end than at the start, as a positive amount."""

    amount: Annotated[Charge, Field(description="MRR given up"), From("movement_contraction")]


class MrrChurn(
    Single,
    key="mrr_churn",
    label="Churned MRR",
    unit=Unit.MONEY,
    direction=Direction.DOWN,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    example={"amount": "1500"},
    example_value=Decimal(1500),
):
    """MRR at the start of customers who no longer pay at the end, as a positive amount."""

    amount: Annotated[Charge, Field(description="MRR lost"), From("movement_churn")]


class ExpansionRevenue(
    Single,
    key="expansion_revenue",
    label="Expansion revenue",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="recurring",
    stage="mid_stage",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    example={"amount": "2000"},
    example_value=Decimal(2000),
):
    """Recurring revenue a month won in the period from customers who already paid at its start:
    upgrades, more seats, higher prices. The same amount as expansion MRR."""

    amount: Annotated[Charge, Field(description="MRR added"), From("movement_expansion")]


class Nrr(
    Kpi,
    key="nrr",
    label="Net revenue retention",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="recurring",
    stage="mid_stage",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    example={
        "mrr_at_beginning": "50000",
        "expansion_revenue": "5000",
        "contraction_revenue": "1000",
        "churned_revenue": "2000",
    },
    example_value=104.0,
):
    """What the customers who paid at the start pay at the end, in percent of what they paid then.
    A closed cohort: customers won in the period are not in it."""

    mrr_at_beginning: Annotated[
        Charge, Field(description="MRR at the start"), From("movement_opening"), NO_OPENING
    ]
    expansion_revenue: Annotated[
        Charge, Field(description="MRR they added"), From("movement_expansion")
    ]
    contraction_revenue: Annotated[
        Charge, Field(description="MRR they gave up"), From("movement_contraction")
    ]
    churned_revenue: Annotated[
        Charge, Field(description="MRR lost with those who left"), From("movement_churn")
    ]

    def formula(self) -> Number:
        kept = (
            self.mrr_at_beginning
            + self.expansion_revenue
            - self.contraction_revenue
            - self.churned_revenue
        )
        return 100 * kept / self.mrr_at_beginning


class Grr(
    Kpi,
    key="grr",
    label="Gross revenue retention",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, 100),
    example={"mrr_at_beginning": "50000", "contraction_revenue": "1000", "churned_revenue": "2000"},
    example_value=94.0,
):
    """What the customers who paid at the start still pay of that at the end, growth left out, in
    percent. Never above 100, never above net revenue retention."""

    mrr_at_beginning: Annotated[
        Charge, Field(description="MRR at the start"), From("movement_opening"), NO_OPENING
    ]
    contraction_revenue: Annotated[
        Charge, Field(description="MRR given up"), From("movement_contraction")
    ]
    churned_revenue: Annotated[
        Charge, Field(description="MRR lost with those who left"), From("movement_churn")
    ]

    def formula(self) -> Number:
        kept = self.mrr_at_beginning - self.contraction_revenue - self.churned_revenue
        return 100 * kept / self.mrr_at_beginning


class ChurnRate(
    Kpi,
    key="churn_rate",
    label="Churn rate",
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    subject="recurring",
    stage="mid_stage",
    slices=_ATTRIBUTES,
    bounds=(0, 100),
    example={"customers_lost": 50, "total_customers_at_start": 1000},
    example_value=5.0,
):
    """Of the customers who paid at the start, how many percent no longer pay at the end."""

    customers_lost: Annotated[
        Count, Field(description="of those at the start, no longer paying"), From("customers_lost")
    ]
    total_customers_at_start: Annotated[
        Count,
        Field(description="paying customers at the start"),
        From("customers_at_start"),
        NO_OPENING,
    ]

    def formula(self) -> Number:
        return 100 * Decimal(self.customers_lost) / self.total_customers_at_start


class RevenueChurnRate(
    Kpi,
    key="revenue_churn_rate",
    label="Revenue churn rate",
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, 100),
    example={"mrr_at_beginning": "50000", "contraction_revenue": "1000", "churned_revenue": "2000"},
    example_value=6.0,
):
    """How many percent of the opening MRR were lost, by customers leaving and by customers paying
    less: 100 less gross revenue retention."""

    mrr_at_beginning: Annotated[
        Charge, Field(description="MRR at the start"), From("movement_opening"), NO_OPENING
    ]
    contraction_revenue: Annotated[
        Charge, Field(description="MRR given up"), From("movement_contraction")
    ]
    churned_revenue: Annotated[
        Charge, Field(description="MRR lost with those who left"), From("movement_churn")
    ]

    def formula(self) -> Number:
        return 100 * (self.contraction_revenue + self.churned_revenue) / self.mrr_at_beginning


class RetentionRate(
    Kpi,
    key="retention_rate",
    label="Customer retention rate",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="recurring",
    stage="mid_stage",
    slices=_ATTRIBUTES,
    bounds=(0, 100),
    example={"customers_at_start": 1000, "customers_at_end": 950, "new_customers_acquired": 100},
    example_value=85.0,
):
    """Of the customers who paid at the start, how many percent still pay at the end."""

    customers_at_start: Annotated[
        Count,
        Field(description="paying customers at the start"),
        From("customers_at_start"),
        NO_OPENING,
    ]
    customers_at_end: Annotated[
        Count, Field(description="paying customers at the end"), From("customers_at_end")
    ]
    new_customers_acquired: Annotated[
        Count,
        Field(description="of those at the end, not paying at the start"),
        From("customers_gained"),
    ]

    def formula(self) -> Number:
        return (
            100
            * Decimal(self.customers_at_end - self.new_customers_acquired)
            / self.customers_at_start
        )


class QuickRatio(
    Kpi,
    key="quick_ratio",
    label="Quick ratio",
    unit=Unit.RATIO,
    direction=Direction.UP,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    undefined=_ANY_LOSS,
    example={
        "new": "5000",
        "expansion": "2000",
        "reactivation": "1000",
        "contraction": "500",
        "churn": "1500",
    },
    example_value=4.0,
):
    """MRR won (new, expansion, reactivation) for each unit of MRR lost (contraction, churn)."""

    new: Annotated[Charge, Field(description="MRR of new customers"), From("movement_new")]
    expansion: Annotated[Charge, Field(description="MRR added"), From("movement_expansion")]
    reactivation: Annotated[
        Charge, Field(description="MRR of returned customers"), From("movement_reactivation")
    ]
    contraction: Annotated[Charge, Field(description="MRR given up"), From("movement_contraction")]
    churn: Annotated[
        Charge, Field(description="MRR lost with those who left"), From("movement_churn")
    ]

    def formula(self) -> Number:
        return (self.new + self.expansion + self.reactivation) / (self.contraction + self.churn)


MOVEMENTS: tuple[type[Kpi], ...] = (
    MrrNew,
    MrrReactivation,
    MrrExpansion,
    MrrContraction,
    MrrChurn,
    ExpansionRevenue,
    Nrr,
    Grr,
    ChurnRate,
    RevenueChurnRate,
    RetentionRate,
    QuickRatio,
)
