"""How rejected rows are known again when they come back corrected."""

from __future__ import annotations

import re

CORRECTED = " (corrected)"
"""What the source of rows that were corrected on a page ends with."""

REJECTS_NAME = re.compile(r"rejects-of-load-(\d+)\.csv")
"""The name of a rejects file: loaded again, it tells whose rows it brings."""


def rejects_name(load_id: int) -> str:
    """What the rejects file of a load is called."""
    return f"rejects-of-load-{load_id}.csv"
