"""Every customer's recurring revenue before and after each day on which it changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trueline.catalog.measure import NO_SLICE

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.view import FactsView

_MONEY = "decimal(28, 10)"
_OF_CUSTOMERS = ("channel", "country")
"""Slices that belong to the customer: within one, its levels are those of the whole."""


def levels(changes: ir.Table, within: Sequence[str] = ()) -> ir.Table:
    """Changes (customer_id, currency, day, mrr, at) as levels per customer, currency and day.

    ``before`` and ``after`` are the amounts in that currency; ``paid_before`` and ``paid_after``
    whether the customer paid in any; ``began`` is the first day on which it ever did. ``within``
    names slices of which each is looked at on its own.
    """
    import ibis

    who = ["customer_id", *within]
    unit = list(dict.fromkeys([*who, "currency"]))
    t = changes.group_by([*unit, "day"]).agg(
        change=changes.mrr.sum().cast(_MONEY), at=changes["at"].max()
    )
    t = t.filter(t.change != 0)
    mine = ibis.window(group_by=unit, order_by="day", preceding=None, following=0)
    # By days, not by rows: several currencies may change on one day.
    so_far = ibis.range_window(group_by=who, order_by="day", preceding=None, following=0)
    t = t.mutate(
        after=t.change.sum().over(mine).cast(_MONEY),
        all_after=t.change.sum().over(so_far),
        all_day=t.change.sum().over(ibis.window(group_by=[*who, "day"])),
        began=t.day.min(where=t.change > 0).over(ibis.window(group_by=who)),
    )
    return t.select(
        *unit,
        day=t.day,
        before=(t.after - t.change).cast(_MONEY),
        after=t.after,
        paid_before=(t.all_after - t.all_day) > 0,
        paid_after=t.all_after > 0,
        began=t.began,
        at=t["at"],
    )


def customer_levels(facts: FactsView, customers: ir.Table | None = None) -> ir.Table:
    """Levels of all customers, or of some."""
    changes = facts.derived("mrr_changes")
    if customers is not None:
        changes = changes.semi_join(customers, changes.customer_id == customers.customer_id)
    return levels(changes)


def levels_within(view: FactsView, pairs: Sequence[tuple[str, str]]) -> ir.Table:
    """Levels of the whole (no ``pairs``), or within slices: dimensions, each at one value."""
    from trueline.catalog import bases

    if any(by not in _OF_CUSTOMERS for by, _ in pairs):
        rows = bases.recurring(view)
        return levels(rows.filter(*(rows[by] == value for by, value in pairs)))
    t = view.derived("customer_levels")
    if pairs:
        t = with_attributes(view, t)
        t = t.filter(*(t[by] == value for by, value in pairs))
    return t


def with_attributes(view: FactsView, rows: ir.Table) -> ir.Table:
    """Rows with the channel and country of their customer."""
    people = view.table("customers")
    known = people.select(
        person=people.customer_id,
        channel=people.channel.coalesce(NO_SLICE),
        country=people.country.coalesce(NO_SLICE),
    ).view()
    joined = rows.left_join(known, rows.customer_id == known.person)
    return joined.mutate(
        channel=joined.channel.coalesce(NO_SLICE), country=joined.country.coalesce(NO_SLICE)
    ).drop("person")


def paying(view: FactsView, slices: Sequence[str] = (), days: ir.Table | None = None) -> Any:
    """By how much the number of paying customers changed: +1 where MRR rises above 0, -1 where it
    falls to 0. Within a slice that is not the customer's own, MRR of that slice counts."""
    import ibis

    own = [name for name in slices if name in _OF_CUSTOMERS]
    within = [name for name in slices if name not in _OF_CUSTOMERS]
    if within:
        from trueline.catalog import bases

        t = levels(_of_changed(bases.recurring(view), days), within)
    else:
        t = view.derived("customer_levels")
    if days is not None:
        t = t.semi_join(days, t.day == days.day)
    t = t.filter(t.paid_before != t.paid_after)
    if own:
        t = with_attributes(view, t)
    moved = t.group_by([*dict.fromkeys(["customer_id", *slices]), "day"]).agg(
        change=t.paid_after.cast("int64").max() - t.paid_before.cast("int64").max(),
        at=t["at"].max(),
    )
    return moved if "currency" in slices else moved.mutate(currency=ibis.literal(""))


def _of_changed(changes: ir.Table, days: ir.Table | None) -> ir.Table:
    """Only customers with a change on one of the days can change a count on it."""
    if days is None:
        return changes
    theirs = changes.semi_join(days, changes.day == days.day).select("customer_id").distinct()
    return changes.semi_join(theirs, changes.customer_id == theirs.customer_id)
