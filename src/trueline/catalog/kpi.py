"""What a KPI is: one declaration from which every surface is made.

A KPI is a frozen model. Its fields are its inputs, each with its constraint, its description and
where it comes from; its docstring is its meaning; ``formula`` is arithmetic; ``example`` is the
worked example. Class keywords carry the rest.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache, partial
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core.core_schema import CoreSchema, no_info_after_validator_function

from trueline.catalog.inputs import (
    NOT_MEASURED,
    Amount,
    AtMost,
    Charge,
    Count,
    Day,
    From,
    In,
    Needs,
    Said,
    Text,
    TimeFrame,
    Window,
)
from trueline.core.errors import TruelineError
from trueline.core.money import round_to
from trueline.core.reading import Interval, Value

__all__ = [
    "NOT_MEASURED",
    "NO_OPENING",
    "Amount",
    "AtMost",
    "Calculator",
    "Charge",
    "Count",
    "Day",
    "Detail",
    "Direction",
    "From",
    "In",
    "Interval",
    "Kpi",
    "Needs",
    "Number",
    "Said",
    "Single",
    "Text",
    "TimeFrame",
    "Unit",
    "Window",
    "finished",
]

Number = Decimal | int
Marker = TypeVar("Marker")

_MONEY_PLACES = 10
_LONGEST_EXACT = 20
"""Decimals that sums and products of amounts and rates have at the most; quotients have more."""


class Unit(StrEnum):
    """What a KPI's value is counted in."""

    MONEY = "money"
    MONEY_PER_MONTH = "money/month"
    PERCENT = "%"
    RATIO = "ratio"
    MONTHS = "months"
    COUNT = "count"
    USERS = "users"
    SECONDS = "seconds"
    HOURS = "hours"
    POINTS = "points"
    SCORE = "score"

    def written(self, currency: str) -> str:
        """The unit as readings give it: the currency code for money."""
        return self.replace("money", currency)

    @property
    def is_money(self) -> bool:
        """Whether it has a currency."""
        return self.startswith("money")


class Direction(StrEnum):
    """Which way is good."""

    UP = "up_is_good"
    DOWN = "down_is_good"
    NEUTRAL = "neutral"


@dataclass(frozen=True)
class Detail:
    """Something more that the same inputs tell: its value, and the unit it is in."""

    value: Value
    unit: Unit


