"""Files that people send through pages, loaded one after the other while they watch."""

from __future__ import annotations

import logging
import queue
import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trueline.core.errors import BusyError, InputError, NotFoundError, TruelineError
from trueline.facts.load import LoadReport, Progress
from trueline.home import Trueline

log = logging.getLogger("trueline.loadings")
MOST_WAITING = 8
_KEPT = 20
_WAITED_SECONDS = 30.0
_LEFT_SECONDS = 24 * 3600


@dataclass
class Loading:
    """One file on its way. ``state``: waiting, loading, done, failed.

    The file stays while something can still be made of it: columns to be named, or good rows of a
    load that was refused.
    """

    table: str
    path: Path
    name: str
    mapping: Path | None = None
    keep_good: bool = False
    full: bool = False
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    state: str = "waiting"
    progress: Progress | None = None
    report: LoadReport | None = None
    error: TruelineError | None = None
    header: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in ("done", "failed")

    def to_json(self) -> dict[str, Any]:
        """What a page that watches needs."""
        at = self.progress
        return {
            "state": self.state,
            "phase": at.phase if at else self.state,
            "done": at.done if at else 0,
            "total": at.total if at else 0,
            "unit": at.unit if at else "",
            "over": self.over,
        }

    def discard(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
        if self.mapping is not None:
            self.mapping.unlink(missing_ok=True)


class Loadings:
    """The files of one company that wait, load or were loaded lately."""

    def __init__(self, tl: Trueline) -> None:
        self._tl = tl
        self._lock = threading.Lock()
        self._known: dict[str, Loading] = {}
        self._waiting: queue.Queue[Loading | None] = queue.Queue(MOST_WAITING)
        self._worker: threading.Thread | None = None
        self._sweep()

    def _sweep(self) -> None:
        """Files that a server left when it was killed are of no use to anybody."""
        folder = self._tl.home / "uploads"
        if folder.is_dir():
            for path in folder.iterdir():
                if path.is_file() and path.stat().st_mtime < time.time() - _LEFT_SECONDS:
                    path.unlink(missing_ok=True)

    def start(self, loading: Loading) -> Loading:
        """Let a file wait for its turn. Raises BusyError, its file removed, where many wait."""
        with self._lock:
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="trueline-loads")
                self._worker.daemon = True
                self._worker.start()
            try:
                self._waiting.put_nowait(loading)
            except queue.Full:
                loading.discard()
                raise BusyError(
                    f"{MOST_WAITING} files are waiting to be loaded.", "Send it in a moment."
                ) from None
            self._known[loading.id] = loading
            self._forget()
        return loading

    def _forget(self) -> None:
        over = [item for item in self._known.values() if item.over]
        for item in over[: max(0, len(self._known) - _KEPT)]:
            del self._known[item.id]
            item.discard()

    def of(self, loading_id: str) -> Loading:
        """The file of that id. Raises NotFoundError."""
        found = self._known.get(loading_id)
        if found is None:
            raise NotFoundError(
                "That file is no longer waiting here.",
                "If it was loaded, it is listed at /data/loads; else send it again.",
            )
        return found

    def again(self, loading_id: str, **changes: Any) -> Loading:
        """Take a file that is still here once more, otherwise. Raises NotFoundError."""
        with self._lock:
            found = self._known.get(loading_id)
            if found is None or not found.over or not found.path.is_file():
                raise NotFoundError("That file is no longer here.", "Send it again.")
            del self._known[loading_id]
        words = {
            "table": found.table, "path": found.path, "name": found.name,
            "mapping": found.mapping, "keep_good": found.keep_good, "full": found.full,
        }  # fmt: skip
        return self.start(Loading(**{**words, **changes}))

    def held(self, load_id: int) -> Loading | None:
        """The file of a load that was refused, if it is still here."""
        for item in list(self._known.values()):
            if item.report is not None and item.report.load_id == load_id and item.path.is_file():
                return item
        return None

    def lately(self) -> list[Loading]:
        """Files that wait or load now."""
        return [item for item in list(self._known.values()) if not item.over]

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            try:
                self._load(item)
            except Exception:  # the next files must not wait for ever
                log.exception("loading %s failed", item.id)
                item.error = TruelineError("The load failed.", "See the server's log.")
                item.state = "failed"

    def _load(self, item: Loading) -> None:
        def tell(progress: Progress) -> None:
            item.progress = progress

        item.state = "loading"
        try:
            item.report = self._tl.load(
                item.table, item.path, mapping=item.mapping, keep_good=item.keep_good,
                full=item.full, source=item.name, progress=tell,
            )  # fmt: skip
        except TruelineError as error:
            item.error = error
            item.header = self._header(item) if _can_be_named(error) else ()
        if item.error is None and item.report is not None and item.report.status != "refused":
            item.discard()
        if item.error is not None and not item.header:
            item.discard()
        item.state = "failed" if item.error is not None else "done"

    def _header(self, item: Loading) -> tuple[str, ...]:
        """The file's columns, where they can be read: then they can be named."""
        from trueline.facts.load.files import columns_of

        try:
            return columns_of(self._tl.warehouse, item.table, item.path)
        except TruelineError:
            return ()

    def stop(self) -> None:
        """Let the load that runs end, and remove what waits."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is None:
            return
        while True:
            try:
                self._waiting.put_nowait(None)
                break
            except queue.Full:
                try:
                    self._waiting.get_nowait()
                except queue.Empty:
                    continue
        worker.join(_WAITED_SECONDS)
        for item in self._known.values():
            item.discard()


def _can_be_named(error: TruelineError) -> bool:
    """Whether the file may be taken once somebody says which of its columns is which."""
    from trueline.facts.load.mapping import HeaderError

    return isinstance(error, InputError) and not isinstance(error, HeaderError)
