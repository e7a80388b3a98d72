"""The MRR bridge: opening, movements, exchange rates, closing. It closes exactly, or is null."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from trueline.catalog.kpis import kpi
from trueline.core.errors import InputError
from trueline.core.money import EXACT
from trueline.core.period import Period
from trueline.core.quality import Completeness, Quality, Reason
from trueline.engine import left_out
from trueline.engine.evaluate import uncut
from trueline.engine.movements import COUNTS
from trueline.engine.resolve import Resolver

PARTS = ("opening", "new", "reactivation", "expansion", "contraction", "churn", "fx", "closing")
_LOSSES = ("contraction", "churn")


@dataclass(frozen=True)
class Bridge:
    """MRR from a period's start to its end; losses are negative, so that all parts add up.

    ``opening + new + reactivation + expansion + contraction + churn + fx == closing``, exactly.
    Null in every part, with reasons, where facts do not support it. ``customers`` counts who paid
    at the start and the end, was lost and gained, and (apart: they move nothing) who came and left
    between.
    """

    start: date
    end: date
    currency: str
    opening: Decimal | None
    new: Decimal | None
    reactivation: Decimal | None
    expansion: Decimal | None
    contraction: Decimal | None
    churn: Decimal | None
    fx: Decimal | None
    closing: Decimal | None
    quality: Quality
    completeness: Completeness
    reasons: tuple[Reason, ...]
    customers: dict[str, int | None]

    def to_json(self) -> dict[str, Any]:
        """The bridge as a JSON object."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "currency": self.currency,
            **{name: getattr(self, name) for name in PARTS},
            "quality": self.quality.value,
            "completeness": self.completeness.value,
            "reasons": [reason.to_json() for reason in self.reasons],
            "customers": self.customers,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Bridge:
        """The bridge that ``to_json`` wrote."""
        exact = {name: None if data[name] is None else Decimal(str(data[name])) for name in PARTS}
        return cls(
            start=date.fromisoformat(data["start"]),
            end=date.fromisoformat(data["end"]),
            currency=data["currency"],
            quality=Quality(data["quality"]),
            completeness=Completeness(data["completeness"]),
            reasons=tuple(Reason(**reason) for reason in data["reasons"]),
            customers=data["customers"],
            **exact,
        )


def _refuse_slice(resolver: Resolver) -> None:
    if lacking := uncut(kpi("mrr"), resolver.cut.by):
        raise InputError(
            f"The MRR bridge cannot be cut by {' or '.join(lacking)}.",
            f"It can be cut by: {', '.join(kpi('mrr').slices)}.",
        )


def bridge(resolver: Resolver, period: Period) -> Bridge:
    """The bridge of a period, in the resolver's currency and slice. Raises InputError for a slice
    that recurring revenue does not have: a bridge of nothing closes, and says nothing."""
    _refuse_slice(resolver)
    found = {name: resolver.value(f"movement_{name}", period) for name in PARTS}
    level = resolver.value("mrr", period)
    worst = Quality.worst(value.quality for value in found.values())
    reasons = list(dict.fromkeys(r for value in found.values() for r in value.reasons))
    tables = (name for value in found.values() for name in (value.table or "").split(", "))
    reasons += left_out.notes(resolver.covers.left_out, tables)
    parts = {
        name: None if v.value is None else (-v.value if name in _LOSSES else v.value)
        for name, v in found.items()
    }
    if None in parts.values():
        parts = dict.fromkeys(PARTS)
    else:
        with localcontext(EXACT):
            moved = sum((parts[name] or Decimal(0) for name in PARTS[:-1]), Decimal(0))
        if moved != parts["closing"] or parts["closing"] != level.value:
            reasons.append(_open(moved, parts["closing"], level.value))
            parts = dict.fromkeys(PARTS)
            worst = Quality.INSUFFICIENT
    customers = {}
    for name in COUNTS:
        value = resolver.value(name, period).value
        customers[name] = None if value is None else int(value)
    return Bridge(
        start=period.start,
        end=period.end,
        currency=resolver.currency,
        quality=worst,
        completeness=Completeness.worst(v.completeness for v in found.values()),
        reasons=tuple(reasons),
        customers=customers,
        opening=parts["opening"],
        new=parts["new"],
        reactivation=parts["reactivation"],
        expansion=parts["expansion"],
        contraction=parts["contraction"],
        churn=parts["churn"],
        fx=parts["fx"],
        closing=parts["closing"],
    )


def _open(moved: Decimal, closing: Decimal | None, level: Decimal | None) -> Reason:
    return Reason(
        "bridge_does_not_close",
        f"The movements come to {moved}, the closing to {closing}, MRR at the end is {level}: "
        "no bridge is shown.",
        "Prices filled from tier prices belong to no movement; else please report this.",
    )
