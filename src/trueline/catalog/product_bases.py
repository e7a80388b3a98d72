"""The rows that product measures count: sessions, active users, delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueline.catalog.measure import NO_SLICE, Base, Facts

if TYPE_CHECKING:
    import ibis.expr.types as ir


def sessions(facts: Facts) -> ir.Table:
    """Sessions, on the local day they begin; the channel is that of their first event."""
    t = facts.derived("sessions")
    return t.select(
        day=t.day,
        at=t["at"],
        channel=t.channel.coalesce(NO_SLICE),
        user_id=t.user_id,
        seconds=t.seconds,
        page_views=t.page_views,
        actions=t.actions,
        engaged=t.engaged,
    )


def active(facts: Facts) -> ir.Table:
    """Users active on a local day, each once."""
    t = facts.table("events")
    return (
        t.group_by(["occurred_on", "user_id"]).agg(at=t.occurred_at.min()).rename(day="occurred_on")
    )


def defects(facts: Facts) -> ir.Table:
    """Defects, on the day they were found."""
    t = facts.table("defects")
    return t.select(day=t.found_on, at=t.found_at, stage=t.stage)


def releases(facts: Facts) -> ir.Table:
    """Releases."""
    t = facts.table("releases")
    return t.select(day=t.released_on, at=t.released_at)


def sprints(facts: Facts) -> ir.Table:
    """Sprints, on their last day."""
    t = facts.table("sprints")
    return t.select(day=t.ended_on, at=t.ended_on.cast("timestamp"), points=t.points_accepted)


PRODUCT_BASES: tuple[Base, ...] = (
    Base("sessions", ("events", "customers"), sessions, ("channel",), by_customer=True),
    Base("active", ("events", "customers"), active, by_customer=True),
    Base("defects", ("defects",), defects),
    Base("releases", ("releases",), releases),
    Base("sprints", ("sprints",), sprints),
)
