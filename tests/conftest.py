"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from small_company import Company

settings.register_profile(
    "quick",
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("soak", parent=settings.get_profile("quick"), max_examples=1000)
settings.load_profile("soak" if os.environ.get("TRUELINE_SOAK") else "quick")


@pytest.fixture
def new_company(tmp_path: Path) -> Iterator[Callable[..., Company]]:
    """Makes companies, and closes them."""
    made: list[Company] = []

    def make(**words: Any) -> Company:
        company = Company(tmp_path / f"company{len(made)}", **words)
        made.append(company)
        return company

    yield make
    for company in made:
        company.tl.close()


@pytest.fixture
def company(new_company: Callable[..., Company]) -> Company:
    """One empty company in Toronto, counting in US dollars."""
    return new_company()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data that lies beside the checkout; tests that need it are skipped without it."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("TRUELINE_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set TRUELINE_DATA")
    return folder
