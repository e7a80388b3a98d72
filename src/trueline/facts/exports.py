"""Full exports among the loads: read without the loader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trueline.facts.tables import contract


def full_exports(warehouse: Any, tables: Iterable[str]) -> frozenset[tuple[str, int]]:
    """Loads of full exports of some tables: what they cover is from their first row on."""
    named = [name for name in dict.fromkeys(tables) if contract(name).often_cut]
    if not named:
        return frozenset()
    found = warehouse.rows(
        "SELECT table_name, load_id FROM loads WHERE full_export AND status = 'loaded' "
        f"AND table_name IN ({', '.join('?' for _ in named)})",
        named,
    )
    return frozenset((table, int(load)) for table, load in found)
