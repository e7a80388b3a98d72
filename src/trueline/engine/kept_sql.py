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
from importlib.util import find_spec
from pathlib import Path

from trueline.core.folders import cache_folder

MOST_BYTES = 8_000_000
"""What a file may hold; more slices than fit are compiled by each process."""

UNUSED_SECONDS = 60 * 24 * 3600
_MADE_BY = ("catalog", "engine", "facts", "warehouse")
_WRITERS = (("ibis", "ibis-framework"), ("sqlglot", "sqlglot"))
_ADDRESS = " at 0x"


class KeptSql:
    """Queries by name, each a line of one file; a damaged line is as good as none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = {}
        self._seen = 0  # bytes of the file

    def get(self, name: str) -> str | None:
        """The query of that name, if it was kept, by this process or by another meanwhile."""
        if name not in self._known:
            self._read_on()
        return self._known.get(name)

    def _read_on(self) -> None:
        seen = self._seen
        try:
            with self._path.open("rb") as file:
                file.seek(seen)
                added = file.read()
        except OSError:
            return
        whole = added[: added.rfind(b"\n") + 1]
        for line in whole.splitlines():
            with suppress(ValueError, TypeError):
                name, text = json.loads(line)
                if isinstance(name, str) and isinstance(text, str):
                    self._known[name] = text
        self._seen = seen + len(whole)

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
    for module, name in _WRITERS:
        digest.update(_release(module, name).encode())
    root = Path(__file__).parent.parent
    for folder in _MADE_BY:
        for place, folders, files in os.walk(root / folder):
            folders.sort()
            for file in sorted(files):
                if file.endswith(".py"):
                    path = os.path.join(place, file)  # noqa: PTH118  a hundred paths take longer
                    digest.update(path[len(str(root)) :].replace(os.sep, "/").encode())
                    digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16]


def _release(module: str, name: str) -> str:
    """Which release of a library is installed: the name of the folder that says so beside it, as
    reading what it says takes longer than many queries."""
    found = find_spec(module)
    if found is not None and found.origin is not None:
        beside = Path(found.origin).parent.parent
        named = list(beside.glob(f"{name.replace('-', '_')}-*.dist-info"))
        if len(named) == 1:
            return named[0].name
    from importlib.metadata import version

    return f"{name} {version(name)}"
