"""The months of which cohorts say nothing, as no other number does."""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import TYPE_CHECKING

from trueline.core.period import Period, add_months
from trueline.core.quality import Reason
from trueline.engine import knowledge

if TYPE_CHECKING:
    from trueline.engine.cohort import Grid
    from trueline.engine.resolve import Resolver

_DECIDES = {"orders": "orders", "subscriptions": "paying_customers"}
"""The measure whose months a kind of cohort is made of: where it is unknown, so are they."""


def unknown_months(
    resolver: Resolver, kind: str, first: date, until: date
) -> dict[date, tuple[Reason, ...]]:
    """Months from ``first`` on that facts do not cover, each with why.

    Of orders a month has to be covered whole; of subscriptions everything before its end.
    """
    found: dict[date, tuple[Reason, ...]] = {}
    month = first
    while month < until:
        period = Period(month, add_months(month, 1))
        value = resolver.value(_DECIDES[kind], period)
        if value.value is None:
            found[month] = value.reasons
        elif kind == "orders":
            partly = knowledge.unwatched(resolver.covers, "orders", period)
            if partly is not None:
                found[month] = (partly,)
        month = period.end
    return found


def unrated_months(
    grid: Grid, cohorts: Container[date], until: date
) -> dict[date, tuple[Reason, ...]]:
    """Months before ``until`` in which the revenue of one of these cohorts has no rate, and why."""
    return {
        month: (amount,)
        for (first, month), (_, amount) in sorted(grid.items(), key=lambda cell: cell[0])
        if first in cohorts and month < until and isinstance(amount, Reason)
    }


def why(months: dict[date, tuple[Reason, ...]]) -> tuple[Reason, ...]:
    """The first reason of each kind: a year that is not covered is not told month by month."""
    each = [reason for reasons in months.values() for reason in reasons]
    return tuple({reason.code: reason for reason in reversed(each)}.values())[::-1]
