"""What a careful reader once found wrong, each with the smallest company that shows it."""

from __future__ import annotations

from small_company import EVENTS, Company

OCTOBER = {"start": "2025-10-01", "end": "2025-11-01"}


def test_burn_is_unknown_while_a_group_of_costs_has_no_entry(company: Company) -> None:
    company.load(
        "orders",
        "order_id,customer_id,ordered_at,amount,currency\no,a,2025-10-02,2000,USD",
        full=True,
    )
    costs = """cost_id,cost_date,cost_type,amount,currency
        k1,2025-10-02,marketing,100,USD
        k2,2025-10-02,cogs,100,USD"""
    company.load("costs", costs)
    for key in ("burn_rate", "net_burn", "ebitda_margin"):
        reading = company.tl.kpi(key, **OCTOBER)
        assert reading.value is None and reading.quality == "insufficient_data", key
        assert any("perating" in r.message for r in reading.reasons), key
    for kind in ("infrastructure", "personnel", "research", "admin", "other"):
        company.tl.declare_coverage("costs", category=kind, start="2025-01-01", end="2026-01-01")
    assert company.tl.kpi("burn_rate", **OCTOBER).value == 200


def test_a_mistyped_year_covers_nothing(company: Company) -> None:
    """The company's present is 15 March 2026."""
    text = """order_id,customer_id,ordered_at,amount,currency
        o1,a,2025-10-02,10,USD
        o2,a,2025-10-10,10,USD
        o3,a,2036-10-10,10,USD"""
    report = company.load("orders", text)
    assert any("1 rows lie in the future" in note for note in report.notes)
    assert company.tl.kpi("revenue", **OCTOBER).completeness == "partial"
    company.load("orders", text + "\n        o4,a,2025-10-11,10,USD", full=True)
    declared = [c for t in company.tl.facts() if t["table"] == "orders" for c in t["coverage"]]
    assert [c["to"] for c in declared] == ["2026-03-15"]


def test_a_misspelt_column_and_a_default_are_named(company: Company) -> None:
    head = EVENTS.replace("quantity", "qty").replace(",interval_count", "")
    report = company.load(
        "subscription_events",
        f"{head}\n e1,s1,a,2026-01-05T12:00:00Z,active,Pro,50,20,USD,month",
    )
    notes = " ".join(report.notes)
    assert "Is qty the quantity?" in notes
    assert "no column quantity: 1 holds for every row" in notes


def test_payback_is_over_the_customers_that_cac_is_over(company: Company) -> None:
    """Two came, one left again: 400 of cost, 50 of new MRR at a margin of 80% a month."""
    company.events(
        """
        e1,s1,a,2025-10-05T12:00:00Z,active,Pro,1,50,USD,month,1
        e2,s2,b,2025-10-05T12:00:00Z,active,Pro,1,50,USD,month,1
        e3,s2,b,2025-10-25T12:00:00Z,canceled,Pro,1,50,USD,month,1""",
        full=True,
    )
    company.load(
        "revenue",
        "revenue_id,revenue_date,customer_id,revenue_type,amount,currency\nr,2025-10-05,a,subscription,100,USD",
        full=True,
    )
    company.load(
        "costs",
        """cost_id,cost_date,cost_type,amount,currency
        k1,2025-10-02,marketing,400,USD
        k2,2025-10-02,cogs,20,USD""",
    )
    assert company.tl.kpi("cac", **OCTOBER).value == 200
    assert company.tl.kpi("cac_payback_months", **OCTOBER).value == 400 / (50 * 0.8)


def test_the_first_week_of_events_cannot_tell_who_is_new(company: Company) -> None:
    company.load(
        "events",
        """event_id,user_id,occurred_at,name
        e1,u1,2026-02-02T15:00:00Z,visit
        e2,u2,2026-02-03T15:00:00Z,visit
        e3,u1,2026-02-10T15:00:00Z,visit""",
        full=True,
    )
    weeks = company.tl.lifecycle(grain="week", start="2026-02-02", end="2026-02-16")["buckets"]
    assert (weeks[0]["active"], weeks[0]["new"]) == (2, None)
    assert (weeks[1]["new"], weeks[1]["returning"], weeks[1]["dormant"]) == (0, 1, 1)


def test_who_came_by_a_channel_is_told_by_the_first_order(company: Company) -> None:
    """An account that names no channel: by the alphabet it would be Ads, who only came later."""
    company.load(
        "orders",
        """order_id,customer_id,ordered_at,amount,currency,channel
        o1,a,2025-10-02T12:00:00Z,10,USD,Word of mouth
        o2,a,2025-10-09T12:00:00Z,10,USD,Ads
        o3,b,2025-10-03T12:00:00Z,10,USD,Ads""",
        full=True,
    )
    for channel in ("Word of mouth", "Ads"):
        found = company.tl.kpi("new_customers", **OCTOBER, slice={"channel": channel})
        assert found.value == 1, channel
    later = "o4,a,2025-09-30T12:00:00Z,10,USD,Fair"
    company.load("orders", f"order_id,customer_id,ordered_at,amount,currency,channel\n{later}")
    assert company.tl.kpi("new_customers", **OCTOBER, slice={"channel": "Word of mouth"}).value == 0


def test_a_column_that_only_looks_a_little_alike_is_no_hint(company: Company) -> None:
    report = company.load(
        "orders",
        """order_id,customer_id,ordered_at,amount,currency,total,chanel
        o1,a,2025-10-02,10,USD,12,Ads""",
    )
    notes = " ".join(report.notes)
    assert "Is chanel the channel?" in notes
    assert "total the" not in notes


def test_a_comparison_names_the_last_day_of_what_it_lacks_and_not_the_day_after(
    company: Company,
) -> None:
    found = company.tl.compare("revenue", start="2026-02-01", end="2026-03-01")
    assert found["change_previous"]["reason"].startswith("2026-02-01 to 2026-02-28: ")
