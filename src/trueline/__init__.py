"""Trueline: KPIs you can trust.

import trueline

trueline.init("home", timezone="America/Toronto", currency="USD")
with trueline.open("home") as tl:
    tl.load("orders", "orders.csv")
    print(tl.kpi("revenue", start="2026-01-01", end="2026-02-01"))
"""

from __future__ import annotations

from trueline.home import Trueline, init, open_home

open = open_home  # noqa: A001  the library's word; inside this module nothing opens files
__version__ = "0.1.0"
__all__ = ["Trueline", "__version__", "init", "open"]
