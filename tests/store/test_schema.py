"""Opening stores of other versions, and files that are none."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from trueline.core.errors import HomeError
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


def test_two_may_open_a_new_store_at_once(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: Store(url), range(4)))
    for store in opened:
        store.close()
