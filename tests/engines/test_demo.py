"""The demo company gives the same answers on every engine, to the last decimal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import asked
import pytest
from companies import NOW, OTHERS, SOAK, Url, open_company

from trueline import demo
from trueline.facts.load import load_file, remove_rows
from trueline.home import Trueline

BETWEEN = NOW + timedelta(hours=1)
OF_OTHER_TABLES = (
    *("cac", "spend", "ctr", "net_revenue", "runway_months", "csat", "ces"),
    *("product_quality", "escape_rate", "velocity"),
)
"""Companies made up at random are asked every KPI as of a moment, but lack these ones' tables."""
QUESTIONS = {
    "readings": asked.readings,
    "slices": asked.slices,
    "combined": asked.combined,
    "series": asked.series,
    "bridges": asked.bridges,
    "cohorts": asked.cohorts,
    "usage": asked.usage,
    "tables": asked.tables,
    "facts": asked.facts,
    "checks": asked.checks,
    "earlier": asked.earlier(BETWEEN, None if SOAK else OF_OTHER_TABLES),
}
ORDERS = 150


def _load(tl: Trueline, files: list[Any]) -> list[dict[str, Any]]:
    """A first day of loads, counted at its end; the second day's are counted one by one."""
    reports = []
    with tl.counting_later():
        for file in files:
            found = load_file(
                tl.warehouse, tl.settings, file.table, file.path, mapping=file.mapping,
                keep_good=file.keep_good, full=file.full, rejects_folder=tl.home, now=tl.clock(),
            )  # fmt: skip
            reports.append(asked.plain(found.to_json() | {"seconds": 0, "rejects_path": ""}))
    tl.engine.refresh()
    return reports


def _correct(tl: Trueline) -> list[dict[str, Any]]:
    """A second day of loads: corrections, a test customer, a new currency, rows taken away."""
    some = tl.warehouse.rows(
        "SELECT order_id, customer_id FROM orders WHERE customer_id IS NOT NULL "
        "ORDER BY order_id LIMIT 40"
    )
    rows = [
        {"order_id": o, "customer_id": c, "ordered_at": "2026-02-11T09:30:00Z",
         "amount": "19.99", "currency": "USD", "channel": "word of mouth"}
        for o, c in some[:30]
    ]  # fmt: skip
    rows.append(rows[0] | {"order_id": "eur-1", "amount": "7.5", "currency": "EUR"})
    people = [
        {
            "customer_id": some[31][1],
            "created_at": "2025-01-01",
            "channel": "Meta",
            "is_test": True,
        },
        {"customer_id": some[32][1], "created_at": "2025-01-01", "country": "NZ"},
    ]
    reports = [tl.load_rows("orders", rows), tl.load_rows("customers", people)]
    removed = remove_rows(
        tl.warehouse, "orders", [{"order_id": some[39][0]}], source="test", now=tl.clock()
    )
    tl.engine.refresh()
    return [asked.plain(r.to_json() | {"seconds": 0}) for r in reports] + [{"removed": removed}]


@pytest.fixture(scope="module")
def companies(
    tmp_path_factory: pytest.TempPathFactory, url_of: Url
) -> Iterator[dict[str, tuple[Trueline, list[dict[str, Any]]]]]:
    folder = tmp_path_factory.mktemp("engines")
    (folder / "files").mkdir()
    files = demo.generate(folder / "files", size=ORDERS, today=date(2026, 3, 15))
    words = demo.settings_toml().split("[targets]")[1].split("[product]", 1)[1]
    settings = f"[product]{words}"
    found = {}
    with ExitStack() as stack:
        for engine in ("duckdb", *OTHERS):
            clock = _Clock()
            tl = stack.enter_context(
                open_company(folder / engine, url_of(engine), settings, clock=clock)
            )
            reports = _load(tl, files)
            clock.now += timedelta(hours=2)
            reports += _correct(tl)
            found[engine] = (tl, reports)
        yield found


class _Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def expected(companies: dict[str, Any]) -> Callable[[str], Any]:
    """What the embedded engine answers to a question."""
    return cache(lambda question: QUESTIONS[question](companies["duckdb"][0]))


@pytest.mark.parametrize("engine", OTHERS)
def test_every_load_reports_the_same(companies: dict[str, Any], engine: str) -> None:
    mine, theirs = companies["duckdb"][1], companies[engine][1]
    assert mine == theirs, asked.difference(mine, theirs)
    assert sum(r.get("rejected", 0) != "0" for r in mine)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("engine", OTHERS)
def test_every_answer_is_the_same(
    companies: dict[str, Any], expected: Callable[[str], Any], engine: str, question: str
) -> None:
    found = QUESTIONS[question](companies[engine][0])
    assert found == expected(question), asked.difference(expected(question), found)


@pytest.mark.parametrize("engine", OTHERS)
def test_counting_everything_anew_changes_nothing(companies: dict[str, Any], engine: str) -> None:
    tl = companies[engine][0]
    before = asked.tables(tl)
    tl.engine.refresh(rebuild=True)
    after = asked.tables(tl)
    assert after == before, asked.difference(before, after)


def test_something_is_asked(expected: Callable[[str], Any]) -> None:
    """The comparison is worth something: most KPIs have a value, and every table has rows."""
    known = {k.split()[0] for k, r in expected("readings").items() if r["value"] is not None}
    assert len(known) > 60
    assert all(expected("tables").values())
    assert any(expected("readings")[key] != r for key, r in expected("earlier").items())
    assert len(expected("slices")) > 40
    assert len(expected("usage")) == 10
