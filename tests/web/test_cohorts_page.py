"""The cohorts' page: unknown cells are empty, nobody left is 0, and nonsense is refused."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal

import pytest
from serving import Served

from pages import shown
from trueline.engine.cohort import CohortRow
from trueline.web.boards.empty_cells import Months


def page(served: Served, status: int = 200, path: str = "/cohorts", **query: str) -> str:
    return shown(served, path, status, **query)


def test_months_that_are_not_over_are_empty_and_nobody_left_is_zero(served: Served) -> None:
    text = page(served, kind="orders")
    rows = re.findall(r'<tr><th scope="row" class="stick">(.*?)</tr>', text, re.DOTALL)
    cells = [re.findall(r'<td class="(h\d+|none)"', row) for row in rows]
    assert cells[0] == ["h10", "h10"]  # c1: January, and again in February
    assert cells[1] == ["h10", "none"]  # c2: February; March is not over
    assert "Average" in rows[-1]


def test_a_cell_without_a_rate_says_why(served: Served) -> None:
    text = page(served, kind="orders")
    assert '<td class="none" title="Mar 2026: not over yet"><span class="vh">not over yet' in text
    assert "Blank: the month is not over yet." in text
    assert "not over yet" in shown(served, "/executive")


@pytest.mark.parametrize(
    ("age", "before", "why"),
    [
        (0, None, ""),
        (1, None, "not covered by the facts"),
        (2, None, "its first month brought nothing to compare with"),
        (3, None, "not covered by the facts"),
        (4, None, "not over yet"),
        (4, date(2026, 5, 1), "not over yet"),
        (3, date(2026, 4, 1), "after the days shown"),
    ],
)
def test_a_month_is_unknown_for_one_of_four_reasons(
    age: int, before: date | None, why: str
) -> None:
    """January's cohort in May, of a company whose facts end with March."""
    row = CohortRow(date(2026, 1, 1), 1, (Decimal(1), None, Decimal(5)), (100.0, None, None))
    months = Months(date(2026, 5, 1), before)
    assert months.why(row, age) == why
    assert not why or why in months.said([row], 5)


def test_the_file_holds_rates_and_what_they_are_made_of(served: Served) -> None:
    rows = list(csv.reader(io.StringIO(page(served, path="/cohorts.csv", kind="orders"))))
    assert rows[0] == ["Cohort", "Size", "M0 %", "M0 customers", "M1 %", "M1 customers"]
    assert rows[1] == ["2026-01-01", "1", "100.0", "1", "100.0", "1"]
    assert rows[2] == ["2026-02-01", "1", "100.0", "1", "", ""]
    assert rows[-1][0] == "Average"


def test_revenue_is_shown_in_its_currency(served: Served) -> None:
    text = page(served, kind="orders", by="revenue", show="amounts")
    assert "$25.50" in text
    assert "$100.00" in text


def test_the_spread_and_the_average_are_drawn(served: Served) -> None:
    spec = served.get("/cohorts/curves.json", kind="subscriptions", last="all")["spec"]
    named = {row["name"] for row in spec["datasets"]["rows"]}
    assert "Average" in named
    assert [row["age"] for row in spec["datasets"]["spread"]][:2] == [0, 1]
    for what in ("heat", "curves"):
        drawn = served.client.get(f"/cohorts/{what}.svg", params={"last": "all"})
        assert drawn.content.startswith(b"<svg")


def test_a_range_without_cohorts_says_so(served: Served) -> None:
    text = page(served, start="1990-01-01", end="1991-01-01")
    assert "No cohort begins here" in text
    assert served.get("/cohorts/curves.json", start="1990-01-01", end="1991-01-01")["spec"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"kind": "people"}, 404),
        ({"by": "height"}, 404),
        ({"last": "7"}, 404),
        ({"show": "colours"}, 404),
        ({"start": "2026-05-01", "end": "2026-01-01"}, 422),
        ({"start": "yesterday"}, 422),
        ({"as_of": "2100-01-01T00:00"}, 422),
        ({"odd": "1"}, 422),
    ],
)
def test_nonsense_is_refused(served: Served, query: dict[str, str], status: int) -> None:
    page(served, status, **query)
