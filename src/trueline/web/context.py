"""What a route needs: the company, and a thread for work that blocks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import anyio.to_thread
from fastapi import Request

from trueline.home import Trueline

Result = TypeVar("Result")
THREADS = 24
"""Blocking calls at once; more wait their turn. More than may wait to write, so that those who
only read are not held up by them."""


def company(request: Request) -> Trueline:
    """The company that this server serves."""
    found: Trueline = request.app.state.tl
    return found


async def run(request: Request, call: Callable[..., Result], *args: Any, **words: Any) -> Result:
    """Run a blocking call in a thread of the server's bounded pool."""
    return await anyio.to_thread.run_sync(
        partial(call, *args, **words), limiter=request.app.state.limiter
    )
