"""The dashboards of a home: the built-in ones, and the company's own in ``dashboards/``."""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trueline.core.errors import Fault, UnknownKeyError
from trueline.dashboards.declaration import Dashboard
from trueline.dashboards.reading import LARGEST, DashboardError, parse

BUILT_IN = ("executive", "finance", "growth")
FOLDER = "dashboards"
MOST_FILES = 200
_HERE = Path(__file__).parent
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_kept: dict[Path, tuple[tuple[int, int], Entry]] = {}
_keeping = threading.Lock()


@dataclass(frozen=True)
class Entry:
    """One dashboard: what it declares, or what is wrong with its file."""

    name: str
    path: Path
    own: bool
    digest: str
    dashboard: Dashboard | None
    error: DashboardError | None

    @property
    def title(self) -> str:
        """What the navigation calls it."""
        return self.name if self.dashboard is None else self.dashboard.title

    @property
    def address(self) -> str:
        """Its page."""
        return f"/{self.name}" if self.name in BUILT_IN else f"/d/{self.name}"

    def declared(self) -> Dashboard:
        """What it declares. Raises DashboardError where its file is broken."""
        if self.dashboard is not None:
            return self.dashboard
        raise self.error or DashboardError(f"{self.path} was not read.")


def entries(home: Path) -> list[Entry]:
    """Every dashboard, built-in ones first. A company's file of the same name replaces one."""
    own = {entry.name: entry for entry in _own(home)}
    first = [own.pop(name) if name in own else _built_in(name) for name in BUILT_IN]
    return [*first, *own.values()]


def find(home: Path, name: str) -> Entry:
    """The dashboard of that name. Raises UnknownKeyError."""
    found = {entry.name: entry for entry in entries(home)}
    if name not in found:
        raise UnknownKeyError.among("dashboard", name, found)
    return found[name]


def _own(home: Path) -> list[Entry]:
    folder = home / FOLDER
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError:
        return []
    return [_entry(path, own=True) for path in files[:MOST_FILES]]


@cache
def _built_in(name: str) -> Entry:
    return _entry(_HERE / f"{name}.toml", own=False)


def _entry(path: Path, *, own: bool) -> Entry:
    """The entry of a file, read again only when the file has changed."""
    try:
        state = path.stat()
    except OSError as error:
        return _unreadable(path, own, f"It cannot be read: {error.strerror}.")
    mark = (state.st_mtime_ns, state.st_size)
    with _keeping:
        known = _kept.get(path)
    if known is not None and known[0] == mark:
        return known[1]
    made = _read(path, own)
    with _keeping:
        _kept[path] = (mark, made)
    return made


def _read(path: Path, own: bool) -> Entry:
    if not _NAME.fullmatch(path.stem):
        rule = "Its name is part of an address: use a to z, 0 to 9 and -, 60 at the most."
        return _unreadable(path, own, rule)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        dashboard = parse(data.decode("utf-8"), path.name)
    except UnicodeDecodeError as error:
        return _unreadable(path, own, f"It is not UTF-8 at byte {error.start}.")
    except OSError as error:
        return _unreadable(path, own, f"It cannot be read: {error.strerror}.")
    except DashboardError as error:
        return Entry(path.stem, path, own, _digest(data), None, error)
    return Entry(path.stem, path, own, _digest(data), dashboard, None)


def _unreadable(path: Path, own: bool, problem: str) -> Entry:
    shown = path.name[:80]
    error = DashboardError(
        f"{shown}: {problem}", f"Mend it in {FOLDER}/.", (Fault(problem, shown),)
    )
    return Entry(path.stem, path, own, _digest(problem.encode()), None, error)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
