"""What a load, or somebody, says that a table covers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from loader import Loader, csv_of, order

from trueline.core.errors import InputError
from trueline.facts.load import declare_coverage


def coverage(loader: Loader) -> list[tuple[Any, ...]]:
    return loader.rows("SELECT table_name, category, to_day, complete FROM coverage ORDER BY 1, 2")


def test_a_full_export_covers_until_today(loader: Loader) -> None:
    loader.load_as("csv", [order()], full=True)
    assert coverage(loader) == [("orders", "*", date(2026, 3, 15), True)]
    first = loader.rows("SELECT from_day FROM coverage")[0][0]
    assert first <= date(2026, 1, 5)


def test_a_plain_load_covers_nothing(loader: Loader) -> None:
    loader.load_as("csv", [order()])
    assert coverage(loader) == []


def test_a_full_export_with_rejects_covers_nothing(loader: Loader) -> None:
    report = loader.load_as("csv", [order("a"), order("b", amount="x")], full=True, keep_good=True)
    assert report.accepted == 1
    assert coverage(loader) == []
    assert any("not taken to cover" in note for note in report.notes)


def test_a_later_full_export_covers_further_and_the_history_keeps_the_former(
    loader: Loader,
) -> None:
    loader.load_as("csv", [order("a")], full=True)
    loader.now += timedelta(days=10)
    loader.load_as("csv", [order("a"), order("b")], full=True)
    assert coverage(loader) == [("orders", "*", date(2026, 3, 25), True)]
    assert loader.rows("SELECT to_day FROM coverage_history") == [(date(2026, 3, 15),)]


def test_the_same_full_export_a_week_later_claims_no_more(loader: Loader) -> None:
    """Nobody exported again: what came in between is not known."""
    file = loader.file(csv_of([order("a")]))
    loader.load(file, full=True)
    loader.now += timedelta(days=7)
    assert loader.load(file, full=True).status == "unchanged"
    assert coverage(loader) == [("orders", "*", date(2026, 3, 15), True)]


def test_coverage_is_declared_and_taken_back(loader: Loader) -> None:
    def declare(**words: Any) -> None:
        declare_coverage(loader.warehouse, loader.settings, now=loader.now, **words)

    span = {"start": date(2026, 1, 1), "end": date(2026, 2, 1)}
    declare(table="costs", category="sales", **span)
    declare(table="costs", category="sales", complete=False, **span)
    assert coverage(loader) == [("costs", "sales", date(2026, 2, 1), False)]
    assert loader.count("coverage_history") == 1
    with pytest.raises(InputError, match="not after its start"):
        declare(table="costs", start=date(2026, 2, 1), end=date(2026, 2, 1))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"table": "costs", "category": "personel"}, "Did you mean: personnel"),
        ({"table": "costs", "category": "xyz"}, "Known are: marketing, sales"),
        ({"table": "orders", "category": "web"}, "not split into categories"),
        ({"table": "orders", "end": date(2026, 3, 17)}, "lies ahead: today is 2026-03-15"),
    ],
)
def test_coverage_of_what_cannot_be_is_refused(
    loader: Loader, words: dict[str, Any], said: str
) -> None:
    span = {"start": date(2026, 1, 1), "end": date(2026, 2, 1)} | words
    with pytest.raises(InputError, match=said):
        declare_coverage(loader.warehouse, loader.settings, now=loader.now, **span)
    assert coverage(loader) == []


def test_coverage_until_today_and_of_any_channel_is_taken(loader: Loader) -> None:
    span = {"start": date(2026, 1, 1), "end": date(2026, 3, 16)}
    for table, category in (("orders", "*"), ("spend", "a channel never seen")):
        declare_coverage(
            loader.warehouse, loader.settings, table, category=category, now=loader.now, **span
        )
    assert len(coverage(loader)) == 2
