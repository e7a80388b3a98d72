"""Recurring revenue: its level, its movements, and what the opening's customers did."""

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
    Single,
    TimeFrame,
    Unit,
)

_ATTRIBUTES = ("channel", "country")
_ALL = ("channel", "country", "plan", "currency")


class MrrFromAccounts(
    Calculator, example={"arpu": 50, "number_of_accounts": 1000}, example_value=Decimal(50000)
):
    """MRR as what an account brings a month, times the accounts."""

    arpu: Annotated[Charge, Field(description="average revenue per account, a month")]
    number_of_accounts: Annotated[Count, Field(description="paying accounts")]

    def formula(self) -> Number:
        return self.arpu * self.number_of_accounts

    def details(self) -> dict[str, Detail]:
        return {"arr": Detail(12 * self.formula(), Unit.MONEY)}


class MrrFromMovements(
    Calculator,
    rules=(
        AtMost(
            ("revenue_downgrades", "revenue_lost_customers"),
            "current_monthly_subscriptions",
            "no more can be lost than there was at the start.",
        ),
    ),
    example={
        "current_monthly_subscriptions": 45000,
        "revenue_new_subscriptions": 5000,
        "revenue_upgrades": 2000,
        "revenue_downgrades": 500,
        "revenue_lost_customers": 1500,
    },
    example_value=Decimal(50000),
):
    """MRR at the end: MRR at the start plus what came, less what went."""

    current_monthly_subscriptions: Annotated[Charge, Field(description="MRR at the start")]
    revenue_new_subscriptions: Annotated[
        Charge, Field(description="MRR of customers who came, or came back")
    ]
    revenue_upgrades: Annotated[Charge, Field(description="MRR added by those who stayed")]
    revenue_downgrades: Annotated[Charge, Field(description="MRR given up by those who stayed")]
    revenue_lost_customers: Annotated[Charge, Field(description="MRR lost with those who left")]

    def formula(self) -> Number:
        return (
            self.current_monthly_subscriptions
            + self.revenue_new_subscriptions
            + self.revenue_upgrades
            - self.revenue_downgrades
            - self.revenue_lost_customers
        )

    def details(self) -> dict[str, Detail]:
        return {"arr": Detail(12 * self.formula(), Unit.MONEY)}


class Mrr(
    Single,
    key="mrr",
    ways=(MrrFromAccounts, MrrFromMovements),
    label="MRR",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="recurring",
    slices=_ALL,
    bounds=(0, None),
    example={"amount": 50000},
    example_value=Decimal(50000),
):
    """Monthly recurring revenue at the end of the period: unit amount x quantity of every live
    subscription, per month. Active and past-due ones count; trials, paused, unpaid and cancelled
    ones do not, nor do discounts, tax, one-time charges and usage."""

    amount: Annotated[
        Charge, Field(description="recurring revenue a month at the end"), From("mrr")
    ]


class NetMrr(
    Single,
    key="net_mrr",
    label="Net MRR",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="recurring",
    slices=_ALL,
    bounds=(0, None),
    example={"amount": 48000},
    example_value=Decimal(48000),
):
    """MRR less discounts that hold for ever. Discounts given once, or for some months, do not
    lower it."""

    amount: Annotated[Charge, Field(description="MRR after lasting discounts"), From("net_mrr")]


class Arr(
    Kpi,
    key="arr",
    label="ARR",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="recurring",
    slices=_ALL,
    bounds=(0, None),
    example={"mrr": 50000},
    example_value=Decimal(600000),
):
    """Annual recurring revenue: 12 x MRR."""

    mrr: Annotated[Charge, Field(description="MRR at the end"), From("mrr")]

    def formula(self) -> Number:
        # A yearly price over 12 is kept to ten decimals; times 12 it is the price again.
        return round(12 * self.mrr, 8)


class CommittedMrr(
    Single,
    key="committed_mrr",
    label="Committed MRR",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="recurring",
    slices=_ALL,
    bounds=(0, None),
    example={"amount": 47000},
    example_value=Decimal(47000),
):
    """MRR less what is already scheduled to end: by a date of cancellation, or by a change recorded
    ahead of its day."""

    amount: Annotated[Charge, Field(description="MRR not scheduled to end"), From("committed_mrr")]


