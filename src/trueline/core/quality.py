"""Is a number known, and is it complete? Two questions, answered apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Quality(StrEnum):
    """How a value is known. The worst input of a formula decides its result."""

    ACTUAL = "actual"
    ESTIMATED = "estimated"
    INSUFFICIENT = "insufficient_data"

    @staticmethod
    def worst(qualities: Iterable[Quality]) -> Quality:
        """The least trustworthy of them; ``ACTUAL`` when there are none."""
        order = list(Quality)
        return max(qualities, key=order.index, default=Quality.ACTUAL)


class Completeness(StrEnum):
    """Whether the facts cover all of the period, or only a part of it."""

    COMPLETE = "complete"
    PARTIAL = "partial"

    @staticmethod
    def worst(parts: Iterable[Completeness]) -> Completeness:
        """``PARTIAL`` as soon as one part is."""
        return Completeness.PARTIAL if Completeness.PARTIAL in set(parts) else Completeness.COMPLETE


@dataclass(frozen=True)
class Reason:
    """Why a value is missing, estimated or partial, and what to record to mend it."""

    code: str
    message: str
    enable: str | None = None

    def to_json(self) -> dict[str, str | None]:
        """The reason as a JSON object."""
        return {"code": self.code, "message": self.message, "enable": self.enable}
