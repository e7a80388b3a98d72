"""Compiled queries, kept between processes: compiling one costs more than running it.

What is kept holds for one state of the code that makes queries: another one has another file. A
query is named by all that shapes it, as within a process.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from trueline.core.folders import cache_folder

MOST_BYTES = 8_000_000
"""What a file may hold; more slices than fit are compiled by each process."""

UNUSED_SECONDS = 60 * 24 * 3600
_MADE_BY = ("catalog", "engine", "facts", "warehouse")
_ADDRESS = " at 0x"


class KeptSql:
    """Queries by name, each a line of one file; a damaged line is as good as none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] | None = None

    def get(self, name: str) -> str | None:
        """The query of that name, if it was kept."""
        if self._known is None:
            self._known = _read(self._path)
        return self._known.get(name)

    def put(self, name: str, text: str) -> None:
        """Keep a query. One that cannot be kept is compiled again another time."""
        if _ADDRESS in name:  # the name of an object of this process says nothing to another
            return
        line = json.dumps([name, text]).encode() + b"\n"
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                if os.fstat(handle).st_size + len(line) <= MOST_BYTES:
                    os.write(handle, line)  # one write: lines of several processes do not mix
            finally:
                os.close(handle)
        except OSError:
            return


def _read(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return found
    for line in lines:
        try:
            name, text = json.loads(line)
        except ValueError:
            continue
        if isinstance(name, str) and isinstance(text, str):
            found[name] = text
    return found


@cache
def kept() -> KeptSql:
    """The queries kept for this state of the code; those of states long unused go."""
    for path in cache_folder().glob("queries-*.ndjson"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > UNUSED_SECONDS:
                path.unlink()
    return KeptSql(cache_folder() / f"queries-{made_by()}.ndjson")


@cache
def made_by() -> str:
    """A digest of all that makes queries: our own code, and the libraries that write SQL."""
    digest = hashlib.sha256()
    for name in ("ibis-framework", "sqlglot"):
        digest.update(version(name).encode())
    root = Path(__file__).parent.parent
    for folder in _MADE_BY:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
