"""Trueline: KPIs you can trust.

import trueline

trueline.init("home", timezone="America/Toronto", currency="USD")
with trueline.open("home") as tl:
    tl.load("orders", "orders.csv")
    print(tl.kpi("revenue", start="2026-01-01", end="2026-02-01"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trueline.home import Trueline, init
    from trueline.home import open_home as open

__version__ = "0.1.0"
__all__ = ["Trueline", "__version__", "init", "open"]

_IN_HOME = {"Trueline": "Trueline", "init": "init", "open": "open_home"}


def __getattr__(name: str) -> Any:
    """The library's words, imported when first used: a part of the package does not need them."""
    if name not in _IN_HOME:
        raise AttributeError(f"module 'trueline' has no attribute '{name}'")
    from trueline import home

    found = globals()[name] = getattr(home, _IN_HOME[name])
    return found
