"""A small company to test with: a home in a temporary folder and a clock that stands still."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import trueline
from trueline.facts.load import LoadReport
from trueline.home import Trueline

settings.register_profile(
    "quick",
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("soak", parent=settings.get_profile("quick"), max_examples=1000)
settings.load_profile("soak" if os.environ.get("TRUELINE_SOAK") else "quick")

NOON = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)
"""The tests' present: noon of 15 March 2026 in Toronto."""


class Company:
    """A home under test. ``now`` can be moved."""

    def __init__(self, folder: Path, now: datetime = NOON, **words: str) -> None:
        self.folder = folder
        self.now = now
        trueline.init(folder, **words)
        self.tl = Trueline(folder, clock=lambda: self.now)
        self._files = 0

    def load(self, table: str, text: str, **options: object) -> LoadReport:
        """Load CSV given as text, its lines stripped."""
        self._files += 1
        path = self.folder / f"{table}-{self._files}.csv"
        lines = [line.strip() for line in text.strip().splitlines()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        report = self.tl.load(table, path, **options)  # type: ignore[arg-type]
        assert report.rejected == 0 or options.get("keep_good"), report.rejects
        return report

    def settings(self, text: str) -> None:
        """Add to trueline.toml and open the home again."""
        self.tl.close()
        with (self.folder / "trueline.toml").open("a", encoding="utf-8") as file:
            file.write("\n" + text)
        self.tl = Trueline(self.folder, clock=lambda: self.now)


@pytest.fixture
def new_company(tmp_path: Path) -> Iterator[Callable[..., Company]]:
    """Makes companies, and closes them."""
    made: list[Company] = []

    def make(**words: object) -> Company:
        company = Company(tmp_path / f"company{len(made)}", **words)  # type: ignore[arg-type]
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
