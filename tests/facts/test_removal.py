"""What a full export no longer has; rows taken away; and files that come again after it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loader import Loader, csv_of, order

from trueline.core.errors import InputError
from trueline.facts.load import key_of, list_loads, remove_rows
from trueline.facts.load.removal import command, key_word
from trueline.facts.tables import SPEND


def remove(loader: Loader, table: str, *keys: dict[str, Any]) -> int:
    return remove_rows(loader.warehouse, table, keys, source="removal", now=loader.now)


def kept(loader: Loader) -> list[tuple[Any, ...]]:
    return loader.rows("SELECT order_id, CAST(amount AS INTEGER) FROM orders ORDER BY 1")


def left(notes: tuple[str, ...]) -> list[str]:
    return [note for note in notes if "not in this file" in note]


# -- what a full export no longer has ---------------------------------------------------------


def test_a_full_load_says_which_recorded_rows_it_does_not_have(loader: Loader) -> None:
    loader.load(csv_of([order("o1"), order("o11"), order("o12")]), full=True)
    loader.load_as("rows", [order("o13")])
    # Nothing in it is new: it is told all the same.
    report = loader.load(csv_of([order("o1")]), full=True)
    assert report.accepted == 0
    assert left(report.notes) == [
        "3 recorded rows of orders are not in this file and still count, whatever the source "
        "(first: o11). Remove what is wrong: trueline remove orders o11"
    ]
    assert loader.count() == 4
    # Updated and new rows are in the file; what was removed does not count any more.
    assert remove(loader, "orders", {"order_id": "o11"}, {"order_id": "o12"}) == 2
    report = loader.load(csv_of([order("o1", amount="3"), order("o14")]), full=True)
    assert (report.accepted, report.updated) == (2, 1)
    assert left(report.notes)[0].startswith("1 recorded row of orders is not in this file")
    assert "o13" in left(report.notes)[0]


def test_a_load_that_is_not_full_or_not_whole_says_nothing_of_other_rows(loader: Loader) -> None:
    assert left(loader.load(csv_of([order("a"), order("b")]), full=True).notes) == []
    assert left(loader.load(csv_of([order("c")])).notes) == []
    assert left(loader.load(csv_of([order(x) for x in "abcc"]), full=True).notes) == []
    mixed = [order("a"), order("b", amount="x")]
    assert left(loader.load(csv_of(mixed), full=True, keep_good=True).notes) == []
    assert left(loader.load(csv_of(mixed), full=True).notes) == []


def test_the_command_that_is_told_names_the_row(loader: Loader) -> None:
    spend = {"spend_date": "2026-01-02", "channel": "Meta, ads", "amount": "5", "currency": "USD"}
    loader.load(csv_of([spend | {"campaign": "it's"}, spend | {"campaign": "x"}]), "spend")
    note = left(loader.load(csv_of([spend | {"campaign": "x"}]), "spend", full=True).notes)[0]
    assert note.endswith(command(SPEND, (date(2026, 1, 2), "Meta, ads", "it's")))
    word = key_word(SPEND, (date(2026, 1, 2), "Meta, ads", "it's"))
    assert word == "spend_date=2026-01-02,channel=Meta, ads,campaign=it's"
    assert remove(loader, "spend", key_of("spend", word)) == 1
    assert loader.rows("SELECT campaign FROM spend") == [("x",)]


# -- taking rows away -------------------------------------------------------------------------


def test_many_rows_are_removed_at_once_and_the_load_says_so(loader: Loader) -> None:
    loader.load(csv_of([order(f"o{n}") for n in range(500)]))
    keys = [{"order_id": f"o{n}"} for n in range(400, 600)]
    assert remove(loader, "orders", *keys, *keys) == 100
    assert (loader.count(), loader.count("orders_history")) == (400, 100)
    loads = list_loads(loader.warehouse, table="orders").loads
    assert loads[0]["note"] == "100 rows were removed; the history keeps what was."
    assert remove(loader, "orders", *keys) == 0
    assert list_loads(loader.warehouse, table="orders").total == 2
    assert not loader.rows("SELECT table_name FROM duckdb_tables() WHERE temporary")


def test_an_id_that_is_a_number_or_sql_is_an_id(loader: Loader) -> None:
    name = "x'); DROP TABLE orders; --"
    loader.load(csv_of([order("7"), order(name)]))
    assert remove(loader, "orders", {"order_id": 7}, {"order_id": name}) == 2
    assert loader.count() == 0


@pytest.mark.parametrize(
    ("table", "key", "said"),
    [
        ("orders", {}, "this one has nothing"),
        ("orders", {"order_id": "a", "amount": 1}, "this one has amount, order_id"),
        ("orders", {"order_id": None}, "order_id is no text"),
        ("orders", {"order_id": True}, "order_id is no text"),
        ("orders", {"order_id": ["a"]}, "order_id is no text"),
        ("orders", {"order_id": "\x00"}, "holds what no text has"),
        ("orders", {"order_id": "\ud800"}, "holds what no text has"),
        ("orders", ["order_id"], "this one has nothing"),
        ("cash_balances", {"balance_date": 20260101, "account": "a"}, "balance_date is no day"),
        ("cash_balances", {"balance_date": "1 May", "account": "a"}, "is not a day"),
        ("odrers", {"order_id": "a"}, "Did you mean"),
    ],
)
def test_a_key_that_is_none_is_refused(shared: Loader, table: str, key: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        remove(shared, table, key)


@pytest.mark.parametrize(
    "word",
    ["", "Meta", "channel=Meta", "x,spend_date=2026-01-01,channel=a,campaign=b",
     "spend_date=2026-01-01,channel=a,channel=b,campaign=c"],
)  # fmt: skip
def test_a_word_that_is_no_composite_key_is_refused(word: str) -> None:
    with pytest.raises(InputError, match=r"Write it as spend_date=\.\.\.,channel=\.\.\."):
        key_of("spend", word)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=2, max_size=2))
def test_a_key_comes_back_from_its_word(texts: list[str]) -> None:
    key = dict(zip(SPEND.key, ["2026-01-01", *texts], strict=True))
    assert key_of("spend", key_word(SPEND, list(key.values()))) == key


# -- a file that comes again ------------------------------------------------------------------


def test_a_file_whose_rows_another_load_changed_is_loaded_again(loader: Loader) -> None:
    file = loader.file(csv_of([order("a", amount="1"), order("b", amount="2")]))
    loader.load(file)
    loader.load(csv_of([order("a", amount="5")]))
    again = loader.load(file)
    assert (again.status, again.accepted, again.updated, again.duplicate) == ("loaded", 1, 1, 1)
    assert "loaded before, as load 1" in again.notes[0]
    assert kept(loader) == [("a", 1), ("b", 2)]
    once_more = loader.load(file)
    assert once_more.status == "unchanged"
    assert f"load {again.load_id}" in once_more.notes[0]


def test_a_file_whose_rows_were_duplicates_then_and_changed_since_is_loaded_again(
    loader: Loader,
) -> None:
    loader.load(csv_of([order("a", amount="1")]))
    file = loader.file(csv_of([order("a", amount="1"), order("b", amount="2")]))
    loader.load(file)
    loader.load(csv_of([order("a", amount="5")]))
    assert loader.load(file).updated == 1
    assert kept(loader) == [("a", 1), ("b", 2)]


def test_a_file_whose_row_was_removed_is_loaded_again(loader: Loader) -> None:
    file = loader.file(csv_of([order("a"), order("b")]))
    loader.load(file)
    remove(loader, "orders", {"order_id": "a"})
    again = loader.load(file)
    assert (again.status, again.accepted, again.updated) == ("loaded", 1, 0)
    assert loader.count() == 2


def test_a_file_after_loads_that_only_added_rows_is_unchanged(loader: Loader) -> None:
    file = loader.file(csv_of([order("a")]))
    loader.load(file)
    loader.load(csv_of([order("b")]))
    loader.load(csv_of([order("b", amount="9")]))
    assert loader.load(file).status == "unchanged"


def test_an_old_full_export_that_is_loaded_again_covers_no_more(loader: Loader) -> None:
    """It says nothing of the days since it was made."""
    file = loader.file(csv_of([order("a", amount="1")]))
    loader.load(file, full=True)
    loader.now += timedelta(days=7)
    loader.load(csv_of([order("a", amount="5")]))
    assert loader.load(file, full=True).updated == 1
    assert loader.rows("SELECT to_day FROM coverage") == [(date(2026, 3, 15),)]


def test_a_source_read_every_day_undoes_nothing_until_it_changes(loader: Loader) -> None:
    def daily(amount: str) -> str:
        content = csv_of([order("a", amount=amount), order("b", amount="2")])
        return loader.load(content, source="exports/orders.csv", when_changed=True).status

    assert daily("1") == "loaded"
    loader.load(csv_of([order("a", amount="7")]))
    remove(loader, "orders", {"order_id": "b"})
    assert daily("1") == "unchanged"
    assert kept(loader) == [("a", 7)]
    # It changes, and back: what it held in between is not what it says now.
    assert daily("3") == "loaded"
    assert kept(loader) == [("a", 3), ("b", 2)]
    assert daily("1") == "loaded"
    assert daily("1") == "unchanged"
    assert kept(loader) == [("a", 1), ("b", 2)]


def test_two_sources_that_contradict_each_other_do_not_take_turns(loader: Loader) -> None:
    def daily() -> list[str]:
        return [
            loader.load(csv_of([order("a", amount=n)]), source=n, when_changed=True).status
            for n in ("1", "2")
        ]

    assert daily() == ["loaded", "loaded"]
    assert daily() == ["unchanged", "unchanged"]
    assert kept(loader) == [("a", 2)]
