"""Which warehouse a URL names."""

from __future__ import annotations

import os
from pathlib import Path

from trueline.core.errors import HomeError
from trueline.settings import WarehouseSettings
from trueline.warehouse.seam import Warehouse

KNOWN = (
    "duckdb://warehouse.duckdb",
    "postgresql://user@host/database",
    "clickhouse://user@host/database",
)


def open_warehouse(url: str, settings: WarehouseSettings, home: Path) -> Warehouse:
    """Open the warehouse that ``url`` names; a file's path is relative to ``home``.

    Raises HomeError where the URL names none, or the database cannot be reached or used.
    """
    kind, _, place = url.partition("://")
    if kind in ("postgresql", "postgres"):
        return _postgres(url, settings, home)
    if kind in ("clickhouse", "chdb"):
        return _clickhouse(url, settings, home)
    if kind != "duckdb":
        raise HomeError(
            f"The warehouse {kind}:// is not known.",
            f"Use one of {', '.join(KNOWN)} in trueline.toml, [warehouse] url.",
        )
    from trueline.warehouse.duckdb import DuckDBWarehouse

    temp = home / "tmp"
    temp.mkdir(exist_ok=True)
    return DuckDBWarehouse(
        home / place,
        memory_limit=settings.memory_limit,
        temp_folder=temp,
        temp_limit=settings.temp_limit,
        threads=settings.threads or os.cpu_count(),
        query_seconds=settings.query_seconds,
    )


def _postgres(url: str, settings: WarehouseSettings, home: Path) -> Warehouse:
    try:
        from trueline.warehouse.postgres import PostgresWarehouse
    except ImportError:
        raise _missing("psycopg", "postgres") from None
    return PostgresWarehouse(url, settings, home)


def _clickhouse(url: str, settings: WarehouseSettings, home: Path) -> Warehouse:
    try:
        from trueline.warehouse.clickhouse import ClickHouseWarehouse
    except ImportError:
        raise _missing("clickhouse-connect", "clickhouse") from None
    return ClickHouseWarehouse(url, settings, home)


def _missing(module: str, extra: str) -> HomeError:
    return HomeError(
        f"{module} is not installed, which this warehouse needs.",
        f'Install it with: pip install "trueline[{extra}]"',
    )
