"""Mistakes that well-known systems made: each with the test that it is not made here.

Tested here is what no other test names. Elsewhere:

| trap | test |
|---|---|
| net retention as a sum of movements | golden/retention_is_a_closed_cohort |
| an item without a price counted as 0 | golden/unknown_price_is_never_zero |
| the first event in the opening and in the new | golden/half_open_at_the_first_event |
| weeks as 4 or 4.33 a month, annual not normalised | golden/one_month_of_every_interval |
| a discount of once held for ever | facts/test_rules: amounts are brought to a month exactly |
| a missing exchange rate as 1, currencies added | golden/currencies_are_never_added |
| churn at the request, not at the end | golden/cancellation_counts_when_it_ends |
| cohorts at 0 % left out, unborn months as 0 | web: months that are not over are empty |
| EGR divided by new revenue | catalog/test_calculators |
| bounce with OR | golden/sessions_end_after_thirty_idle_minutes |
| time to value only of those who got there | golden/activation_waits_for_the_window |
| a partly covered period unmarked | golden/the_running_month_is_partial |
| a fifth decimal, 1_000, 1e3, clock changes | facts/test_cells, facts/test_rules |
| a file's repeated keys resolved silently | facts/test_accounting |
| fatal errors, full disks, owners, kills | faults/ |
| approximate distinct counts, week starts | engines/ (conformance), core/test_period |
| a bare date drawn as the day before | web: charts send local days with a time; browser/ |
| decimals in SQLite | store/test_snapshots: decimals come back to the last digit |
| NaN, surrogates, duplicate keys, true as 1 | web/test_bad_requests |
| long decimals lost in answers | web/test_routes: an amount keeps its digits |
| bombs of gzip and Parquet | web/test_uploads, facts/test_files |
| an upload cut off, or one that holds up all others | web/test_uploads |
| mixed line endings, half of a surrogate pair in a key | facts/test_files |
| default keys, spoofed hosts | web/test_access |
| cells that run as formulas | web: text that a spreadsheet would run; facts/test_accounting |
| targets without date and source | catalog/test_laws |
| lifetime revenue without a margin | catalog/test_calculators |
| gross burn taken for net | golden/cash_burn_and_runway |
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import trueline
from small_company import Company
from trueline.core.reading import Quality

EVENTS = "event_id,subscription_id,customer_id,effective_at,status,unit_amount,currency,interval\n"
ORDERS = "order_id,customer_id,ordered_at,amount,currency\n"
MARCH = {"start": "2026-02-01", "end": "2026-03-01"}


def value(company: Company, key: str, **period: Any) -> Any:
    return company.tl.kpi(key, **(period or MARCH)).value


# -- Numbers --------------------------------------------------------------------------------


def test_trials_and_one_time_charges_are_no_mrr(company: Company) -> None:
    company.load(
        "subscription_events",
        EVENTS
        + "e1,s1,c1,2026-01-05,active,100,USD,month\ne2,s2,c2,2026-01-06,trialing,900,USD,month\n",
        full=True,
    )
    company.load(
        "revenue",
        "revenue_id,revenue_date,revenue_type,amount,currency\nr1,2026-02-03,one_time,5000,USD\n",
        full=True,
    )
    assert value(company, "mrr") == 100
    assert value(company, "trial_mrr") == 900


def test_a_yens_amount_is_not_divided_by_a_hundred(new_company: Callable[..., Company]) -> None:
    company = new_company(currency="JPY")
    company.load("orders", ORDERS + "o1,c1,2026-02-05,1000,JPY\n", full=True)
    assert value(company, "revenue") == 1000


def test_the_reporting_currency_does_not_follow_the_latest_order(company: Company) -> None:
    company.load("orders", ORDERS + "o1,c1,2026-02-05,10,USD\no2,c2,2026-02-20,99,EUR\n", full=True)
    found = company.tl.kpi("revenue", **MARCH)
    assert found.currency == "USD"
    assert found.value is None, "99 EUR without a rate are neither 99 USD nor nothing"


def test_a_cancellation_told_twice_is_lost_once(company: Company) -> None:
    company.load(
        "subscription_events",
        EVENTS
        + "e0,s0,c0,2026-01-02,active,100,USD,month\n"
        + "e1,s1,c1,2026-01-05,active,100,USD,month\n"
        + "e2,s1,c1,2026-02-10,canceled,100,USD,month\n"
        + "e3,s1,c1,2026-02-11,canceled,100,USD,month\n",
        full=True,
    )
    assert value(company, "mrr_churn") == 100
    assert value(company, "churn_rate") == 50


def test_history_keeps_the_price_it_had(company: Company) -> None:
    company.load(
        "subscription_events",
        EVENTS
        + "e1,s1,c1,2026-01-05,active,100,USD,month\n"
        + "e2,s1,c1,2026-02-10,active,250,USD,month\n",
        full=True,
    )
    assert value(company, "mrr", start="2026-01-01", end="2026-02-01") == 100
    assert value(company, "mrr") == 250


def test_a_lifetime_is_unknown_where_nobody_left_never_zero_or_infinite(company: Company) -> None:
    company.load(
        "subscription_events", EVENTS + "e1,s1,c1,2026-01-05,active,100,USD,month\n", full=True
    )
    for key in ("clv", "clv_cac_ratio"):
        found = company.tl.kpi(key, **MARCH)
        assert found.value is None
        assert found.reasons


def test_unique_users_are_not_summed_over_days(company: Company) -> None:
    header = "event_id,user_id,occurred_at,name\n"
    days = "".join(f"{n},ann,2026-03-{n:02}T15:00:00Z,page_view\n" for n in range(1, 15))
    company.load("events", header + days, full=True)
    week = {"start": "2026-03-08", "end": "2026-03-15"}
    assert value(company, "wau", **week) == 1
    assert value(company, "mau", start="2026-02-13", end="2026-03-15") == 1


def test_no_page_limit_cuts_a_sum(company: Company) -> None:
    rows = [
        {"order_id": f"o{n}", "customer_id": f"c{n}", "ordered_at": "2026-02-05", "amount": 1,
         "currency": "USD"}
        for n in range(2345)
    ]  # fmt: skip
    assert company.tl.load_rows("orders", rows).accepted == 2345
    company.tl.declare_coverage("orders", **MARCH)
    assert value(company, "revenue") == 2345


# -- Engines --------------------------------------------------------------------------------


def test_division_by_zero_is_no_number_with_a_reason(company: Company) -> None:
    for table in ("orders", "spend", "customers", "subscription_events"):
        company.tl.declare_coverage(table, start="2026-01-01", end="2026-03-15")
    for key in ("aov", "ctr", "churn_rate", "nrr"):
        found = company.tl.kpi(key, **MARCH)
        assert found.value is None, key
        assert found.quality is Quality.INSUFFICIENT
        assert found.reasons


def test_money_is_summed_exactly(company: Company) -> None:
    """As doubles, 0.1 + 0.2 and its like miss a cent in the end."""
    lines = "".join(f"o{n},c,2026-02-05,{'0.10' if n % 2 else '0.20'},USD\n" for n in range(2000))
    company.load("orders", ORDERS + lines, full=True)
    assert value(company, "revenue") == Decimal("300")
    assert value(company, "aov") == Decimal("0.15")


def test_threads_that_record_the_same_keys_make_one_row_each(company: Company) -> None:
    """The engine itself fails concurrent writers: they take turns."""
    failed: list[Exception] = []

    def record(amount: int) -> None:
        rows = [
            {"cost_id": f"k{n}", "cost_date": "2026-02-05", "cost_type": "sales", "amount": amount}
            for n in range(5)
        ]
        try:
            company.tl.load_rows("costs", rows)
        except Exception as error:  # noqa: BLE001  whatever it is, it fails the test
            failed.append(error)

    threads = [threading.Thread(target=record, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    found = company.tl.warehouse.rows("SELECT count(*), count(DISTINCT cost_id) FROM costs")
    assert found == [(5, 5)]
    assert company.tl.warehouse.rows("SELECT count(*) FROM costs_history") == [(15,)]


def test_many_threads_may_read_at_once(company: Company) -> None:
    company.load("orders", ORDERS + "o1,c1,2026-02-05,10,USD\n", full=True)
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(value(company, "revenue"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [10] * 8


def test_memory_temporary_files_and_extensions_are_bounded_together(company: Company) -> None:
    names = ("memory_limit", "max_temp_directory_size", "temp_directory")
    memory, most, folder = (
        company.tl.warehouse.rows(f"SELECT current_setting('{name}')")[0][0] for name in names
    )
    assert memory == "488.2 MiB"
    assert most == "18.6 GiB"
    assert Path(folder) == company.folder / "tmp"
    for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
        assert company.tl.warehouse.rows(f"SELECT current_setting('{name}')") == [(False,)]


SOURCE = sorted(Path(trueline.__file__).parent.rglob("*.py"))


def test_nothing_forks_a_process_that_may_hold_the_file() -> None:
    """A forked child could write to the file with no error at all."""
    forks = re.compile(r"os\.fork|multiprocessing|ProcessPoolExecutor|preexec_fn")
    assert [p.name for p in SOURCE if forks.search(p.read_text(encoding="utf-8"))] == []


def test_results_are_read_without_pandas_that_turns_unknown_into_nan() -> None:
    reads = re.compile(r"\.(df|fetchdf|to_pandas)\(\)")
    allowed = {"numbers.py"}  # gives a person the frame that was asked for
    found = {p.name for p in SOURCE if reads.search(p.read_text(encoding="utf-8"))}
    assert found <= allowed


# -- Seeds ----------------------------------------------------------------------------------


def test_nothing_is_assumed_unless_it_is_declared_and_asked_for(
    new_company: Callable[..., Company],
) -> None:
    """Neither a fifth for the cost of goods, nor a hundred a customer, nor a price for a tier."""
    company = new_company()
    company.load("orders", ORDERS + "o1,c1,2026-02-05,1000,USD\n", full=True)
    for asked in (False, True):
        for key in ("gross_margin", "cac", "burn_rate"):
            assert company.tl.kpi(key, **MARCH, allow_estimates=asked).value is None, key
    company.settings('[assumptions]\ncogs_share = "0.2"\n')
    assert value(company, "gross_margin") is None
    estimated = company.tl.kpi("gross_margin", **MARCH, allow_estimates=True)
    assert (estimated.value, estimated.quality) == (80, Quality.ESTIMATED)
    assert any("cogs_share" in reason.message for reason in estimated.reasons)
    # What is recorded, and cannot be converted, no assumption stands in for.
    company.load("costs", "cost_id,cost_date,cost_type,amount,currency\nk1,2026-02-05,cogs,900,EUR")
    reading = company.tl.kpi("gross_margin", **MARCH, allow_estimates=True)
    assert (reading.value, reading.reasons[0].code) == (None, "missing_rate")


def test_an_escape_rate_is_of_defects_not_of_features(company: Company) -> None:
    found = "defect_id,found_at,stage\n"
    found += "".join(f"d{n},2026-02-05,{'production' if n < 1 else 'pre'}\n" for n in range(4))
    company.load("defects", found, full=True)
    company.load("releases", "release_id,released_at,features\nr1,2026-02-03,2\n", full=True)
    assert value(company, "escape_rate") == 25


def test_a_day_after_the_facts_end_is_unknown_not_zero(company: Company) -> None:
    company.load("orders", ORDERS + "o1,c1,2026-02-05,10,USD\n")
    company.now += timedelta(days=60)
    assert company.tl.kpi("revenue", start="2026-04-01", end="2026-05-01").value is None
