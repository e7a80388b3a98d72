"""``read = accepted + duplicate + rejected``, whatever is in a file and in whatever form."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loader import FORMS, NOW, Loader, Row, csv_of, order

from trueline.facts.load import LoadReport, load_report, rejects
from trueline.facts.load.report import neutral, original
from trueline.settings import Settings

AMOUNTS = ("1", "2", "bad")
ROWS = st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(AMOUNTS)), max_size=12)


class Model:
    """What a load has to do, in plain Python."""

    def __init__(self) -> None:
        self.table: dict[str, str] = {}
        self.history: list[tuple[str, str]] = []

    def load(self, rows: list[tuple[str, str]], keep_good: bool) -> tuple[int, int, int]:
        """Accepted, duplicate and rejected."""
        good = [(key, amount) for key, amount in rows if amount != "bad"]
        stated: dict[str, set[str]] = {}
        for key, amount in good:
            stated.setdefault(key, set()).add(amount)
        kept = [(key, amount) for key, amount in good if len(stated[key]) == 1]
        rejected = len(rows) - len(kept)
        if rejected and not keep_good:
            return 0, 0, len(rows)
        accepted = 0
        for key, amount in dict(kept).items():
            if self.table.get(key) != amount:
                accepted += 1
                if key in self.table:
                    self.history.append((key, self.table[key]))
                self.table[key] = amount
        return accepted, len(kept) - accepted, rejected


@given(
    files=st.lists(st.tuples(ROWS, st.booleans(), st.sampled_from(FORMS)), min_size=1, max_size=3)
)
def test_what_is_read_is_accepted_duplicate_or_rejected(
    shared: Loader, files: list[tuple[list[tuple[str, str]], bool, str]]
) -> None:
    shared.clear()
    model = Model()
    for number, (rows, keep_good, form) in enumerate(files):
        if not rows:
            continue
        made = [order(key, amount=amount, note=f"{number}") for key, amount in rows]
        shared.now += timedelta(seconds=1)
        report = shared.load_as(form, made, keep_good=keep_good)
        assert report.read == len(rows)
        counts = report.accepted, report.duplicate, report.rejected
        assert counts == model.load(rows, keep_good), (rows, report)
        assert load_report(shared.warehouse, report.load_id, Path()).read == report.read
    found = dict(shared.rows("SELECT order_id, CAST(amount AS INTEGER)::VARCHAR FROM orders"))
    assert found == model.table
    history = shared.rows("SELECT order_id, CAST(amount AS INTEGER)::VARCHAR FROM orders_history")
    assert Counter(history) == Counter(model.history)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_loaded_alike(loader: Loader, form: str) -> None:
    rows = [order(f"o{n}", amount=f"{n}.10", tax=None if n % 2 else "0.50") for n in range(50)]
    report = loader.load_as(form, rows)
    assert (report.status, report.read, report.accepted) == ("loaded", 50, 50)
    assert report.first_day == report.last_day
    found = loader.rows("SELECT sum(amount), sum(tax), count(tax), min(currency) FROM orders")
    assert found == [(Decimal("1230.0000"), Decimal("12.5000"), 25, "USD")]


def test_the_same_file_twice_changes_nothing(loader: Loader) -> None:
    file = loader.file(csv_of([order("a"), order("b")]))
    first = loader.load(file)
    loader.now += timedelta(days=1)
    before = loader.rows("SELECT * FROM orders ORDER BY order_id")
    again = loader.load(file)
    assert (again.status, again.read, again.duplicate, again.accepted) == ("unchanged", 2, 2, 0)
    assert f"load {first.load_id}" in again.notes[0]
    assert loader.rows("SELECT * FROM orders ORDER BY order_id") == before
    assert loader.count("orders_history") == 0


def test_a_file_is_known_by_its_content_and_how_it_is_read(loader: Loader) -> None:
    content = csv_of([order("a")])
    assert loader.load(content).status == "loaded"
    assert loader.load(content, name="another-name.csv").status == "unchanged"
    # Compressed, it is the same content; as a full export, it says more than it did.
    assert loader.load_as("csv.gz", [order("a")]).status == "unchanged"
    assert loader.load(content, full=True).status == "loaded"


def test_the_same_rows_in_another_file_are_duplicates(loader: Loader) -> None:
    loader.load_as("csv", [order("a"), order("b")])
    report = loader.load_as("ndjson", [order("b"), order("a"), order("c")])
    assert (report.accepted, report.duplicate, report.updated) == (1, 2, 0)
    # The same amount written otherwise is the same amount; the same instant, too.
    same = order("a", amount="25.5000", ordered_at="2026-01-05T10:00:00-05:00")
    assert loader.load_as("rows", [same]).duplicate == 1


def test_an_update_moves_what_was_known_to_the_history(loader: Loader) -> None:
    first = loader.load_as("csv", [order("a", amount="1"), order("b", amount="2")])
    loader.now = later = NOW + timedelta(days=2)
    second = loader.load_as("csv", [order("a", amount="5"), order("c", amount="9")])
    assert (second.accepted, second.updated, second.duplicate) == (2, 1, 0)
    naive_first, naive_later = (m.replace(tzinfo=None) for m in (NOW, later))
    history = loader.rows(
        "SELECT order_id, amount, load_id, recorded_at, superseded_by, superseded_at "
        "FROM orders_history"
    )
    assert history == [("a", Decimal(1), first.load_id, naive_first, second.load_id, naive_later)]
    kept = loader.rows("SELECT order_id, amount, load_id FROM orders ORDER BY order_id")
    assert kept == [
        ("a", Decimal(5), second.load_id),
        ("b", Decimal(2), first.load_id),
        ("c", Decimal(9), second.load_id),
    ]


def test_a_value_that_goes_missing_is_an_update(loader: Loader) -> None:
    loader.load_as("csv", [order("a", tax="1")])
    report = loader.load_as("csv", [order("a", tax=None)])
    assert report.updated == 1
    assert loader.rows("SELECT tax FROM orders") == [(None,)]
    narrower = loader.load_as("csv", [order("a", tax="2")])
    assert narrower.updated == 1
    told = loader.load_as("csv", [order("a")])
    assert any("1 updated rows had a tax" in note for note in told.notes)


def test_one_key_with_two_contents_in_one_file_is_a_conflict(loader: Loader) -> None:
    rows = [order("a", amount="1"), order("b"), order("a", amount="2"), order("b")]
    report = loader.load_as("csv", rows, keep_good=True)
    assert (report.accepted, report.duplicate, report.rejected) == (1, 1, 2)
    assert [(r.line, r.column, r.value) for r in report.rejects] == [
        (2, "order_id", "a"),
        (4, "order_id", "a"),
    ]
    assert "different content" in report.rejects[0].rule
    assert "order_by" in report.rejects[0].fix


@pytest.mark.parametrize("form", FORMS[:4])
def test_an_order_column_says_which_of_two_is_later(loader: Loader, form: str) -> None:
    mapping = loader.file('order_by = "updated"\n', "map.toml")
    rows = [
        order("a", amount="1", updated="2026-01-03T10:00:00Z"),
        order("a", amount="2", updated="2026-01-03T06:00:00-05:00"),
        order("a", amount="3", updated="2026-01-02"),
        # Without an offset it is the company's clock: 05:30 in Toronto is 10:30 UTC.
        order("b", amount="4", updated="2026-01-02T05:30:00"),
        order("b", amount="5", updated="2026-01-02T10:00:00Z"),
        order("c", amount="6", updated="9"),
        order("c", amount="7", updated="10"),
    ]
    report = loader.load_as(form, rows, mapping=mapping)
    assert (report.accepted, report.duplicate) == (3, 4)
    assert loader.rows("SELECT order_id, amount FROM orders ORDER BY 1") == [
        ("a", Decimal(2)),
        ("b", Decimal(4)),
        ("c", Decimal(7)),
    ]
    assert any("4 rows are earlier versions" in note for note in report.notes)


def test_an_order_column_that_ties_is_a_conflict(loader: Loader) -> None:
    mapping = loader.file('order_by = "version"\n', "map.toml")
    rows = [order("a", amount=str(n), version="7") for n in (1, 2)]
    assert loader.load_as("csv", rows, mapping=mapping).rejected == 2
    rows.append(order("a", amount="3", version="8"))
    assert loader.load_as("csv", rows, mapping=mapping).accepted == 1
    wrong = loader.load_as("csv", [order("z", version="new")], mapping=mapping)
    assert wrong.rejects[0].rule == "does not say which row is later"


def test_nothing_is_loaded_where_a_row_is_bad(loader: Loader) -> None:
    report = loader.load_as("csv", [order("a"), order("b", amount="x")])
    assert (report.status, report.accepted, report.rejected) == ("refused", 0, 2)
    assert "1 of 2 rows break a rule" in report.notes[0]
    assert loader.count() == 0


def test_the_good_rows_are_kept_when_asked(loader: Loader) -> None:
    report = loader.load_as("csv", [order("a"), order("b", amount="x")], keep_good=True)
    assert (report.status, report.accepted, report.rejected) == ("loaded", 1, 1)
    assert loader.rows("SELECT order_id FROM orders") == [("a",)]


def test_the_first_20_rejects_are_shown_and_all_are_written(loader: Loader) -> None:
    rows = [order(f"o{n}", amount="x") for n in range(50)]
    report = loader.load_as("csv", rows)
    assert [r.line for r in report.rejects] == list(range(2, 22))
    assert report.rejects_path
    assert [r.line for r in rejects(report.rejects_path, 0, 100)] == list(range(2, 52))
    folder = report.rejects_path.parent
    assert load_report(loader.warehouse, report.load_id, folder).rejects == report.rejects


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("keep_good", [True, False])
def test_a_rejects_file_is_corrected_and_loaded_again(
    loader: Loader, form: str, keep_good: bool
) -> None:
    """Also where its cells look like formulas, and its first load kept the rest."""
    rows = [
        order("a", channel="=1+1"),
        order("=b", amount="wrong", channel="-x"),
        order("'c", amount="wrong", channel="'=quoted"),
        order("-5", amount="wrong", channel="@home"),
        order("d", amount="wrong", channel='say "hi",\nbye'),
    ]
    report = loader.load_as(form, rows, keep_good=keep_good)
    assert report.rejects_path
    text = report.rejects_path.read_text(encoding="utf-8")
    assert "trueline_rule" in text.splitlines()[0]
    corrected = loader.file(text.replace("wrong", "7.50"), "corrected.csv")
    again = loader.load(corrected)
    assert (again.status, again.rejected) == ("loaded", 0), again.rejects
    assert again.accepted == 4
    if not keep_good:
        assert loader.load_as(form, [order("a", channel="=1+1")]).accepted == 1
    want = {r["order_id"]: r["channel"] for r in rows}
    assert dict(loader.rows("SELECT order_id, channel FROM orders")) == want


UTC_EXPORT = """timezone = "UTC"
[columns]
"Order ID" = "order_id"
Total = "amount"
[constants]
currency = "CAD"
"""


@pytest.mark.parametrize("renamed", [False, True])
def test_a_corrected_rejects_file_is_read_by_the_mapping_it_had(
    loader: Loader, renamed: bool
) -> None:
    """Its times were read as the company's when it came back: a row counted a day too late."""
    loader.settings = Settings.parse('[company]\ncurrency = "CAD"\n')
    text = "Order ID,customer_id,ordered_at,Total\nu1,c1,2026-02-01 03:30,$5\n"
    report = loader.load(text, mapping=loader.file(UTC_EXPORT, "map.toml"))
    assert report.status == "refused"
    assert report.rejects_path
    back = report.rejects_path.read_text(encoding="utf-8").replace("$5", "5.00")
    if renamed:
        back = back.replace("Order ID", "order_id").replace("Total", "amount", 1)
    again = loader.load(back, name=report.rejects_path.name)
    assert (again.accepted, again.rejected) == (1, 0), again.rejects
    found = loader.rows("SELECT order_id, CAST(ordered_on AS VARCHAR), currency FROM orders")
    assert found == [("u1", "2026-01-31", "CAD")]


