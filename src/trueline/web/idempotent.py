"""Recording once: a POST repeated with the same Idempotency-Key gets the first answer again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from fastapi import Request

from trueline.core.errors import InputError, TruelineError
from trueline.core.reading import dumps, loads
from trueline.store.idempotency import Replay
from trueline.web.answers import Answer
from trueline.web.context import company, run

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


async def recorded(
    request: Request, action: Callable[[], Any], *, status: int = 200, body: bytes | None = None
) -> Answer:
    """Answer with what ``action`` gives, done once per Idempotency-Key.

    A replay gets the first answer with ``Idempotent-Replay: true``; the same key with another body
    is a 422, while the first is still running a 409.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return Answer(await run(request, action), status_code=status)
    if not _KEY.fullmatch(key):
        raise InputError("The Idempotency-Key is not 1 to 200 visible ASCII characters.")
    store = await run(request, lambda: company(request).store)
    raw = body if body is not None else getattr(request.state, "body", b"")
    digest = hashlib.sha256(raw).hexdigest()
    route = f"{request.method} {request.scope['path']}"
    begun = await run(request, store.begin, key, route, digest)
    if isinstance(begun, Replay):
        return Answer(
            loads(begun.body), status_code=begun.status, headers={"Idempotent-Replay": "true"}
        )
    try:
        content = await run(request, action)
    except TruelineError:
        await run(request, store.abandon, key, route)
        raise
    text = dumps(content)
    await run(request, store.finish, key, route, status, text)
    return Answer(loads(text), status_code=status)
