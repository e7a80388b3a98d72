"""One writer at a time, on a database without locks: whoever creates a table has the turn."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from trueline.core.errors import AwayError, BusyError

BEAT_SECONDS = 10
STALE_SECONDS = 60
"""A holder that has not said anything for so long (by the server's clock) has died."""

Run = Callable[[str], Any]


class Turn:
    """The turn that this process holds; ``check`` raises AwayError once it has been lost.

    ``left`` are the tokens of turns that this process could not give back, the server being away:
    nobody waits for those.
    """

    def __init__(self, run: Run, database: str, left: set[str] | None = None) -> None:
        self._run, self._table = run, f"{database}.load_lock"
        self.token = uuid.uuid4().hex
        self._left: set[str] = set() if left is None else left
        self._over = threading.Event()

    def take(self, wait_seconds: float) -> None:
        """Wait for the turn. Raises BusyError."""
        until = time.monotonic() + wait_seconds
        while not self._taken():
            self._clear_if_stale()
            if time.monotonic() > until:
                raise BusyError(
                    "Another process is writing to the warehouse.", "Try again in a moment."
                )
            time.sleep(0.1)

    def _taken(self) -> bool:
        try:
            self._run(
                f"CREATE TABLE {self._table} (token String, at DateTime DEFAULT now()) "
                "ENGINE = MergeTree ORDER BY at"
            )
        except Exception as error:  # server and embedded engine have classes of their own
            if "TABLE_ALREADY_EXISTS" in str(error) or "Code: 57" in str(error):
                return False
            raise
        self._beat()
        return True

    def _beat(self) -> None:
        self._run(f"INSERT INTO {self._table} (token) VALUES ('{self.token}')")

    def _clear_if_stale(self) -> None:
        database, name = self._table.split(".")
        dead = (
            f"SELECT count() FROM system.tables WHERE database = '{database}' AND name = '{name}' "
            f"AND metadata_modification_time < now() - {STALE_SECONDS}"
        )
        # Whoever renames it first buries it; the others find nothing to rename.
        with suppress(Exception):
            silent = f"SELECT count() FROM {self._table} WHERE at > now() - {STALE_SECONDS}"
            ours = ", ".join(f"'{token}'" for token in self._left) or "''"
            left = f"SELECT count() FROM {self._table} WHERE token IN ({ours})"
            stale = int(self._run(dead)) and not int(self._run(silent))
            if stale or int(self._run(left)):
                grave = f"{self._table}_{uuid.uuid4().hex}"
                self._run(f"RENAME TABLE {self._table} TO {grave}")
                self._run(f"DROP TABLE {grave} SYNC")

    def check(self) -> None:
        """Make sure, before a commit, that nobody thought us dead."""
        held = 0
        with suppress(Exception):
            found = f"SELECT count() FROM {self._table} WHERE token = '{self.token}'"
            held = int(self._run(found))
        if not held:
            raise AwayError(
                "The turn to write was lost: nothing was written.", "Start the load again."
            )

    @contextmanager
    def beating(self, run: Run) -> Iterator[None]:
        """Say every few seconds that we are still at it."""

        def beat() -> None:
            while not self._over.wait(BEAT_SECONDS):
                with suppress(Exception):
                    run(f"INSERT INTO {self._table} (token) VALUES ('{self.token}')")

        thread = threading.Thread(target=beat, name="trueline-turn", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def give_back(self) -> None:
        """Let the next one have it (if it is still ours)."""
        try:
            found = f"SELECT count() FROM {self._table} WHERE token = '{self.token}'"
            if int(self._run(found)):
                self._run(f"DROP TABLE IF EXISTS {self._table} SYNC")
        except Exception:  # noqa: BLE001  whatever it was, the load's own error is the one to tell
            self._left.add(self.token)
