"""One served company for each module of tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serving import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("web") / "home")
    with made.client:
        yield made
    made.tl.close()


@pytest.fixture
def new_served(tmp_path: Path) -> Iterator[Callable[[str], Served]]:
    """Makes served companies that a test may write to; their settings get the text added."""
    made: list[Served] = []

    def make(more: str) -> Served:
        served = Served(tmp_path / f"home{len(made)}", more)
        served.client.__enter__()
        made.append(served)
        return served

    yield make
    for served in made:
        served.client.__exit__()
        served.tl.close()


@pytest.fixture
def own(new_served: Callable[[str], Served]) -> Served:
    """A served company that one test has to itself."""
    return new_served("")
