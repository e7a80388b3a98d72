"""What is to be loaded, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from trueline.facts.contract import Contract
from trueline.facts.load.apply import NOTHING_SIFTED, Sifted
from trueline.facts.load.ledger import Warehouse
from trueline.facts.load.mapping import Mapping
from trueline.facts.load.report import Progress, Reject
from trueline.settings import Settings


@dataclass(frozen=True)
class Job:
    """What is to be loaded, where to, and under which rules."""

    warehouse: Warehouse
    settings: Settings
    contract: Contract
    source: str
    rejects_folder: Path
    mapping: Mapping = field(default_factory=Mapping)
    keep_good: bool = False
    full: bool = False
    digest: str = ""
    progress: Callable[[Progress], None] | None = None
    mark: str | None = None
    """How far a source has been read: kept with the load, or not at all."""
    when_changed: bool = False
    """Load only what is not what this source held when it was last loaded."""
    before: int | None = None
    """The load that brought this very file, where it is loaded again."""
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.monotonic)

    @property
    def recorded_at(self) -> datetime:
        """The moment, as it is stored: UTC without a zone."""
        aware = self.moment if self.moment.tzinfo else self.moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(tzinfo=None)

    @property
    def today(self) -> date:
        """The company's local day."""
        local = self.recorded_at.replace(tzinfo=UTC).astimezone(self.settings.company.zone)
        return local.date()


@dataclass(frozen=True)
class Outcome:
    """What became of the rows read."""

    read: int
    accepted: int = 0
    rejected: int = 0
    updated: int = 0
    sifted: Sifted = NOTHING_SIFTED
    left: int = 0
    """Recorded rows that a full export does not have."""
    first_left: tuple[Any, ...] = ()
    first: date | None = None
    last: date | None = None
    ahead: int = 0
    path: Path | None = None
    shown: tuple[Reject, ...] = ()
    refused: bool = False
