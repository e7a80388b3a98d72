"""Opening stores of other versions, and files that are none."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from trueline.core.errors import BusyError, HomeError
from trueline.store import Fresh, Replay, Store
from trueline.store.models import METADATA, VERSION


def version(path: Path, to: str | None = None) -> str:
    """The schema version of a store's file; ``to`` sets it."""
    connection = sqlite3.connect(path)
    with connection:
        if to is not None:
            connection.execute("UPDATE alembic_version SET version_num = ?", [to])
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    connection.close()
    return str(found)


def test_migrations_make_exactly_the_declared_tables(url: str) -> None:
    Store(url).close()
    engine = create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_an_empty_file_is_brought_up_to_date(tmp_path: Path, url: str) -> None:
    (tmp_path / "store.sqlite").touch()
    Store(url).close()
    assert version(tmp_path / "store.sqlite") == VERSION


def test_reopening_keeps_what_was_stored(url: str) -> None:
    for expected in (Fresh(), Replay(200, "{}")):
        store = Store(url)
        assert store.begin("k", "POST /x", "hash") == expected
        store.finish("k", "POST /x", 200, "{}")
        store.close()


def test_a_store_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path, url: str) -> None:
    Store(url).close()
    path = tmp_path / "store.sqlite"
    version(path, to="9999")
    with pytest.raises(HomeError, match="newer Trueline"):
        Store(url)
    assert version(path) == "9999"


def test_a_store_of_a_version_that_never_was_is_refused_in_words(tmp_path: Path, url: str) -> None:
    Store(url).close()
    version(tmp_path / "store.sqlite", to="0000")
    with pytest.raises(HomeError, match="0000"):
        Store(url)


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path, url: str) -> None:
    (tmp_path / "store.sqlite").write_bytes(b"not a database, but long enough to be read as one")
    with pytest.raises(HomeError, match="cannot be opened"):
        Store(url)


def test_an_up_to_date_store_is_opened_without_alembic(url: str) -> None:
    script = (
        "import sys; from trueline.store import Store; Store(sys.argv[1]).close();"
        "print('alembic' in sys.modules)"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", script, url], capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert found == ["True", "False"]


def test_the_library_starts_without_sqlalchemy() -> None:
    script = "import sys, trueline.home, trueline.cli; print('sqlalchemy' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "50% of #1? é"
    folder.mkdir()
    Store(folder / "store.sqlite").close()
    assert (folder / "store.sqlite").is_file()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_migration_that_fails_leaves_nothing_behind(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("alembic.operations.Operations.create_index", _fail)
        with pytest.raises(RuntimeError):
            Store(url)
    connection = sqlite3.connect(tmp_path / "store.sqlite")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    connection.close()
    Store(url).close()


def _fail(*_: object, **__: object) -> None:
    raise RuntimeError


def test_readers_wait_for_nobody_and_writers_say_who_they_wait_for(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(url).close()
    monkeypatch.setattr("trueline.store.store._BUSY_MILLISECONDS", 50)
    other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store = Store(url)
    assert store.last("daily") is None
    with pytest.raises(BusyError, match="Another process"):
        store.begin("k", "POST /x", "hash")
    other.execute("ROLLBACK")
    assert store.begin("k", "POST /x", "hash") == Fresh()
    store.close()
    other.close()


def test_two_may_open_a_new_store_at_once(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: Store(url), range(4)))
    for store in opened:
        store.close()
