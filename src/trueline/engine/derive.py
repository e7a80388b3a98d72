"""What is derived from facts before it is measured: MRR changes and customers' first days.

``mrr_changes`` holds, per subscription and local day, by how much each monthly amount changed:
differences add up, so the level at the start of day t is the sum over days before t, and a late
fact changes only the days it touches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trueline.engine.levels import customer_levels
from trueline.engine.sessions import sessions
from trueline.engine.states import LIVE, earliest, states_from_events, states_from_list

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.view import FactsView

AMOUNTS = ("mrr", "net_mrr", "trial_mrr", "at_risk_mrr", "committed_mrr")
COUNTS = (
    *("unpriced", "unpriced_trials", "unpriced_past_due"),
    *("unpriced_quantity", "assumed"),
)
_MONEY = "decimal(28, 10)"
UNTOLD = 10**12
"""Stands for a quantity that is not known: the sum of all that are does not reach it."""


def _amounts(states: ir.Table) -> ir.Table:
    """States with what each is worth a month, in every sense that is measured."""
    import ibis

    zero = ibis.literal("0").cast(_MONEY)
    live = states.status.isin(LIVE)
    on_trial, past_due = states.status == "trialing", states.status == "past_due"
    unpriced = states.mrr.isnull()
    priced = states.mrr.fill_null(zero)
    return states.mutate(
        a_mrr=ibis.ifelse(live, priced, zero),
        a_net_mrr=ibis.ifelse(live, states.net_mrr.fill_null(zero), zero),
        a_trial_mrr=ibis.ifelse(on_trial, priced, zero),
        a_at_risk_mrr=ibis.ifelse(past_due, priced, zero),
        a_committed_mrr=ibis.ifelse(live & ~states.ending, priced, zero),
        # An amount is unknown by the items that are part of it, and by no others.
        a_unpriced=(live & unpriced).cast("int64"),
        a_unpriced_trials=(on_trial & unpriced).cast("int64"),
        a_unpriced_past_due=(past_due & unpriced).cast("int64"),
        a_unpriced_quantity=ibis.ifelse(live & unpriced, states.quantity.fill_null(UNTOLD), 0),
        a_assumed=states.assumed.cast("int64"),
    )


def _turns(states: ir.Table) -> ir.Table:
    """Each state as what it adds on its first day and takes away on the day it ends."""
    import ibis

    # Two turns of each state, not two readings of them: some engines would make them anew.
    t = _amounts(states).mutate(sign=ibis.array([1, -1]).unnest())
    turned = t.select(
        *("subscription_id", "customer_id", "plan", "currency", "at"),
        day=ibis.ifelse(t.sign > 0, t.start_on, t.end_on),
        **{name: t[f"a_{name}"] * t.sign for name in AMOUNTS + COUNTS},
    )
    return turned.filter(turned.day.notnull())


def _differences(states: ir.Table) -> ir.Table:
    """By how much a subscription's amounts change on each day on which one does."""
    turns = _turns(states)
    totals = turns.group_by(["subscription_id", "customer_id", "day", "plan", "currency"]).agg(
        **{n: turns[n].sum().cast(_MONEY) for n in AMOUNTS},
        **{n: turns[n].sum().cast("int64") for n in COUNTS},
        at=turns["at"].max(),
    )
    nothing = totals[AMOUNTS[0]] == 0
    for name in AMOUNTS[1:] + COUNTS:
        nothing &= totals[name] == 0
    return totals.filter(~nothing)


def mrr_changes(facts: FactsView, customers: ir.Table | None = None) -> ir.Table:
    """Changes of monthly amounts per subscription and day, of all or of some customers."""
    import ibis

    events, listed = states_from_events(facts), states_from_list(facts)
    states = ibis.union(events.select(*listed.columns), listed)
    if customers is not None:
        states = states.semi_join(customers, states.customer_id == customers.customer_id)
    return _differences(states)


def order_firsts(facts: FactsView, orders: ir.Table | None = None) -> ir.Table:
    """The first order of every customer that ever placed one; ``orders`` are all of theirs.

    An order that says of itself that it is a new customer's is a first one, and so is one of which
    nothing is said where no other came before it, or says at the same moment that it is none. A
    customer without any has no ``day``, and the moment of the earliest order as ``at``. It is paid
    for on ``paid_on``: what was free is an order, and no payment.
    """
    import ibis

    orders = facts.table("orders") if orders is None else orders
    begun = _first_moments(orders)
    joined = orders.join(
        begun, [orders.customer_id == begun.who, orders.ordered_at == begun.moment]
    )
    here = joined.begins & joined.new_customer.fill_null(True)
    return joined.group_by("customer_id").agg(
        # Of several orders at one moment, any one.
        channel=ibis.ifelse(here, joined.channel, ibis.null().cast("string")).min(),
        day=ibis.ifelse(here, joined.ordered_on, ibis.null().cast("date")).min(),
        at=joined.ordered_at.min(),
        paid_on=joined.paid_on.min(),
    )


