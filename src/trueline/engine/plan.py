"""The finance model's values, to put beside what happened."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from trueline.warehouse.seam import Warehouse


def planned(warehouse: Warehouse, kpi: str, scenario: str = "base") -> dict[date, Decimal]:
    """A KPI's planned value of each month, by the month's first day; empty without a plan."""
    rows = warehouse.rows(
        "SELECT month, value FROM plan WHERE kpi = ? AND scenario = ? ORDER BY month",
        [kpi, scenario],
    )
    return {month.replace(day=1): Decimal(value) for month, value in rows}
