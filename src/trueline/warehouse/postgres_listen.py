"""Hearing of changes: one session that listens, opened again when the server was away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

LONGEST_PAUSE = 30.0


class Listener:
    """A thread that calls ``heard`` with the number each notification carries."""

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[Any]],
        channel: str,
        heard: Callable[[int], None],
    ) -> None:
        self._connect, self._channel, self._heard = connect, channel, heard
        self._over = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trueline-listen", daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def _run(self) -> None:
        pause = 0.5
        while not self._over.is_set():
            with suppress(psycopg.Error):
                self._listen()
                pause = 0.5
            self._over.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _listen(self) -> None:
        with self._connect() as connection:
            connection.execute(f'LISTEN "{self._channel}"'.encode())
            if self._ready.is_set():
                # What was announced while nobody listened is told once, as it stands now.
                found = connection.execute("SELECT coalesce(max(load_id), 0) FROM loads").fetchone()
                self._heard(int(found[0]) if found else 0)
            self._ready.set()
            while not self._over.is_set():
                for notice in connection.notifies(timeout=0.5):
                    self._heard(int(notice.payload))

    def close(self) -> None:
        """Stop listening."""
        self._over.set()
        self._thread.join(5)
