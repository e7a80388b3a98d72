"""What was worked out, kept between processes: a text by its name, each a line of one file.

A file belongs to one state of what made it: another one has another file, so that nothing outlives
the definition that it was made from. Deleting the folder loses nothing.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from trueline.core.folders import cache_folder

MOST_BYTES = 8_000_000
"""What a file may hold; what does not fit is made by each process."""

UNUSED_SECONDS = 60 * 24 * 3600
_ADDRESS = " at 0x"


class KeptTexts:
    """Texts by name; a damaged line is as good as none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = {}
        self._seen = 0  # bytes of the file

    def get(self, name: str) -> str | None:
        """The text of that name, if it was kept, by this process or by another meanwhile."""
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
        """Keep a text. One that cannot be kept is made again another time."""
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
def kept_in(kind: str, state: str) -> KeptTexts:
    """What is kept of a kind for one state of what makes it; what is long unused goes."""
    for path in cache_folder().glob(f"{kind}-*.ndjson"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > UNUSED_SECONDS:
                path.unlink()
    return KeptTexts(cache_folder() / f"{kind}-{state}.ndjson")


def release(module: str, name: str) -> str:
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
