"""Documentation that is true: generated parts are current, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trueline.catalog import reference as kpis
from trueline.facts import reference as tables
from trueline.facts.contract import Contract
from trueline.facts.tables import CONTRACTS

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


def test_the_kpi_reference_is_current() -> None:
    written = (ROOT / "docs" / "reference" / "kpis.md").read_text(encoding="utf-8")
    assert written == kpis.reference(), "run: make reference"


def test_the_table_reference_is_current() -> None:
    written = (ROOT / "docs" / "reference" / "tables.md").read_text(encoding="utf-8")
    assert written == tables.reference(), "run: make reference"


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.name)
def test_the_table_reference_names_all_that_a_contract_knows(contract: Contract) -> None:
    entry = tables.entry(contract)
    said = [contract.name, contract.meaning, *contract.aliases, *contract.key]
    for column in contract.columns:
        said += [column.name, column.meaning, *column.aliases, *column.choices, *column.spellings]
    for text in [*said, *(rule.message for rule in contract.rules)]:
        assert text in entry
    assert ("forget old rows" in entry) == contract.often_cut


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target
