"""A small company under test: a home in a temporary folder and a clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trueline
from trueline.facts.load import LoadReport
from trueline.home import Trueline

NOON = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)
"""The tests' present: noon of 15 March 2026 in Toronto."""

EVENTS = (
    "event_id,subscription_id,customer_id,effective_at,status,plan,quantity,unit_amount,"
    "currency,interval,interval_count"
)
"""The usual columns of subscription events."""


class Company:
    """A home under test. ``now`` can be moved."""

    def __init__(self, folder: Path, now: datetime = NOON, **words: str) -> None:
        self.folder = folder
        self.now = now
        trueline.init(folder, **words)
        self.tl = Trueline(folder, clock=lambda: self.now)
        self._files = 0

    def load(self, table: str, text: str, **options: Any) -> LoadReport:
        """Load CSV given as text, its lines stripped."""
        self._files += 1
        path = self.folder / f"{table}-{self._files}.csv"
        lines = [line.strip() for line in text.strip().splitlines()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        report = self.tl.load(table, path, **options)
        assert report.rejected == 0 or options.get("keep_good"), report.rejects
        return report

    def events(self, rows: str, **options: Any) -> LoadReport:
        """Load subscription events of the usual columns."""
        return self.load("subscription_events", f"{EVENTS}\n{rows.strip()}", **options)

    def settings(self, text: str) -> None:
        """Add to trueline.toml and open the home again."""
        self.tl.close()
        with (self.folder / "trueline.toml").open("a", encoding="utf-8") as file:
            file.write("\n" + text)
        self.tl = Trueline(self.folder, clock=lambda: self.now)
