"""Revenue, margins and cash."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trueline.catalog.kpi import (
    Amount,
    Charge,
    Count,
    Direction,
    From,
    Kpi,
    Needs,
    Number,
    Single,
    Unit,
    Window,
)

_NO_REVENUE = Needs("no_revenue", "Revenue of the period is 0: a share of it has no answer.")
_NO_EARLIER = Needs("no_earlier_revenue", "Revenue of the period compared with is 0.")
_POSITIVE = Needs("cash_flow_positive", "Inflow is at least outflow: cash is not being used up.")
_CUT = ("channel", "country")


class Revenue(
    Single,
    key="revenue",
    label="Revenue",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="cash",
    slices=(*_CUT, "currency"),
    bounds=(0, None),
    example={"amount": 120000},
    example_value=Decimal(120000),
):
    """Order amounts and revenue entries of the period: after discounts, without tax, before
    refunds."""

    amount: Annotated[
        Charge, Field(description="order amounts and revenue entries"), From("revenue")
    ]


class NetRevenue(
    Kpi,
    key="net_revenue",
    label="Net revenue",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="cash",
    slices=_CUT,
    example={"revenue": 120000, "refunded": 3000},
    example_value=Decimal(117000),
):
    """Revenue less refunds, refunds on the day they happen."""

    revenue: Annotated[Charge, Field(description="revenue"), From("revenue")]
    refunded: Annotated[Charge, Field(description="refunds"), From("refunded")]

    def formula(self) -> Number:
        return self.revenue - self.refunded


class RefundRate(
    Kpi,
    key="refund_rate",
    label="Refund rate",
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    subject="cash",
    slices=_CUT,
    bounds=(0, None),
    example={"refunded": 3000, "revenue": 120000},
    example_value=2.5,
):
    """Refunds of the period in percent of its revenue, in value."""

    refunded: Annotated[Charge, Field(description="refunds"), From("refunded")]
    revenue: Annotated[Charge, Field(description="revenue"), From("revenue"), _NO_REVENUE]

    def formula(self) -> Number:
        return 100 * self.refunded / self.revenue


class RevenueGrowthRate(
    Kpi,
    key="revenue_growth_rate",
    label="Revenue growth rate",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="cash",
    slices=_CUT,
    bounds=(-100, None),
    example={"earlier": 100000, "revenue": 120000},
    example_value=20.0,
):
    """By how many percent revenue grew against the period before. Not given where one of the two is
    covered only in part."""

    earlier: Annotated[
        Charge,
        Field(description="revenue of the period before"),
        From("revenue", window=Window.PREVIOUS),
        _NO_EARLIER,
    ]
    revenue: Annotated[Charge, Field(description="revenue"), From("revenue")]

    def formula(self) -> Number:
        return 100 * (self.revenue - self.earlier) / self.earlier


class Aov(
    Kpi,
    key="aov",
    label="Average order value",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="cash",
    slices=(*_CUT, "currency"),
    bounds=(0, None),
    example={"order_value": 36000, "orders": 1000},
    example_value=Decimal(36),
):
    """Gross order value over orders."""

    order_value: Annotated[
        Charge, Field(description="order amounts before refunds"), From("order_revenue")
    ]
    orders: Annotated[
        Count,
        Field(description="orders"),
        From("orders"),
        Needs("no_orders", "There is no order in the period."),
    ]

    def formula(self) -> Number:
        return self.order_value / self.orders


class GrossMargin(
    Kpi,
    key="gross_margin",
    label="Gross margin",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="cash",
    stage="early_stage",
    bounds=(None, 100),
    example={"revenue": 100000, "cogs": 20000},
    example_value=80.0,
):
    """What is left of revenue after the cost of goods sold, in percent of revenue."""

    revenue: Annotated[Charge, Field(description="revenue"), From("revenue"), _NO_REVENUE]
    cogs: Annotated[Charge, Field(description="cost of goods sold"), From("cogs")]

    def formula(self) -> Number:
        return 100 * (self.revenue - self.cogs) / self.revenue


class CogsRate(
    Kpi,
    key="cogs_rate",
    label="COGS rate",
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    subject="cash",
    bounds=(0, None),
    example={"cogs": 20000, "revenue": 100000},
    example_value=20.0,
):
    """The cost of goods sold in percent of revenue."""

    cogs: Annotated[Charge, Field(description="cost of goods sold"), From("cogs")]
    revenue: Annotated[Charge, Field(description="revenue"), From("revenue"), _NO_REVENUE]

    def formula(self) -> Number:
        return 100 * self.cogs / self.revenue


class EbitdaMargin(
    Kpi,
    key="ebitda_margin",
    label="EBITDA margin",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="cash",
    bounds=(None, 100),
    example={
        "revenue": 100000,
        "cogs": 20000,
        "sales_marketing": 25000,
        "operating": 35000,
    },
    example_value=20.0,
):
    """Revenue less cost of goods sold, sales, marketing and operating cost, in percent of revenue.
    Depreciation, interest and tax are not costs here."""

    revenue: Annotated[Charge, Field(description="revenue"), From("revenue"), _NO_REVENUE]
    cogs: Annotated[Charge, Field(description="cost of goods sold"), From("cogs")]
    sales_marketing: Annotated[
        Charge, Field(description="sales and marketing cost"), From("sales_marketing_cost")
    ]
    operating: Annotated[
        Charge,
        Field(description="infrastructure, personnel, research, admin and other cost"),
        From("operating_cost"),
    ]

    def formula(self) -> Number:
        costs = self.cogs + self.sales_marketing + self.operating
        return 100 * (self.revenue - costs) / self.revenue


class BurnRate(
    Kpi,
    key="burn_rate",
    label="Burn rate",
    unit=Unit.MONEY_PER_MONTH,
    direction=Direction.DOWN,
    subject="cash",
    stage="early_stage",
    bounds=(0, None),
    example={"outflow": 60000, "months": 2},
    example_value=Decimal(30000),
):
    """Gross burn: all operating outflow a month, financing left out, income not set against it."""

    outflow: Annotated[
        Charge, Field(description="all recorded costs and ad spend"), From("outflow")
    ]
    months: Annotated[
        Charge,
        Field(description="length of the period in months"),
        From("months"),
        Needs("no_time", "The period is empty."),
    ]

    def formula(self) -> Number:
        return self.outflow / self.months


class NetBurn(
    Kpi,
    key="net_burn",
    label="Net burn",
    unit=Unit.MONEY_PER_MONTH,
    direction=Direction.DOWN,
    subject="cash",
    example={"outflow": 60000, "inflow": 40000, "refunded": 1000, "months": 2},
    example_value=Decimal(10500),
):
    """Outflow less inflow a month, financing left out. Below 0 the company earns cash."""

    outflow: Annotated[
        Charge, Field(description="all recorded costs and ad spend"), From("outflow")
    ]
    inflow: Annotated[Charge, Field(description="revenue"), From("revenue")]
    refunded: Annotated[
        Charge, Field(description="refunds, where they are kept"), From("refunds_kept")
    ]
    months: Annotated[
        Charge,
        Field(description="length of the period in months"),
        From("months"),
        Needs("no_time", "The period is empty."),
    ]

    def formula(self) -> Number:
        return (self.outflow + self.refunded - self.inflow) / self.months


class CashBalance(
    Single,
    key="cash_balance",
    label="Cash balance",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="cash",
    example={"amount": 850000},
    example_value=Decimal(850000),
):
    """The last recorded balance of every account before the end of the period, added up. Unknown
    when an account's last balance is older than 35 days."""

    amount: Annotated[Amount, Field(description="the accounts' balances"), From("cash")]


