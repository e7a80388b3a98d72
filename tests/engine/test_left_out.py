"""Rejected rows are in no number, and every number of their table says so until they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from small_company import Company
from trueline.facts.load import LoadReport, write_corrected
from trueline.facts.rejected import CORRECTED, rejects_name

OCTOBER = {"start": "2025-10-01", "end": "2025-11-01"}
HEAD = "order_id,customer_id,ordered_at,amount,currency"
GOOD = "o1,a,2025-10-01,10,USD\no2,b,2025-10-10,20,USD\no3,a,2025-11-10,5,USD"
BAD = "o4,c,2025-10-12,$7,USD"
MENDED = BAD.replace("$", "")


def orders(company: Company, rows: str, source: str | None = "orders.csv", **more: Any) -> Any:
    return company.load("orders", f"{HEAD}\n{rows}", source=source, **more)


def said(company: Company, key: str = "revenue", **asked: Any) -> list[str]:
    reading = company.tl.kpi(key, **(OCTOBER | asked))
    return [r.message for r in reading.reasons if r.code == "rejected_rows"]


@pytest.fixture
def lacking(company: Company) -> Company:
    """Three orders were taken and one rejected."""
    orders(company, f"{GOOD}\n{BAD}", keep_good=True)
    return company


def test_a_number_says_which_rows_are_not_in_it(lacking: Company) -> None:
    reading = lacking.tl.kpi("revenue", **OCTOBER)
    assert (reading.value, reading.quality, reading.completeness) == (30, "actual", "complete")
    assert said(lacking) == ["1 row of orders was rejected and is in no number (load 1)."]
    out = {t["table"]: t["left_out"] for t in lacking.tl.facts()}
    assert out.pop("orders") == {"rows": 1, "loads": [1]} and not any(out.values())


def test_what_is_made_of_other_tables_says_nothing(lacking: Company) -> None:
    lacking.load("spend", "spend_date,channel,campaign,amount,currency\n2025-10-02,meta,x,1,USD")
    assert said(lacking, "spend") == []
    assert said(lacking, "aov") and said(lacking, "new_customer_orders")


def test_a_null_tells_first_what_takes_it_away(lacking: Company) -> None:
    reading = lacking.tl.kpi("revenue", start="2025-08-01", end="2025-09-01")
    assert [r.code for r in reading.reasons] == ["no_records", "rejected_rows"]


def test_cohorts_and_the_bridge_say_it_too(lacking: Company) -> None:
    assert [r.code for r in lacking.tl.cohorts(kind="orders").reasons] == ["rejected_rows"]
    rows = "e1,s1,a,2025-09-05T12:00:00Z,active,Pro,1,50,USD,month,1"
    lacking.events(f"{rows}\n{rows.replace('e1', 'e2').replace('50', '-x')}", keep_good=True)
    assert "rejected_rows" in [r.code for r in lacking.tl.bridge(**OCTOBER).reasons]


def test_the_corrected_rejects_file_makes_it_good(lacking: Company) -> None:
    path = lacking.tl.home / "rejects" / rejects_name(1)
    path.write_text(path.read_text().replace("$7", "7"))
    assert lacking.tl.load("orders", path).accepted == 1
    assert (lacking.tl.kpi("revenue", **OCTOBER).value, said(lacking)) == (37, [])


def test_rows_corrected_one_after_the_other_count_down(company: Company) -> None:
    orders(company, f"{GOOD}\n{BAD}\no5,c,2025-10-13,$8,USD", keep_good=True)

    def correct(row: str) -> LoadReport:
        path = company.folder / "corrected.csv"
        write_corrected(path, HEAD.split(","), [row.split(",")])
        source = f"orders.csv{CORRECTED}"
        return company.tl.load("orders", path, keep_good=True, source=source)

    correct(MENDED)
    assert said(company) == ["1 row of orders was rejected and is in no number (load 1)."]
    assert correct("o5,c,2025-10-13,8?,USD").rejected == 1
    assert said(company) == ["1 row of orders was rejected and is in no number (load 1)."]
    correct("o5,c,2025-10-13,8,USD")
    assert (company.tl.kpi("revenue", **OCTOBER).value, said(company)) == (45, [])


def test_the_same_file_corrected_makes_it_good(lacking: Company) -> None:
    orders(lacking, f"{GOOD}\n{MENDED}")
    assert said(lacking) == []


def test_another_file_of_the_same_name_does_not(lacking: Company) -> None:
    """A daily file holds other rows under the same name."""
    orders(lacking, "\n".join(f"n{i},a,2025-10-02,1,USD" for i in range(9)))
    assert said(lacking)


def test_a_file_without_a_good_row_is_not_mended_by_the_next_of_its_name(company: Company) -> None:
    orders(company, BAD, keep_good=True)
    orders(company, GOOD)
    assert said(company)


def test_a_row_rejected_again_counts_once(lacking: Company) -> None:
    orders(lacking, f"{GOOD}\n{BAD}\n", keep_good=True)
    assert said(lacking) == ["1 row of orders was rejected and is in no number (load 2)."]


def test_a_call_of_the_api_is_not_mended_by_the_next_one(company: Company) -> None:
    columns = HEAD.split(",")
    for row in (BAD, "o9,a,2025-10-02,1,USD"):
        company.tl.load_rows("orders", [dict(zip(columns, row.split(","), strict=True))],
                             keep_good=True)  # fmt: skip
    assert said(company)


def test_a_full_export_without_rejects_makes_it_good(lacking: Company) -> None:
    orders(lacking, GOOD, source="export.csv", full=True)
    assert said(lacking) == []


def test_a_later_declaration_makes_it_good_an_earlier_one_does_not(company: Company) -> None:
    days = {"start": "2025-10-01", "end": "2025-12-01"}
    company.tl.declare_coverage("orders", **days)
    orders(company, f"{GOOD}\n{BAD}", keep_good=True)
    assert said(company)
    company.now = datetime(2026, 3, 15, 17, 0, tzinfo=UTC)
    company.tl.declare_coverage("orders", start="2025-10-01", end="2025-11-01")
    assert said(company), "the load reaches beyond these days"
    company.tl.declare_coverage("orders", **days)
    assert said(company) == []


def test_a_refused_file_left_nothing_out(company: Company, tmp_path: Path) -> None:
    orders(company, GOOD)
    path = tmp_path / "more.csv"
    path.write_text(f"{HEAD}\n{BAD}\n")
    assert company.tl.load("orders", path).status == "refused"
    assert said(company) == []


def test_an_earlier_moment_knows_what_was_rejected_then(lacking: Company) -> None:
    lacking.now = datetime(2026, 3, 15, 18, 0, tzinfo=UTC)
    orders(lacking, f"{GOOD}\n{MENDED}")
    assert said(lacking) == []
    assert said(lacking, as_of=datetime(2026, 3, 15, 17, 0, tzinfo=UTC))
