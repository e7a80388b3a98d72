"""The states that a subscription went through, as recorded changes or a plain list tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.view import FactsView

LIVE = ("active", "past_due")
_BEGINS, _WARNS, _CALMS = 0, 1, 2
_SHARED = ("subscription_id", "customer_id", "plan", "currency", "quantity", "mrr", "net_mrr")


def states_from_events(facts: FactsView) -> ir.Table:
    """A row per subscription and day with the state at its end, valid until the next one; cut
    where it comes to be known that it is ``ending``, or that it is not after all."""
    import ibis

    t = facts.table("subscription_events")
    # A change that is loaded after its day is taken to have been known when it took effect.
    recorded_on = facts.local_day(t.recorded_at)
    t = t.mutate(
        known_on=ibis.ifelse(recorded_on < t.effective_on, recorded_on, t.effective_on),
        # Moments are compared: it may end on the day on which it began.
        scheduled=ibis.ifelse(t.cancel_at > t.effective_at, t.cancel_on, _no_day()),
    )
    dropped = _dropped(t)
    last = ibis.window(
        group_by=[t.subscription_id, t.effective_on],
        order_by=[t.effective_at.desc(), t.load_id.desc(), t.event_id.desc()],
    )
    t = t.mutate(rank=ibis.row_number().over(last))
    t = t.filter(t["rank"] == 0)
    following = ibis.window(group_by=t.subscription_id, order_by=t.effective_on)
    # A cancellation scheduled for a day that has passed ends the state there, unless a newer
    # state says otherwise first.
    t = t.mutate(end_on=earliest(t.effective_on.lead().over(following), t.scheduled))
    t = t.mutate(at=t.effective_at).left_join(dropped, t.event_id == dropped.schedule)
    return _cut(_warned(t)).mutate(assumed=ibis.literal(False))


def _dropped(t: ir.Table) -> ir.Table:
    """The events whose date of cancellation (``schedule``) a state recorded ahead makes void, with
    the day on which the first such one was recorded."""
    schedules = t.filter(t.scheduled.notnull()).select(
        "subscription_id", "effective_on", "scheduled", schedule=t.event_id
    )
    ahead = t.filter(t.known_on < t.effective_on).view()
    ahead = ahead.select(of=ahead.subscription_id, then_on=ahead.effective_on, told=ahead.known_on)
    both = schedules.join(
        ahead,
        [
            schedules.subscription_id == ahead.of,
            schedules.effective_on < ahead.then_on,
            schedules.scheduled >= ahead.then_on,
        ],
    )
    return both.group_by("schedule").agg(dropped_on=both.told.min())


def _warned(t: ir.Table) -> ir.Table:
    """States with the days between which they warn of an end (``warns_on``, ``calms_on``).

    One that is not live and was recorded ahead does so until it begins, one that is scheduled to
    end until then; or until a state is recorded that comes first, and says otherwise.
    """
    import ibis

    scheduled_until = ibis.ifelse(
        t.scheduled.notnull(), earliest(t.end_on, t.dropped_on), _no_day()
    )
    until = ibis.ifelse(t.status.isin(LIVE), scheduled_until, t.effective_on)
    warns = (t.known_on < until).fill_null(False)
    return t.mutate(
        warns_on=ibis.ifelse(warns, t.known_on, _no_day()),
        calms_on=ibis.ifelse(warns, until, _no_day()),
    )


def _cut(t: ir.Table) -> ir.Table:
    """States cut where their subscription begins or ceases to be ``ending``: an end that is
    scheduled is that of all states before it, however many lie between."""
    import ibis

    t = t.mutate(turn=ibis.array([_BEGINS, _WARNS, _CALMS]).unnest())
    begins, warns = t.turn == _BEGINS, t.turn == _WARNS
    day = ibis.cases((begins, t.effective_on), (warns, t.warns_on), else_=t.calms_on)
    t = t.mutate(day=day, warnings=ibis.cases((begins, 0), (warns, 1), else_=-1))
    t = t.filter(t.day.notnull())
    # By days, not by rows: several things may be told on one.
    so_far = ibis.range_window(
        group_by="subscription_id", order_by="day", preceding=None, following=0
    )
    t = t.mutate(
        ending=t.warnings.sum().over(so_far) > 0,
        number=(t.turn == _BEGINS).cast("int64").sum().over(so_far),
        until=t.day.lead().over(ibis.window(group_by="subscription_id", order_by="day")),
    )
    state = ibis.window(group_by=["subscription_id", "number"])
    own = {
        name: ibis.ifelse(t.turn == _BEGINS, t[name], ibis.null().cast(t[name].type()))
        .max()
        .over(state)
        for name in (*_SHARED[1:], "status", "at", "end_on")
    }
    t = t.select("subscription_id", "number", "ending", "day", "until", **own)
    t = t.mutate(start_on=t.day, end_on=earliest(t.until, t.end_on))
    t = t.filter(t.number > 0, t.end_on.isnull() | (t.start_on < t.end_on))
    return t.select(*_SHARED, "status", "at", "start_on", "end_on", "ending")


def _no_day() -> ir.Value:
    import ibis

    return ibis.null().cast("date")


def earliest(a: ir.Value, b: ir.Value) -> ir.Value:
    import ibis

    return ibis.ifelse(a.isnull() | (b < a), b, a)


def _held(facts: FactsView) -> ir.Table:
    """Versions of subscriptions without recorded changes: what the status ``was``, from when on
    (``start_on``) and until when (``until``) each holds, and the day on which a trial was to end
    after it was recorded (``lapse``): what came then, only the next version knows."""
    import ibis

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
            t.cancel_on, ibis.ifelse(t.status == "canceled", t.canceled_on, _no_day())
        ),
        lapse=ibis.ifelse(
            (t.status == "trialing") & (t.trial_end > t.recorded_at), t.trial_end_on, _no_day()
        ),
    )
    # A cancelled subscription was live, at the price it shows, until it ended.
    was = ibis.ifelse((t.status == "canceled") & t.ended.notnull(), "active", t.status)
    t = t.mutate(was=was)
    by_load = ibis.window(group_by=t.subscription_id, order_by=t.load_id)
    t = t.mutate(
        next_on=t.recorded_on.lead().over(by_load),
        next_was=t.was.lead().over(by_load),
        next_end=t.ended.lead().over(by_load),
        lapsed_on=t.lapse.lag().over(by_load),
    )
    # Who is listed as paying is on trial no more, whatever day that trial was to last until.
    before = _day_before(t.recorded_on)
    trial_end = ibis.ifelse(t.trial_end_on > before, before, t.trial_end_on)
    trial_end = ibis.ifelse(trial_end > t.started_on, trial_end, t.started_on)
    began = ibis.ifelse(t.status == "trialing", t.started_on, trial_end)
    since = ibis.ifelse(t.lapsed_on < t.recorded_on, _day_before(t.recorded_on), t.recorded_on)
    start = ibis.ifelse(t.version == 0, began, since)
    return t.mutate(start_on=start, until=earliest(t.ended, earliest(t.next_on, t.next_end)))


def states_from_list(facts: FactsView) -> ir.Table:
    """States from a plain list of subscriptions that have no recorded changes.

    A version of a row holds from the day it was recorded until the next one. What the first
    version says of the days before is an assumption, whatever its status, and so is what became of
    a trial whose end has passed without a newer version; both are marked so.
    """
    import ibis

    t = _held(facts)
    first = t.version == 0
    known_from = ibis.ifelse(first & (t.recorded_on > t.start_on), t.recorded_on, t.start_on)
    # The day before the load is assumed to its end, so that the state at the start of the
    # load's day counts as known.
    assumed_until = earliest(_day_before(known_from), t.until)
    t = t.mutate(
        assumed_until=assumed_until,
        from_then=ibis.ifelse(first & (t.start_on < assumed_until), assumed_until, t.start_on),
    )
    told = t.ended.notnull()
    before = t.filter(t.version == 0)
    on_trial = before.filter(before.status != "trialing")
    lapsed = t.filter(t.lapse.notnull())
    return ibis.union(
        _part(t, t.from_then, earliest(t.until, t.lapse), t.was, ending=told, assumed=False),
        _part(before, before.start_on, before.assumed_until, before.was),
        _part(on_trial, on_trial.started_on, _trial_until(on_trial), ibis.literal("trialing")),
        _part(
            lapsed,
            lapsed.lapse,
            earliest(lapsed.until, _day_before(lapsed.next_on)),
            lapsed.next_was.coalesce(lapsed.was),
        ),
    )


def _trial_until(t: ir.Table) -> ir.Value:
    """Until when a first version that is on trial no more was so, by its dates."""
    return earliest(t.start_on, earliest(_day_before(t.recorded_on), t.until))


def _part(
    t: ir.Table,
    start: ir.Value,
    end: ir.Value,
    status: ir.Value,
    *,
    ending: ir.Value | None = None,
    assumed: bool = True,
) -> ir.Table:
    """One state of each row, from ``start`` until ``end``, where there is a day between."""
    import ibis

    states = t.select(
        **{name: t[name] for name in _SHARED},
        status=status,
        at=t.started_at,
        start_on=start,
        end_on=end,
        ending=t.cancel_on.notnull() if ending is None else ending,
        assumed=ibis.literal(assumed),
    )
    return states.filter(states.end_on.isnull() | (states.start_on < states.end_on))


def _day_before(day: ir.Value) -> ir.Value:
    import ibis

    return (day.cast("date") - ibis.interval(days=1)).cast("date")
