"""What the customers of the opening did: closed cohorts."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trueline.catalog.kpi import (
    NO_OPENING,
    AtMost,
    Calculator,
    Charge,
    Count,
    Detail,
    Direction,
    From,
    Kpi,
    Needs,
    Number,
    Said,
    Unit,
)

_ATTRIBUTES = ("channel", "country")
_LOSSES = AtMost(
    ("contraction_revenue", "churned_revenue"),
    "mrr_at_beginning",
    "no more can be lost than there was at the start.",
)
_ANY_LOSS = Needs(
    "nothing_lost",
    "No recurring revenue was lost in the period: the ratio has no answer.",
    "Choose a longer period.",
)


class Nrr(
    Kpi,
    key="nrr",
    rules=(_LOSSES,),
    label="Net revenue retention",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="recurring",
    stage="mid_stage",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    example={
        "mrr_at_beginning": 50000,
        "expansion_revenue": 5000,
        "contraction_revenue": 1000,
        "churned_revenue": 2000,
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
    rules=(_LOSSES,),
    label="Gross revenue retention",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, 100),
    example={"mrr_at_beginning": 50000, "contraction_revenue": 1000, "churned_revenue": 2000},
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
    rules=(
        AtMost("customers_lost", "total_customers_at_start", "only who was there can leave."),
        AtMost(
            "revenue_from_lost_customers",
            "total_revenue_at_start",
            "no more can be lost than there was at the start.",
        ),
    ),
    label="Churn rate",
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    subject="recurring",
    stage="mid_stage",
    slices=_ATTRIBUTES,
    bounds=(0, 100),
    example={
        "customers_lost": 50,
        "total_customers_at_start": 1000,
        "revenue_from_lost_customers": 2500,
        "total_revenue_at_start": 50000,
    },
    example_value=5.0,
    also=(
        "revenue_from_lost_customers and total_revenue_at_start go together: both, or neither; "
        "total_revenue_at_start > 0.",
        "revenue_from_lost_customers is 0 where customers_lost is.",
    ),
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
    revenue_from_lost_customers: Annotated[
        Charge | None, Field(description="what those lost had paid a month"), Said()
    ] = None
    total_revenue_at_start: Annotated[
        Charge | None, Field(description="MRR at the start"), Said()
    ] = None

    def contradiction(self) -> str | None:
        given = (self.revenue_from_lost_customers, self.total_revenue_at_start)
        if (given[0] is None) != (given[1] is None):
            return (
                "revenue_from_lost_customers and total_revenue_at_start go together: "
                "give both, or neither."
            )
        if given[1] == 0:
            return "total_revenue_at_start is 0: nothing could be lost of it."
        if given[0] and not self.customers_lost:
            return (
                f"revenue_from_lost_customers is {given[0]} and customers_lost 0: no revenue can "
                "be lost with nobody."
            )
        return None

    def formula(self) -> Number:
        return 100 * Decimal(self.customers_lost) / self.total_customers_at_start

    def details(self) -> dict[str, Detail]:
        lost, start = self.revenue_from_lost_customers, self.total_revenue_at_start
        if lost is None or start is None:
            return {}
        return {"revenue_lost_with_customers": Detail(float(100 * lost / start), Unit.PERCENT)}


class RevenueChurnRate(
    Kpi,
    key="revenue_churn_rate",
    rules=(_LOSSES,),
    label="Revenue churn rate",
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, 100),
    example={"mrr_at_beginning": 50000, "contraction_revenue": 1000, "churned_revenue": 2000},
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
    rules=(
        AtMost(
            "new_customers_acquired", "customers_at_end", "who is new is one of those at the end."
        ),
    ),
    label="Customer retention rate",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="recurring",
    stage="mid_stage",
    slices=_ATTRIBUTES,
    bounds=(0, 100),
    example={"customers_at_start": 1000, "customers_at_end": 950, "new_customers_acquired": 100},
    example_value=85.0,
    also=(
        "customers_at_end - new_customers_acquired ≤ customers_at_start: only those who were "
        "there can have stayed.",
    ),
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

    def contradiction(self) -> str | None:
        stayed = self.customers_at_end - self.new_customers_acquired
        if stayed <= self.customers_at_start:
            return None
        return (
            f"customers_at_end - new_customers_acquired is {stayed}, more than the "
            f"{self.customers_at_start} at the start: only those can have stayed."
        )

    def formula(self) -> Number:
        return (
            100
            * Decimal(self.customers_at_end - self.new_customers_acquired)
            / self.customers_at_start
        )


class QuickRatioFromMovements(
    Calculator,
    example={
        "new": 5000,
        "expansion": 2000,
        "reactivation": 1000,
        "contraction": 500,
        "churn": 1500,
    },
    example_value=4.0,
):
    """MRR won (new, expansion, reactivation) for each unit of MRR lost (contraction, churn)."""

    new: Annotated[Charge, Field(description="MRR of new customers")]
    expansion: Annotated[Charge, Field(description="MRR added")]
    reactivation: Annotated[Charge, Field(description="MRR of returned customers")]
    contraction: Annotated[Charge, Field(description="MRR given up")]
    churn: Annotated[Charge, Field(description="MRR lost with those who left")]

    def formula(self) -> Number:
        return (self.new + self.expansion + self.reactivation) / (self.contraction + self.churn)


class QuickRatio(
    Kpi,
    key="quick_ratio",
    ways=(QuickRatioFromMovements,),
    label="Quick ratio",
    unit=Unit.RATIO,
    direction=Direction.UP,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    undefined=_ANY_LOSS,
    example={"gained": 6000, "expansion": 2000, "contraction": 500, "churn": 1500},
    example_value=4.0,
):
    """MRR won (new, expansion, reactivation) for each unit of MRR lost (contraction, churn). Who
    came counts whether new or returned, also where that cannot be told."""

    gained: Annotated[
        Charge,
        Field(description="MRR of customers who came, or came back"),
        From("movement_gained"),
    ]
    expansion: Annotated[Charge, Field(description="MRR added"), From("movement_expansion")]
    contraction: Annotated[Charge, Field(description="MRR given up"), From("movement_contraction")]
    churn: Annotated[
        Charge, Field(description="MRR lost with those who left"), From("movement_churn")
    ]

    def formula(self) -> Number:
        return (self.gained + self.expansion) / (self.contraction + self.churn)


RETENTION: tuple[type[Kpi], ...] = (
    Nrr,
    Grr,
    ChurnRate,
    RevenueChurnRate,
    RetentionRate,
    QuickRatio,
)