class Calculator(BaseModel):
    """A formula over given inputs, with its rules and a worked example.

    ``rules`` hold between inputs; what breaks one is refused in the rule's words. ``also`` says
    in words the rules that are no plain "at most": ``contradiction`` holds them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    rules: ClassVar[tuple[AtMost, ...]] = ()
    also: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[dict[str, Any]]
    example_value: ClassVar[Any]

    def __init_subclass__(cls, **words: Any) -> None:
        super().__init_subclass__()
        for name, value in words.items():
            setattr(cls, name, value)

    def formula(self) -> Number:
        """The value from the inputs: arithmetic only, in the unit of the KPI."""
        raise TruelineError(f"{type(self).__name__} has no formula.")

    def interval(self) -> Interval | None:
        """How far chance reaches, where the inputs tell; None where they do not."""
        return None

    def details(self) -> dict[str, Detail]:
        """What else the same inputs tell, by name."""
        return {}

    def leaning(self) -> Direction | None:
        """Which way is good, where the inputs say so (an effort score's scale); else None."""
        return None

    def contradiction(self) -> str | None:
        """A rule that is no plain "at most", in words, where the inputs break it."""
        return None

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        """Its fields, and then its rules; where there are none, nothing is asked for each."""
        schema = handler(source)
        if not cls.rules and cls.contradiction is Calculator.contradiction:
            return schema
        own = cls.contradiction is not Calculator.contradiction
        return no_info_after_validator_function(partial(_held, cls.rules, own), schema)

    @classmethod
    def meaning(cls) -> str:
        """What it means, from the docstring."""
        return " ".join((cls.__doc__ or "").split())

    @classmethod
    def origins(cls) -> dict[str, From]:
        """Where each input comes from; empty for what is only a calculator."""
        return dict(_marked(cls, From))

    @classmethod
    def needs(cls) -> dict[str, Needs]:
        """The inputs that must be above something, with the reason given where they are not."""
        return dict(_marked(cls, Needs))

    @classmethod
    def spoken_rules(cls) -> list[str]:
        """Every rule between inputs, as documentation gives it."""
        return [*(rule.spoken() for rule in cls.rules), *cls.also]

    @classmethod
    def units(cls) -> dict[str, str]:
        """The inputs whose unit is said here."""
        return {name: item.unit for name, item in _marked(cls, In)}

    @classmethod
    def said(cls) -> frozenset[str]:
        """The inputs that are no part of the formula."""
        return frozenset(name for name, _ in _marked(cls, Said))


def _held(rules: tuple[AtMost, ...], own: bool, inputs: Calculator) -> Calculator:
    """The inputs, which hold every rule between them; ``own`` says that some are no AtMost."""
    have = inputs.__dict__
    for rule in rules:
        if (broken := rule.broken(have)) is not None:
            raise ValueError(broken)
    if own and (broken := inputs.contradiction()) is not None:
        raise ValueError(broken)
    return inputs


@cache
def _marked(model: type[Calculator], kind: type[Marker]) -> tuple[tuple[str, Marker], ...]:
    """The inputs that carry a mark of that kind, each with it."""
    return tuple(
        (name, item)
        for name, info in model.model_fields.items()
        for item in info.metadata
        if isinstance(item, kind)
    )


class Kpi(Calculator):
    """One KPI. Class keywords: key, label, unit, direction, subject; see the fields below.

    ``stage`` puts it on the early- or mid-stage list. ``bounds`` are the values possible at all
    (forecasts respect them). ``slices`` are the dimensions it can be cut by. ``version`` changes
    whenever its meaning does. ``ways`` replace the KPI's own inputs for its calculator; ``path``
    is the calculator's name where it is not the key. ``calculates`` False says that the formula
    is one measure as it stands: nothing to calculate.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    unit: ClassVar[Unit]
    direction: ClassVar[Direction]
    subject: ClassVar[str]
    stage: ClassVar[str | None] = None
    bounds: ClassVar[tuple[float | None, float | None]] = (None, None)
    slices: ClassVar[tuple[str, ...]] = ()
    version: ClassVar[int] = 1
    path: ClassVar[str | None] = None
    calculates: ClassVar[bool] = True
    ways: ClassVar[tuple[type[Calculator], ...]] = ()
    undefined: ClassVar[Needs] = Needs(
        "zero_denominator", "The denominator is 0 in this period: there is no answer."
    )

    @classmethod
    def definition(cls) -> str:
        """Key and version of the definition, as readings carry it."""
        return f"{cls.key}@{cls.version}"

    @classmethod
    def calculators(cls) -> tuple[type[Calculator], ...]:
        """The ways to calculate it from given inputs; none where there is nothing to calculate."""
        return cls.ways or ((cls,) if cls.calculates else ())

    @classmethod
    def slug(cls) -> str:
        """Its calculator's name in a path."""
        return cls.path or cls.key.replace("_", "-")


class Single(Kpi, calculates=False):
    """A KPI that is one measure as it stands."""

    amount: Decimal | int

    def formula(self) -> Number:
        return self.amount


def finished(unit: Unit, value: Decimal | int) -> Value:
    """A formula's result in its unit's type: exact amounts, whole counts, ratios as floats."""
    if unit is Unit.COUNT:
        return int(value)
    if unit is Unit.USERS and isinstance(value, int):
        return value
    exact = value if type(value) is Decimal else Decimal(value)
    if not exact.is_finite():
        raise TruelineError(f"A formula gave {exact}, which is not finite.")
    if not unit.is_money:
        return float(exact)
    exponent = exact.as_tuple().exponent
    divided = isinstance(exponent, int) and exponent < -_LONGEST_EXACT
    return round_to(exact, _MONEY_PLACES) if divided else exact


NO_OPENING = Needs(
    "zero_opening",
    "Nothing was there at the start of the period, so there is nothing to compare with.",
    "Choose a period that begins after the first paying customer.",
)
