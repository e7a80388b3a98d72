"""Sessions and distinct users against a plain count in Python, in any order of loading."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline.catalog.calculate import calculate, calculator
from trueline.catalog.kpis import from_facts, kpi

ZONE = ZoneInfo("America/Toronto")
START = datetime(2026, 3, 7, 20, 0, tzinfo=UTC)  # the clocks change on 8 March

EVENT = st.tuples(
    st.sampled_from(["ann", "bob", "cat"]),
    st.integers(0, 4000),  # minutes after START
    st.sampled_from(["page_view", "click", "buy"]),
    st.sampled_from([None, None, "x", "y"]),
    st.booleans(),
)
SETTINGS = '[product]\nconversion = "buy"\nactions = ["click"]\npage_view = "page_view"\n'


def naive_sessions(events: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Sessions as one would count them by hand."""
    groups: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    last: dict[str, tuple[int, int]] = {}
    for event in sorted(events, key=lambda e: e[1]):
        user, minute, _, given_id, _ = event
        if given_id is None:
            number, before = last.get(user, (0, -10_000))
            if minute - before >= 30:
                number += 1
            last[user] = (number, minute)
            groups.setdefault((user, f"#{number}"), []).append(event)
        else:
            groups.setdefault((user, f"={given_id}"), []).append(event)
    out = []
    for (user, _), found in groups.items():
        minutes = [event[1] for event in found]
        views = sum(event[2] == "page_view" for event in found)
        seconds = 60 * (max(minutes) - min(minutes))
        out.append(
            {
                "user": user,
                "day": local_day(min(minutes)),
                "seconds": seconds,
                "actions": sum(event[2] == "click" for event in found),
                "engaged": seconds > 10 or views >= 2 or any(event[4] for event in found),
            }
        )
    return out


def local_day(minute: int) -> date:
    return (START + timedelta(minutes=minute)).astimezone(ZONE).date()


def csv_of(events: list[tuple[Any, ...]], first: int) -> str:
    lines = ["event_id,user_id,occurred_at,name,session_id,is_key_event"]
    for number, (user, minute, name, given_id, is_key) in enumerate(events, start=first):
        at = (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f"{number},{user},{at},{name},{given_id or ''},{str(is_key).lower()}")
    return "\n".join(lines)


@given(
    events=st.lists(EVENT, min_size=1, max_size=25, unique_by=lambda e: (e[0], e[1])),
    cut=st.floats(0, 1),
)
def test_sessions_are_what_one_counts_by_hand(
    new_company: Callable[..., Any], events: list[tuple[Any, ...]], cut: float
) -> None:
    """Loaded in two files, the second holding late events that may join two sessions into one."""
    company = new_company()
    company.settings(SETTINGS)
    half = int(len(events) * cut)
    for number, part in enumerate((events[:half], events[half:])):
        if part:
            company.load("events", csv_of(part, 1000 * number))
            company.tl.kpi("sessions", start="2026-03-07", end="2026-03-15")
    company.tl.declare_coverage("events", start="2026-03-01", end="2026-03-15")
    sessions = naive_sessions(events)
    days = [START.astimezone(ZONE).date() + timedelta(days=n) for n in range(4)]
    for first, last in ((days[0], days[-1]), *((d, d) for d in days)):
        end = last + timedelta(days=1)
        inside = [s for s in sessions if first <= s["day"] <= last]
        active = [e for e in events if first <= local_day(e[1]) <= last]
        users = {e[0] for e in active}
        got = company.tl.readings(
            ["sessions", "session_duration", "bounce_rate", "actions_per_session", "dau",
             "conversion_rate", "sessions_per_user"],
            start=first, end=end,
        )  # fmt: skip
        assert got["sessions"].value == len(inside)
        per_day = {(e[0], local_day(e[1])) for e in active}
        assert got["dau"].value == pytest.approx(len(per_day) / ((end - first).days))
        if inside:
            count = len(inside)
            assert got["session_duration"].value == pytest.approx(
                sum(s["seconds"] for s in inside) / count
            )
            assert got["bounce_rate"].value == pytest.approx(
                100 * sum(not s["engaged"] for s in inside) / count
            )
            assert got["actions_per_session"].value == pytest.approx(
                sum(s["actions"] for s in inside) / count
            )
        if users:
            bought = {e[0] for e in active if e[2] == "buy"}
            assert got["conversion_rate"].value == pytest.approx(100 * len(bought) / len(users))
            assert got["sessions_per_user"].value == pytest.approx(len(inside) / len(users))


def test_late_events_give_what_a_rebuild_gives(company: Any) -> None:
    company.settings(SETTINGS)
    evening = [("ann", 0, "click", None, False), ("ann", 40, "click", None, False)]
    company.load("events", csv_of(evening, 0))
    two = company.tl.kpi("sessions", start="2026-03-07", end="2026-03-08").value
    company.load("events", csv_of([("ann", 20, "click", None, False)], 100))
    one = company.tl.kpi("sessions", start="2026-03-07", end="2026-03-08").value
    company.tl.engine.refresh(rebuild=True)
    again = company.tl.kpi("sessions", start="2026-03-07", end="2026-03-08").value
    assert (two, one, again) == (2, 1, 1)


