"""Checks of a home: can it be used, is it consistent, is it up to date?"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from trueline.core.errors import TruelineError
from trueline.dashboards import entries
from trueline.engine.rollup import last_load, watermark
from trueline.facts.tables import CONTRACTS

if TYPE_CHECKING:
    from trueline.home import Trueline

LEAST_FREE_BYTES = 1024**3


def _check(name: str, ok: bool, message: str, fix: str | None = None) -> dict[str, Any]:
    return {"check": name, "ok": ok, "message": message, "fix": None if ok else fix}


def examine(tl: Trueline) -> list[dict[str, Any]]:
    """Every check, each as ``check ok message fix``."""
    return [
        _settings(tl),
        _folder(tl),
        _disk(tl),
        _rollup(tl),
        _keys(tl),
        _loads(tl),
        _store(tl),
        *_dashboards(tl),
    ]


def _settings(tl: Trueline) -> dict[str, Any]:
    company = tl.settings.company
    return _check("settings", True, f"{company.name}, {company.timezone}, {company.currency}")


def _folder(tl: Trueline) -> dict[str, Any]:
    writable = os.access(tl.home, os.W_OK)
    return _check(
        "folder",
        writable,
        f"{tl.home} can {'' if writable else 'not '}be written to",
        "Give this user write permission.",
    )


def _disk(tl: Trueline) -> dict[str, Any]:
    free = shutil.disk_usage(tl.home).free
    return _check(
        "disk", free > LEAST_FREE_BYTES, f"{free / 1024**3:.1f} GiB free", "Free some space."
    )


def _rollup(tl: Trueline) -> dict[str, Any]:
    mark, last = watermark(tl.warehouse, tl.settings.product), last_load(tl.warehouse)
    return _check(
        "roll-up",
        mark == last,
        f"counts loads up to {max(mark, 0)} of {last}",
        "Run: trueline refresh",
    )


def _keys(tl: Trueline) -> dict[str, Any]:
    """Uniqueness is kept by the loader, not by an index: make sure of it."""
    broken = []
    for item in CONTRACTS:
        key = ", ".join(f'"{name}"' for name in item.key)
        twice = tl.warehouse.rows(
            f"SELECT count(*) FROM (SELECT {key} FROM {item.name} GROUP BY {key} "
            "HAVING count(*) > 1) AS t"
        )[0][0]
        if twice:
            broken.append(f"{item.name} ({twice})")
    message = f"keys held twice: {', '.join(broken)}" if broken else "every key is held once"
    return _check("keys", not broken, message, "Restore a backup and load again; please report it.")


def _loads(tl: Trueline) -> dict[str, Any]:
    wrong = tl.warehouse.rows(
        "SELECT count(*) FROM loads WHERE read <> accepted + duplicate + rejected"
    )[0][0]
    total = last_load(tl.warehouse)
    message = f"{total} loads, each with read = accepted + duplicate + rejected"
    return _check("loads", not wrong, message if not wrong else f"{wrong} loads do not add up")


def _dashboards(tl: Trueline) -> list[dict[str, Any]]:
    """A check for all of the company's own files, or one for each fault of a broken one."""
    own = [entry for entry in entries(tl.home) if entry.own]
    broken = [entry for entry in own if entry.error is not None]
    if not broken:
        return [_check("dashboards", True, f"{len(own)} of the company's own can be read")]
    return [
        _check("dashboards", False, f"{fault.where}: {fault.message}", fault.fix)
        for entry in broken
        for fault in (entry.error.faults if entry.error else ())
    ]


def _store(tl: Trueline) -> dict[str, Any]:
    try:
        rows = tl.history(days=3660, limit=1)
    except TruelineError as error:  # the other checks may say why
        return _check("store", False, error.message, error.fix)
    found = rows[0] if isinstance(rows, tuple) else rows
    return _check("store", True, "opens" if not found else "opens and holds snapshots")
