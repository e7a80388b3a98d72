"""Facts read from a company's own database by declared SQL."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres_server import Server

from trueline.core.errors import AwayError, InputError
from trueline.settings import Settings
from trueline.sources.sql import _largest, pull

CUSTOMERS = (
    "SELECT id AS customer_id, joined AS created_at, channel, changed FROM people "
    "WHERE channel <> ':x'"
)


def shop(path: Path) -> sqlite3.Connection:
    own = sqlite3.connect(path, isolation_level=None)
    own.execute("CREATE TABLE people (id, joined, channel, changed)")
    return own


def declared(company: Any, url: str, more: str = 'by = "changed"') -> Any:
    company.settings(
        f'[databases]\nshop = "{url}"\n[facts.customers]\nsql = "{CUSTOMERS}"\n{more}\n'
    )
    return company.tl


def read(tl: Any) -> Any:
    return pull(tl.warehouse, tl.settings, tl.home, "customers", tl.clock())


def test_new_and_changed_rows_are_read_and_no_others(company: Any, tmp_path: Path) -> None:
    own = shop(tmp_path / "shop.db")
    tl = declared(company, f"sqlite:///{tmp_path}/shop.db", 'by = "changed"\noverlap_seconds = 0')
    assert read(tl) is None
    own.execute(
        "INSERT INTO people VALUES ('a', '2026-01-01', 'ads', 1), ('b', '2026-01-02', '', 2)"
    )
    report = read(tl)
    assert (report.read, report.accepted, report.source) == (2, 2, "shop: customers")
    own.execute("INSERT INTO people VALUES ('c', '2026-01-03', 'ads', 3)")
    own.execute("UPDATE people SET channel = 'mail', changed = 4 WHERE id = 'a'")
    report = read(tl)
    assert (report.read, report.accepted, report.updated, report.duplicate) == (3, 2, 1, 1)
    assert tl.warehouse.rows("SELECT mark FROM source_marks ORDER BY load_id") == [
        ("number 2",),
        ("number 4",),
    ]
    assert read(tl).status == "loaded" or read(tl).status == "unchanged"
    assert tl.warehouse.rows("SELECT count(*) FROM customers") == [(3,)]


def test_a_row_that_breaks_a_rule_is_rejected_and_read_again(company: Any, tmp_path: Path) -> None:
    own = shop(tmp_path / "shop.db")
    tl = declared(company, f"sqlite:///{tmp_path}/shop.db")
    own.execute(
        "INSERT INTO people VALUES ('a', '01/02/2026', 'ads', 1), ('b', '2026-01-02', '', 2)"
    )
    report = read(tl)
    assert (report.status, report.rejected) == ("refused", 2)
    assert report.rejects[0].column == "created_at"
    assert tl.warehouse.rows("SELECT count(*) FROM source_marks") == [(0,)]
    own.execute("UPDATE people SET joined = '2026-02-01' WHERE id = 'a'")
    assert read(tl).accepted == 2


def test_rows_without_a_mark_are_read_each_time_and_one_dated_ahead_hides_none(
    company: Any, tmp_path: Path
) -> None:
    own = shop(tmp_path / "shop.db")
    tl = declared(company, f"sqlite:///{tmp_path}/shop.db")
    own.execute("INSERT INTO people VALUES ('a', '2026-01-01', '', 5), ('b', '2026-01-02', '', 1)")
    assert read(tl).accepted == 2
    own.execute("INSERT INTO people VALUES ('c', '2026-01-03', '', NULL)")
    assert read(tl).accepted == 1
    now = tl.clock()
    marks = [(now + timedelta(days=days),) for days in (-1, 0, 400)]
    assert _largest(None, marks, 0, now) == now
    assert _largest(None, [(None,), marks[-1]], 0, now) is None
    assert _largest(None, [(now.date() + timedelta(days=9),)], 0, now) is None


def test_marks_that_have_no_order_are_told(company: Any, tmp_path: Path) -> None:
    own = shop(tmp_path / "shop.db")
    tl = declared(company, f"sqlite:///{tmp_path}/shop.db")
    own.execute("INSERT INTO people VALUES ('a', '2026-01-01', '', 5.5)")
    assert read(tl).accepted == 1, "a fraction is a mark, too"
    own.execute("INSERT INTO people VALUES ('b', '2026-01-02', '', 'x')")
    with pytest.raises(InputError, match="to read by holds float and str"):
        read(tl)


def test_refresh_reads_every_table_and_one_that_fails_holds_up_none(
    company: Any, tmp_path: Path
) -> None:
    own = shop(tmp_path / "shop.db")
    own.execute("INSERT INTO people VALUES ('a', '2026-01-01', 'ads', 1)")
    company.settings(
        f'[databases]\nshop = "sqlite:///{tmp_path}/shop.db"\n'
        '[facts.orders]\nsql = "SELECT x FROM nowhere"\n'
        f'[facts.customers]\nsql = "{CUSTOMERS}"\n'
    )
    found = company.tl.refresh()["loads"]
    assert [entry["status"] for entry in found] == ["failed", "loaded"]
    assert "nowhere" in found[0]["message"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[facts.customers]\nsql = "DELETE FROM people"', "is not one SELECT"),
        ('[facts.customers]\nsql = "SELECT 1; SELECT 2"', "is not one SELECT"),
        ('[facts.customers]\nsql = "SELECT 1 AS x"\nbuy = "x"', "buy"),
    ],
)
def test_a_query_that_is_none_is_refused(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Settings.parse(text)


@pytest.mark.parametrize(
    ("databases", "says"),
    [
        ("", "which of \\[databases\\]"),
        ('[databases]\nshop = "sqlite:///${NO_SUCH_SECRET}"\n', "NO_SUCH_SECRET"),
        ('[databases]\na = "sqlite://"\nb = "sqlite://"\n', "which of"),
    ],
)
def test_a_database_that_is_not_declared_is_told(company: Any, databases: str, says: str) -> None:
    company.settings(f'{databases}[facts.customers]\nsql = "{CUSTOMERS}"\n')
    with pytest.raises(InputError, match=says):
        read(company.tl)


def test_a_column_to_read_by_that_is_not_there_is_told(company: Any, tmp_path: Path) -> None:
    shop(tmp_path / "shop.db")
    tl = declared(company, f"sqlite:///{tmp_path}/shop.db", 'by = "updated_at"')
    with pytest.raises(InputError, match="no column updated_at"):
        read(tl)


def test_rows_of_postgres_keep_their_types(
    company: Any, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moments with their zone, exact decimals, flags; read-only, and late commits overlapped."""
    url = postgres.url("x").split("?", maxsplit=1)[0]
    monkeypatch.setenv("SHOP_SECRET", "secret")
    with psycopg.connect(url, autocommit=True) as own:
        own.execute("DROP TABLE IF EXISTS sold")
        own.execute(
            "CREATE TABLE sold (id int, who text, at timestamptz, price numeric(12,2), "
            "first bool, changed timestamptz)"
        )
        own.execute(
            "INSERT INTO sold VALUES (1, 'ann', '2026-02-01 23:30-05', 12.30, true, '2026-02-02Z')"
        )
        company.settings(
            f'[databases]\nshop = "{url.replace("secret", "${SHOP_SECRET}")}"\n'
            '[facts.orders]\nby = "changed"\nsql = "SELECT id::text AS order_id, '
            "who AS customer_id, at AS ordered_at, price AS amount, 'USD' AS currency, "
            'first AS new_customer, changed FROM sold"\n'
        )
        tl = company.tl

        def read_orders() -> Any:
            return pull(tl.warehouse, tl.settings, tl.home, "orders", tl.clock())

        assert read_orders().accepted == 1
        found = tl.warehouse.rows("SELECT amount, ordered_on, new_customer FROM orders")[0]
        assert [str(v) for v in found] == ["12.3000", "2026-02-01", "True"]
        # Committed late: it is older than the largest mark by five minutes.
        own.execute(
            "INSERT INTO sold VALUES (2, 'bob', '2026-02-02 00:00Z', 5, false, '2026-02-01 23:55Z')"
        )
        assert read_orders().accepted == 1
        own.execute("DROP TABLE sold")


