"""What is kept outlives its process, and never what made it."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from trueline.core.kept import MOST_BYTES, KeptTexts, release


def test_a_query_is_found_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "queries"
    KeptTexts(path).put("('a', 1)", "SELECT 'é'\nFROM t")
    assert KeptTexts(path).get("('a', 1)") == "SELECT 'é'\nFROM t"
    assert KeptTexts(path).get("('a', 2)") is None
    assert path.stat().st_mode & 0o077 == 0


def test_what_another_process_keeps_meanwhile_is_found(tmp_path: Path) -> None:
    mine, theirs = KeptTexts(tmp_path / "queries"), KeptTexts(tmp_path / "queries")
    assert mine.get("a") is None
    theirs.put("a", "SELECT 1")
    assert mine.get("a") == "SELECT 1"
    with (tmp_path / "queries").open("ab") as file:
        file.write(b'["b", "SEL')  # not all of it is written yet
    assert mine.get("b") is None
    with (tmp_path / "queries").open("ab") as file:
        file.write(b'ECT 2"]\n')
    assert mine.get("b") == "SELECT 2"


def test_a_damaged_line_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "queries"
    KeptTexts(path).put("a", "SELECT 1")
    with path.open("ab") as file:
        file.write(b'["b", "SEL\n[1, 2, 3]\n\xff\xfe\n{}\n5\n["c", 5]\n')
    KeptTexts(path).put("d", "SELECT 4")
    found = KeptTexts(path)
    assert (found.get("a"), found.get("b"), found.get("c")) == ("SELECT 1", None, None)
    assert found.get("d") == "SELECT 4"


def test_an_object_of_this_process_names_nothing_for_another(tmp_path: Path) -> None:
    path = tmp_path / "queries"
    KeptTexts(path).put(repr((object(),)), "SELECT 1")
    assert not path.exists()


def test_a_full_file_and_a_missing_folder_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "queries"
    KeptTexts(path).put("a", "x" * MOST_BYTES)
    assert KeptTexts(path).get("a") is None
    KeptTexts(tmp_path / "none" / "queries").put("a", "SELECT 1")
    assert KeptTexts(tmp_path / "none" / "queries").get("a") is None


def test_another_release_of_a_library_has_another_file() -> None:
    assert release("sqlglot", "sqlglot") == f"sqlglot-{version('sqlglot')}.dist-info"
    beside = release("ibis", "ibis-framework")
    assert beside == f"ibis_framework-{version('ibis-framework')}.dist-info"
    # Where no folder of that name is beside the module, the library is asked.
    assert release("json", "sqlglot") == f"sqlglot {version('sqlglot')}"
