"""Exchange rates to the reporting currency. A missing rate is never 1."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

from trueline.core.quality import Reason
from trueline.engine.known_rows import known_rows
from trueline.warehouse.seam import Warehouse

LONGEST_GAP = timedelta(days=7)
"""A published rate holds over weekends and holidays, no longer."""


class Rates:
    """Recorded rates, as known at a moment (naive UTC; None: now).

    The rate of a day is the last one recorded on it or at most seven days before it.
    """

    def __init__(self, warehouse: Warehouse, reporting: str, as_of: datetime | None = None) -> None:
        self.reporting = reporting
        query, values = known_rows("fx_rates", "currency, rate_date, rate", as_of)
        self._rates: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for currency, day, rate in warehouse.rows(f"{query} ORDER BY 1, 2", values):
            self._rates[currency].append((day, rate))

    def on(self, currency: str, day: date) -> Decimal | None:
        """What one unit of ``currency`` was worth on ``day``; None where no rate says."""
        if currency == self.reporting:
            return Decimal(1)
        known = self._rates.get(currency, [])
        place = bisect_right(known, day, key=lambda item: item[0])
        if place == 0 or day - known[place - 1][0] > LONGEST_GAP:
            return None
        return known[place - 1][1]


def missing_rate(code: str, reporting: str, day: date) -> Reason:
    """No exchange rate says what an amount is worth."""
    return Reason(
        "missing_rate",
        f"No rate from {code} to {reporting} is recorded for {day}.",
        "Load fx_rates for that day (a rate holds for seven days at the most).",
    )
