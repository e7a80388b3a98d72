"""Periods that are not over, and facts that begin late: only what has happened counts."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from small_company import Company

# The company's present is noon of 15 March 2026.
MARCH = {"start": "2026-03-01", "end": "2026-04-01"}
COSTS = """cost_id,cost_date,cost_type,amount,currency,service_start,service_end
    c1,2026-03-01,marketing,3100,USD,2026-03-01,2026-04-01
    c2,2026-03-02,personnel,300,USD,,
    c3,2026-02-02,personnel,2800,USD,,
    c4,2026-01-02,personnel,2800,USD,,
    c5,2025-12-02,personnel,2800,USD,,
    c6,2026-03-02,cogs,0,USD,,"""


def test_a_cost_spread_over_the_month_counts_until_today(company: Company) -> None:
    company.load("costs", COSTS)
    reading = company.tl.kpi("burn_rate", **MARCH)  # 15 of 31 days have begun
    assert reading.completeness == "partial"
    assert reading.inputs[0].value == 15 * 100 + 300
    # a month's worth: the daily mean of 15 days x 365/12
    assert reading.value == pytest.approx(Decimal(1800) / 15 * 365 / 12)


def test_the_queries_and_rows_behind_a_running_month_are_those_that_count(
    company: Company,
) -> None:
    company.load("costs", COSTS)
    shown = company.tl.explain("burn_rate", **MARCH)["inputs"][0]
    queries = [q["sql"] for q in shown["queries"] if "sql" in q]
    assert queries and all("2026-04-01" not in text for text in queries)
    assert any("2026-03-16" in text for text in queries)


def test_runway_and_lifetime_rest_on_months_that_are_over(company: Company) -> None:
    company.load("costs", COSTS)
    company.load(
        "orders",
        """order_id,customer_id,ordered_at,amount,currency
        o1,a,2025-12-02,10,USD
        o2,a,2026-03-14,10,USD""",
    )
    company.load("cash_balances", "balance_date,account,amount,currency\n2026-03-10,bank,16780,USD")
    company.tl.declare_coverage("costs", start="2025-01-01", end="2026-03-16")
    reading = company.tl.kpi("runway_months", **MARCH)  # nobody knows what 1 December brought
    assert (reading.value, reading.reasons[0].code) == (None, "incomplete_months")
    company.tl.declare_coverage("orders", start="2025-01-01", end="2026-03-16")
    reading = company.tl.kpi("runway_months", **MARCH)
    burn = next(i for i in reading.inputs if i.name == "net_burn")
    # (3 x 2800 - 10) / 3: December to February, not March
    assert isinstance(burn.value, Decimal)
    assert round(burn.value, 10) == Decimal("2796.6666666667")
    assert reading.value == 6  # 16,780 / (8,390 / 3), before it is rounded


EVENTS = """event_id,user_id,customer_id,occurred_at,name
    e1,u1,u1,2026-03-05T12:00:00Z,visit
    e2,u2,u2,2026-03-05T13:00:00Z,visit
    e3,u1,u1,2026-03-11T13:00:00Z,start"""
PEOPLE = """customer_id,created_at
    u0,2026-01-10T12:00:00Z
    u1,2026-03-05T11:00:00Z
    u2,2026-03-05T12:30:00Z"""
PRODUCT = '[product]\nsignup = "customers"\nactivation = ["start"]\n'


def test_a_full_export_of_events_says_nothing_of_the_days_before_its_first(
    company: Company,
) -> None:
    company.settings(PRODUCT)
    company.load("customers", PEOPLE, full=True)
    company.load("events", EVENTS, full=True)
    january = {"start": "2026-01-01", "end": "2026-02-01"}
    for key in ("dau", "mau", "traffic", "sessions", "activation_rate", "value_never_reached"):
        reading = company.tl.kpi(key, **january)
        assert reading.value is None and reading.reasons, key
    assert company.tl.kpi("activation_rate", **january).reasons[0].code == "before_first_fact"
    # of the books it does: nobody signed up before the first row
    assert company.tl.kpi("new_customers", **january).value is None  # no orders at all
    since = company.tl.kpi("activation_rate", start="2026-03-05", end="2026-03-15")
    assert since.value == 50


def test_a_mistyped_first_day_covers_nothing_once_its_row_is_corrected(company: Company) -> None:
    """Twenty years without users were read as known to be 0, and stayed so."""
    company.load("events", EVENTS.replace("u1,2026-03-05", "u1,2006-03-05"), full=True)
    february = {"start": "2026-02-01", "end": "2026-03-01"}
    assert company.tl.kpi("sessions", **february).value == 0
    company.load("events", EVENTS)
    assert company.tl.kpi("sessions", **february).value is None
    march = company.tl.kpi("sessions", start="2026-03-05", end="2026-03-15")
    assert (march.value, march.completeness) == (3, "complete")
    (events,) = [t for t in company.tl.facts() if t["table"] == "events"]
    assert [span["from"] for span in events["coverage"]] == ["2026-03-05"]


def test_daily_users_are_a_mean_of_the_days_that_events_cover(company: Company) -> None:
    company.load("events", EVENTS, full=True)
    reading = company.tl.kpi("dau", **MARCH)
    assert reading.value == 3 / 10  # 5 to 14 March; today has no events yet
    assert reading.completeness == "partial"


def test_a_running_month_ends_its_trailing_days_before_today(company: Company) -> None:
    company.load("events", EVENTS, full=True)
    running = company.tl.kpi("wau", **MARCH)  # 8 to 14 March
    assert running.value == 1 and running.completeness == "partial"
    whole = company.tl.kpi("wau", start="2026-03-08", end="2026-03-15")
    assert whole.value == 1 and whole.completeness == "complete"
    sticky = company.tl.kpi("stickiness", **MARCH)
    assert sticky.value == 100 * (3 / 10) / 2
    begins = company.tl.kpi("wau", start="2026-03-15", end="2026-04-15")  # today: 9 to 15 March
    assert begins.value == 1 and begins.completeness == "partial"
    ahead = company.tl.kpi("wau", start="2026-04-01", end="2026-05-01")
    assert ahead.value is None


def test_who_came_is_worth_what_is_paid_at_the_end(new_company: Callable[..., Company]) -> None:
    """A customer who began within the period knows no earlier rate: none of it is fx."""
    company = new_company()
    company.load(
        "fx_rates",
        """rate_date,currency,rate
        2026-01-31,CAD,0.70
        2026-02-28,CAD,0.75""",
    )
    company.events(
        """
        e1,s1,old,2026-01-05T12:00:00Z,active,Pro,1,100,CAD,month,1
        e2,s2,new,2026-02-05T12:00:00Z,active,Pro,1,200,CAD,month,1""",
        full=True,
    )
    bridge = company.tl.bridge(start="2026-02-01", end="2026-03-01")
    assert (bridge.opening, bridge.new, bridge.fx, bridge.closing) == (70, 150, 5, 225)


def test_an_assumed_cost_a_month_is_over_the_days_that_have_begun(company: Company) -> None:
    company.settings("[assumptions]\npersonnel_cost = 3650\n")
    company.load("orders", "order_id,customer_id,ordered_at,amount,currency\no,a,2026-03-02,9,USD")
    company.load("costs", COSTS.replace("personnel", "cogs"))
    reading = company.tl.kpi("ebitda_margin", **MARCH, allow_estimates=True)
    operating = next(i for i in reading.inputs if i.name == "operating")
    assert operating.value == pytest.approx(3650 * 12 * Decimal(15) / 365)


def test_who_comes_and_leaves_within_a_period_is_counted_apart(company: Company) -> None:
    company.load("fx_rates", "rate_date,currency,rate\n2026-01-30,CAD,0.7\n2026-02-27,CAD,0.7")
    company.events(
        """
        e1,s1,stays,2026-01-05T12:00:00Z,active,Pro,1,100,USD,month,1
        e2,s2,passes,2026-02-05T12:00:00Z,active,Pro,1,50,USD,month,1
        e3,s3,passes,2026-02-06T12:00:00Z,active,Pro,1,50,CAD,month,1
        e4,s2,passes,2026-02-10T12:00:00Z,canceled,Pro,1,50,USD,month,1
        e5,s3,passes,2026-02-20T12:00:00Z,canceled,Pro,1,50,CAD,month,1
        e6,s4,tries,2026-02-05T12:00:00Z,trialing,Pro,1,50,USD,month,1
        e7,s4,tries,2026-02-25T12:00:00Z,canceled,Pro,1,50,USD,month,1""",
        full=True,
    )
    bridge = company.tl.bridge(start="2026-02-01", end="2026-03-01")
    assert (bridge.opening, bridge.new, bridge.churn, bridge.closing) == (100, 0, 0, 100)
    assert bridge.customers == {
        "customers_at_start": 1,
        "customers_at_end": 1,
        "customers_lost": 0,
        "customers_gained": 0,
        "customers_first_gained": 0,
        "customers_passed": 1,
    }


def test_revenue_without_the_subscriptions_charges_says_so(company: Company) -> None:
    company.events(
        """
        e1,s1,a,2026-01-05T12:00:00Z,active,Pro,1,100,USD,month,1""",
        full=True,
    )
    orders = "order_id,customer_id,ordered_at,amount,currency\no,a,2026-02-02,9,USD"
    company.load("orders", orders, full=True)
    february = {"start": "2026-02-01", "end": "2026-03-01"}
    reading = company.tl.kpi("revenue", **february)
    assert reading.value == 9 and [r.code for r in reading.reasons] == ["orders_only"]
    company.load(
        "revenue",
        "revenue_id,revenue_date,revenue_type,amount,currency\nr,2026-02-05,subscription,100,USD",
        full=True,
    )
    assert not company.tl.kpi("revenue", **february).reasons
