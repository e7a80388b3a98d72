"""Unit economics: what a customer costs, brings, and how long until it pays back."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trueline.catalog.kpi import (
    Amount,
    Charge,
    Count,
    Direction,
    From,
    In,
    Kpi,
    Needs,
    Number,
    Unit,
    Window,
)

_NO_NEW = Needs("no_new_customers", "No customer paid for the first time in the period.")
_NO_COST = Needs(
    "no_cost",
    "Sales and marketing cost is recorded as 0: the ratio has no answer.",
)
_NO_MARGIN = Needs(
    "margin_not_positive", "The gross margin is not above 0: a customer never pays back."
)
_COSTS = "sales_marketing_cost"


class Cac(
    Kpi,
    key="cac",
    label="Customer acquisition cost",
    unit=Unit.MONEY,
    direction=Direction.DOWN,
    subject="economics",
    stage="early_stage",
    slices=("channel",),
    bounds=(0, None),
    example={
        "total_marketing_spending": 10000,
        "total_sales_spending": 5000,
        "number_of_new_customers": 50,
    },
    example_value=Decimal(300),
):
    """What it costs to win a customer: sales and marketing cost, ad spend included, over customers
    who paid for the first time. By channel: the channel's ad spend over the new customers
    attributed to it."""

    total_marketing_spending: Annotated[
        Charge,
        Field(description="marketing and advertising cost and ad spend"),
        From("marketing_spending", group=_COSTS, by_channel="channel_spend"),
    ]
    total_sales_spending: Annotated[
        Charge, Field(description="sales cost"), From("cost_sales", group=_COSTS, by_channel="none")
    ]
    number_of_new_customers: Annotated[
        Count,
        Field(description="customers who first paid in the period"),
        From("new_customers"),
        _NO_NEW,
    ]

    def formula(self) -> Number:
        return (
            self.total_marketing_spending + self.total_sales_spending
        ) / self.number_of_new_customers


class Clv(
    Kpi,
    key="clv",
    label="Customer lifetime value",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="economics",
    stage="early_stage",
    bounds=(0, None),
    example={
        "arpu": 50,
        "gross_margin": 80,
        "customers_churned": 60,
        "customer_months": 1200,
        "months_observed": 6,
    },
    example_value=Decimal(800),
):
    """Gross profit a customer brings over its lifetime: ARPU x gross margin / monthly churn. The
    churn is that of the last complete months, twelve at most; with fewer than three months or
    fewer than ten lost customers there is no honest answer."""

    arpu: Annotated[Charge, Field(description="MRR per paying customer"), From("kpi:arpu")]
    gross_margin: Annotated[
        Amount, Field(description="gross margin in percent"), From("kpi:gross_margin"), _NO_MARGIN
    ]
    months_observed: Annotated[
        Count,
        Field(description="complete months the churn is taken from"),
        From("churn_months"),
        Needs(
            "too_few_months",
            "Fewer than 3 complete months of subscriptions are recorded.",
            "Load earlier subscription changes, or wait.",
            above=2,
        ),
    ]
    customers_churned: Annotated[
        Count,
        Field(description="customers lost in those months"),
        From("churned_in_months"),
        Needs(
            "too_few_churn_events",
            "Fewer than 10 customers were lost in those months: their lifetime cannot be told.",
            "Wait until more is known; a lifetime read from so few is chance.",
            above=9,
        ),
    ]
    customer_months: Annotated[
        Count,
        Field(description="paying customers at the start of each of those months, added up"),
        From("exposed_in_months"),
        Needs("no_customers", "There were no paying customers."),
    ]

    def formula(self) -> Number:
        lifetime = Decimal(self.customer_months) / self.customers_churned
        return self.arpu * self.gross_margin / 100 * lifetime


class Cltv(
    Kpi,
    key="cltv",
    label="Customer lifetime revenue",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="economics",
    bounds=(0, None),
    example={"average_customer_lifetime_months": 24, "average_revenue_per_user": 50},
    example_value=Decimal(1200),
):
    """Revenue a customer brings over its lifetime: ARPU times months. It knows no margin, so it is
    lifetime revenue and not value: compare acquisition cost with `clv` instead."""

    average_customer_lifetime_months: Annotated[
        Charge,
        Field(description="how long a customer stays, in months"),
        In("months"),
        Needs("no_lifetime", "A lifetime of 0 months brings nothing."),
    ]
    average_revenue_per_user: Annotated[
        Charge,
        Field(description="ARPU, a month"),
        Needs("no_arpu", "Without revenue a month there is nothing to add up."),
    ]

    def formula(self) -> Number:
        return self.average_customer_lifetime_months * self.average_revenue_per_user


class ClvCacRatio(
    Kpi,
    key="clv_cac_ratio",
    label="CLV:CAC ratio",
    unit=Unit.RATIO,
    direction=Direction.UP,
    subject="economics",
    stage="early_stage",
    bounds=(0, None),
    example={"clv": 900, "cac": 300},
    example_value=3.0,
):
    """Customer lifetime value for each unit of acquisition cost. That 3 is healthy is a convention,
    not a measurement."""

    clv: Annotated[Charge, Field(description="customer lifetime value"), From("kpi:clv")]
    cac: Annotated[
        Charge, Field(description="customer acquisition cost"), From("kpi:cac"), _NO_COST
    ]

    def formula(self) -> Number:
        return self.clv / self.cac


class CacPaybackMonths(
    Kpi,
    key="cac_payback_months",
    label="CAC payback period",
    unit=Unit.MONTHS,
    direction=Direction.DOWN,
    subject="economics",
    stage="early_stage",
    bounds=(0, None),
    example={"cac": 300, "new_mrr": 2500, "new_customers": 50, "gross_margin": 80},
    example_value=7.5,
):
    """Months until a new customer's gross profit has paid for winning it: CAC over the new
    customers' ARPU times gross margin. Both are over the same customers: all who first paid in the
    period, whether they order, subscribe or have left again."""

    cac: Annotated[Charge, Field(description="customer acquisition cost"), From("kpi:cac")]
    new_mrr: Annotated[
        Charge,
        Field(description="MRR of customers who first paid in the period"),
        From("movement_new"),
        Needs("no_new_mrr", "No new recurring revenue came in the period."),
    ]
    new_customers: Annotated[
        Count,
        Field(description="customers who first paid in the period"),
        From("new_customers"),
        _NO_NEW,
    ]
    gross_margin: Annotated[
        Amount, Field(description="gross margin in percent"), From("kpi:gross_margin"), _NO_MARGIN
    ]

    def formula(self) -> Number:
        return self.cac / (self.new_mrr / self.new_customers * self.gross_margin / 100)


class SalesEfficiency(
    Kpi,
    key="sales_efficiency",
    label="Sales efficiency",
    unit=Unit.RATIO,
    direction=Direction.UP,
    subject="economics",
    stage="mid_stage",
    bounds=(0, None),
    example={"new_revenue": 12000, "sales_marketing_cost": 8000},
    example_value=1.5,
):
    """Revenue of the period from customers who first paid in it, for each unit of sales and
    marketing cost."""

    new_revenue: Annotated[
        Charge, Field(description="revenue from new customers"), From("new_customer_revenue")
    ]
    sales_marketing_cost: Annotated[
        Charge, Field(description="sales and marketing cost"), From(_COSTS), _NO_COST
    ]

    def formula(self) -> Number:
        return self.new_revenue / self.sales_marketing_cost


class MagicNumber(
    Kpi,
    key="magic_number",
    label="Magic number",
    unit=Unit.RATIO,
    direction=Direction.UP,
    subject="economics",
    example={"opening_mrr": 40000, "closing_mrr": 45000, "previous_cost": 80000},
    example_value=0.75,
):
    """Annual recurring revenue added in the period for each unit of sales and marketing cost of the
    period before. Read it over quarters."""

    opening_mrr: Annotated[Charge, Field(description="MRR at the start"), From("mrr", at="opening")]
    closing_mrr: Annotated[Charge, Field(description="MRR at the end"), From("mrr")]
    previous_cost: Annotated[
        Charge,
        Field(description="sales and marketing cost of the period before"),
        From(_COSTS, window=Window.PREVIOUS),
        _NO_COST,
    ]

    def formula(self) -> Number:
        return 12 * (self.closing_mrr - self.opening_mrr) / self.previous_cost


ECONOMICS: tuple[type[Kpi], ...] = (
    Cac,
    Clv,
    Cltv,
    ClvCacRatio,
    CacPaybackMonths,
    SalesEfficiency,
    MagicNumber,
)
