"""A measure's value over a period, with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from trueline.core.quality import Completeness, Quality, Reason


@dataclass(frozen=True)
class MeasureValue:
    """One measure's answer: the exact value or None, its quality, its facts.

    ``by_currency`` holds money before conversion; it is given even where a rate is missing.
    Beside a value, ``reasons`` are notes: they do not take it away.
    """

    key: str
    value: Decimal | None
    quality: Quality = Quality.ACTUAL
    completeness: Completeness = Completeness.COMPLETE
    reasons: tuple[Reason, ...] = ()
    table: str | None = None
    rows: int = 0
    first: datetime | None = None
    last: datetime | None = None
    by_currency: dict[str, Decimal] = field(default_factory=dict)

    def because(self, *reasons: Reason) -> MeasureValue:
        """The same with more reasons."""
        return replace(self, reasons=(*self.reasons, *reasons))

    def blocked(self, *why: Reason) -> MeasureValue:
        """The same without a value: what takes it away is told before all else."""
        return replace(
            self, value=None, quality=Quality.INSUFFICIENT, reasons=(*why, *self.reasons)
        )

    @staticmethod
    def unknown(key: str, reason: Reason, table: str | None = None) -> MeasureValue:
        """No value, and why."""
        return MeasureValue(key, None, Quality.INSUFFICIENT, reasons=(reason,), table=table)
