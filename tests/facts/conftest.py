"""A warehouse in memory to load into: one a test, or one a module for tests that add nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loader import Loader


@pytest.fixture
def new_loader(tmp_path: Path) -> Iterator[Callable[..., Loader]]:
    """Makes warehouses, and closes them."""
    made: list[Loader] = []

    def make(**words: str) -> Loader:
        made.append(Loader(tmp_path / f"company{len(made)}", **words))
        return made[-1]

    yield make
    for loader in made:
        loader.warehouse.close()


@pytest.fixture
def loader(new_loader: Callable[..., Loader]) -> Loader:
    """An empty warehouse."""
    return new_loader()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loader]:
    """A warehouse that all tests of a module share: cleared, not made, for each."""
    made = Loader(tmp_path_factory.mktemp("shared"))
    yield made
    made.warehouse.close()
