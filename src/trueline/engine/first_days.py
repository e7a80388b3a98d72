"""Customers whose first paid day cannot be told: they may have paid before it is recorded.

Who is live at an unknown price may pay or not, and so may who was listed as paused, unpaid or
cancelled before it was first loaded, or was on trial and was loaded again after its end. Of their
possible first days it is known between which two they lie. A charge that names nobody may be
anybody's first one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from trueline.catalog.measures import NAMELESS, daily
from trueline.core.period import FIRST_DAY, Period
from trueline.core.quality import Quality, Reason
from trueline.engine.daily import WHOLE, Cut
from trueline.engine.knowledge import SUBSCRIPTION_TABLES
from trueline.engine.view import day_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.resolve import Resolver
    from trueline.engine.value import MeasureValue
    from trueline.engine.view import FactsView

_CAUSES = ("unpriced_items", "assumed_items")


@dataclass(frozen=True)
class Doubt:
    """One customer's first paid day: it lies from ``start`` to ``end`` (open: None), both included.

    ``certain`` says that it did pay, whenever that was; ``mrr_on`` is the first day on which it is
    known to have had recurring revenue.
    """

    start: date
    end: date | None
    certain: bool
    mrr_on: date | None
    unpriced: bool

    def touches(self, period: Period) -> bool:
        """Whether it cannot be told if the customer was new in the period."""
        inside = self.end is not None and period.start <= self.start and self.end < period.end
        if self.certain and inside:
            return False
        return self.start < period.end and (self.end is None or self.end >= period.start)


def doubted(resolver: Resolver, found: MeasureValue, period: Period) -> MeasureValue:
    """What doubts make of a value that counts customers as new in the period."""
    nameless = 0 if found.value is None else _nameless(resolver, period)
    if nameless:
        return found.blocked(
            Reason(
                "unattributed_revenue",
                f"{nameless} revenue entries name no customer: whether they are somebody's first "
                "payment is not known.",
                "Record customer_id on revenue entries.",
            )
        )
    return _judged(resolver, found, [d for d in _doubts(resolver) if d.touches(period)])


def doubted_gain(resolver: Resolver, found: MeasureValue, period: Period) -> MeasureValue:
    """What doubts make of movements that tell new customers from returning ones: who is seen to pay
    for the first time in the period may have paid before it."""
    mine = [
        d
        for d in _doubts(resolver)
        if d.start < period.start and d.mrr_on is not None and period.contains(d.mrr_on)
    ]
    return _judged(resolver, found, mine)


def _judged(resolver: Resolver, found: MeasureValue, doubts: list[Doubt]) -> MeasureValue:
    if found.value is None or not doubts:
        return found
    unpriced = sum(d.unpriced for d in doubts)
    if unpriced:
        return found.blocked(
            Reason(
                "unpriced_items",
                f"{unpriced} customers were live without a price, quantity or interval before the "
                "first payment that is known: when they first paid cannot be told.",
                "Record unit_amount, quantity and interval for every subscription.",
            )
        )
    message = (
        f"{len(doubts)} customers have subscriptions without recorded changes, which may have paid "
        "before they were first loaded, or after their trial"
    )
    if resolver.allow_estimates:
        reason = Reason("assumed", f"Estimated: {message}; here they did not.")
        return replace(found, quality=Quality.ESTIMATED).because(reason)
    return found.blocked(
        Reason(
            "no_price_history",
            f"{message}: when they first paid cannot be told.",
            "Load subscription_events, or ask with allow_estimates=true.",
        )
    )


def _nameless(resolver: Resolver, period: Period) -> int:
    """How many charges in the period may be anybody's first one. What recurs is its subscription's,
    where subscriptions are kept."""
    kept = any(resolver.covers[name].kept for name in SUBSCRIPTION_TABLES)
    counted = NAMELESS[:1] if kept else NAMELESS
    return sum(resolver.whole_rows(daily(key), period) for key in counted)


def uncertain(resolver: Resolver, period: Period, cut: Cut | None = None) -> bool:
    """Whether a subscription began in the period of which it is not known whether it paid, in the
    resolver's slice or another."""
    return any(
        change > 0 for key in _CAUSES for _, _, change in resolver.by_day(daily(key), period, cut)
    )