class RunwayMonths(
    Kpi,
    key="runway_months",
    label="Cash runway",
    unit=Unit.MONTHS,
    direction=Direction.UP,
    subject="cash",
    bounds=(0, None),
    example={"cash": 850000, "net_burn": 50000},
    example_value=17.0,
):
    """Months until the cash is used up: cash over the mean net burn of the last three complete
    months. Not given where one of them is covered only in part."""

    cash: Annotated[Amount, Field(description="cash at the end"), From("kpi:cash_balance")]
    net_burn: Annotated[
        Amount,
        Field(description="mean net burn a month"),
        From("kpi:net_burn", window=Window.LAST_3_MONTHS),
        _POSITIVE,
    ]

    def formula(self) -> Number:
        return self.cash / self.net_burn


class BurnMultiple(
    Kpi,
    key="burn_multiple",
    label="Burn multiple",
    unit=Unit.RATIO,
    direction=Direction.DOWN,
    subject="cash",
    bounds=(0, None),
    example={"net_burn": 30000, "months": 3, "net_new_mrr": 5000},
    example_value=1.5,
):
    """Net burn for each unit of annual recurring revenue added."""

    net_burn: Annotated[
        Amount, Field(description="net burn a month"), From("kpi:net_burn"), _POSITIVE
    ]
    months: Annotated[Charge, Field(description="length of the period in months"), From("months")]
    net_new_mrr: Annotated[
        Amount,
        Field(description="MRR at the end less MRR at the start"),
        From("kpi:net_new_mrr"),
        Needs("no_net_new_arr", "Annual recurring revenue did not grow."),
    ]

    def formula(self) -> Number:
        return self.net_burn * self.months / (12 * self.net_new_mrr)


class RuleOf40(
    Kpi,
    key="rule_of_40",
    label="Rule of 40",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="cash",
    example={"earlier": 100000, "revenue": 130000, "margin": 15},
    example_value=45.0,
):
    """Revenue growth against a year earlier plus EBITDA margin, both in percent. Not given without
    facts of twelve months earlier."""

    earlier: Annotated[
        Charge,
        Field(description="revenue a year earlier"),
        From("revenue", window=Window.YEAR_EARLIER),
        _NO_EARLIER,
    ]
    revenue: Annotated[Charge, Field(description="revenue"), From("revenue")]
    margin: Annotated[
        Amount, Field(description="EBITDA margin in percent"), From("kpi:ebitda_margin")
    ]

    def formula(self) -> Number:
        return 100 * (self.revenue - self.earlier) / self.earlier + self.margin


CASH: tuple[type[Kpi], ...] = (
    Revenue,
    NetRevenue,
    RefundRate,
    RevenueGrowthRate,
    Aov,
    GrossMargin,
    CogsRate,
    EbitdaMargin,
    BurnRate,
    NetBurn,
    CashBalance,
    RunwayMonths,
    BurnMultiple,
    RuleOf40,
)