def _first_moments(orders: ir.Table) -> ir.Table:
    """Per customer (``who``) the ``moment`` of the first order, that one ``begins`` then, and on
    which day it, or the first one after it that was not free, was paid for; of who has none the
    moment of the earliest order."""
    import ibis

    never, no_day = ibis.null().cast("timestamp"), ibis.null().cast("date")
    said, charged = orders.new_customer, orders.amount > 0
    t = orders.group_by(who=orders.customer_id).agg(
        earliest=orders.ordered_at.min(),
        by_word=ibis.ifelse(said.fill_null(False), orders.ordered_at, never).min(),
        denied=ibis.ifelse(said.fill_null(True), never, orders.ordered_at).min(),
        charged_at=ibis.ifelse(charged, orders.ordered_at, never).min(),
        charged_on=ibis.ifelse(charged, orders.ordered_on, no_day).min(),
        new_on=ibis.ifelse(charged & said.fill_null(False), orders.ordered_on, no_day).min(),
    )
    unsaid = ibis.ifelse(t.denied.isnull() | (t.denied > t.earliest), t.earliest, never)
    began = unsaid.coalesce(t.by_word)
    # Who paid before the order that is said to be the first one paid as a new customer by its word.
    paid_on = ibis.ifelse(t.charged_at >= began, t.charged_on, t.new_on)
    return t.select(
        "who",
        moment=began.coalesce(t.earliest),
        begins=began.notnull(),
        paid_on=ibis.ifelse(began.notnull(), paid_on, no_day),
    )


def entry_firsts(facts: FactsView, entries: ir.Table | None = None) -> ir.Table:
    """The first day on which a revenue entry charged each customer; ``entries`` are all of theirs.

    An entry that names no customer is nobody's, and one of 0 or less is no payment.
    """
    t = facts.table("revenue") if entries is None else entries
    t = t.filter(t.customer_id.notnull() & (t.amount > 0))
    return t.group_by("customer_id").agg(day=t.revenue_date.min())


def customer_firsts(facts: FactsView, customers: ir.Table | None = None) -> ir.Table:
    """The first days of every customer that ever ordered, was charged or had recurring revenue."""
    parts = [facts.derived(name) for name in ("order_firsts", "entry_firsts", "mrr_changes")]
    parts.append(facts.table("customers"))
    if customers is not None:
        parts = [t.semi_join(customers, t.customer_id == customers.customer_id) for t in parts]
    orders, entries, changes, people = parts
    found = _first_days(orders.filter(orders.day.notnull()), entries, changes)
    known = people.select(person=people.customer_id, channel=people.channel, country=people.country)
    joined = found.left_join(known, found.customer_id == known.person)
    return joined.select(
        customer_id=joined.customer_id,
        channel=joined.channel.coalesce(joined.order_channel),
        country=joined.country,
        first_order_on=joined.first_order_on,
        first_order_at=joined.first_order_at,
        first_charge_on=joined.first_charge_on,
        first_mrr_on=joined.first_mrr_on,
        first_paid_on=earliest(joined.first_charge_on, joined.first_mrr_on),
        at=joined["at"],
    )


def _first_days(orders: ir.Table, entries: ir.Table, changes: ir.Table) -> ir.Table:
    """Each customer's first order, with its channel, and first days of a charge (an order that was
    not free, or a revenue entry) and of recurring revenue."""
    import ibis

    changes = changes.filter(changes.mrr > 0)
    recurring = changes.group_by("customer_id").agg(
        first_mrr_on=changes.day.min(), at=changes["at"].min()
    )
    nothing = {
        "first_order_on": ibis.null().cast("date"),
        "first_order_at": ibis.null().cast("timestamp"),
        "first_charge_on": ibis.null().cast("date"),
        "first_mrr_on": ibis.null().cast("date"),
        "order_channel": ibis.null().cast("string"),
    }
    ordered = {
        "first_order_on": orders.day,
        "first_order_at": orders["at"],
        "first_charge_on": orders.paid_on,
        "order_channel": orders.channel,
        "at": orders["at"],
    }
    charged = {"first_charge_on": entries.day, "at": entries.day.cast("timestamp")}
    paid = {"first_mrr_on": recurring.first_mrr_on, "at": recurring["at"]}
    every = ibis.union(
        orders.select("customer_id", **nothing | ordered),
        entries.select("customer_id", **nothing | charged),
        recurring.select("customer_id", **nothing | paid),
    )
    return every.group_by("customer_id").agg(
        **{name: every[name].min() for name in (*nothing, "at")}
    )


DERIVED: dict[str, Callable[[Any], Any]] = {
    "mrr_changes": mrr_changes,
    "customer_levels": customer_levels,
    "order_firsts": order_firsts,
    "entry_firsts": entry_firsts,
    "customer_firsts": customer_firsts,
    "sessions": sessions,
}
"""Each derived table's expression, in the order they build on each other."""