@pytest.mark.parametrize("form", FORMS)
def test_a_rejects_file_of_a_rejects_file_is_corrected_and_loaded(
    loader: Loader, form: str
) -> None:
    """It said why twice over, and its header was refused for it."""
    rows = [
        order("=b", amount="wrong", channel="-x"),
        order("'c", amount="wrong", channel="'=quoted"),
        order("-5", amount="wrong", channel="@home"),
    ]
    report = loader.load_as(form, rows, keep_good=True)
    for left in (2, 1, 0):
        assert report.rejects_path
        text = report.rejects_path.read_text(encoding="utf-8")
        assert text.splitlines()[0].count("trueline_rule") == 1
        file = loader.file(text.replace("wrong", "7.50", 1), report.rejects_path.name)
        report = loader.load(file, keep_good=True)
        assert (report.accepted, report.rejected) == (1, left)
    want = {r["order_id"]: r["channel"] for r in rows}
    assert dict(loader.rows("SELECT order_id, channel FROM orders")) == want


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12))
def test_what_is_kept_from_running_as_a_formula_comes_back(text: str) -> None:
    written = neutral(text)
    assert original(written) == text
    cell = next(csv.reader(io.StringIO(f'"{written.replace(chr(34), chr(34) * 2)}"')), [""])[0]
    numeric = text.lstrip("+-").replace(".", "", 1).isdigit()
    if not numeric:
        assert not cell[:1] or cell[:1] not in "=+-@\t"


