"""Why a cohort's cell is empty: said to an eye, a pointer and a screen reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from trueline.core import words
from trueline.core.period import add_months
from trueline.engine.cohort import CohortRow

COMING, LATER = "not over yet", "after the days shown"
UNCOVERED = "not covered by the facts"
NO_BASE = "its first month brought nothing to compare with"
BLANK = (COMING, LATER)
"""Of months to come a cell is blank; of those that have been it has a dash."""


@dataclass(frozen=True)
class Months:
    """Until when cohorts are looked at: the running month, and the first one not asked for."""

    running: date
    before: date | None = None

    def why(self, row: CohortRow, age: int) -> str:
        """Why a cohort has no rate after so many months; empty where it has one."""
        if age < len(row.rates):
            if row.rates[age] is not None:
                return ""
            return UNCOVERED if None in (row.values[0], row.values[age]) else NO_BASE
        month = add_months(row.cohort, age)
        if self.before is not None and self.before < self.running and month >= self.before:
            return LATER
        return COMING if month >= self.running else UNCOVERED

    def said(self, rows: Iterable[CohortRow], ages: int, *, rates: bool = True) -> str:
        """The reasons that occur in so many months of cohorts, as a sentence below them.

        What was there is known also where no rate of it is: amounts are no ``rates``.
        """
        found = {self.why(row, age) for row in rows for age in range(ages)}
        blank = " or ".join(why for why in BLANK if why in found)
        unknown = (UNCOVERED, NO_BASE) if rates else (UNCOVERED,)
        dashes = " or ".join(why for why in unknown if why in found)
        parts = [f"blank: the month is {blank}"] if blank else []
        parts += [f"{words.UNKNOWN}: {dashes}"] if dashes else []
        text = "; ".join(parts)
        return f"{text[0].upper()}{text[1:]}." if text else ""


def no_cell(why: str, month: str) -> dict[str, str]:
    """A cell of a heat map without a value: blank, or a dash."""
    text = "" if why in BLANK else words.UNKNOWN
    return {"text": text, "look": "none", "said": f"{month}: {why}", "why": why}
