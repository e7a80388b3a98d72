"""Which tables a KPI is counted from."""

from __future__ import annotations

from trueline.catalog.feeding import fed_by, tables_of
from trueline.catalog.kpis import from_facts, kpi
from trueline.facts.tables import CONTRACTS


def test_every_kpi_is_fed_by_tables_that_a_company_can_record() -> None:
    known = {table.name for table in CONTRACTS}
    for definition in from_facts():
        tables = tables_of(definition)
        assert tables, definition.key
        assert set(tables) <= known, definition.key


def test_a_kpi_is_fed_by_what_its_inputs_count() -> None:
    assert tables_of(kpi("aov")) == ("orders",)
    assert "spend" in tables_of(kpi("cac"))
    assert kpi("aov") in fed_by()["orders"]