def test_sessions_are_counted_anew_when_their_rule_changes(company: Any) -> None:
    evening = [("ann", 0, "click", None, False), ("ann", 40, "click", None, False)]
    company.load("events", csv_of(evening, 0))
    assert company.tl.kpi("sessions", start="2026-03-07", end="2026-03-08").value == 2
    company.settings("[product]\nsession_minutes = 60\n")
    assert company.tl.kpi("sessions", start="2026-03-07", end="2026-03-08").value == 1


def test_a_test_customers_events_count_nowhere(company: Any) -> None:
    events = [("ann", 0, "click", None, False), ("bob", 5, "click", None, False)]
    company.load("events", csv_of(events, 0))
    columns = "event_id,user_id,occurred_at,name,customer_id"
    phone = f"{columns}\n9,phone-7,2026-03-07T15:00:00Z,click,ann"
    company.load("events", phone)
    day = {"start": "2026-03-07", "end": "2026-03-08"}
    # Sessions are kept by user: those who act for the test customer are known by their events.
    for is_test, left in (("true", 1), ("false", 3)):
        company.load(
            "customers", f"customer_id,created_at,is_test\nann,2026-01-01T00:00:00Z,{is_test}"
        )
        found = company.tl.readings(["sessions", "dau"], **day)
        assert (found["sessions"].value, found["dau"].value) == (left, left)


def test_none_of_a_kind_is_none_where_events_are_recorded(company: Any) -> None:
    """Nobody bounced, no session began, nobody entered or signed up: 0, and no silence."""
    company.settings('[product]\nsignup = "join"\nactivation = "click"\n')
    views = [("ann", minute, "page_view", None, False) for minute in (0, 1, 530, 550)]
    company.load("events", csv_of(views, 0))
    first, second = ({"start": f"2026-03-{d:02d}", "end": f"2026-03-{d + 1:02d}"} for d in (7, 8))
    assert company.tl.kpi("bounce_rate", **first).value == 0.0
    assert company.tl.kpi("sessions", **first).value == 2
    assert company.tl.kpi("sessions", **second).value == 0  # the last one goes on into this day
    assert company.tl.kpi("sessions_per_user", **second).value == 0.0
    assert company.tl.kpi("bounce_rate", **second).reasons[0].code == "no_sessions"
    assert company.tl.kpi("activation_rate", **first).reasons[0].code == "no_signups"
    assert company.tl.funnel(steps=["cart", "buy"], **first)["funnel"]["entered"] == 0
    assert company.tl.retention(starting="cart", steps=1, **first)["overall"]["size"] == 0
    silent = company.tl.readings(["sessions", "bounce_rate"], start="2026-03-09", end="2026-03-10")
    assert {reading.reasons[0].code for reading in silent.values()} == {"no_records"}


def test_the_calculator_gives_what_the_reading_gives(tmp_path_factory: Any) -> None:
    """Every KPI of the demo company: the same inputs given by hand make the same value."""
    from trueline import demo
    from trueline.home import Trueline

    folder = tmp_path_factory.mktemp("demo")
    home = folder / "home"
    home.mkdir()
    (home / "trueline.toml").write_text(demo.settings_toml(), encoding="utf-8")
    files = demo.generate(folder, size=600, today=date(2026, 3, 15))
    compared = 0
    with Trueline(home, clock=lambda: datetime(2026, 3, 15, 16, tzinfo=UTC)) as tl:
        for file in files:
            tl.load(
                file.table, file.path, keep_good=True, full=True,
                mapping=getattr(file, "mapping", None),
            )  # fmt: skip
        readings = tl.readings(None, start="2025-10-01", end="2026-01-01")
        for definition in from_facts():
            reading = readings[definition.key]
            if reading.value is None or definition.ways or not definition.calculates:
                continue
            given_inputs = {item.name: item.value for item in reading.inputs}
            found = calculate(kpi(definition.key), given_inputs)
            assert found.value == reading.value, definition.key
            assert found.interval == reading.interval, definition.key
            compared += 1
        _both_ways_of_mrr(tl)
    assert compared >= 40


def _both_ways_of_mrr(tl: Any) -> None:
    """MRR from its accounts, and from its movements: what rates changed is no movement."""
    period = {"start": "2025-10-01", "end": "2026-01-01"}
    found = tl.readings(["mrr", "arpu", "customers"], **period)
    mrr = found["mrr"].value
    accounts = {"arpu": found["arpu"].value, "number_of_accounts": found["customers"].value}
    assert abs(Decimal(str(calculate(calculator("mrr"), accounts).value)) - mrr) < Decimal("1e-6")
    bridge = tl.bridge(**period)
    moved = {
        "current_monthly_subscriptions": bridge.opening,
        "revenue_new_subscriptions": bridge.new + bridge.reactivation,
        "revenue_upgrades": bridge.expansion,
        "revenue_downgrades": -bridge.contraction,
        "revenue_lost_customers": -bridge.churn,
    }
    assert calculate(calculator("mrr"), moved).value == mrr - bridge.fx
