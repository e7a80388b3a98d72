"""Measures added up to one: revenue of several tables, cost groups of several types."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from trueline.catalog.measure import Sum
from trueline.core.period import Period
from trueline.core.quality import Completeness, Quality, Reason
from trueline.engine.estimates import assumed_cost
from trueline.engine.knowledge import SUBSCRIPTION_TABLES
from trueline.engine.value import MeasureValue

if TYPE_CHECKING:
    from trueline.engine.resolve import Resolver


def summed(resolver: Resolver, item: Sum, period: Period, side: str) -> MeasureValue:
    """A sum of measures by its rule for parts that are unknown."""
    parts = [resolver.value(key, period, side) for key in item.parts]
    if item.rule == "goods":
        return _cost_of_goods(resolver, item, parts, period)
    if item.rule == "kept":
        kept = [p for p in parts if not p.table or resolver.covers[p.table].kept]
        parts = kept or parts[:1]
        if item.key == "refunds_kept" and not resolver.covers["refunds"].kept:
            note = Reason(
                "refunds_not_kept", "No refunds are recorded: none are set against income."
            )
            return MeasureValue(item.key, Decimal(0), reasons=(note,), table="refunds")
        total = _total(item.key, parts, parts)
        return _without_charges(resolver, total, period) if item.key == "revenue" else total
    if item.rule == "all":
        return _total(item.key, parts, parts)
    known = [p for p in parts if p.value is not None]
    # An assumption stands in for facts that are missing, not for what is recorded and not known in
    # whole: that would have to be less than the assumed.
    recorded = known or any(p.rows for p in parts)
    assumed = None if recorded else assumed_cost(resolver, item.key, period)
    if assumed is not None:
        return assumed
    blocked = [p for p in parts if _blocking(p)]
    if blocked:
        total = _total(item.key, blocked, blocked)
        return replace(total, value=None, quality=Quality.INSUFFICIENT)
    if not known:
        return _group_unknown(item, parts)
    absent = [p.key for p in parts if p.value is None]
    total = _total(item.key, known, known)
    return total.because(_absent_note(absent)) if absent else total


def _cost_of_goods(
    resolver: Resolver, item: Sum, parts: list[MeasureValue], period: Period
) -> MeasureValue:
    """Costs of goods as they were entered; without any entry, what the orders say of their own.

    The two may be the same goods told twice, so they are never added up. What some orders do not
    say, or revenue entries cannot, is unknown.
    """
    costs, orders = parts
    entered = replace(resolver.value("cogs_paid", period), key=item.key)
    if costs.rows or _blocking(costs) or not orders.rows:
        return entered
    if orders.value is None:
        return entered if entered.quality is Quality.ESTIMATED else replace(orders, key=item.key)
    if costs.value is None and resolver.covers["revenue"].kept:
        others = resolver.value("revenue_entries", period).value
        if others is None or others:
            return entered if entered.quality is Quality.ESTIMATED else entered.blocked(_ENTRIES)
    return _total(item.key, [orders], [orders])


_ENTRIES = Reason(
    "cogs_of_orders_only",
    "Orders say what their goods cost; what was sold by revenue entries does not.",
    "Record costs of type cogs, for orders and entries alike, or declare their coverage if there "
    "were no others.",
)


def _without_charges(resolver: Resolver, total: MeasureValue, period: Period) -> MeasureValue:
    """Says so where subscriptions pay, and no charge of theirs is recorded as revenue."""
    if total.value is None or resolver.covers["revenue"].kept:
        return total
    if not any(resolver.covers[name].kept for name in SUBSCRIPTION_TABLES):
        return total
    if not resolver.value("mrr", period).value:
        return total
    return total.because(
        Reason(
            "orders_only",
            "No revenue entries are recorded though subscriptions pay: this is what orders bring.",
            "Load what subscriptions were charged as revenue; where orders hold it, declare "
            "coverage of revenue.",
        )
    )


def _blocking(part: MeasureValue) -> bool:
    """Whether a part says of itself that there is more of it: what is known is then not its cost,
    even where a part of the period is."""
    return any(r.code in ("missing_rate", "declared_incomplete") for r in part.reasons)


def _absent_note(absent: list[str]) -> Reason:
    names = ", ".join(name.removeprefix("cost_").replace("_", " ") for name in absent)
    return Reason("types_without_entries", f"No entries in the period for: {names}.")


def _group_unknown(item: Sum, parts: list[MeasureValue]) -> MeasureValue:
    if len(parts) == 1:
        return replace(parts[0], key=item.key)
    names = ", ".join(part.key.removeprefix("cost_").replace("_", " ") for part in parts)
    codes = {r.code for p in parts for r in p.reasons}
    code = (
        "no_cost_recorded"
        if codes & {"no_cost_recorded", "no_spend", "no_records"}
        else codes.pop()
    )
    reason = Reason(
        code,
        f"No {item.label} is recorded in the period ({names}).",
        "Record costs (POST /api/kpi/costs or load costs), or declare coverage if there were none.",
    )
    return MeasureValue.unknown(item.key, reason, parts[0].table)


def _total(key: str, counted: list[MeasureValue], parts: list[MeasureValue]) -> MeasureValue:
    unknown = [p for p in counted if p.value is None]
    # What takes the value away comes first: some readers show one reason only.
    gravest = sorted(parts, key=lambda p: p.value is not None)
    seen = dict.fromkeys(reason for p in gravest for reason in p.reasons)
    firsts = [p.first for p in parts if p.first]
    lasts = [p.last for p in parts if p.last]
    return MeasureValue(
        key,
        None if unknown else sum((p.value for p in counted if p.value is not None), Decimal(0)),
        Quality.INSUFFICIENT if unknown else Quality.worst(p.quality for p in counted),
        Completeness.worst(p.completeness for p in counted),
        tuple(seen),
        ", ".join(dict.fromkeys(p.table for p in parts if p.table)) or None,
        sum(p.rows for p in parts),
        min(firsts, default=None),
        max(lasts, default=None),
    )
