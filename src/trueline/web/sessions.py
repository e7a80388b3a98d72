"""Browsers that signed in with the key. Kept here and nowhere else, so that each can be ended."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

COOKIE = "trueline_session"
IDLE_SECONDS = 12 * 3600
LONGEST_SECONDS = 7 * 24 * 3600
MOST = 1000
"""Sessions at once; one more ends the oldest."""
MOST_WRONG = 20
"""Wrong keys a minute; then nobody's key is looked at until the minute is over."""
_MINUTE = 60.0


@dataclass
class _Session:
    begun: float
    seen: float


class Sessions:
    """Who is signed in. A token is known by its digest only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Session] = {}
        self._wrong: deque[float] = deque(maxlen=MOST_WRONG)

    def begin(self, replaced: str | None = None) -> str:
        """A new session's token. The one that the browser had before ends."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            if replaced is not None:
                self._known.pop(_digest(replaced), None)
            self._known = {d: s for d, s in self._known.items() if not _over(s, now)}
            while len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[_digest(token)] = _Session(now, now)
        return token

    def known(self, token: str | None) -> bool:
        """Whether it is a session's token that has not expired; it is idle from now on."""
        if token is None:
            return False
        now = self._clock()
        with self._lock:
            session = self._known.get(_digest(token))
            if session is None:
                return False
            if _over(session, now):
                del self._known[_digest(token)]
                return False
            session.seen = now
        return True

    def end(self, token: str | None) -> None:
        """Sign out: whoever replays the token is not let in."""
        if token is not None:
            with self._lock:
                self._known.pop(_digest(token), None)

    def wrong(self) -> None:
        """A wrong key was given."""
        with self._lock:
            self._wrong.append(self._clock())

    def tired(self) -> bool:
        """Whether so many wrong keys came lately that none is looked at."""
        with self._lock:
            full = len(self._wrong) == MOST_WRONG
            return full and self._clock() - self._wrong[0] < _MINUTE


def _over(session: _Session, now: float) -> bool:
    return now - session.seen > IDLE_SECONDS or now - session.begun > LONGEST_SECONDS


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
