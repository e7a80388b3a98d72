"""Columns that several tables share."""

from __future__ import annotations

from typing import Any

from trueline.facts.contract import Column, Kind


def key(name: str, meaning: str, *aliases: str) -> Column:
    """An identifying column, never empty."""
    return Column(name, Kind.KEY, meaning, aliases=aliases)


def text(name: str, meaning: str, **more: Any) -> Column:
    """An optional column of free text."""
    return Column(name, Kind.TEXT, meaning, required=False, **more)


CUSTOMER = Column("customer_id", Kind.KEY, "who", aliases=("user_id",))
MAYBE_CUSTOMER = Column("customer_id", Kind.TEXT, "who", required=False, aliases=("user_id",))
CURRENCY = Column(
    "currency",
    Kind.CURRENCY,
    "ISO 4217 code; the company's default where the file has no such column",
)
AMOUNT = Column("amount", Kind.MONEY, "what was charged: after discount, without tax", least=0)
