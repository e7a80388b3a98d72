"""A whole company in one file, and back: facts, store, settings, rejects and dashboards.

A backup is taken while the company is in use. It says what it holds (digests, row counts, the last
30 days' readings), and a restore is done only when all of that is found again. Another Trueline
than the one that took it may define numbers otherwise: then those that differ are told.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueline.core.errors import AwayError, ConflictError, InputError, existing
from trueline.core.reading import dumps
from trueline.settings import FILE_NAME
from trueline.warehouse.duckdb import DuckDBWarehouse

if TYPE_CHECKING:
    from trueline.home import Trueline

MANIFEST = "manifest.json"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
STORE = "store.sqlite"
FOLDERS = ("rejects", "dashboards")
_FORMAT = 1
Progress = Callable[[str, int, int], None]


def backup(tl: Trueline, target: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Write the company to ``target``, a tar file. Returns what it holds.

    Raises ConflictError where the file is there already, InputError where the warehouse is not the
    embedded one.
    """
    say = progress or (lambda *_: None)
    warehouse = tl.warehouse
    if not isinstance(warehouse, DuckDBWarehouse) or warehouse.path is None:
        raise InputError(
            "Only the embedded warehouse is backed up by this command.",
            "Back a database server up by its own means (pg_dump), or copy the company into a "
            "file with: trueline warehouse copy",
        )
    if target.exists():
        raise ConflictError(f"{target} is there already.", "Choose another name.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        stage = Path(folder)
        say("store", 0, 4)
        # The store first: what it says of loads, the warehouse copied after it then holds.
        tl.store.copy_to(stage / STORE)
        say("warehouse", 1, 4)
        warehouse.copy_to(stage / warehouse.path.name)
        shutil.copyfile(tl.home / FILE_NAME, stage / FILE_NAME)
        for name in FOLDERS:
            if (tl.home / name).is_dir():
                shutil.copytree(tl.home / name, stage / name)
        say("readings", 2, 4)
        manifest = _manifest(tl, stage)
        (stage / MANIFEST).write_text(dumps(manifest, indent=2), encoding="utf-8")
        say("writing", 3, 4)
        half = target.with_name(f".{target.name}.part")
        with tarfile.open(half, "w") as archive:
            archive.add(stage / MANIFEST, MANIFEST)
            for name in manifest["files"]:
                archive.add(stage / name, name)
        half.replace(target)
    say("done", 4, 4)
    return {"path": str(target), "bytes": target.stat().st_size, **_said(manifest)}


def restore(
    archive: Path, home: Path, opened: Callable[..., Trueline], progress: Progress | None = None
) -> dict[str, Any]:
    """Make a home from a backup. Returns what it holds. ``opened`` opens a home (with a clock).

    ``differ`` names the KPIs of which another Trueline, which took the backup, read something else.
    Raises ConflictError where ``home`` is not empty, InputError where the backup is not whole or
    what it holds is not found again: nothing is left behind then.
    """
    say = progress or (lambda *_: None)
    existing(archive)
    if home.exists() and any(home.iterdir()):
        raise ConflictError(f"{home} is not empty.", "Restore into a new folder.")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".restore-") as folder:
        stage = Path(folder) / "home"
        say("reading", 0, 3)
        manifest = _unpacked(archive, stage)
        say("checking", 1, 3)
        taken = datetime.fromisoformat(manifest["taken_at"])
        with opened(stage, clock=lambda: taken) as tl:
            rows = _rows(tl)  # a table that the backup does not know had none
            _same("row counts", dict.fromkeys(rows, 0) | manifest["rows"], rows)
            say("readings", 2, 3)
            readings = _readings(tl)
        expected = manifest["readings"]
        if manifest.get("program") == _program():
            _same("readings", expected, readings)
        (stage / MANIFEST).unlink()
        if home.exists():
            home.rmdir()
        stage.rename(home)
    say("done", 3, 3)
    return {"path": str(home), **_said(manifest), "differ": _differ(expected, readings)}


def _said(manifest: dict[str, Any]) -> dict[str, Any]:
    return {
        "taken_at": manifest["taken_at"],
        "rows": sum(manifest["rows"].values()),
        "readings": len(manifest["readings"]),
    }


def _manifest(tl: Trueline, stage: Path) -> dict[str, Any]:
    """What the backup holds, read from the copies themselves."""
    taken = tl.clock().replace(microsecond=0)
    with type(tl)(stage, clock=lambda: taken) as copy:
        rows, readings = _rows(copy), _readings(copy)
    shutil.rmtree(stage / "tmp", ignore_errors=True)
    return {
        "format": _FORMAT,
        "version": version("trueline"),
        "program": _program(),
        "taken_at": taken.isoformat(),
        "rows": rows,
        "readings": readings,
        "files": {name: _digest(stage / name) for name in _files(stage)},
    }


def _program() -> str:
    """A digest of this Trueline's own code: only the same one has to read the same again."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _files(stage: Path) -> Iterator[str]:
    for path in sorted(stage.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            yield path.relative_to(stage).as_posix()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rows(tl: Trueline) -> dict[str, int]:
    return {table["table"]: int(table["rows"]) for table in tl.facts()}


def _readings(tl: Trueline) -> dict[str, Any]:
    """Every KPI of the 30 days before, as text: exact, and the same on every machine."""
    return {
        key: {"value": None if r.value is None else str(r.value), "quality": r.quality.value}
        for key, r in tl.readings(period_days=30).items()
    }


def _unpacked(archive: Path, stage: Path) -> dict[str, Any]:
    """The backup's files in ``stage``, each as its manifest says."""
    stage.mkdir()
    try:
        with tarfile.open(archive, "r") as packed:
            packed.extractall(stage, filter="data")
        manifest: dict[str, Any] = json.loads((stage / MANIFEST).read_text(encoding="utf-8"))
        expected = manifest["files"]
    except (tarfile.TarError, OSError, ValueError, KeyError, EOFError) as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise AwayError(
                f"{stage.parent} has no room for the backup.", "Make room, and restore it again."
            ) from None
        raise InputError(
            f"{archive} is no whole backup: {_why(error)}.",
            "Give a file that `trueline backup` wrote, or another copy of it.",
        ) from error
    if manifest["format"] > _FORMAT:
        raise InputError(
            f"{archive} was written by a newer Trueline ({manifest['version']}).",
            "Upgrade Trueline.",
        )
    found = {name: _digest(stage / name) for name in _files(stage)}
    _same("files", expected, found)
    return manifest


def _why(error: Exception) -> str:
    """What is wrong with an archive, in words."""
    if isinstance(error, tarfile.ReadError | EOFError):
        return "it is no tar file, or its end is missing"
    if isinstance(error, FileNotFoundError | KeyError | ValueError):
        return f"its {MANIFEST} is missing or cannot be read"
    return str(error)


def _differ(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """The names under which something else was found than was expected."""
    return sorted(n for n in {**expected, **found} if expected.get(n) != found.get(n))


def _same(what: str, expected: dict[str, Any], found: dict[str, Any]) -> None:
    """Raises InputError where what was backed up is not what is there."""
    differ = _differ(expected, found)
    if differ:
        named = ", ".join(differ[:5])
        raise InputError(
            f"The backup's {what} are not found again: {named}"
            f"{' and more' if len(differ) > 5 else ''}.",
            "Take another backup, or another copy of it: nothing was restored.",
        )
