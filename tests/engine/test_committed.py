"""What is scheduled to end is not committed, from the day on which that was told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from small_company import Company

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
