"""Backup and restore: the same rows and readings, or nothing at all."""

from __future__ import annotations

import errno
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trueline import backup as backup_module
from trueline.backup import backup, restore
from trueline.core.errors import AwayError, ConflictError, HomeError, InputError, NotFoundError
from trueline.home import Trueline, init

ORDERS = """order_id,customer_id,ordered_at,amount,currency
o1,ann,2026-03-01,100.00,USD
o2,bob,2026-03-02,0.01,USD
"""


@pytest.fixture
def kept(new_company: Callable[..., Any], tmp_path: Path) -> tuple[Any, Path]:
    """A company with orders, a rejected file and a snapshot, and its backup."""
    company = new_company()
    company.load("orders", ORDERS, full=True)
    bad = ORDERS.replace("o1", "o9").replace("o2", "o8").replace("0.01", "$1")
    company.load("orders", bad, keep_good=True)
    company.tl.snapshot()
    archive = tmp_path / "kept.tar"
    said = backup(company.tl, archive)
    assert said["bytes"] == archive.stat().st_size
    return company, archive


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_restore_without_room_does_not_blame_the_backup(
    kept: tuple[Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tarfile.TarFile, "extractall", full)
    with pytest.raises(AwayError, match="has no room"):
        restore(kept[1], tmp_path / "again", Trueline)
    assert not (tmp_path / "again").exists()


@contextmanager
def made_and_full(path: Path, *_: Any, **__: Any) -> Iterator[Any]:
    """A file that can be made, on a disk that takes no more."""
    path.touch()
    yield SimpleNamespace(write=full)


def test_a_home_that_has_no_room_is_not_made_by_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty settings file would be a company of another zone and currency."""
    monkeypatch.setattr(Path, "open", made_and_full)
    with pytest.raises(HomeError, match="cannot be written"):
        init(tmp_path / "new", currency="CAD")
    assert not (tmp_path / "new" / "trueline.toml").exists()


def test_a_store_that_cannot_be_used_is_a_check_that_fails(
    kept: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tl = kept[0].tl

    def broken(**_: Any) -> None:
        raise HomeError("The store cannot be used: disk is full.", "See its disk.")

    monkeypatch.setattr(tl, "history", broken)
    checks = {check["check"]: check for check in tl.doctor()}
    assert not checks["store"]["ok"] and "disk is full" in checks["store"]["message"]
    assert checks["keys"]["ok"], "the others are told all the same"


def test_a_restored_company_gives_the_same_readings(kept: tuple[Any, Path], tmp_path: Path) -> None:
    company, archive = kept
    home = tmp_path / "again"
    restore(archive, home, Trueline)
    with Trueline(home, clock=company.tl.clock) as again:
        before = {k: r.to_json() for k, r in company.tl.readings(period_days=30).items()}
        assert {k: r.to_json() for k, r in again.readings(period_days=30).items()} == before
        assert again.history() == company.tl.history()
        assert again.facts() == company.tl.facts()
    rejects = list((home / "rejects").iterdir())
    assert [f.name for f in rejects] == [f.name for f in (company.tl.home / "rejects").iterdir()]


def test_rejected_rows_are_found_wherever_the_home_is(
    company: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home opened by a relative path, read from another folder, then moved."""
    company.tl.close()
    monkeypatch.chdir(company.folder.parent)
    with Trueline(Path(company.folder.name), clock=company.tl.clock) as tl:
        (tmp_path / "bad.csv").write_text(ORDERS.replace("USD", "US$"))
        load = tl.load("orders", tmp_path / "bad.csv", keep_good=True)
        assert load.rejects_path is not None and load.rejects_path.is_absolute()
    monkeypatch.chdir(tmp_path)
    moved = company.folder.rename(tmp_path / "moved")
    with Trueline(Path("moved"), clock=company.tl.clock) as tl:
        again = tl.load_report(load.load_id)
        assert again.rejects == load.rejects and again.rejects
        assert again.rejects_path == moved / "rejects" / load.rejects_path.name


def test_facts_recorded_after_a_backup_are_not_in_it(
    kept: tuple[Any, Path], tmp_path: Path
) -> None:
    company, archive = kept
    company.load("orders", ORDERS.replace("o1", "o5").replace("o2", "o6"))
    restore(archive, tmp_path / "again", Trueline)
    with Trueline(tmp_path / "again") as again:
        assert again.warehouse.rows("SELECT count(*) FROM orders") == [(3,)]


def test_a_backup_never_replaces_a_file(kept: tuple[Any, Path]) -> None:
    company, archive = kept
    with pytest.raises(ConflictError, match="there already"):
        backup(company.tl, archive)


def test_a_restore_never_touches_a_folder_with_something_in_it(kept: tuple[Any, Path]) -> None:
    company, archive = kept
    with pytest.raises(ConflictError, match="not empty"):
        restore(archive, company.tl.home, Trueline)
    with pytest.raises(NotFoundError):
        restore(archive.with_name("none.tar"), archive.with_name("new"), Trueline)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.95])
