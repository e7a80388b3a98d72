"""Many readings at once, and readings kept: the same as one by one, and never of facts gone by."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from trueline.catalog.kpi import From
from trueline.catalog.kpis import from_facts
from trueline.catalog.measures import PERIOD
from trueline.core.errors import UnknownKeyError
from trueline.core.period import Period
from trueline.engine.engine import Asked

if TYPE_CHECKING:
    from small_company import Company

ORDERS = "order_id,customer_id,ordered_at,amount,currency,channel"
JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))


def test_many_are_what_one_by_one_gives_in_the_order_asked(company: Company) -> None:
    company.load(
        "orders",
        f"{ORDERS}\no1,c1,2026-01-05,10,USD,web\no2,c2,2026-01-06,5,USD,shop\no3,c1,2026-02-06,7,USD,web",
    )
    february = Period(date(2026, 2, 1), date(2026, 3, 1))
    asked = [
        Asked("revenue", february),
        Asked("revenue", JANUARY, {"channel": "web"}),
        Asked("aov", JANUARY),
        Asked("revenue", JANUARY, {"channel": "shop"}),
        Asked("revenue", JANUARY),
        Asked("revenue", JANUARY),
    ]
    engine = company.tl.engine
    found = engine.many(asked)
    assert [r.value for r in found] == [7, 10, Decimal("7.5"), 5, 15, 15]
    assert found == [engine.reading(a.key, a.period, slice=a.slice) for a in asked]
    assert engine.many([]) == []
    with pytest.raises(UnknownKeyError):
        engine.many([Asked("revenues", JANUARY)])
    with pytest.raises(UnknownKeyError):
        engine.many([Asked("revenue", JANUARY, {"channel": "tv"})])


def test_a_series_of_converted_amounts_is_an_arrow_table(company: Company) -> None:
    """A twelfth of a price times a rate has more decimals than the column; money stays decimal
    where none of it is known."""
    company.load("fx_rates", "rate_date,currency,rate\n2026-01-31,CAD,0.7431")
    company.events("e1,s1,c1,2026-01-03T12:00:00Z,active,Pro,1,100,CAD,year,1", full=True)
    span = {"start": "2026-01-01", "end": "2026-03-01"}
    table = company.tl.series("mrr", **span).to_arrow()
    assert table["value"].to_pylist() == [Decimal("6.1925000000"), None]
    assert company.tl.series("revenue", **span).to_arrow().schema == table.schema
    assert list(company.tl.series("mrr", **span).to_pandas()["value"]) == [Decimal("6.1925"), None]
    assert str(company.tl.series("customers", **span).to_arrow()["value"].type) == "double"


def test_a_reading_that_is_kept_goes_with_the_facts_and_the_day(company: Company) -> None:
    company.load("orders", f"{ORDERS}\no1,c1,2026-01-05,10,USD,web")
    first = company.tl.kpi("revenue", start="2026-01-01", end="2026-02-01")
    company.now += timedelta(minutes=5)
    again = company.tl.kpi("revenue", start="2026-01-01", end="2026-02-01")
    assert again.as_of - first.as_of == timedelta(minutes=5)
    company.load("orders", f"{ORDERS}\no2,c1,2026-01-06,5,USD,web")
    assert company.tl.kpi("revenue", start="2026-01-01", end="2026-02-01").value == 15
    company.tl.declare_coverage("orders", start="2026-01-01", end="2026-03-16")
    march = {"start": "2026-03-01", "end": "2026-03-16"}
    assert company.tl.kpi("revenue", **march).completeness.value == "partial"
    company.now += timedelta(days=10)
    assert company.tl.kpi("revenue", **march).completeness.value == "complete"


def test_customers_within_a_currency_are_not_none(company: Company) -> None:
    company.events(
        """
        e1,s1,c1,2025-12-01T12:00:00Z,active,Pro,1,10,USD,month,1
        e2,s2,c1,2025-12-02T12:00:00Z,active,Pro,1,20,CAD,month,1
        e3,s3,c2,2025-12-02T12:00:00Z,active,Pro,1,40,CAD,month,1""",
    )
    january = {"start": "2026-01-01", "end": "2026-02-01"}
    cut = {"currency": "CAD"}
    assert company.tl.kpi("customers", **january, slice=cut).value == 2
    assert company.tl.kpi("arpu", **january, slice=cut).value == 30
    assert company.tl.kpi("customers", **january).value == 2


def test_a_customer_who_pays_in_two_currencies_is_lost_once(company: Company) -> None:
    company.load("fx_rates", "rate_date,currency,rate\n2025-12-31,CAD,0.75\n2026-01-31,CAD,0.75")
    company.events(
        """
        e1,s1,c1,2025-12-01T12:00:00Z,active,Pro,1,10,USD,month,1
        e2,s2,c1,2025-12-02T12:00:00Z,active,Pro,1,20,CAD,month,1
        e3,s1,c1,2026-01-10T12:00:00Z,canceled,Pro,1,10,USD,month,1
        e4,s2,c1,2026-01-11T12:00:00Z,canceled,Pro,1,20,CAD,month,1""",
    )
    customers = company.tl.bridge(start="2026-01-01", end="2026-02-01").customers
    assert customers["customers_at_start"] == 1
    assert customers["customers_lost"] == 1
    assert customers["customers_at_end"] == 0


def test_overlapping_periods_at_once_are_what_each_gives_alone(company: Company) -> None:
    """One query counts users, sign-ups and returns of many periods; none takes from another."""
    people = ["p1,2026-01-02T15:00:00Z", "p2,2026-01-09T15:00:00Z", "p3,2026-02-03T15:00:00Z"]
    company.load("customers", "customer_id,created_at\n" + "\n".join(people))
    company.settings(
        '[product]\nsignup = "customers"\nactivation = ["a", "b"]\nconversion = ["b"]\n'
        'paid_channels = ["meta"]\n[product.features]\nB = "b"\n'
    )
    days = [(n % 3, n, "ab"[n % 2], ("meta", "web", "")[n % 5 % 3]) for n in range(1, 60)]
    first = date(2026, 1, 2)
    events = [
        f"e{n},p{who + 1},{first + timedelta(days=n)}T15:00:00Z,{name},{channel}"
        for who, n, name, channel in days
    ]
    company.load("events", "event_id,user_id,occurred_at,name,channel\n" + "\n".join(events))
    orders = [f"o{n},p{n % 3 + 1},{first + timedelta(days=n)},{n},USD,web" for n in range(0, 60, 4)]
    company.load("orders", f"{ORDERS}\n" + "\n".join(orders))
    starts = [first + timedelta(days=n) for n in (0, 1, 5, 8, 9, 30)]
    periods = [Period(start, start + timedelta(days=9)) for start in starts]
    keys = [k.key for k in from_facts() if any(map(_whole, k.origins().values()))]
    engine = company.tl.engine
    found = iter(engine.many([Asked(key, period) for key in keys for period in periods]))
    known = 0
    for key in keys:
        for period in periods:
            engine._state = None
            together = next(found)
            assert engine.reading(key, period) == together
            known += together.known
    assert len(keys) > 10
    assert known > 30


def _whole(origin: From) -> bool:
    """Whether an input needs its whole period at once."""
    source = origin.source
    return ":" not in source and source in {item.key for item in PERIOD}