def test_a_refused_file_may_be_loaded_again_with_its_good_rows(loader: Loader) -> None:
    file = loader.file(csv_of([order("a"), order("b", amount="x")]))
    assert loader.load(file).status == "refused"
    assert loader.load(file, keep_good=True).accepted == 1
    again = loader.load(file, keep_good=True)
    assert (again.accepted, again.duplicate, again.rejected) == (0, 1, 1)


def test_loads_are_numbered_and_refused_ones_are_among_them(loader: Loader) -> None:
    reports = [
        loader.load_as("csv", [order("a")]),
        loader.load_as("csv", [order("b", amount="x")]),
        loader.load_as("csv", [order("c")]),
    ]
    assert [r.load_id for r in reports] == [1, 2, 3]
    assert loader.rows("SELECT load_id, status FROM loads ORDER BY 1") == [
        (1, "loaded"),
        (2, "refused"),
        (3, "loaded"),
    ]


def test_progress_is_told(loader: Loader) -> None:
    told: list[Any] = []
    loader.load(csv_of([order(f"o{n}") for n in range(200)]), progress=told.append)
    assert {step.phase for step in told} >= {"checking", "loading"}
    checked = [step for step in told if step.phase == "checking"]
    assert checked[-1].done == checked[-1].total > 0


def test_no_staging_table_is_left_behind(loader: Loader) -> None:
    for form in FORMS:
        loader.load_as(form, [order(form), order(form + "x", amount="x")], keep_good=True)
    left = loader.rows(
        "SELECT table_name FROM duckdb_tables() WHERE temporary "
        "UNION ALL SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal"
    )
    assert left == []


def test_a_file_changed_while_it_is_read_is_refused(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trueline.core.errors import InputError
    from trueline.facts.load import files

    scan: Callable[..., Any] = files.scan

    def meddled(path: Path, **words: Any) -> Any:
        found = scan(path, **words)
        path.write_bytes(csv_of([order("a", amount="1"), order("b", amount="2")]))
        return found

    monkeypatch.setattr(files, "scan", meddled)
    with pytest.raises(InputError, match="was changed while it was read"):
        loader.load(csv_of([order("a")]))
    assert loader.count() == 0


def _total(report: LoadReport) -> int:
    return report.accepted + report.duplicate + report.rejected


def test_rows_that_repeat_across_updates_add_up(loader: Loader) -> None:
    rows: list[Row] = [
        order("a"),
        order("a"),
        order("b", amount="x"),
        order("c"),
        order("c", amount="9"),
    ]
    report = loader.load_as("csv", rows, keep_good=True)
    assert (report.accepted, report.duplicate, report.rejected) == (1, 1, 3)
    assert _total(report) == report.read == 5
