"""What a KPI is: one declaration from which every surface is made.

A KPI is a frozen model. Its fields are its inputs, each with its constraint, its description and
where it comes from; its docstring is its meaning; ``formula`` is arithmetic; ``example`` is the
worked example. Class keywords carry the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from trueline.core.errors import TruelineError

Number = Decimal | int


class Window(StrEnum):
    """Which days an input is read over, seen from the reading's period."""

    PERIOD = "period"
    PREVIOUS = "previous period"
    YEAR_EARLIER = "a year earlier"
    LAST_3_MONTHS = "last 3 complete months"


class Unit(StrEnum):
    """What a KPI's value is counted in."""

    MONEY = "money"
    MONEY_PER_MONTH = "money/month"
    PERCENT = "%"
    RATIO = "ratio"
    MONTHS = "months"
    COUNT = "count"

    def written(self, currency: str) -> str:
        """The unit as readings give it: the currency code for money."""
        return self.value.replace("money", currency)

    @property
    def is_money(self) -> bool:
        """Whether it has a currency."""
        return self in (Unit.MONEY, Unit.MONEY_PER_MONTH)


class Direction(StrEnum):
    """Which way is good."""

    UP = "up_is_good"
    DOWN = "down_is_good"
    NEUTRAL = "neutral"


@dataclass(frozen=True)
class From:
    """Where an input comes from when it is computed from facts.

    ``source`` is a measure, a KPI (``kpi:cac``) or ``months`` (the window's length in months).
    ``at`` says which side of a level. ``group``: a part without entries counts as 0 as soon as
    that whole group is known. ``by_channel`` replaces the source for a channel's slice.
    """

    source: str
    window: Window = Window.PERIOD
    at: str = "closing"
    group: str | None = None
    by_channel: str | None = None


@dataclass(frozen=True)
class Needs:
    """A value that the formula cannot do without: above ``above``, else null with this reason."""

    code: str
    message: str
    enable: str | None = None
    above: int = 0


class Kpi(BaseModel):
    """One KPI. Class keywords: key, label, unit, direction, subject; see the fields below.

    ``stage`` puts it on the early- or mid-stage list. ``bounds`` are the values possible at all
    (forecasts respect them). ``slices`` are the dimensions it can be cut by. ``version`` changes
    whenever its meaning does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    key: ClassVar[str]
    label: ClassVar[str]
    unit: ClassVar[Unit]
    direction: ClassVar[Direction]
    subject: ClassVar[str]
    stage: ClassVar[str | None] = None
    bounds: ClassVar[tuple[float | None, float | None]] = (None, None)
    slices: ClassVar[tuple[str, ...]] = ()
    version: ClassVar[int] = 1
    undefined: ClassVar[Needs] = Needs(
        "zero_denominator", "The denominator is 0 in this period: there is no answer."
    )
    example: ClassVar[dict[str, Any]]
    example_value: ClassVar[Any]

    def __init_subclass__(cls, **words: Any) -> None:
        super().__init_subclass__()
        for name, value in words.items():
            setattr(cls, name, value)

    def formula(self) -> Number:
        """The value from the inputs: arithmetic only, in the unit of the KPI."""
        raise TruelineError(f"{type(self).__name__} has no formula.")

    @classmethod
    def meaning(cls) -> str:
        """What it means, from the docstring."""
        return " ".join((cls.__doc__ or "").split())

    @classmethod
    def definition(cls) -> str:
        """Key and version of the definition, as readings carry it."""
        return f"{cls.key}@{cls.version}"

    @classmethod
    def origins(cls) -> dict[str, From]:
        """Where each input comes from; empty for a KPI that is only a calculator."""
        return {
            name: origin
            for name, info in cls.model_fields.items()
            for origin in info.metadata
            if isinstance(origin, From)
        }

    @classmethod
    def needs(cls) -> dict[str, Needs]:
        """The inputs that must be above something, with the reason given where they are not."""
        return {
            name: need
            for name, info in cls.model_fields.items()
            for need in info.metadata
            if isinstance(need, Needs)
        }


Amount = Annotated[Decimal, Field(allow_inf_nan=False)]
"""An exact amount, of either sign."""

Charge = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
"""An exact amount that cannot be negative."""

Count = Annotated[int, Field(ge=0)]
"""How many."""


class Single(Kpi):
    """A KPI that is one measure as it stands."""

    amount: Decimal | int

    def formula(self) -> Number:
        return self.amount


NO_OPENING = Needs(
    "zero_opening",
    "Nothing was there at the start of the period, so there is nothing to compare with.",
    "Choose a period that begins after the first paying customer.",
)
