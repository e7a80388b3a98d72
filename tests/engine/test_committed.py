"""What is scheduled to end is not committed, from the day on which that was told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from small_company import EVENTS, Company

ROWS = """
    e1,s1,c1,2026-01-05T15:00:00Z,active,Pro,1,100,USD,month,1
    e2,s1,c1,2026-04-10T15:00:00Z,canceled,Pro,1,100,USD,month,1
    e3,s2,c2,2026-01-05T15:00:00Z,active,Pro,1,40,USD,month,1
    e4,s2,c2,2026-02-20T15:00:00Z,canceled,Pro,1,40,USD,month,1
    e5,s3,c3,2026-01-05T15:00:00Z,active,Pro,1,7,USD,month,1
    e6,s3,c3,2026-04-01T15:00:00Z,active,Basic,1,3,USD,month,1"""
"""c1's leaving is recorded ahead, c2's afterwards; c3 changes its plan, and nothing ends."""


def amounts(company: Company, end: str) -> tuple[Any, Any]:
    """MRR and committed MRR at the start of a day."""
    read = company.tl.readings(("mrr", "committed_mrr"), start="2026-01-06", end=end)
    return read["mrr"].value, read["committed_mrr"].value


def test_an_end_that_is_recorded_ahead_is_told_on_that_day(company: Company) -> None:
    """Recorded on 15 March: until then c1's 100 were committed, as far as anybody knew."""
    company.events(ROWS, full=True)
    assert amounts(company, "2026-02-01") == (147, 147)
    assert amounts(company, "2026-03-15") == (107, 107)
    company.now = datetime(2026, 3, 20, 16, 0, tzinfo=UTC)
    company.tl.declare_coverage("subscription_events", start="2026-01-01", end="2026-03-20")
    assert amounts(company, "2026-03-16") == (107, 7)
    assert amounts(company, "2026-02-01") == (147, 147)


def test_once_it_has_ended_neither_has_it(company: Company) -> None:
    company.events(ROWS, full=True)
    company.now = datetime(2026, 4, 20, 16, 0, tzinfo=UTC)
    company.tl.declare_coverage("subscription_events", start="2026-01-01", end="2026-04-20")
    assert amounts(company, "2026-04-10") == (103, 3)
    assert amounts(company, "2026-04-11") == (3, 3)


def test_what_is_told_later_is_counted_from_then_on(company: Company) -> None:
    """The same, loaded a day at a time, and counted anew."""
    first, second, *rest = ROWS.strip().splitlines()
    company.events("\n".join([first, *rest]), full=True)
    company.now = datetime(2026, 3, 18, 16, 0, tzinfo=UTC)
    company.events(second)
    company.now = datetime(2026, 3, 20, 16, 0, tzinfo=UTC)
    company.tl.declare_coverage("subscription_events", start="2026-01-01", end="2026-03-20")
    for _ in range(2):
        assert amounts(company, "2026-03-18") == (107, 107)
        assert amounts(company, "2026-03-19") == (107, Decimal(7))
        company.tl.engine.refresh(rebuild=True)


BEGUN = "e1,s1,c1,2026-01-05T15:00:00Z,active,Pro,1,100,USD,month,1"
CHANGED = "e2,s1,c1,2026-03-01T15:00:00Z,active,Basic,1,120,USD,month,1"
LEFT = "e3,s1,c1,2026-04-01T15:00:00Z,canceled,Pro,1,120,USD,month,1"


def told(company: Company, day: str, *rows: str, **columns: str) -> None:
    """Load changes on a day; they are complete until then."""
    company.now = datetime.fromisoformat(f"{day}T16:00:00").replace(tzinfo=UTC)
    names = ",".join((EVENTS, *columns))
    more = "".join(f",{value}" for value in columns.values())
    company.load("subscription_events", "\n".join([names, *(row + more for row in rows)]))
    company.tl.declare_coverage("subscription_events", start="2026-01-01", end=day)


