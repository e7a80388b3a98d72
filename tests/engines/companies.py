"""Companies on the engine that a test wants."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import trueline
from trueline.facts.load import LoadReport, load_rows
from trueline.home import Trueline

NOW = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)
OTHERS = ("postgres", "clickhouse")
SOAK = bool(os.environ.get("TRUELINE_SOAK"))
"""The engines that are compared with the embedded one."""

Url = Callable[[str], str]
"""A URL of a warehouse that nobody has used yet, by engine."""


def open_company(folder: Path, url: str, settings: str = "", **options: Any) -> Trueline:
    """A home at this warehouse."""
    if not (folder / "trueline.toml").exists():
        trueline.init(folder)
        with (folder / "trueline.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[warehouse]\nurl = "{url}"\n{settings}')
    return Trueline(folder, **({"clock": lambda: NOW} | options))


def empty(tl: Trueline) -> None:
    """Make a warehouse empty for one more company: quicker than a new one."""
    from trueline.warehouse.schema import shapes

    kept = ("days", "schema_version")
    if tl.warehouse.dialect == "clickhouse":
        from trueline.warehouse.clickhouse_schema import tables

        for name, _, _ in tables():
            if name not in kept:
                tl.warehouse.rows(f"TRUNCATE TABLE {name}")
        return
    with tl.counting_later(), tl.warehouse.writing() as writer:
        for name in shapes():
            if name not in kept:
                writer.clear(name)


def fill(tl: Trueline, tables: Iterable[tuple[str, Any]], **options: Any) -> list[LoadReport]:
    """Load rows of several tables; they are counted when something is asked."""
    with tl.counting_later():
        return [
            load_rows(
                tl.warehouse, tl.settings, table, list(rows),
                rejects_folder=tl.home / "rejects", now=tl.clock(), **options,
            )
            for table, rows in tables
            if rows
        ]  # fmt: skip


def orders(first: int, last: int, amount: str = "10") -> list[dict[str, Any]]:
    """Rows of orders of one customer and day, numbered from ``first`` to before ``last``."""
    return [
        {"order_id": f"o{n}", "customer_id": "c1", "ordered_at": "2026-02-01", "amount": amount,
         "currency": "USD"}
        for n in range(first, last)
    ]  # fmt: skip


def seen(tl: Trueline) -> tuple[Any, ...]:
    """How many orders readers see, what they come to, and how many keys they have."""
    return tl.warehouse.rows("SELECT count(*), sum(amount), count(DISTINCT order_id) FROM orders")[
        0
    ]
