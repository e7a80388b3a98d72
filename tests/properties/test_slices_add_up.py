"""Parts of parts add up: over companies made up at random, by every pair of dimensions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from test_engine import (
    CUTS,
    EVENTS,
    ORDERS,
    SEVERAL_LOADS,
    company,
    declare,
    event_rows,
    order_rows,
)

from trueline.home import Trueline

PLACES = st.lists(
    st.tuples(st.sampled_from(["web", "shop", None]), st.sampled_from(["CA", "US", None])),
    min_size=7,
    max_size=7,
)
ADD_UP = {
    "revenue": ("channel", "country"),
    "new_customers": ("channel", "country"),
    "mrr": ("channel", "country", "plan"),
    "mrr_new": ("channel", "country"),
    "mrr_churn": ("channel", "country"),
    "customers": ("channel", "country"),
}
"""By each of these, and by two of them, the parts are the whole: nobody is in two of them."""
PAIRS = [(key, *pair) for key, by in ADD_UP.items() for pair in permutations(by, 2)] + [
    ("mrr", "currency", "plan"),
    ("mrr", "currency", "channel"),
    ("customers", "currency", "country"),
    ("customers", "plan", "channel"),
]
"""Who pays for two plans, or in two currencies, is in both parts, but in one part of each."""


def _load(
    tl: Trueline, orders: list[dict[str, Any]], events: list[dict[str, Any]], places: list[Any]
) -> None:
    """The company, of which some facts name no channel, country or plan."""
    declare(tl)
    charges, changes = order_rows(orders), event_rows(events)
    for place, row in enumerate(charges):
        row["channel"] = ("web", None, None)[place % 3]
    for place, row in enumerate(changes):
        row["plan"] = ("Pro", "Basic", None)[place % 3]
    people = [
        {"customer_id": f"c{n}", "created_at": "2025-01-01", "channel": channel, "country": country}
        for n, (channel, country) in enumerate(places)
    ]
    tl.load_rows("customers", people)
    tl.load_rows("orders", charges)
    tl.load_rows("subscription_events", changes)


def _added_up(parts: list[Any]) -> Decimal | None:
    values = [part.value for part in parts]
    return None if None in values else sum((Decimal(v) for v in values), Decimal(0))


@SEVERAL_LOADS
@given(ORDERS, EVENTS, PLACES, CUTS)
def test_the_parts_of_a_slice_add_up_to_it(
    orders: list[dict[str, Any]], events: list[dict[str, Any]], places: list[Any], cut: list[date]
) -> None:
    period: dict[str, Any] = {"start": cut[0], "end": cut[1]}
    with company() as tl:
        _load(tl, orders, events, places)
        for key, first, second in PAIRS:
            parts = tl.breakdown(key, first, **period)
            for part in parts:
                both = tl.breakdown(key, second, **period, slice=part.slice)
                assert _added_up(both) == part.value, (key, part.slice, second)
            whole = tl.kpi(key, **period).value
            if whole is not None and first in ADD_UP[key]:
                assert _added_up(parts) == whole, (key, first)
