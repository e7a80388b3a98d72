"""Readings as of an earlier moment: from the facts known then, and from nothing learnt since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from small_company import Company

EARLIER = datetime(2026, 3, 15, 17, 0, tzinfo=UTC)
"""Between a company's first present and what it loads after ``later``."""
JANUARY = {"start": "2026-01-01", "end": "2026-02-01"}


def later(company: Company) -> None:
    """Two hours pass."""
    company.now += timedelta(hours=2)


def test_a_currency_corrected_away_still_counts_once_per_customer(company: Company) -> None:
    company.load("fx_rates", "rate_date,currency,rate\n2025-12-31,CAD,0.75\n2026-01-31,CAD,0.75")
    company.events(
        """
        e1,s1,c1,2025-12-01T12:00:00Z,active,Pro,1,10,USD,month,1
        e2,s2,c1,2025-12-02T12:00:00Z,active,Pro,1,20,CAD,month,1
        e3,s2,c1,2026-01-10T12:00:00Z,canceled,Pro,1,20,CAD,month,1""",
    )
    then = company.tl.bridge(**JANUARY)
    assert then.customers["customers_lost"] == 0
    later(company)
    company.events(
        """
        e2,s2,c1,2025-12-02T12:00:00Z,active,Pro,1,20,USD,month,1
        e3,s2,c1,2026-01-10T12:00:00Z,canceled,Pro,1,20,USD,month,1""",
    )
    assert company.tl.bridge(**JANUARY) != then
    assert company.tl.bridge(**JANUARY, as_of=EARLIER) == then


def test_a_customer_marked_as_a_test_since_then_still_counts(company: Company) -> None:
    company.load("customers", "customer_id,created_at,is_test\nc1,2026-01-01,false")
    company.load(
        "orders",
        "order_id,customer_id,ordered_at,amount,currency\no1,c1,2026-01-05,10,USD\no2,c1,2026-03-01,10,USD",
    )
    later(company)
    company.load("customers", "customer_id,created_at,is_test\nc1,2026-01-01,true")
    assert company.tl.kpi("revenue", **JANUARY).value is None
    assert company.tl.kpi("revenue", **JANUARY, as_of=EARLIER).value == Decimal(10)
    assert company.tl.cohorts("orders", as_of=EARLIER).rows[0].size == 1
    assert company.tl.cohorts("orders").rows == ()


def test_the_query_that_is_shown_is_the_one_that_is_asked(company: Company) -> None:
    company.load(
        "orders",
        "order_id,customer_id,ordered_at,amount,currency\no1,c1,2026-01-05,10,USD",
    )
    later(company)
    company.load(
        "orders",
        "order_id,customer_id,ordered_at,amount,currency\no1,c1,2026-01-05,15,USD",
    )
    for as_of, amount in ((None, 15), (EARLIER, 10)):
        shown = company.tl.explain("revenue", **JANUARY, as_of=as_of)
        query = next(q for q in shown["inputs"][0]["queries"] if q["measure"] == "order_revenue")
        found = company.tl.warehouse.rows(query["sql"])
        assert [row[2] for row in found] == [Decimal(amount)]


def test_a_slice_is_read_again_as_it_was(company: Company) -> None:
    """Nothing ordered by a channel is 0 where others ordered; customers count within a currency."""
    orders = "order_id,customer_id,ordered_at,amount,currency,channel"
    company.load("orders", f"{orders}\no1,c1,2026-01-05,10,USD,web\no2,c1,2026-02-05,10,USD,shop")
    company.events("e1,s1,c1,2025-12-01T12:00:00Z,active,Pro,1,10,CAD,month,1")
    cuts = (("revenue", {"channel": "shop"}, 0), ("customers", {"currency": "CAD"}, 1))
    for key, cut, expected in cuts:
        assert company.tl.kpi(key, **JANUARY, slice=cut).value == expected
    later(company)
    company.load("orders", f"{orders}\no3,c1,2026-01-06,5,USD,shop")
    for key, cut, expected in cuts:
        assert company.tl.kpi(key, **JANUARY, slice=cut, as_of=EARLIER).value == expected


def test_users_over_time_are_those_known_then(company: Company) -> None:
    """Funnels, retention and lifecycle too: not what was learnt or taken away since."""
    columns = "event_id,user_id,occurred_at,name"
    company.load(
        "events",
        f"""{columns}
        1,ann,2026-01-05T15:00:00Z,visit
        2,ann,2026-01-06T15:00:00Z,buy
        3,bob,2026-01-06T15:00:00Z,visit
        4,ann,2026-02-05T15:00:00Z,visit""",
    )
    company.tl.declare_coverage("events", start="2020-01-01", end="2026-03-15")

    def seen(as_of: datetime | None = None) -> list[object]:
        tl, when = company.tl, {**JANUARY, "as_of": as_of}
        funnel = tl.funnel(steps=["visit", "buy"], **when)["funnel"]
        kept = tl.retention(starting="first_event", steps=1, **when)["overall"]
        (january,) = tl.lifecycle(grain="month", **when)["buckets"]
        return [step["users"] for step in funnel["steps"]] + [kept["returned"], january["active"]]

    assert seen() == [2, 1, [2, 1], 2]
    later(company)
    company.load("events", f"{columns}\n5,bob,2026-01-07T15:00:00Z,buy\n6,cat,2026-01-07,visit")
    company.tl.remove("events", [{"event_id": "2"}])
    assert seen() == [3, 1, [3, 1], 3]
    assert seen(EARLIER) == [2, 1, [2, 1], 2]


def test_a_row_that_was_taken_away_covers_no_days(company: Company) -> None:
    """Nor does the day from which one was corrected away: January is known from the 20th on."""
    columns = "order_id,customer_id,ordered_at,amount,currency"
    company.load(
        "orders",
        f"""{columns}
        o0,c1,2025-11-01,10,USD
        o1,c1,2026-01-20,100,USD
        o2,c1,2026-02-01,100,USD
        o3,c1,2026-02-28,100,USD
        o4,c2,2026-03-10,100,USD""",
    )
    february = {"start": "2026-02-01", "end": "2026-03-01"}
    march = {"start": "2026-03-01", "end": "2026-03-09"}
    assert company.tl.kpi("revenue_growth_rate", **february).value == 100.0
    later(company)
    company.load("orders", f"{columns}\no4,c2,2026-03-02,100,USD")
    company.tl.remove("orders", [{"order_id": "o0"}])
    assert company.tl.kpi("revenue", **JANUARY).completeness == "partial"
    assert company.tl.kpi("revenue_growth_rate", **february).reasons[0].code == "unequal_coverage"
    assert company.tl.kpi("revenue", **march).completeness == "partial"
    then = company.tl.kpi("revenue_growth_rate", **february, as_of=EARLIER)
    assert (then.value, then.completeness) == (100.0, "complete")
