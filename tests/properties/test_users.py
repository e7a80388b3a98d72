"""Retention, funnels and lifecycle against a plain count in Python."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from trueline.core.period import Calendar, Grain
from trueline.engine.lifecycle import number_of

ZONE = ZoneInfo("America/Toronto")
START = datetime(2026, 2, 20, 5, 0, tzinfo=UTC)  # midnight; the clocks change on 8 March
TODAY = date(2026, 3, 15)

Event = tuple[str, int, str]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cat"]),
        st.integers(0, 22 * 24 * 4).map(lambda quarter: quarter * 15),  # minutes after START
        st.sampled_from(["visit", "cart", "buy"]),
    ),
    min_size=1,
    max_size=30,
)


def loaded(new_company: Callable[..., Any], events: list[Event]) -> Any:
    company = new_company()
    lines = ["event_id,user_id,occurred_at,name"]
    for number, (user, minute, name) in enumerate(events):
        at = (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f"{number:03d},{user},{at},{name}")
    company.load("events", "\n".join(lines), full=True)
    company.tl.declare_coverage("events", start="2000-01-01", end="2026-03-15")
    return company.tl


def day(minute: int) -> date:
    return (START + timedelta(minutes=minute)).astimezone(ZONE).date()


def furthest(events: list[tuple[int, int, str]], steps: list[str], hours: int) -> int:
    """How many steps the best attempt takes, trying every first step."""
    best = 0
    for start, (begun, _, name) in enumerate(events):
        if name != steps[0]:
            continue
        reached, place, at = 1, start, begun
        while reached < len(steps):
            later = [
                (number, minute)
                for number, (minute, _, what) in enumerate(events)
                if what == steps[reached]
                and (number > place if len(set(steps)) < len(steps) else minute >= at)
            ]
            if not later or later[0][1] >= begun + hours * 60:
                break
            place, at = later[0]
            reached += 1
        best = max(best, reached)
    return best


@given(
    events=EVENTS,
    hours=st.sampled_from([1, 24, 100]),
    steps=st.sampled_from(
        [["visit", "buy"], ["visit", "cart", "buy"], ["visit", "cart", "visit"], ["buy", "buy"]]
    ),
)
def test_a_funnel_is_what_one_counts_by_hand(
    new_company: Callable[..., Any], events: list[Event], hours: int, steps: list[str]
) -> None:
    tl = loaded(new_company, events)
    found = tl.funnel(steps=steps, window_hours=hours, start=day(0), end=TODAY)["funnel"]
    by_user: dict[str, list[tuple[int, int, str]]] = {}
    for number, (user, minute, name) in enumerate(events):
        by_user.setdefault(user, []).append((minute, number, name))

    def in_order(event: tuple[int, int, str]) -> tuple[int, int, int]:
        """Of one moment, in the order of the steps."""
        minute, number, name = event
        return minute, steps.index(name) if name in steps else 0, number

    reached = [furthest(sorted(mine, key=in_order), steps, hours) for mine in by_user.values()]
    assert [step["users"] for step in found["steps"]] == [
        sum(r > place for r in reached) for place in range(len(steps))
    ]
    for step in found["steps"][1:]:
        assert step["median_seconds"] is None or 0 <= step["median_seconds"] < hours * 3600
    assert found["within"][-1]["users"] == found["converted"]


@given(events=EVENTS)
def test_users_over_time_are_what_one_counts_by_hand(
    new_company: Callable[..., Any], events: list[Event]
) -> None:
    tl = loaded(new_company, events)
    for unbounded in (False, True):
        for grain in ("day", "week"):
            check_retention(tl, events, unbounded, grain)
    for grain in ("day", "week", "month"):
        check_lifecycle(tl, events, grain)


def check_retention(tl: Any, events: list[Event], unbounded: bool, grain: str) -> None:
    size = {"day": 1, "week": 7}[grain]
    found = tl.retention(
        "unbounded" if unbounded else "n_day", grain=grain, steps=5, starting="first_event",
        cohorts="day", start=day(0), end=TODAY,
    )  # fmt: skip
    days: dict[str, set[date]] = {}
    for user, minute, _ in events:
        days.setdefault(user, set()).add(day(minute))
    for step in range(6):
        watched = {u for u, d in days.items() if (TODAY - min(d)).days >= (step + 1) * size}
        ages = {u: {(d - min(seen)).days // size for d in seen} for u, seen in days.items()}
        back = {u for u in watched if (max(ages[u]) >= step if unbounded else step in ages[u])}
        assert found["overall"]["observed"][step] == len(watched)
        assert found["overall"]["returned"][step] == (len(back) if watched else None)
    for name in ("size", "observed"):
        rows = [row[name] for row in found["cohorts"]]
        total = [sum(x) for x in zip(*rows, strict=True)] if name == "observed" else sum(rows)
        assert total == found["overall"][name]


def check_lifecycle(tl: Any, events: list[Event], grain: str) -> None:
    """Every bucket holds whom it should, and balances."""
    rows = tl.lifecycle(grain=grain, start=day(0), end=TODAY)["buckets"]
    calendar = Calendar()
    active = [
        {u for u, m, _ in events if row["start"] <= day(m).isoformat() < row["end"]} for row in rows
    ]
    seen: set[str] = set()
    before: set[str] = set()
    for row, now in zip(rows, active, strict=True):
        assert row["active"] == len(now)
        assert row["new"] == len(now - seen)
        assert row["returning"] == len(now & before)
        assert row["resurrecting"] == len((now & seen) - before)
        assert row["dormant"] == len(before - now)
        assert row["active"] == row["new"] + row["returning"] + row["resurrecting"]
        assert row["opening"] == row["returning"] + row["dormant"] == len(before)
        seen |= now
        before = now
    numbers = [number_of(date.fromisoformat(r["start"]), Grain(grain), calendar) for r in rows]
    assert numbers == list(range(numbers[0], numbers[0] + len(rows)))


@given(
    first=st.dates(date(1901, 1, 1), date(2199, 1, 1)),
    grain=st.sampled_from(list(Grain)),
    week_start=st.integers(0, 6),
    fiscal=st.integers(1, 12),
)
def test_buckets_are_numbered_as_the_calendar_counts_them(
    first: date, grain: Grain, week_start: int, fiscal: int
) -> None:
    calendar = Calendar(week_start, fiscal)
    start = calendar.bucket_start(first, grain)
    end = calendar.bucket_end(start, grain)
    number = number_of(start, grain, calendar)
    assert number_of(first, grain, calendar) == number
    assert number_of(end - timedelta(days=1), grain, calendar) == number
    assert number_of(end, grain, calendar) == number + 1
