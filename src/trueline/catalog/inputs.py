"""What a KPI's inputs are: numbers with their constraint, where they come from, and their rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import (
    CoreSchema,
    chain_schema,
    float_schema,
    int_schema,
    is_instance_schema,
    union_schema,
)

MOST = 10**24
"""No amount of a company is larger; a number above it is a slip."""


class Window(StrEnum):
    """Which days an input is read over, seen from the reading's period."""

    PERIOD = "period"
    PREVIOUS = "previous period"
    YEAR_EARLIER = "a year earlier"
    LAST_3_MONTHS = "last 3 complete months"


NOT_MEASURED = ("months", "days", "none")
"""Sources that are no measure."""


@dataclass(frozen=True)
class From:
    """Where an input comes from when it is computed from facts.

    ``source`` is a measure, a KPI (``kpi:cac``), ``months`` or ``days`` (the window's length), or
    ``none`` (0).
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


@dataclass(frozen=True)
class Said:
    """An input that only says more about the others: optional, and no part of the formula."""


@dataclass(frozen=True)
class In:
    """The unit of an input, where neither its type nor its source tells: hours, points, ..."""

    unit: str


@dataclass(frozen=True)
class AtMost:
    """A rule between inputs: what ``part`` names, added up, is at most what ``whole`` names."""

    part: str | tuple[str, ...]
    whole: str
    because: str

    def names(self) -> tuple[str, ...]:
        """The inputs that are added up."""
        return (self.part,) if isinstance(self.part, str) else self.part

    def broken(self, have: Mapping[str, Any]) -> str | None:
        """The rule in words where these inputs break it."""
        whole, names = have[self.whole], self.names()
        parts = [have[name] for name in names]
        if whole is None or None in parts:
            return None
        if (parts[0] if len(parts) == 1 else sum(parts)) <= whole:
            return None
        given = " + ".join(f"{n} {v}" for n, v in zip(names, parts, strict=True))
        return f"{given} is more than {self.whole} {whole}: {self.because}"

    def spoken(self) -> str:
        """The rule as documentation gives it."""
        return f"{' + '.join(self.names())} ≤ {self.whole}: {self.because}"


@dataclass(frozen=True)
class _OnlyNumbers:
    """Neither true, which Python takes for 1, nor text that looks like a number. It stands after
    the limits, and is asked before them; in the validator's own words, which take less time than a
    function of ours."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        number = union_schema(
            [int_schema(strict=True), is_instance_schema(Decimal), float_schema(strict=True)],
            mode="left_to_right",
            custom_error_type="not_a_number",
            custom_error_message="is not a number",
        )
        return chain_schema([number, handler(source)])


_NUMBER = _OnlyNumbers()


def _schema(kind: str, **limits: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": kind, "maximum": MOST} | limits)


Amount = Annotated[
    Decimal,
    Field(allow_inf_nan=False, ge=-MOST, le=MOST),
    _NUMBER,
    _schema("number", minimum=-MOST),
]
"""An exact amount, of either sign."""

Charge = Annotated[
    Decimal, Field(allow_inf_nan=False, ge=0, le=MOST), _NUMBER, _schema("number", minimum=0)
]
"""An exact amount that cannot be negative."""

Count = Annotated[int, Field(ge=0, le=MOST), _NUMBER, _schema("integer", minimum=0)]
"""How many."""

Text = Annotated[str | None, Field(max_length=500)]
"""A few words about an input."""


def _day(value: str | None) -> str | None:
    if value is not None:
        try:
            date.fromisoformat(value if value[4:5] == value[7:8] == "-" else "")
        except ValueError:
            raise PydanticCustomError("not_a_day", "is not a day, such as 2026-01-31") from None
    return value


Day = Annotated[
    str | None,
    Field(max_length=40),
    AfterValidator(_day),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}),
]
"""A calendar day, as YYYY-MM-DD."""

TimeFrame = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
"""Over which time a figure was taken."""
