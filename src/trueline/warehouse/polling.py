"""Hearing of changes where the database announces none: asking, every two seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

EVERY_SECONDS = 2.0


class Poll:
    """A thread that calls ``heard`` when the number that ``ask`` gives has changed."""

    def __init__(self, ask: Callable[[], int], heard: Callable[[int], None]) -> None:
        self._ask, self._heard = ask, heard
        self._over, self._wake = threading.Event(), threading.Event()
        self._last = ask()
        self._thread = threading.Thread(target=self._run, name="trueline-poll", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            self._wake.wait(EVERY_SECONDS)
            self._wake.clear()
            with suppress(Exception):
                found = self._ask()
                if found != self._last and not self._over.is_set():
                    self._last = found
                    self._heard(found)

    def now(self) -> None:
        """Ask at once."""
        self._wake.set()

    def close(self) -> None:
        """Stop asking."""
        self._over.set()
        self._wake.set()
        self._thread.join(5)
