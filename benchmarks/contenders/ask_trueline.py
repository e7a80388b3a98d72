"""The questions through Trueline's library: ``ask_trueline.py HOME START END``.

``..., afresh`` is the first time after a load: what was kept in memory is read again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from answering import serve

from trueline.home import Trueline, open_home

SERIES = {
    "revenue by day": ("revenue", "day"),
    "new customers by month": ("new_customers", "month"),
    "AOV by month": ("aov", "month"),
}


Ask = Callable[[], Any]


def _asked(tl: Trueline, key: str, grain: str, days: dict[str, str]) -> dict[str, Ask]:
    def kept() -> Any:
        return tl.series(key, grain=grain, **days)

    def afresh() -> Any:
        assert tl.engine._state is not None
        tl.engine._state = None
        return kept()

    return {"": kept, ", afresh": afresh}


if __name__ == "__main__":
    home, start, end = sys.argv[1:]
    with open_home(home) as tl:
        serve(
            {
                name + way: ask
                for name, (key, grain) in SERIES.items()
                for way, ask in _asked(tl, key, grain, {"start": start, "end": end}).items()
            },
            lambda found: [(reading.start, reading.value) for reading in found],
        )
