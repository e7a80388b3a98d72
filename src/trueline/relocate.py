"""Moving a company from one warehouse to another, and making sure that nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trueline.core.errors import ConflictError, NotFoundError
from trueline.core.period import Period, add_months
from trueline.engine.bridge import bridge
from trueline.engine.engine import Engine
from trueline.facts.tables import CONTRACTS
from trueline.settings import Settings, filled
from trueline.warehouse.choose import open_warehouse
from trueline.warehouse.seam import Warehouse

Progress = Callable[[str, int, int], None]
MONTHS = 12
"""Months whose readings are compared, beside the last 30 days and the last two years."""


def copy_warehouse(
    home: Path,
    settings: Settings,
    source: str,
    target: str,
    *,
    progress: Progress = lambda *_: None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dict[str, Any]:
    """Copy all facts, their history and the loads, count anew, and compare every reading.

    Returns ``tables`` (rows each), ``rows`` and ``readings`` (how many were compared). Raises
    NotFoundError where the source holds nothing, ConflictError where the target holds loads
    already, or where anything differs afterwards.
    """
    _check_there(filled(source), home)
    with (
        _opened(filled(source), settings, home) as old,
        _opened(filled(target), settings, home) as new,
    ):
        if not old.rows("SELECT count(*) FROM loads")[0][0]:
            raise NotFoundError(f"{old.address} holds no facts.", "Check the first address.")
        if new.rows("SELECT count(*) FROM loads")[0][0]:
            raise ConflictError(
                f"{new.address} holds facts already.",
                "Copy into an empty warehouse; delete what a copy that was broken off has left.",
            )
        copied = _copy(old, new, progress)
        _count(old, new, copied)
        compared = _compare(Engine(old, settings, clock), Engine(new, settings, clock), progress)
    return {"tables": copied, "rows": sum(copied.values()), "readings": compared}


def _check_there(url: str, home: Path) -> None:
    """An address that is misspelt must not be made, and found to be empty."""
    kind, _, place = url.partition("://")
    if kind == "duckdb" and not (home / place).is_file():
        raise NotFoundError(f"There is no file {home / place}.", "Check the first address.")


@contextmanager
def _opened(url: str, settings: Settings, home: Path) -> Iterator[Warehouse]:
    warehouse = open_warehouse(url, settings.warehouse, home)
    try:
        yield warehouse
    finally:
        warehouse.close()


def _names() -> list[str]:
    facts = [name for c in CONTRACTS for name in (c.name, f"{c.name}_history")]
    return [*facts, "source_marks", "loads"]


def _rows(warehouse: Warehouse, table: str) -> int:
    return int(warehouse.rows(f'SELECT count(*) FROM "{table}"')[0][0])


def _copy(old: Warehouse, new: Warehouse, progress: Progress) -> dict[str, int]:
    names = _names()
    found = {name: _rows(old, name) for name in names}
    with new.receiving() as take:
        for number, name in enumerate(names):
            progress(f"{name} ({found[name]:,} rows)", number, len(names))
            if found[name]:
                with old.sending(name) as (connection, query):
                    take(name, connection, query)
    progress("copied", len(names), len(names))
    return {name: rows for name, rows in found.items() if rows}


def _count(old: Warehouse, new: Warehouse, copied: dict[str, int]) -> None:
    for name, rows in copied.items():
        arrived, left = _rows(new, name), _rows(old, name)
        if not rows == arrived == left:
            raise ConflictError(
                f"{name} has {left} rows in {old.address} and {arrived} in {new.address}.",
                "Load nothing while copying; empty the target and copy again.",
            )


def _periods(engine: Engine) -> list[Period]:
    month = engine.today().replace(day=1)
    months = [Period(add_months(month, -n - 1), add_months(month, -n)) for n in range(MONTHS)]
    return [engine.period(period_days=30), *months, Period(add_months(month, -24), month)]


def _compare(old: Engine, new: Engine, progress: Progress) -> int:
    periods = _periods(old)
    compared = 0
    for number, period in enumerate(periods):
        progress(f"comparing {period.start} to {period.end}", number, len(periods))
        mine, theirs = (_answers(engine, period) for engine in (old, new))
        for key, reading in mine.items():
            if theirs[key] != reading:
                raise ConflictError(
                    f"{key} from {period.start} to {period.end} differs: {reading} and "
                    f"{theirs[key]}.",
                    "Keep the old warehouse, and please report this.",
                )
        compared += len(mine)
    progress("compared", len(periods), len(periods))
    return compared


def _answers(engine: Engine, period: Period) -> dict[str, Any]:
    found = {
        key: {k: v for k, v in reading.to_json().items() if k != "as_of"}
        for key, reading in engine.readings(None, period, allow_estimates=True).items()
    }
    found["the MRR bridge"] = bridge(engine.evaluator().resolver, period).to_json()
    return found
