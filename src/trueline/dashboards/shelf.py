"""The dashboards of a home: the built-in ones, and the company's own in ``dashboards/``."""

from __future__ import annotations

import hashlib
import re
import stat
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

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
    def file(self) -> str:
        """Where it is declared, as a page can show it."""
        return _said(str(self.path))

    @property
    def address(self) -> str:
        """Its page."""
        return f"/{self.name}" if self.name in BUILT_IN else f"/d/{quote(self.name, safe='')}"

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
        files = sorted(path for path in folder.iterdir() if _is_meant(path.name))
    except OSError:
        return []
    return [_entry(path, own=True) for path in files[:MOST_FILES]]


def _is_meant(name: str) -> bool:
    """Whether a file is meant as a dashboard; editors keep hidden files of their own beside."""
    return name.lower().endswith(".toml") and not name.startswith(".")


@cache
def _built_in(name: str) -> Entry:
    return _entry(_HERE / f"{name}.toml", own=False)


def _entry(path: Path, *, own: bool) -> Entry:
    """The entry of a file, read again only when the file has changed."""
    try:
        state = path.stat()
    except OSError as error:
        return _unreadable(path, own, f"It cannot be read: {error.strerror}.")
    if not stat.S_ISREG(state.st_mode):
        return _unreadable(path, own, "It is no file.")
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
    if not _NAME.fullmatch(path.stem) or path.suffix != ".toml":
        rule = "Its name is part of an address."
        fix = "Name it by a to z, 0 to 9 and -, 60 at the most, and then .toml."
        return _unreadable(path, own, rule, fix)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        dashboard = parse(data.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"It is not UTF-8 at byte {error.start}, in line {line}."
        return _unreadable(path, own, problem, "Save it as UTF-8.")
    except OSError as error:
        return _unreadable(path, own, f"It cannot be read: {error.strerror}.")
    except DashboardError as error:
        return Entry(path.stem, path, own, _digest(data), None, error)
    return Entry(path.stem, path, own, _digest(data), dashboard, None)


def _unreadable(path: Path, own: bool, problem: str, fix: str | None = None) -> Entry:
    name, shown = _said(path.stem), _said(path.name)[:80]
    error = DashboardError(
        f"{shown}: {problem}", fix or f"Mend it in {FOLDER}/.", (Fault(problem, shown, None, fix),)
    )
    return Entry(name, path, own, _digest(problem.encode()), None, error)


def _said(name: str) -> str:
    """A file's name as it can be shown: in one that is not UTF-8 are letters that are none."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