def test_a_database_that_is_away_is_told(company: Any, postgres: Server) -> None:
    url = postgres.url("x").split("?", maxsplit=1)[0].replace(":secret", ":wrong")
    tl = declared(company, url)
    with pytest.raises(AwayError, match="password") as told:
        read(tl)
    assert "wrong" not in str(told.value)


def test_the_daily_job_undoes_no_removal_until_a_source_changes(
    company: Any, tmp_path: Path
) -> None:
    own = shop(tmp_path / "shop.db")
    own.execute(
        "INSERT INTO people VALUES ('a', '2026-01-01', 'ads', 1), ('b', '2026-01-02', '', 2)"
    )
    balances = tmp_path / "cash.csv"
    balances.write_text("balance_date,account,amount,currency\n2026-01-01,x,5,USD\n")
    tl = declared(
        company,
        f"sqlite:///{tmp_path}/shop.db",
        f'[[sources]]\ntable = "cash_balances"\npath = "{balances}"',
    )

    def daily() -> list[str]:
        return [load["status"] for load in tl.refresh()["loads"]]

    assert daily() == ["loaded", "loaded"]
    tl.remove("customers", [{"customer_id": "a"}])
    tl.remove("cash_balances", [{"balance_date": "2026-01-01", "account": "x"}])
    assert daily() == ["unchanged", "unchanged"]
    own.execute("UPDATE people SET channel = 'mail' WHERE id = 'b'")
    assert daily() == ["unchanged", "loaded"]
    assert tl.warehouse.rows("SELECT count(*) FROM customers") == [(2,)]
    assert tl.warehouse.rows("SELECT count(*) FROM cash_balances") == [(0,)]