def committed(company: Company, *ends: str) -> list[Any]:
    """Committed MRR at the start of days, the same when all is counted anew and as of now."""
    found = [amounts(company, end)[1] for end in ends]
    as_of = company.now
    for end in ends:
        then = company.tl.kpi("committed_mrr", start="2026-01-06", end=end, as_of=as_of)
        assert then.value == amounts(company, end)[1]
    company.tl.engine.refresh(rebuild=True)
    assert [amounts(company, end)[1] for end in ends] == found
    return found


def test_an_end_that_is_told_is_that_of_all_states_before_it(company: Company) -> None:
    told(company, "2026-01-06", BEGUN)
    told(company, "2026-02-10", CHANGED, LEFT)
    told(company, "2026-03-05")
    days = ("2026-02-10", "2026-02-11", "2026-03-01", "2026-03-02")
    assert committed(company, *days) == [100, 0, 0, 0]
    assert amounts(company, "2026-03-02")[0] == 120


def test_a_later_change_rewrites_nothing_of_what_was_told(company: Company) -> None:
    told(company, "2026-01-06", BEGUN)
    told(company, "2026-02-10", LEFT)
    told(company, "2026-02-20", CHANGED.replace("2026-03-01", "2026-02-15"))
    assert committed(company, "2026-02-10", "2026-02-13", "2026-02-18") == [100, 0, 0]


def test_a_schedule_that_a_later_state_drops_is_none_from_then_on(company: Company) -> None:
    """s1 is to end on 1 April; on 20 February a state of March is recorded that is not."""
    told(company, "2026-01-10", BEGUN, cancel_at="2026-04-01T15:00:00Z")
    told(company, "2026-02-20", CHANGED)
    told(company, "2026-03-10")
    days = ("2026-02-01", "2026-02-20", "2026-02-21", "2026-03-02")
    assert committed(company, *days) == [0, 0, 100, 120]


def test_a_change_before_the_state_that_drops_a_schedule_rewrites_nothing(company: Company) -> None:
    told(company, "2026-01-10", BEGUN, cancel_at="2026-04-01T15:00:00Z")
    told(company, "2026-02-01", CHANGED)
    told(company, "2026-02-20", CHANGED.replace("e2", "e4").replace("2026-03-01", "2026-02-15"))
    assert committed(company, "2026-02-01", "2026-02-02", "2026-02-16") == [0, 100, 120]


def test_a_schedule_of_a_state_to_come_is_told_with_it(company: Company) -> None:
    told(company, "2026-01-06", BEGUN)
    told(company, "2026-02-10", CHANGED, cancel_at="2026-04-01T15:00:00Z")
    assert committed(company, "2026-02-10") == [100]
    told(company, "2026-02-20", CHANGED.replace("e2", "e4").replace("03-01", "03-20"))
    told(company, "2026-03-25")
    days = ("2026-02-11", "2026-02-20", "2026-02-21", "2026-03-15", "2026-03-21")
    assert committed(company, *days) == [0, 0, 100, 120, 120]


def test_of_a_list_what_it_says_of_the_end_is_told_when_it_is_loaded(company: Company) -> None:
    columns = (
        "subscription_id,customer_id,plan,status,quantity,unit_amount,currency,interval,"
        "started_at,ended_at"
    )
    row = "s1,c1,Pro,{},1,100,USD,month,2026-01-05T15:00:00Z,{}"
    for day, status, end in (("06", "active", ""), ("20", "canceled", "2026-03-10T15:00:00Z")):
        company.now = datetime.fromisoformat(f"2026-01-{day}T16:00:00").replace(tzinfo=UTC)
        company.load("subscriptions", f"{columns}\n{row.format(status, end)}", full=True)
    company.now = datetime(2026, 1, 25, 16, 0, tzinfo=UTC)
    company.tl.declare_coverage("subscriptions", start="2026-01-01", end="2026-01-25")
    assert amounts(company, "2026-01-20") == (100, 100)
    assert amounts(company, "2026-01-21") == (100, 0)
