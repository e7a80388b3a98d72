"""Real data: every purchase of 23,570 customers of a music store, by the documented recipe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

MAPPING = """[constants]
currency = "USD"
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Any:
    import trueline
    from trueline.home import Trueline

    folder = tmp_path_factory.mktemp("cdnow")
    home = trueline.init(folder / "home", timezone="America/New_York")
    mapping = folder / "cdnow.toml"
    mapping.write_text(MAPPING)
    with Trueline(home, clock=lambda: datetime(2026, 3, 15, 16, tzinfo=UTC)) as tl:
        report = tl.load("orders", shared_data / "cdnow" / "orders.csv", mapping=mapping)
        assert (report.read, report.accepted, report.rejected) == (69_659, 69_659, 0)
        tl.declare_coverage("orders", start="1997-01-01", end="1998-07-01")
        yield tl


WHOLE: dict[str, Any] = {"start": "1997-01-01", "end": "1998-07-01"}


def test_revenue_is_exact_to_the_cent(store: Any) -> None:
    assert store.kpi("revenue", **WHOLE).value == Decimal("2500315.63")


def test_every_customer_is_new_once(store: Any) -> None:
    # 68 of the 23,570 customers never paid for any of their orders.
    assert store.kpi("new_customers", **WHOLE).value == 23_502
    by_month = [r.value for r in store.series("new_customers", grain="month", **WHOLE)]
    assert sum(by_month) == 23_502
    # They all first bought in the first quarter of 1997, so later months have none: 0, not unknown.
    # But two, who paid for the first time months after a first order that was free.
    assert by_month[:4] == [7_814, 8_455, 7_231, 0]
    assert (by_month[10], sum(by_month[3:])) == (2, 2)


def test_orders_split_into_first_and_returning(store: Any) -> None:
    new = store.kpi("new_customer_orders", **WHOLE).value
    returning = store.kpi("returning_customer_orders", **WHOLE).value
    assert (new, returning) == (23_570, 69_659 - 23_570)
    aov = store.kpi("aov", **WHOLE).value
    assert round(aov, 6) == round(Decimal("2500315.63") / 69_659, 6)


def test_who_came_back_is_what_counting_by_hand_gives(store: Any, shared_data: Path) -> None:
    import csv
    from datetime import date, timedelta

    days: dict[str, list[date]] = {}
    with (shared_data / "cdnow" / "orders.csv").open() as file:
        for row in csv.DictReader(file):
            days.setdefault(row["customer_id"], []).append(date.fromisoformat(row["ordered_at"]))
    cohort = {c: min(d) for c, d in days.items() if min(d) < date(1997, 2, 1)}
    for window in (30, 60, 90):
        back = sum(
            any(first < d <= first + timedelta(days=window) for d in days[customer])
            for customer, first in cohort.items()
        )
        reading = store.kpi(f"retention_{window}d", start="1997-01-01", end="1997-02-01")
        assert reading.value == pytest.approx(100 * back / len(cohort))


def test_cohorts_begin_with_everybody_and_end_with_the_facts(store: Any) -> None:
    cohorts = store.cohorts("orders", "customers")
    assert [row.size for row in cohorts.rows] == [7_846, 8_476, 7_248]
    assert [len(row.values) for row in cohorts.rows] == [18, 17, 16]
    assert sum(sum(row.values) for row in store.cohorts("orders", "revenue").rows) == Decimal(
        "2500315.63"
    )


def test_a_period_after_the_facts_is_unknown_not_zero(
    store: Any, new_company: Callable[..., Any]
) -> None:
    reading = store.kpi("revenue", start="1998-07-01", end="1998-08-01")
    assert reading.value is None
    assert [r.code for r in reading.reasons] == ["no_records"]
