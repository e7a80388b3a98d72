"""One served company for each module of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serving import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("web") / "home")
    with made.client:
        yield made
    made.tl.close()
