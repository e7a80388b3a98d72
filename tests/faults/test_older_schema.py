"""A home written by an older version is brought forward when it is opened, its data kept."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from small_company import Company
from trueline.core.errors import HomeError
from trueline.home import Trueline
from trueline.warehouse.schema import SCHEMA_VERSION

CHANGES = """
    e1,s1,a,2026-01-05T12:00:00Z,active,Pro,1,100,USD,month,1
    e2,s1,a,2026-02-05T12:00:00Z,active,Pro,1,150,USD,month,1
    e3,s2,b,2026-02-07T12:00:00Z,active,Pro,1,70,USD,month,1"""
FEBRUARY = {"start": "2026-02-01", "end": "2026-03-01"}


def _at_version(company: Company, version: int, *statements: str) -> None:
    company.tl.close()
    with duckdb.connect(str(company.folder / "warehouse.duckdb")) as raw:
        for statement in statements:
            raw.execute(statement)
        raw.execute("DELETE FROM schema_version")
        raw.execute("INSERT INTO schema_version VALUES (?)", [version])


@pytest.mark.parametrize(
    ("version", "lacked"),
    [(1, ("customer_levels", "source_marks")), (2, ("source_marks",))],
)
def test_an_older_warehouse_is_brought_forward(
    new_company: Callable[..., Company], version: int, lacked: tuple[str, ...]
) -> None:
    company = new_company()
    company.events(CHANGES, full=True)
    before = company.tl.bridge(**FEBRUARY)
    assert (before.opening, before.new, before.expansion, before.closing) == (100, 70, 50, 220)
    older = "UPDATE rollup_state SET definition = 'of an older version'"
    _at_version(company, version, older, *(f"DROP TABLE {name}" for name in lacked))
    company.tl = Trueline(company.folder, clock=lambda: company.now)
    assert company.tl.bridge(**FEBRUARY) == before
    assert company.tl.warehouse.rows("SELECT max(version) FROM schema_version") == [
        (SCHEMA_VERSION,)
    ]
    company.events(CHANGES.replace("150", "160"))
    assert company.tl.bridge(**FEBRUARY).expansion == 60


def test_a_table_counted_in_another_shape_is_made_anew(company: Company) -> None:
    """Before version 5 nothing told which amounts an unpriced item is part of."""
    company.events(
        CHANGES + "\n    e4,s3,c,2026-02-08T12:00:00Z,trialing,Pro,1,,USD,month,1", full=True
    )
    _at_version(
        company,
        4,
        "UPDATE rollup_state SET definition = 'of an older version'",
        "ALTER TABLE mrr_changes DROP COLUMN unpriced_trials",
        "ALTER TABLE mrr_changes DROP COLUMN unpriced_past_due",
    )
    company.tl = Trueline(company.folder, clock=lambda: company.now)
    assert company.tl.kpi("mrr", **FEBRUARY).value == 220
    assert company.tl.kpi("trial_mrr", **FEBRUARY).reasons[0].code == "unpriced_items"


def test_free_orders_are_told_from_paid_ones_in_an_older_warehouse(company: Company) -> None:
    """Before version 6 nothing told whether a first order was paid for."""
    company.load(
        "orders",
        """order_id,customer_id,ordered_at,amount,currency
        o1,a,2026-02-05T12:00:00Z,0,USD
        o2,b,2026-02-05T12:00:00Z,10,USD""",
    )
    _at_version(
        company,
        5,
        "UPDATE rollup_state SET definition = 'of an older version'",
        "ALTER TABLE order_firsts DROP COLUMN paid_on",
        "ALTER TABLE customer_firsts DROP COLUMN first_charge_on",
    )
    company.tl = Trueline(company.folder, clock=lambda: company.now)
    assert company.tl.kpi("new_customers", **FEBRUARY).value == 1


def test_first_payments_by_entries_are_found_in_an_older_warehouse(company: Company) -> None:
    """Before version 7 no revenue entry was looked at for who paid first."""
    company.load(
        "revenue",
        """revenue_id,revenue_date,customer_id,revenue_type,amount,currency
        r1,2026-02-05,a,one_time,10,USD
        r2,2026-02-06,b,one_time,0,USD""",
    )
    _at_version(
        company,
        6,
        "UPDATE rollup_state SET definition = 'of an older version'",
        "DROP TABLE entry_firsts",
        "ALTER TABLE customer_firsts RENAME COLUMN first_charge_on TO paid_order_on",
        "ALTER TABLE customer_firsts DROP COLUMN first_order_at",
    )
    company.tl = Trueline(company.folder, clock=lambda: company.now)
    assert company.tl.kpi("new_customers", **FEBRUARY).value == 1
    company.load("revenue", "revenue_id,revenue_date,customer_id,revenue_type,amount,currency\n"
                 "r2,2026-02-06,b,one_time,5,USD")  # fmt: skip
    assert company.tl.kpi("new_customers", **FEBRUARY).value == 2


def test_a_newer_warehouse_is_left_alone(company: Company) -> None:
    _at_version(company, SCHEMA_VERSION + 1)
    with pytest.raises(HomeError, match="newer Trueline"):
        Trueline(company.folder)
    _at_version(company, SCHEMA_VERSION)
