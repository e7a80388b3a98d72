"""Customers by their orders: new, returning, and who came back within so many days."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trueline.catalog.kpi import Count, Direction, From, Kpi, Needs, Number, Single, Unit

_NO_COHORT = Needs("no_first_orders", "No customer placed a first order in the period.")


class NewCustomerOrders(
    Single,
    key="new_customer_orders",
    label="New customers' orders",
    unit=Unit.COUNT,
    direction=Direction.UP,
    subject="customers",
    slices=("country",),
    bounds=(0, None),
    example={"amount": 320},
    example_value=320,
):
    """Customers' first orders in the period, one a customer."""

    amount: Annotated[Count, Field(description="first orders"), From("first_orders")]


class ReturningCustomerOrders(
    Kpi,
    key="returning_customer_orders",
    label="Returning customers' orders",
    unit=Unit.COUNT,
    direction=Direction.UP,
    subject="customers",
    slices=("country",),
    bounds=(0, None),
    example={"orders": 1000, "first_orders": 320},
    example_value=680,
):
    """Orders of the period that are not a customer's first."""

    orders: Annotated[Count, Field(description="orders"), From("orders")]
    first_orders: Annotated[Count, Field(description="first orders"), From("first_orders")]

    def formula(self) -> Number:
        return self.orders - self.first_orders


class _RepeatRate(Kpi):
    """Share of a closed cohort that ordered again."""

    cohort: Count
    returned: Count

    def formula(self) -> Number:
        return 100 * Decimal(self.returned) / self.cohort


class Retention30d(
    _RepeatRate,
    key="retention_30d",
    label="30-day retention",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="customers",
    bounds=(0, 100),
    example={"cohort": 320, "returned": 80},
    example_value=25.0,
):
    """Of the customers whose first order fell in the period, how many percent ordered again on one
    of the 30 days after it. Known once those 30 days are over for all of them."""

    cohort: Annotated[
        Count,
        Field(description="customers whose first order fell in the period"),
        From("repeat_30_cohort"),
        _NO_COHORT,
    ]
    returned: Annotated[
        Count,
        Field(description="of those, ordered again within 30 days"),
        From("repeat_30_returned"),
    ]


class Retention60d(
    _RepeatRate,
    key="retention_60d",
    label="60-day retention",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="customers",
    bounds=(0, 100),
    example={"cohort": 320, "returned": 96},
    example_value=30.0,
):
    """Of the customers whose first order fell in the period, how many percent ordered again on one
    of the 60 days after it. Known once those 60 days are over for all of them."""

    cohort: Annotated[
        Count,
        Field(description="customers whose first order fell in the period"),
        From("repeat_60_cohort"),
        _NO_COHORT,
    ]
    returned: Annotated[
        Count,
        Field(description="of those, ordered again within 60 days"),
        From("repeat_60_returned"),
    ]


class Retention90d(
    _RepeatRate,
    key="retention_90d",
    label="90-day retention",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="customers",
    bounds=(0, 100),
    example={"cohort": 320, "returned": 112},
    example_value=35.0,
):
    """Of the customers whose first order fell in the period, how many percent ordered again on one
    of the 90 days after it. Known once those 90 days are over for all of them."""

    cohort: Annotated[
        Count,
        Field(description="customers whose first order fell in the period"),
        From("repeat_90_cohort"),
        _NO_COHORT,
    ]
    returned: Annotated[
        Count,
        Field(description="of those, ordered again within 90 days"),
        From("repeat_90_returned"),
    ]


CUSTOMERS: tuple[type[Kpi], ...] = (
    NewCustomerOrders,
    ReturningCustomerOrders,
    Retention30d,
    Retention60d,
    Retention90d,
)
