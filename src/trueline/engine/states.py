"""The states that a subscription went through, as recorded changes or a plain list tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.view import FactsView

LIVE = ("active", "past_due")


def states_from_events(facts: FactsView) -> ir.Table:
    """A row per subscription and day with the state at its end, valid until the next one."""
    import ibis

    t = facts.table("subscription_events")
    last = ibis.window(
        group_by=[t.subscription_id, t.effective_on],
        order_by=[t.effective_at.desc(), t.load_id.desc(), t.event_id.desc()],
    )
    t = t.mutate(rank=ibis.row_number().over(last))
    t = t.filter(t["rank"] == 0)
    ahead = ibis.window(group_by=t.subscription_id, order_by=t.effective_on)
    t = t.mutate(
        next_on=t.effective_on.lead().over(ahead),
        next_status=t.status.lead().over(ahead),
        next_told=facts.local_day(t.recorded_at).lead().over(ahead),
    )
    # A cancellation scheduled for a day that has passed ends the state there, unless a newer
    # state says otherwise first. Moments are compared: it may end on the day it began.
    no_day = ibis.null().cast("date")
    scheduled = ibis.ifelse(t.cancel_at > t.effective_at, t.cancel_on, no_day)
    return t.select(
        subscription_id=t.subscription_id,
        customer_id=t.customer_id,
        start_on=t.effective_on,
        end_on=earliest(t.next_on, scheduled),
        told_on=earliest(ibis.ifelse(scheduled.notnull(), t.effective_on, no_day), _told(t)),
        status=t.status,
        plan=t.plan,
        currency=t.currency,
        quantity=t.quantity,
        mrr=t.mrr,
        net_mrr=t.net_mrr,
        assumed=ibis.literal(False),
        at=t.effective_at,
    )


def _told(t: ir.Table) -> ir.Value:
    """The day from which it is known that a state will end: its end was recorded ahead."""
    import ibis

    ahead = t.next_status.notin(LIVE) & (t.next_told < t.next_on)
    known_on = ibis.ifelse(t.next_told > t.effective_on, t.next_told, t.effective_on)
    return ibis.ifelse(ahead, known_on, ibis.null().cast("date"))


def earliest(a: ir.Value, b: ir.Value) -> ir.Value:
    import ibis

    return ibis.ifelse(a.isnull() | (b < a), b, a)


_SHARED = ("subscription_id", "customer_id", "plan", "currency", "quantity", "mrr", "net_mrr")


def _held(facts: FactsView) -> ir.Table:
    """Versions of subscriptions without recorded changes: from when on (``start_on``) and until
    when (``until``) each holds, and what its status then ``was``."""
    import ibis

    no_day = ibis.null().cast("date")
    events = facts.table("subscription_events")
    t = facts.without_tests(facts.versions("subscriptions"))
    t = t.anti_join(events, t.subscription_id == events.subscription_id)
    by_load = ibis.window(group_by=t.subscription_id, order_by=t.load_id)
    t = t.mutate(
        version=ibis.row_number().over(by_load),
        recorded_on=facts.local_day(t.recorded_at),
        # When it ended, else when it is to end. The day of a cancellation is that on which it was
        # asked for: it ends a cancelled row only where nothing else does.
        ended=t.ended_on.coalesce(
            t.cancel_on, ibis.ifelse(t.status == "canceled", t.canceled_on, no_day)
        ),
    )
    by_load = ibis.window(group_by=t.subscription_id, order_by=t.load_id)
    t = t.mutate(next_on=t.recorded_on.lead().over(by_load), next_end=t.ended.lead().over(by_load))
    trial_end = ibis.ifelse(t.trial_end_on > t.started_on, t.trial_end_on, t.started_on)
    began = ibis.ifelse(t.status == "trialing", t.started_on, trial_end)
    start = ibis.ifelse(t.version == 0, began, t.recorded_on)
    until = earliest(t.ended, earliest(t.next_on, t.next_end))
    # A cancelled subscription was live, at the price it shows, until it ended.
    status = ibis.ifelse((t.status == "canceled") & t.ended.notnull(), "active", t.status)
    return t.mutate(start_on=start, until=until, was=status)


def states_from_list(facts: FactsView) -> ir.Table:
    """States from a plain list of subscriptions that have no recorded changes.

    A version of a row holds from the day it was recorded until the next one; what the first
    version says of the days before is an assumption and marked so.
    """
    import ibis

    t = _held(facts)
    shared: dict[str, Any] = {name: t[name] for name in _SHARED} | {
        "status": t.was,
        "at": t.started_at,
    }
    scheduled = t.cancel_on.notnull() & (t.was != "canceled")
    no_day = ibis.null().cast("date")
    first = t.version == 0
    known_from = ibis.ifelse(first & (t.recorded_on > t.start_on), t.recorded_on, t.start_on)
    # The day before the load is assumed to its end, so that the state at the start of the
    # load's day counts as known.
    assumed_until = earliest(known_from.cast("date") - ibis.interval(days=1), t.until)
    before = t.select(
        **shared,
        start_on=t.start_on,
        end_on=assumed_until,
        told_on=ibis.ifelse(scheduled, t.start_on, no_day),
        assumed=ibis.literal(True),
        first=first,
    )
    before = before.filter(before.first & (before.start_on < before.end_on)).drop("first")
    from_then = ibis.ifelse(first & (t.start_on < assumed_until), assumed_until, t.start_on)
    after = t.select(
        **shared,
        start_on=from_then,
        end_on=t.until,
        told_on=ibis.ifelse(scheduled, from_then, no_day),
        assumed=ibis.literal(False),
    )
    after = after.filter(after.end_on.isnull() | (after.start_on < after.end_on))
    order = before.columns
    return ibis.union(before, after.select(*order))
