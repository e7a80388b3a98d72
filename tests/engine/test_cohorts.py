"""Cohorts, worked by hand: several currencies, who counts once, and what nothing vouches for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from trueline.core.errors import InputError

if TYPE_CHECKING:
    from small_company import Company


def test_subscriptions_by_the_rate_of_each_months_last_day(company: Company) -> None:
    """c1 pays in two currencies and is one customer; c2 comes back after a month away."""
    rates = "\n".join(f"2025-{m}-{d},CAD,0.{r}" for m, d, r in ((11, 30, 70), (12, 31, 80)))
    company.load(
        "fx_rates", f"rate_date,currency,rate\n{rates}\n2026-01-31,CAD,0.9\n2026-02-28,CAD,0.5"
    )
    company.events(
        """
        e1,s1,c1,2025-11-03T12:00:00Z,active,Pro,1,10,USD,month,1
        e2,s2,c1,2025-11-04T12:00:00Z,active,Pro,1,20,CAD,month,1
        e3,s3,c2,2025-11-05T12:00:00Z,active,Pro,1,40,USD,month,1
        e4,s3,c2,2025-12-05T12:00:00Z,paused,Pro,1,40,USD,month,1
        e5,s3,c2,2026-01-05T12:00:00Z,active,Pro,1,50,USD,month,1
        e6,s4,c3,2026-01-06T12:00:00Z,active,Pro,1,7,USD,month,1
        e7,s1,c1,2026-02-02T12:00:00Z,canceled,Pro,1,10,USD,month,1""",
    )
    found = company.tl.cohorts("subscriptions", "customers")
    assert [(r.cohort, r.size, r.values) for r in found.rows] == [
        (date(2025, 11, 1), 2, (2, 1, 2, 2)),
        (date(2026, 1, 1), 1, (1, 1)),
    ]
    money = company.tl.cohorts("subscriptions", "revenue")
    assert money.rows[0].values == (10 + 14 + 40, 10 + 16, 10 + 18 + 50, 10 + 50)
    assert money.rows[1].values == (7, 7)
    # Nobody says what a euro is worth: how many pay is known, and what the others do.
    company.events("e8,s5,c4,2026-02-03T12:00:00Z,active,Pro,1,7,EUR,month,1")
    more = company.tl.cohorts("subscriptions", "customers")
    assert (more.rows[2].values, more.reasons) == ((1,), ())
    unrated = company.tl.cohorts("subscriptions", "revenue")
    assert unrated.rows[:2] == money.rows
    assert (unrated.rows[2].values, unrated.rows[2].rates) == ((None,), (None,))
    assert unrated.average == money.average
    assert [reason.code for reason in unrated.reasons] == ["missing_rate"]
    with pytest.raises(InputError, match="cannot be cut"):
        company.tl.cohorts(slice={"plan": "Pro"})


def test_orders_by_the_rate_of_their_day_and_customers_once(company: Company) -> None:
    company.load("fx_rates", "rate_date,currency,rate\n2026-01-05,CAD,0.5\n2026-01-20,CAD,0.8")
    company.load(
        "orders",
        """order_id,customer_id,ordered_at,amount,currency
        o1,c1,2026-01-05,10,CAD
        o2,c1,2026-01-20,10,CAD
        o3,c1,2026-01-21,1,USD
        o4,c2,2026-03-02,5,USD""",
    )
    found = company.tl.cohorts("orders", "customers")
    assert [(r.size, r.values) for r in found.rows] == [(1, (1, None))]
    assert [reason.code for reason in found.reasons] == ["no_records"]
    money = company.tl.cohorts("orders", "revenue")
    assert money.rows[0].values == (Decimal("5.0") + Decimal("8.0") + 1, None)


def test_an_item_without_a_price_leaves_no_cohorts(company: Company) -> None:
    company.events(
        """
        e1,s1,c1,2025-11-03T12:00:00Z,active,Pro,1,10,USD,month,1
        e2,s2,c2,2025-11-04T12:00:00Z,active,Pro,1,,USD,month,1""",
    )
    found = company.tl.cohorts("subscriptions", "revenue")
    assert found.rows == ()
    assert found.reasons[0].code == "unpriced_items"


def test_who_left_within_the_first_month_stays_in_the_cohort(company: Company) -> None:
    """Else retention is that of those who stayed. c2 leaves, and comes back two months later: still
    of its first paid month."""
    company.events(
        """
        e1,s1,c1,2025-12-03T12:00:00Z,active,Pro,1,10,USD,month,1
        e2,s2,c2,2025-12-04T12:00:00Z,active,Pro,1,20,USD,month,1
        e3,s2,c2,2025-12-20T12:00:00Z,canceled,Pro,1,20,USD,month,1
        e4,s2,c2,2026-02-05T12:00:00Z,active,Pro,1,20,USD,month,1
        e5,s3,c3,2026-01-05T12:00:00Z,active,Pro,1,20,USD,month,1
        e6,s3,c3,2026-01-25T12:00:00Z,canceled,Pro,1,20,USD,month,1
        e7,s3,c3,2026-02-25T12:00:00Z,active,Pro,1,200,USD,month,1""",
    )
    found = company.tl.cohorts("subscriptions", "customers")
    assert [(r.cohort, r.size, r.values) for r in found.rows] == [
        (date(2025, 12, 1), 2, (1, 1, 2)),
        (date(2026, 1, 1), 1, (0, 1)),
    ]
    assert found.rows[0].rates == (50.0, 50.0, 100.0)
    assert found.average == (pytest.approx(100 / 3), pytest.approx(200 / 3), 100.0)
    # In money January's cohort has nothing to be compared with: its 200 are of no average.
    money = company.tl.cohorts("subscriptions", "revenue")
    assert [r.rates for r in money.rows] == [(100.0, 100.0, 300.0), (None, None)]
    assert money.average == (100.0, 100.0, 300.0)


ORDERS = "order_id,customer_id,ordered_at,amount,currency"
JUNE = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)


def test_a_month_declared_incomplete_is_unknown_in_cohorts_of_orders(company: Company) -> None:
    """Neither that nobody came back in it, nor who came first in it is known."""
    company.now = JUNE
    company.load(
        "orders",
        f"""{ORDERS}
        o1,ann,2026-01-05T15:00:00Z,10,USD
        o2,bob,2026-01-31T15:00:00Z,10,USD
        o3,cat,2026-02-20T15:00:00Z,10,USD
        o4,ann,2026-02-21T15:00:00Z,10,USD
        o5,ann,2026-03-20T15:00:00Z,10,USD
        o6,dan,2026-03-20T15:00:00Z,10,USD""",
        full=True,
    )
    company.tl.declare_coverage("orders", start="2026-02-01", end="2026-02-11", complete=False)
    found = company.tl.cohorts("orders")
    assert [(r.cohort, r.size, r.values) for r in found.rows] == [
        (date(2026, 1, 1), 2, (2, None, 1, 0, 0)),
        (date(2026, 3, 1), 1, (1, 0, 0)),
    ]
    assert found.rows[0].rates == (100.0, None, 50.0, 0.0, 0.0)
    # After a month: of dan's cohort alone. After two: of both.
    assert found.average == (100.0, 0.0, pytest.approx(100 / 3), 0.0, 0.0)
    assert [reason.code for reason in found.reasons] == ["declared_incomplete"]
    assert company.tl.cohorts("orders", "revenue").rows[0].values == (20, None, 10, 0, 0)


def test_what_follows_a_gap_is_unknown_in_cohorts_of_subscriptions(company: Company) -> None:
    """A change that is missing lasts: what MRR is after it nobody can say."""
    company.now = JUNE
    company.events(
        """
        e1,s1,c1,2026-01-05T15:00:00Z,active,Pro,1,100,USD,month,1
        e2,s2,c2,2026-03-05T15:00:00Z,active,Pro,1,100,USD,month,1""",
        full=True,
    )
    company.tl.declare_coverage(
        "subscription_events", start="2026-02-01", end="2026-02-11", complete=False
    )
    assert company.tl.kpi("mrr", start="2026-03-01", end="2026-04-01").value is None
    found = company.tl.cohorts()
    assert [(r.cohort, r.values) for r in found.rows] == [
        (date(2026, 1, 1), (1, None, None, None, None))
    ]
    assert found.average == (100.0, None, None, None, None)
    assert [reason.code for reason in found.reasons] == ["declared_incomplete"]


def test_a_subscriber_whose_only_order_is_no_first_one_is_in_no_cohort_of_orders(
    company: Company,
) -> None:
    company.load(
        "orders",
        f"""{ORDERS},new_customer
        o1,ann,2026-01-05T15:00:00Z,10,USD,false
        o2,bob,2026-01-06T15:00:00Z,10,USD,true""",
        full=True,
    )
    company.events("e1,s1,ann,2026-01-05T15:00:00Z,active,Pro,1,100,USD,month,1", full=True)
    found = company.tl.cohorts("orders")
    assert [(r.cohort, r.size, r.values) for r in found.rows] == [(date(2026, 1, 1), 1, (1, 0))]
