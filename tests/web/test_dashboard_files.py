"""A dashboard's file: what it may say, and how it is said what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

import pytest
from serving import Served

from pages import shown as page
from trueline.core.errors import InputError
from trueline.dashboards import DashboardError, entries, find, parse
from trueline.settings import Settings

HEAD = 'title = "Ours"\n\n[[row]]\n\n[[row.panel]]\n'
GOOD = HEAD + 'kind = "tile"\nkpi = "mrr"\n'


@pytest.mark.parametrize("name", ["executive", "finance", "growth"])
def test_the_built_in_dashboards_are_declared_in_readable_files(tmp_path: Path, name: str) -> None:
    dashboard = find(tmp_path, name).declared()
    names = [panel for _, named in dashboard.named() for panel, _ in named]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        (HEAD + 'kind = "line"\nkpi = "mrr"\n', "line 7", "Did you mean: kpis"),
        (HEAD + 'kind = "til"\nkpi = "mrr"\n', "line 6", "Did you mean: tile"),
        (HEAD + 'kind = "tile"\nkpi = "mrrr"\n', "line 7", "Did you mean: mrr"),
        (HEAD + 'kind = "tile"\nkpi = "mrr"\nwidth = 2\n', "line 8", "2 is no width"),
        (HEAD + 'kpi = "mrr"\n', "line 5", "A panel needs its kind"),
        (HEAD + 'kind = "tile"\n', "line 5", "kpi is missing"),
        (HEAD + 'kind = "ranked"\nkpi = "clv"\nby = "channel"\n', "line 8", "cannot be cut by"),
        (HEAD + 'kind = "ring"\nkpi = "cac"\nby = "channel"\n', "line 7", "so it has no shares"),
        (HEAD + 'kind = "line"\nkpis = ["mrr", "nrr"]\n', "line 7", "One axis has one unit"),
        (HEAD + 'kind = "bars"\nkpi = "mrr"\ngrain = "hour"\n', "line 8", "no grain 'hour'"),
        ('title = "x"\nrang = "90d"\n' + HEAD[15:] + 'kind="bridge"\n', "line 2", "Did you mean"),
        ('title = "x"\n[[row]]\ntitel = "x"\n[[row.panel]]\nkind = "bridge"', "line 3", "title"),
        ("title = ", "line 1", "not TOML"),
        ('title = "x"\n', "own.toml", "row is missing"),
        ('title = "x"\n[[panel]]\nkind = "bridge"\n', "line 2", "Did you mean: row.panel"),
        ('title = "x"\n[row]\n', "line 2", "row is not a list. Begin a row with [[row]]"),
        (HEAD + 'kind = "pie"\nkpi = "spend"\nby = "channel"\n', "line 6", "Did you mean: ring?"),
        (HEAD + 'kind = "waterfall"\n', "line 6", "Did you mean: bridge?"),
        (HEAD + 'kind = "line"\nkpis = "mrr"\n', "line 7", 'brackets, such as ["mrr"]'),
        (HEAD + 'kind = "line"\nkpis = ["mrr"]\nforecast = "yes"\n', "line 8", "true nor false"),
        (HEAD + 'kind = "tile"\nkpi = "mrr"\nwidth = "3"\n', "line 8", "not a whole number"),
        (HEAD + 'kind = "tile"\nkpi = "mrr"\nname = "A b"\n', "line 8", "made of a to z"),
        (HEAD + "kind = tile\n", "line 6", "Text stands between quotes"),
        (GOOD + 'kpi = "arr"\n', "line 8", "A key stands once"),
        (GOOD + 'kpis = ["mrr"\n', "line 8", "Close the list"),
        ("", "own.toml", "It declares nothing. Give it a title"),
        ("# nothing yet\n", "own.toml", "It declares nothing"),
    ],
)
def test_a_fault_in_a_file_is_said_with_its_line_and_its_neighbours(
    text: str, where: str, said: str
) -> None:
    with pytest.raises(DashboardError) as caught:
        parse(text, "own.toml")
    found = {f"{fault.where}: {fault.message} {fault.fix}" for fault in caught.value.faults}
    assert any(where in fault and said in fault for fault in found), found
    assert where.startswith("line") == ("line" in str(caught.value).split(":")[0])


def test_a_name_that_two_panels_have_is_refused() -> None:
    panel = 'kind = "tile"\nkpi = "{}"\nname = "same"\n'
    text = HEAD + panel.format("mrr") + "[[row.panel]]\n" + panel.format("arr")
    with pytest.raises(DashboardError, match="line 12: Another panel has the name 'same'"):
        parse(text, "own.toml")


def test_a_name_that_is_given_is_kept_where_one_that_is_made_would_be_the_same() -> None:
    named = GOOD + '\n[[row.panel]]\nkind = "tile"\nkpi = "arr"\nname = "tile-mrr"\n'
    [(_, panels)] = parse(named, "own.toml").named()
    assert [name for name, _ in panels] == ["tile-mrr-2", "tile-mrr"]


def test_no_bars_of_one_unit_stand_on_those_of_another() -> None:
    with pytest.raises(DashboardError, match="line 7: One axis has one unit"):
        parse(HEAD + 'kind = "stacked"\nkpis = ["revenue", "new_customers"]\n', "own.toml")


@pytest.mark.parametrize("kind", ["line", "stacked", "table"])
def test_a_kpi_is_not_counted_twice_in_a_panel(kind: str) -> None:
    with pytest.raises(DashboardError, match="revenue is named 2 times"):
        parse(HEAD + f'kind = "{kind}"\nkpis = ["revenue", "revenue"]\n', "own.toml")


@pytest.mark.parametrize("title", ["", "   ", "\\u200b", "a\\u0000b", "x" * 121])
def test_a_title_that_nobody_can_see_is_refused(title: str) -> None:
    with pytest.raises(DashboardError, match="line 1"):
        parse(GOOD.replace("Ours", title), "own.toml")


@pytest.mark.parametrize("target", ["1e999999999", "1e-999999", "nan", "inf", "true", "2025-01-01"])
def test_a_target_that_cannot_be_written_out_is_refused(target: str) -> None:
    with pytest.raises(DashboardError, match="line 8: target"):
        parse(GOOD + f"target = {target}\n", "own.toml")


@pytest.mark.parametrize(
    "text",
    ["[targets]\nmrr = 1e999999999\n", "x = " + "9" * 9999, "x = " + "[" * 5000 + "]" * 5000],
)
def test_settings_that_no_number_can_be_made_of_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        Settings.parse(text)


def test_what_is_missing_is_not_said_where_it_is_written_in_another_way() -> None:
    with pytest.raises(DashboardError) as caught:
        parse(GOOD.replace("title", "titel"), "own.toml")
    assert [fault.message for fault in caught.value.faults] == [
        "There is no dashboard key 'titel'."
    ]


def test_active_users_of_a_day_a_week_and_a_month_are_drawn_on_one_axis() -> None:
    assert parse(HEAD + 'kind = "line"\nkpis = ["dau", "wau", "mau"]\n', "own.toml").row


def test_users_of_a_week_and_of_a_month_do_not_add_up() -> None:
    with pytest.raises(DashboardError, match="wau does not add up"):
        parse(HEAD + 'kind = "stacked"\nkpis = ["wau", "mau"]\n', "own.toml")


def test_every_fault_is_said_in_the_order_of_the_file() -> None:
    text = HEAD + 'kind = "tile"\nkpi = "x"\n\n[[row.panel]]\nkind = "bars"\nkpi = "y"\nz = 1\n'
    with pytest.raises(DashboardError) as caught:
        parse(text, "own.toml")
    lines = [fault.where for fault in caught.value.faults]
    assert lines == ["own.toml, line 7", "own.toml, line 11", "own.toml, line 12"]


def test_a_text_of_several_lines_holds_no_keys() -> None:
    text = HEAD + 'kind = "tile"\nabout = """\nkpi = "mrr"\n"""\nkpi = "nope"\n'
    with pytest.raises(DashboardError) as caught:
        parse(text, "own.toml")
    assert caught.value.faults[0].where == "own.toml, line 10"


def test_a_file_too_long_or_too_deep_is_refused() -> None:
    for text in ("# " + "x" * 300_000, "x = " + "[" * 5000 + "]" * 5000, "x = " + "9" * 9999):
        with pytest.raises(DashboardError):
            parse(text, "own.toml")


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "dashboards"
    folder.mkdir()
    return folder


def test_hostile_files_are_named_and_harm_no_other(shelf: Path) -> None:
    (shelf / "good.toml").write_text(HEAD + 'kind = "tile"\nkpi = "mrr"\n')
    (shelf / "<script>.toml").write_text(HEAD)
    (shelf / "latin.toml").write_bytes(b'title = "\xe9"')
    (shelf / "folder.toml").mkdir()
    (shelf / "gone.toml").symlink_to("/nowhere/at/all")
    found = {entry.name: entry for entry in entries(shelf.parent)}
    assert found["good"].error is None
    for name in ("<script>", "latin", "folder", "gone"):
        assert found[name].error is not None, name
    assert "byte 9, in line 1. Save it as UTF-8." in str(found["latin"].error)


def test_a_pipe_in_the_folder_holds_nobody_up(shelf: Path) -> None:
    os.mkfifo(shelf / "pipe.toml")
    assert "It is no file." in str(find(shelf.parent, "pipe").error)


def test_what_an_editor_keeps_beside_a_file_is_no_dashboard(shelf: Path) -> None:
    for name in (".board.toml", "._board.toml", ".#board.toml", "board.toml~", "board.toml.swp"):
        (shelf / name).write_text("x")
    assert not [entry for entry in entries(shelf.parent) if entry.own]


def test_a_file_that_is_named_in_another_way_says_how_to_name_it(shelf: Path) -> None:
    (shelf / "Board.TOML").write_text(GOOD)
    assert "a to z, 0 to 9" in str(find(shelf.parent, "Board").error)


def test_a_file_may_begin_with_the_mark_of_an_editor(shelf: Path) -> None:
    (shelf / "board.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert find(shelf.parent, "board").title == "Ours"


def test_a_companys_file_replaces_a_built_in_one_and_is_read_again_when_it_changes(
    shelf: Path,
) -> None:
    path = shelf / "finance.toml"
    path.write_text(HEAD + 'kind = "tile"\nkpi = "mrr"\n')
    assert find(shelf.parent, "finance").title == "Ours"
    path.write_text(HEAD.replace("Ours", "Theirs now") + 'kind = "tile"\nkpi = "mrr"\n')
    assert find(shelf.parent, "finance").title == "Theirs now"
    path.unlink()
    assert not find(shelf.parent, "finance").own


def test_a_file_whose_name_is_not_utf_8_breaks_no_page(own: Served) -> None:
    folder = own.tl.home / "dashboards"
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.toml")).write_text(GOOD)
    (folder / "a?b #c.toml").write_text(GOOD)
    assert "caf?" in page(own, "/executive")
    for entry in (entry for entry in entries(own.tl.home) if entry.own):
        assert unquote(entry.address) == f"/d/{entry.name}"
        assert "Its name is part of an address" in page(own, entry.address, 422)


def test_panels_of_one_title_are_told_apart(own: Served) -> None:
    """Two regions of a page with one name cannot be told apart by who hears them."""
    folder = own.tl.home / "dashboards"
    folder.mkdir()
    panel = 'kind = "table"\nkpis = ["{}"]\n'
    text = HEAD + panel.format("mrr") + "[[row.panel]]\n" + panel.format("revenue")
    (folder / "twice.toml").write_text(text)
    shown = page(own, "/d/twice")
    assert 'aria-label="KPIs, table"' in shown
    assert 'aria-label="KPIs, 2, table"' in shown
    assert 'aria-label="KPIs, 2">' in shown
