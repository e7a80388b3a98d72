"""Telling open pages that facts have changed: one line for each change, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from trueline.core.errors import BusyError
from trueline.engine.rollup import last_load
from trueline.home import Trueline

MOST_READERS = 500
_STILL_HERE_SECONDS = 20.0
_AGAIN_MILLISECONDS = 2000


class Live:
    """The company's latest load, and who wants to hear of it. Used from the server's loop."""

    def __init__(self, tl: Trueline) -> None:
        self._tl = tl
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._unsubscribe: Callable[[], None] | None = None
        self._readers = 0
        self._ending = False
        self.load = 0

    def start(self) -> None:
        """Begin to listen; called inside the server's loop."""
        self._loop = asyncio.get_running_loop()
        self._ending = False
        self.load = last_load(self._tl.warehouse)
        self._unsubscribe = self._tl.warehouse.subscribe(self._tell)

    def stop(self) -> None:
        """Let every stream end, so that a server that stops waits for none. Safe anywhere."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._ending = True
        self._soon(self._wake)

    def _tell(self, load: int) -> None:
        """Numbers count loads up to ``load`` now; said by the thread that loaded."""
        self._soon(self._to, load)

    def _soon(self, call: Callable[..., None], *words: int) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *words)

    def _to(self, load: int) -> None:
        self.load = load
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def stream(self) -> AsyncIterator[str]:
        """The latest load at once, then each as it comes. Raises BusyError past MOST_READERS."""
        if self._readers >= MOST_READERS:
            raise BusyError("Too many pages are open at once.", "They are renewed by themselves.")
        return self._stream()

    async def _stream(self) -> AsyncIterator[str]:
        self._readers += 1
        sent = -1
        try:
            yield f"retry: {_AGAIN_MILLISECONDS}\n\n"
            while not self._ending:
                changed = self._changed
                if self.load != sent:
                    sent = self.load
                    yield f"event: load\ndata: {sent}\n\n"
                try:
                    async with asyncio.timeout(_STILL_HERE_SECONDS):
                        await changed.wait()
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self._readers -= 1
