"""A reading: one KPI's answer for one period. A number is an object, never a bare float."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from trueline.core.errors import TruelineError
from trueline.core.money import plain
from trueline.core.quality import Completeness, Quality, Reason

Value = Decimal | int | float | None
"""Money and other exact amounts are Decimal, counts int, ratios float; unknown is None."""


class Interval(NamedTuple):
    """How far chance reaches around a value: ``low`` to ``high`` at ``level`` percent."""

    low: float
    high: float
    method: str
    level: int = 95

    def to_json(self) -> dict[str, Any]:
        """The interval as a JSON object."""
        return {"low": self.low, "high": self.high, "method": self.method, "level": self.level}


@dataclass(frozen=True)
class ReadingInput:
    """One input of a reading, with where it came from."""

    name: str
    value: Value
    quality: Quality
    measure: str
    table: str | None = None
    rows: int | None = None
    first: datetime | None = None
    last: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """The input as a JSON object."""
        return {
            "name": self.name,
            "value": self.value,
            "quality": self.quality.value,
            "measure": self.measure,
            "table": self.table,
            "rows": self.rows,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
        }


@dataclass(frozen=True)
class Reading:
    """One KPI's answer for one period and slice, with how far it can be trusted and why.

    ``value`` is None when recorded facts do not support a number; ``reasons`` then say what is
    missing and what to record. ``as_of`` is the moment whose knowledge it rests on. ``exact`` is
    the value before it was rounded, which is the input of KPIs that are made of this one.
    """

    key: str
    label: str
    value: Value
    unit: str
    currency: str | None
    start: date
    end: date
    quality: Quality
    completeness: Completeness
    reasons: tuple[Reason, ...]
    inputs: tuple[ReadingInput, ...]
    definition: str
    as_of: datetime
    slice: dict[str, str] = field(default_factory=dict)
    interval: Interval | None = None
    exact: Decimal | None = field(default=None, repr=False, compare=False)

    @property
    def known(self) -> bool:
        """Whether there is a value at all."""
        return self.value is not None

    def to_json(self) -> dict[str, Any]:
        """The reading as a JSON object; amounts stay exact (see ``dumps``)."""
        return {
            "key": self.key,
            "label": self.label,
            "value": self.value,
            "unit": self.unit,
            "currency": self.currency,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "quality": self.quality.value,
            "completeness": self.completeness.value,
            "reasons": [reason.to_json() for reason in self.reasons],
            "inputs": [item.to_json() for item in self.inputs],
            "definition": self.definition,
            "as_of": self.as_of.isoformat(),
            "slice": self.slice,
            "interval": self.interval.to_json() if self.interval else None,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reading:
        """The reading that ``to_json`` wrote (numbers parsed with ``loads``)."""
        moment = datetime.fromisoformat
        return cls(
            key=data["key"],
            label=data["label"],
            value=data["value"],
            unit=data["unit"],
            currency=data["currency"],
            start=date.fromisoformat(data["start"]),
            end=date.fromisoformat(data["end"]),
            quality=Quality(data["quality"]),
            completeness=Completeness(data["completeness"]),
            reasons=tuple(Reason(**reason) for reason in data["reasons"]),
            inputs=tuple(
                ReadingInput(
                    **{
                        **item,
                        "quality": Quality(item["quality"]),
                        "first": moment(item["first"]) if item["first"] else None,
                        "last": moment(item["last"]) if item["last"] else None,
                    }
                )
                for item in data["inputs"]
            ),
            definition=data["definition"],
            as_of=moment(data["as_of"]),
            slice=data.get("slice", {}),
            interval=_interval(data.get("interval")),
        )


def _interval(data: dict[str, Any] | None) -> Interval | None:
    if data is None:
        return None
    low, high = float(data["low"]), float(data["high"])
    return Interval(low, high, data["method"], int(data["level"]))


def dumps(value: Any, *, indent: int | None = None) -> str:
    """JSON text with every decimal's digits kept; NaN and infinity are refused.

    Raises TruelineError where a value is not finite: nothing of the kind may ever be sent.
    """
    try:
        return str(_encoder(indent).encode(value))
    except ValueError as error:
        raise TruelineError(
            f"A value that is not a finite number was about to be sent: {error}"
        ) from error


@cache
def _encoder(indent: int | None) -> Any:
    import simplejson

    return simplejson.JSONEncoder(
        use_decimal=False,
        default=_written,
        allow_nan=False,
        ensure_ascii=False,
        indent=indent,
        separators=None if indent else (",", ":"),
    )


def _written(value: Any) -> Any:
    """What the encoder does not know: decimals in plain notation (never 1E+3), days as ISO text."""
    import simplejson

    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value}")
        return simplejson.RawJSON(plain(value))
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def loads(text: str | bytes) -> Any:
    """JSON with numbers that have a point read as Decimal, so that amounts survive."""
    return json.loads(text, parse_float=Decimal)
