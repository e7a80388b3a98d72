"""A table's rows as they were known at a moment, in plain SQL: for what is read before queries are
compiled."""

from __future__ import annotations

from datetime import datetime


def known_rows(table: str, columns: str, as_of: datetime | None) -> tuple[str, list[datetime]]:
    """A query of a table's columns as known at a moment (naive UTC; None: now), and its values."""
    query = f"SELECT {columns} FROM {table}"
    if as_of is None:
        return query, []
    earlier = f"SELECT {columns} FROM {table}_history WHERE recorded_at <= ? AND superseded_at > ?"
    return f"{query} WHERE recorded_at <= ? UNION ALL {earlier}", [as_of, as_of, as_of]