class TrialMrr(
    Single,
    key="trial_mrr",
    label="Trial MRR",
    unit=Unit.MONEY,
    direction=Direction.NEUTRAL,
    subject="recurring",
    slices=_ALL,
    bounds=(0, None),
    example={"amount": 3000},
    example_value=Decimal(3000),
):
    """What subscriptions on trial would bring a month. Never part of MRR."""

    amount: Annotated[Charge, Field(description="monthly amount on trial"), From("trial_mrr")]


class AtRiskMrr(
    Single,
    key="at_risk_mrr",
    label="At-risk MRR",
    unit=Unit.MONEY,
    direction=Direction.DOWN,
    subject="recurring",
    slices=_ALL,
    bounds=(0, None),
    example={"amount": 900},
    example_value=Decimal(900),
):
    """The part of MRR whose payment is past due."""

    amount: Annotated[Charge, Field(description="MRR past due"), From("at_risk_mrr")]


class NetNewMrr(
    Kpi,
    key="net_new_mrr",
    label="Net new MRR",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="recurring",
    slices=_ALL,
    example={"opening": 45000, "closing": 50000},
    example_value=Decimal(5000),
):
    """MRR at the end less MRR at the start: everything that moved, exchange rates included."""

    opening: Annotated[Charge, Field(description="MRR at the start"), From("mrr", at="opening")]
    closing: Annotated[Charge, Field(description="MRR at the end"), From("mrr")]

    def formula(self) -> Number:
        return self.closing - self.opening


class MrrGrowthRate(
    Kpi,
    key="mrr_growth_rate",
    label="MRR growth rate",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="recurring",
    slices=_ALL,
    bounds=(-100, None),
    example={"opening": 40000, "closing": 50000},
    example_value=25.0,
):
    """By how many percent MRR grew over the period."""

    opening: Annotated[
        Charge, Field(description="MRR at the start"), From("mrr", at="opening"), NO_OPENING
    ]
    closing: Annotated[Charge, Field(description="MRR at the end"), From("mrr")]

    def formula(self) -> Number:
        return 100 * (self.closing - self.opening) / self.opening


class Customers(
    Kpi,
    key="customers",
    calculates=False,
    label="Customers",
    unit=Unit.COUNT,
    direction=Direction.UP,
    subject="recurring",
    slices=_ALL,
    bounds=(0, None),
    example={"paying": 1000},
    example_value=1000,
):
    """Customers with recurring revenue at the end of the period."""

    paying: Annotated[
        Count, Field(description="customers whose MRR is above 0"), From("paying_customers")
    ]

    def formula(self) -> Number:
        return self.paying


class NewCustomers(
    Kpi,
    key="new_customers",
    calculates=False,
    label="New customers",
    unit=Unit.COUNT,
    direction=Direction.UP,
    subject="recurring",
    slices=_ATTRIBUTES,
    bounds=(0, None),
    example={"first_paid": 42},
    example_value=42,
):
    """Customers who paid for the first time ever in the period: for an order, by a revenue entry,
    or as recurring revenue. What was free is no payment."""

    first_paid: Annotated[
        Count, Field(description="customers who first paid in the period"), From("new_customers")
    ]

    def formula(self) -> Number:
        return self.first_paid


class Arpu(
    Kpi,
    key="arpu",
    label="ARPU",
    unit=Unit.MONEY,
    direction=Direction.UP,
    subject="recurring",
    stage="mid_stage",
    slices=_ALL,
    bounds=(0, None),
    example={"total_revenue": 50000, "total_users": 1000, "time_frame": "monthly"},
    example_value=Decimal(50),
):
    """Average revenue per user: MRR over paying customers, a month. Trials are not counted."""

    total_revenue: Annotated[Charge, Field(description="MRR at the end"), From("mrr")]
    total_users: Annotated[
        Count,
        Field(description="paying customers at the end"),
        From("paying_customers"),
        Needs("no_customers", "There is no paying customer."),
    ]
    time_frame: Annotated[
        TimeFrame | None, Field(description="over which time the revenue was made"), Said()
    ] = None

    def formula(self) -> Number:
        return self.total_revenue / self.total_users


RECURRING: tuple[type[Kpi], ...] = (
    Mrr,
    NetMrr,
    Arr,
    CommittedMrr,
    TrialMrr,
    AtRiskMrr,
    NetNewMrr,
    MrrGrowthRate,
    Customers,
    NewCustomers,
    Arpu,
)
