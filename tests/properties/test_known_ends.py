"""Committed MRR of any day is what reading the records known on it gives, whatever comes later."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import trueline
from trueline.home import Trueline

FIRST = date(2026, 1, 1)
LOADED = (9, 31, 50, 68)
"""Days, counted from the first, on which changes are loaded."""
CHANGE = st.fixed_dictionaries(
    {
        "load": st.sampled_from(LOADED),
        "status": st.sampled_from(["active", "active", "past_due", "canceled", "trialing"]),
        "ends_after": st.one_of(st.none(), st.integers(0, 60)),
        "amount": st.integers(1, 9),
        "plan": st.sampled_from("AB"),
    }
)
CHAINS = st.lists(
    st.dictionaries(st.integers(0, 120), CHANGE, min_size=1, max_size=6), min_size=20, max_size=40
)
LIVE = ("active", "past_due")


def _rows(number: int, chain: dict[int, dict[str, Any]], load: int) -> list[dict[str, Any]]:
    return [
        {"event_id": f"e{number}-{day}", "subscription_id": f"s{number}", "plan": change["plan"],
         "customer_id": f"c{number}", "effective_at": f"{FIRST + timedelta(day)}T12:00:00Z",
         "status": change["status"], "quantity": 1, "unit_amount": change["amount"],
         "currency": "USD", "interval": "month", "interval_count": 1,
         "cancel_at": None if change["ends_after"] is None
         else f"{FIRST + timedelta(day + change['ends_after'])}T20:00:00Z"}
        for day, change in chain.items()
        if change["load"] == load
    ]  # fmt: skip


def _by_hand(chain: dict[int, dict[str, Any]], today: int) -> tuple[int, int]:
    """MRR and committed MRR at a day's end."""

    def ends_on(day: int) -> int | None:
        after = chain[day]["ends_after"]
        return None if after is None else day + after

    now = max((day for day in chain if day <= today), default=None)
    if now is None or chain[now]["status"] not in LIVE:
        return 0, 0
    end, amount = ends_on(now), chain[now]["amount"]
    if end is not None and end <= today:
        return 0, 0
    known = sorted(day for day, change in chain.items() if min(day, change["load"]) <= today)
    for day in (now, *(day for day in known if day > today)):
        end = ends_on(day)
        following = next((later for later in known if later > day), None)
        ends = end is not None and (following is None or following > end)
        if ends or chain[day]["status"] not in LIVE:
            return amount, 0
    return amount, amount


@given(CHAINS)
def test_committed_is_what_the_records_known_on_a_day_give(
    chains: list[dict[int, dict[str, Any]]],
) -> None:
    with TemporaryDirectory() as folder:
        home = trueline.init(Path(folder) / "home", timezone="UTC")
        moment = [datetime(2026, 1, 1, 16, tzinfo=UTC)]
        with Trueline(home, clock=lambda: moment[0]) as tl:
            for load in LOADED:
                moment[0] = datetime(2026, 1, 1, 16, tzinfo=UTC) + timedelta(load)
                rows = [r for n, chain in enumerate(chains) for r in _rows(n, chain, load)]
                if rows:
                    tl.load_rows("subscription_events", rows)
            found = tl.warehouse.rows(
                "SELECT subscription_id, day, mrr, committed_mrr FROM mrr_changes"
            )
    for number, chain in enumerate(chains):
        mine = [((day - FIRST).days, *money) for s, day, *money in found if s == f"s{number}"]
        for today in range(190):
            held = [
                sum((row[part] for row in mine if row[0] <= today), Decimal(0)) for part in (1, 2)
            ]
            assert tuple(held) == _by_hand(chain, today), (today, chain)