def _doubts(resolver: Resolver) -> list[Doubt]:
    """All doubts within the resolver's slice, found once."""
    if resolver.doubts is None:
        ever = Period(FIRST_DAY, resolver.today + timedelta(days=1))
        rows: list[tuple[Any, ...]] = []
        # Who names no channel came by that of the first order; the subscription is of none.
        if uncertain(resolver, ever, WHOLE):
            cut = resolver.cut
            build = partial(_first_days, resolver.view(), cut)
            rows = resolver.ask(("first days in doubt", cut), build)
        found = (_doubt(*(None if v is None else day_of(v) for v in row)) for row in rows)
        resolver.doubts = [doubt for doubt in found if doubt is not None]
    return resolver.doubts


def _doubt(
    unpriced_on: date | None,
    unknown_on: date | None,
    lapsed_on: date | None,
    over_on: date | None,
    mrr_on: date | None,
    charge_on: date | None,
) -> Doubt | None:
    start = min(day for day in (unpriced_on, unknown_on, lapsed_on) if day is not None)
    paid_on = min((day for day in (mrr_on, charge_on) if day is not None), default=None)
    last = None if over_on is None else over_on - timedelta(days=1)
    if paid_on is None:
        return Doubt(start, last, False, mrr_on, start == unpriced_on)
    if paid_on > start:
        return Doubt(start, paid_on, True, mrr_on, start == unpriced_on)
    if paid_on == start == lapsed_on:  # paid by the assumption that the trial ended in time
        return Doubt(start, over_on, True, mrr_on, False)
    return None


def _first_days(view: FactsView, cut: Cut) -> ir.Table:
    """Per customer in doubt: since when it was live at an unknown price, listed as something that
    may have paid before, and past its trial's end; when the last of these was over; and the first
    days of known recurring revenue and of a charge."""
    import ibis

    from trueline.catalog import bases

    t = bases.recurring(view)
    for by in ("plan", "currency"):
        if (value := cut.value(by)) is not None:
            t = t.filter(t[by] == value)
    off_trial = (t.trial_mrr < 0) | (t.unpriced_trials < 0)
    on_trial = (t.trial_mrr > 0) | (t.unpriced_trials > 0)
    assumed = t.assumed > 0
    days = {
        "unpriced_on": t.unpriced > 0,
        "unknown_on": assumed & (t.mrr <= 0) & ~on_trial & ~off_trial,
        "lapsed_on": assumed & off_trial,
        "mrr_on": t.mrr > 0,
    }
    none = ibis.null().cast("date")
    over = (t.unpriced < 0) | (t.assumed < 0)
    c = t.group_by("customer_id").agg(
        **{name: ibis.ifelse(when, t.day, none).min() for name, when in days.items()},
        last_on=ibis.ifelse(over, t.day, none).max(),
        still=t.unpriced.sum() + t.assumed.sum(),
        channel=t.channel.min(),
        country=t.country.min(),
    )
    c = c.filter(c.unpriced_on.notnull() | c.unknown_on.notnull() | c.lapsed_on.notnull())
    firsts = view.derived("customer_firsts")
    firsts = firsts.select(
        who=firsts.customer_id, charge_on=firsts.first_charge_on, came_by=firsts.channel
    )
    c = c.left_join(firsts, c.customer_id == firsts.who)
    c = c.mutate(
        channel=c.came_by.coalesce(c.channel), over_on=ibis.ifelse(c.still > 0, none, c.last_on)
    )
    for by in ("channel", "country"):
        if (value := cut.value(by)) is not None:
            c = c.filter(c[by] == value)
    return c.select("unpriced_on", "unknown_on", "lapsed_on", "over_on", "mrr_on", "charge_on")
