"""Sealed addresses: one panel for readers without a key, read-only, until a day.

The seal is a digest of the panel, the view and the last day under the server's key. Whoever has
such an address sees that one panel and nothing else; another panel, range or slice needs another
seal. It ends on its day, and all end at once when the key is changed or no site is named any more.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlencode

from trueline.core.errors import AccessError

FOLDER = "/embed/"
DAYS = 90
"""How long a new address holds."""
_APART = frozenset({"seal", "v"})
"""Not sealed: the seal itself, and the state of the facts that a chart's address names."""


class SealError(AccessError):
    """An address whose seal does not fit it, or whose day is over."""

    status, code = 403, "seal_broken"


def sealed(key: str, path: str, query: str, today: date) -> str:
    """The address of a panel (``path``, ``query`` with or without ``?``) with its seal."""
    words = [*parse_qsl(query.lstrip("?")), ("until", (today + timedelta(days=DAYS)).isoformat())]
    return f"{path}?{urlencode([*words, ('seal', _seal(key, path, words))])}"


def check(key: str, path: str, query: str, today: date) -> None:
    """Raises SealError where an address may not be shown without a key."""
    words = parse_qsl(query, keep_blank_values=True)
    known = dict(words)
    right = _seal(key, path.removesuffix(".json"), words)
    names = [name for name, _ in words]
    if len(names) != len(set(names)) or not hmac.compare_digest(
        known.get("seal", "").encode("utf-8", "surrogatepass"), right.encode()
    ):
        raise SealError("This address was changed, or is no longer valid.", _FIX)
    if known["until"] < today.isoformat():
        raise SealError(f"This address was valid until {known['until']}.", _FIX)


_FIX = "Copy the panel's embed address again from its menu."


def _seal(key: str, path: str, words: Iterable[tuple[str, str]]) -> str:
    """Over all of an address: each part ends where the next one begins, whatever is in it."""
    text = "\n".join((path, *sorted(urlencode([word]) for word in words if word[0] not in _APART)))
    secret = hmac.new(key.encode(), b"trueline: sealed addresses", hashlib.sha256).digest()
    return hmac.new(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
