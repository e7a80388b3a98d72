"""What holds on every page: no fault, accessible, nothing too wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from addresses import PAGES
from watched import Watched

Open = Callable[..., Watched]
ALSO = {1440: (820, 2560), 390: (320,)}
"""Widths between and beyond those that pages are looked at in: a theme changes no measure."""


@pytest.mark.parametrize("path", (*PAGES, "/nowhere"))
def test_a_page_has_no_fault(open_page: Open, look: dict[str, Any], path: str) -> None:
    watched = open_page(path, **look)
    if path == "/nowhere":
        watched.faults = [f for f in watched.faults if "404" not in f]
    if path == "/redoc" and look["theme"] == "dark":
        watched.fits()  # another's page, with one theme: the other look has asked for the rest
    else:
        watched.check()
    for width in ALSO[look["width"]]:
        watched.page.set_viewport_size({"width": width, "height": 900})
        watched.fits()
    watched.clean()
