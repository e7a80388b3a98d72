"""What moved recurring revenue."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trueline.catalog.kpi import (
    Charge,
    Direction,
    From,
    Kpi,
    Single,
    Unit,
)

_ATTRIBUTES = ("channel", "country")


class MrrNew(
    Single,
    key="mrr_new",
    label="New MRR",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    example={"amount": 5000},
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
    example={"amount": 400},
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
    example={"amount": 2000},
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
    example={"amount": 500},
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
    example={"amount": 1500},
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
    example={"amount": 2000},
    example_value=Decimal(2000),
):
    """Recurring revenue a month won in the period from customers who already paid at its start:
    upgrades, more seats, higher prices. The same amount as expansion MRR."""

    amount: Annotated[Charge, Field(description="MRR added"), From("movement_expansion")]


MOVEMENT: tuple[type[Kpi], ...] = (
    MrrNew,
    MrrReactivation,
    MrrExpansion,
    MrrContraction,
    MrrChurn,
    ExpansionRevenue,
)
