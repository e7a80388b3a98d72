"""Readers while facts come in: answered at once, of one load, which is counted in whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from companies import OTHERS, Url, open_company

from trueline.core.period import Period
from trueline.engine.evaluate import Evaluator
from trueline.engine.rollup import Rollup, standing
from trueline.home import Trueline

FEBRUARY = Period.parse("2026-02-01", "2026-03-01")
SOON = 60
"""Seconds within which a test must come to its end; nothing is timed by it."""

with_moments = pytest.mark.parametrize("engine", ["duckdb", "postgres"])
"""Engines that hold one moment for a reader, and commit a load with what is counted from it."""


@pytest.fixture
def company(engine: str, tmp_path: Path, url_of: Url) -> Iterator[Trueline]:
    """A company with one order of 10."""
    with open_company(tmp_path / engine, url_of(engine)) as tl:
        tl.load_rows("orders", [order(0)])
        yield tl


def order(number: int, amount: int = 10) -> dict[str, Any]:
    return {
        "order_id": f"o{number}", "customer_id": f"c{number}", "amount": amount,
        "ordered_at": "2026-02-05T15:00:00Z", "currency": "USD",
    }  # fmt: skip


def _count(t: Any) -> Any:
    return t.count()


def revenue(tl: Trueline) -> Any:
    return tl.kpi("revenue", start=FEBRUARY.start, end=FEBRUARY.end).value


@contextmanager
def in_another_thread(work: Callable[[], Any]) -> Iterator[Future[Any]]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(work)


@contextmanager
def held_while_counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Whoever counts stops half-way, until the block ends; the event says that somebody has."""
    reached, go_on = threading.Event(), threading.Event()
    count = Rollup._count

    def halted(self: Rollup, *words: Any) -> None:
        count(self, *words)
        reached.set()
        assert go_on.wait(SOON)

    monkeypatch.setattr(Rollup, "_count", halted)
    try:
        yield reached
    finally:
        go_on.set()


@with_moments
def test_a_reader_does_not_wait_for_what_a_load_brought_to_be_counted(
    company: Trueline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_while_counting(monkeypatch) as reached:
        load = ThreadPoolExecutor(1).submit(company.load_rows, "orders", [order(1)])
        assert reached.wait(SOON)
        assert revenue(company) == 10
        assert company.warehouse.rows("SELECT count(*) FROM orders") == [(1,)]
        assert not load.done()
    assert load.result(SOON).accepted == 1
    assert revenue(company) == 20


@with_moments
def test_facts_are_seen_with_what_is_counted_from_them(company: Trueline) -> None:
    """At no moment does a reader find a load that is not counted."""
    over = threading.Event()

    def look() -> set[tuple[bool, Decimal, Decimal]]:
        seen = set()
        while not over.is_set():
            last, counted = standing(company.warehouse, company.settings.product)
            found = company.readings(["revenue", "aov"], start=FEBRUARY.start, end=FEBRUARY.end)
            seen.add((last == counted, found["revenue"].value, found["aov"].value))
        return seen

    with in_another_thread(look) as looking:
        for number in range(1, 6):
            company.load_rows("orders", [order(number, 10 * (number + 1))])
        over.set()
    sums = [(Decimal(10 * sum(range(n + 1))), Decimal(5 * (n + 1))) for n in range(1, 7)]
    assert looking.result() <= {(True, *pair) for pair in sums}


@pytest.mark.parametrize("engine", ["duckdb", *OTHERS])
def test_no_reading_mixes_two_loads(company: Trueline) -> None:
    loaded: list[int] = []

    def slow(evaluator: Evaluator) -> tuple[int, Any, Any]:
        first = evaluator.reading("revenue", FEBRUARY).value
        if not loaded:
            with in_another_thread(lambda: company.load_rows("orders", [order(1, 20)])) as load:
                loaded.append(load.result(SOON).load_id)
        resolver = evaluator.resolver
        rows = resolver.ask(("test", "orders"), lambda: resolver.view().table("orders").agg(_count))
        return evaluator.load, first, int(rows[0][0])

    assert company.engine.settled(slow) in {(1, 10, 1), (2, 30, 2)}
    assert revenue(company) == 30


@with_moments
def test_what_cannot_be_counted_is_not_loaded(
    company: Trueline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("it cannot be counted")

    with monkeypatch.context() as patch:
        patch.setattr(Rollup, "_count", fails)
        with pytest.raises(RuntimeError, match="counted"):
            company.load_rows("orders", [order(1)])
    assert company.warehouse.rows("SELECT count(*) FROM orders") == [(1,)]
    assert company.warehouse.rows("SELECT max(load_id) FROM loads") == [(1,)]
    assert revenue(company) == 10
    assert company.load_rows("orders", [order(1)]).accepted == 1
    assert revenue(company) == 20


@pytest.mark.parametrize("engine", ["duckdb", *OTHERS])
def test_what_a_load_left_uncounted_is_counted_once_by_who_reads_first(
    company: Trueline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with company.counting_later():
        company.load_rows("orders", [order(1)])
    refreshed: list[int] = []
    refresh = Rollup.refresh

    def watched(self: Rollup, **words: Any) -> dict[str, Any]:
        found = refresh(self, **words)
        refreshed.append(found["since"])
        return found

    monkeypatch.setattr(Rollup, "refresh", watched)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: revenue(company), range(4)))
    assert found == [20] * 4
    assert [since for since in refreshed if since == 1] == [1]


@with_moments
def test_others_are_told_of_a_load_once_they_can_see_it(company: Trueline) -> None:
    told, seen = threading.Event(), []

    def tell(load: int) -> None:
        with in_another_thread(lambda: revenue(company)) as found:
            seen.append((load, found.result(SOON)))
        told.set()

    stop = company.warehouse.subscribe(tell)
    company.load_rows("orders", [order(1)])
    assert told.wait(SOON)
    stop()
    assert seen == [(2, 20)]
