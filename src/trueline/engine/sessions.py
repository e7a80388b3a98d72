"""Sessions from events: what a user did without a break.

Events that carry a session's id belong together by it; the others belong to one session until the
user has been idle for so many minutes (exactly so long ends it too). A session belongs to the local
day it begins on, goes on across midnight, and a late event may join two into one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.view import FactsView

ENGAGED_SECONDS = 10
"""A session longer than this is engaged, whatever happened in it."""

ENGAGED_VIEWS = 2


def sessions(facts: FactsView, users: ir.Table | None = None) -> ir.Table:
    """Every session, of all or of some users, with its length and what happened in it."""
    import ibis

    t = facts.table("events")
    if users is not None:
        t = t.semi_join(users, t.user_id == users.user_id)
    named = t.filter(t.session_id.notnull())
    named = named.mutate(given=ibis.literal(True), session=named.session_id)
    both = ibis.union(
        named, _numbered(t.filter(t.session_id.isnull()), facts.product.session_minutes)
    )
    return _described(both, facts.product)


def _numbered(t: ir.Table, minutes: int) -> ir.Table:
    """Events without a session's id, with the number of their user's session."""
    import ibis

    order = [t.occurred_at, t.event_id]
    mine = ibis.window(group_by=t.user_id, order_by=order)
    t = t.mutate(before=t.occurred_at.lag().over(mine))
    idle = t.occurred_at.delta(t.before, unit="millisecond") >= minutes * 60_000
    t = t.mutate(starts=(t.before.isnull() | idle).cast("int64"))
    so_far = ibis.window(
        group_by=t.user_id, order_by=[t.occurred_at, t.event_id], preceding=None, following=0
    )
    number = t.starts.sum().over(so_far)
    return t.mutate(given=ibis.literal(False), session=number.cast("string")).drop(
        "before", "starts"
    )


def moment_of(t: ir.Table) -> ir.Value:
    """When an event was; of one moment, in the order of ids: the same whatever way rows lie."""
    import ibis

    return ibis.struct({"at": t.occurred_at, "id": t.event_id})


def _described(t: Any, product: Any) -> ir.Table:
    """A row a session: when, how long, how many of what, whether engaged."""
    import ibis

    # A name is never null: where nothing is a page view, no event is one.
    views = t.name.isin(product.page_view) if product.page_view else t.name.isnull()
    acts = t.name.isin(product.actions) if product.actions else ~views
    key = t.is_key_event.fill_null(False)
    if product.key_events:
        key |= t.name.isin(product.key_events)
    found = t.group_by(["user_id", "given", "session"]).agg(
        day=t.occurred_on.min(),
        at=t.occurred_at.min(),
        until=t.occurred_at.max(),
        channel=t.channel.argmin(moment_of(t)),
        events=t.count(),
        page_views=views.cast("int64").sum(),
        actions=acts.cast("int64").sum(),
        keys=key.cast("int64").sum(),
    )
    length = found.until.delta(found["at"], unit="millisecond")
    thousandth = ibis.literal("0.001").cast("decimal(18, 3)")
    return found.select(
        user_id=found.user_id,
        session=ibis.ifelse(found.given, "=", "#").concat(found.session),
        day=found.day,
        at=found["at"],
        channel=found.channel,
        seconds=(length.cast("decimal(18, 3)") * thousandth).cast("decimal(18, 3)"),
        events=found.events,
        page_views=found.page_views.cast("int64"),
        actions=found.actions.cast("int64"),
        engaged=(length > ENGAGED_SECONDS * 1000)
        | (found.keys > 0)
        | (found.page_views >= ENGAGED_VIEWS),
    )