def test_half_a_backup_leaves_nothing(kept: tuple[Any, Path], tmp_path: Path, share: float) -> None:
    whole = kept[1].read_bytes()
    half = tmp_path / "half.tar"
    half.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError):
        restore(half, tmp_path / "again", Trueline)
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".restore-*"))


def of_another_version(archive: Path, folder: Path) -> Path:
    """The backup as a Trueline would have taken it that counted otherwise, and knew less."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
        names = packed.getnames()
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["program"] = "another"
    manifest["readings"]["revenue"]["value"] = "1"
    del manifest["readings"]["cac"], manifest["rows"]["spend"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    other = folder.with_suffix(".tar")
    with tarfile.open(other, "w") as packed:
        for name in names:
            packed.add(folder / name, name)
    return other


def test_a_backup_of_a_version_that_counts_otherwise_is_restored(
    kept: tuple[Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was refused, as if it were damaged: whoever upgraded had no backup any more."""
    older = of_another_version(kept[1], tmp_path / "older")
    assert restore(older, tmp_path / "again", Trueline)["differ"] == ["cac", "revenue"]
    monkeypatch.setattr(backup_module, "_program", lambda: "another")
    with pytest.raises(InputError, match="readings are not found again: cac, revenue"):
        restore(older, tmp_path / "same", Trueline)


def test_a_changed_file_in_a_backup_is_noticed(kept: tuple[Any, Path], tmp_path: Path) -> None:
    folder = tmp_path / "opened"
    with tarfile.open(kept[1]) as packed:
        packed.extractall(folder, filter="data")
        names = packed.getnames()
    with (folder / "trueline.toml").open("a") as file:
        file.write("# changed\n")
    changed = tmp_path / "changed.tar"
    with tarfile.open(changed, "w") as packed:
        for name in names:
            packed.add(folder / name, name)
    with pytest.raises(InputError, match=r"trueline\.toml"):
        restore(changed, tmp_path / "again", Trueline)


def test_a_file_that_is_no_backup_is_told_in_a_sentence(tmp_path: Path) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.tar"
    text.write_text("no backup")
    with tarfile.open(other, "w") as packed:
        packed.add(text, "notes.txt")
    for file, why in ((text, "it is no tar file"), (other, "manifest.json is missing")):
        with pytest.raises(InputError, match=why) as told:
            restore(file, tmp_path / "again", Trueline)
        assert "Error" not in str(told.value) and "trueline backup" in str(told.value)


def test_a_file_outside_the_folder_is_not_written(tmp_path: Path) -> None:
    evil, secret = tmp_path / "evil.tar", tmp_path / "x"
    secret.write_text("x")
    with tarfile.open(evil, "w") as packed:
        packed.add(secret, "../../outside")
    secret.unlink()
    with pytest.raises(InputError, match="no whole backup"):
        restore(evil, tmp_path / "again", Trueline)
    assert not (tmp_path / "outside").exists()
