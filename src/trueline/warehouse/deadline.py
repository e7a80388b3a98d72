"""Queries that take too long are interrupted: one that nobody waits for must not hold others up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

_LOOKS = 8
"""How often within its time a query is looked at."""


class Interruptible(Protocol):
    """A connection."""

    def interrupt(self) -> None:
        """Stop what it is running."""
        ...


@dataclass(eq=False)
class Running:
    """A query under way; ``overdue`` once it was interrupted for its time."""

    connection: Interruptible
    until: float
    overdue: bool = False


class Deadlines:
    """Watches over queries, each of which may take ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: set[Running] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._watch: threading.Thread | None = None

    @contextmanager
    def over(self, connection: Interruptible) -> Iterator[Running]:
        """While a query runs on the connection."""
        query = Running(connection, monotonic() + self.seconds)
        with self._lock:
            self._running.add(query)
            if self._watch is None:
                self._watch = threading.Thread(target=self._look, name="deadlines", daemon=True)
                self._watch.start()
        try:
            yield query
        finally:
            with self._lock:
                self._running.discard(query)

    def _look(self) -> None:
        while not self._stopping.wait(self.seconds / _LOOKS):
            now = monotonic()
            with self._lock:
                for query in self._running:
                    if now >= query.until:
                        query.overdue = True
                        query.connection.interrupt()

    def stop(self) -> None:
        """Watch no more."""
        self._stopping.set()
