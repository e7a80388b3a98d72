"""What holds on every page: no fault, accessible, nothing too wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from addresses import BOARDS, PAGES
from watched import Watched

Open = Callable[..., Watched]
ALSO = {1440: (820, 2560), 390: (320,)}
"""Widths between and beyond those that pages are looked at in: a theme changes no measure."""

OF_A_LOOK = (
    *("color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"),
    *("meta-viewport", "css-orientation-lock", "button-name", "link-name", "label", "select-name"),
)
"""Rules that another theme or width can break; a page's words and order are the same in both, and
the frame that a narrow window has is asked for all of them on some pages."""


@pytest.mark.parametrize("path", (*PAGES, "/nowhere"))
def test_a_page_has_no_fault(open_page: Open, look: dict[str, Any], path: str) -> None:
    watched = open_page(path, **look)
    if path == "/nowhere":
        watched.faults = [f for f in watched.faults if "404" not in f]
    if path == "/redoc" and look["theme"] == "dark":
        watched.fits()  # another's page, with one theme: the other look has asked for the rest
    else:
        again = look["theme"] == "dark" and path not in (*BOARDS, "/data", "/kpi/mrr")
        watched.check(*(OF_A_LOOK if again else ()))
    for width in ALSO[look["width"]]:
        watched.page.set_viewport_size({"width": width, "height": 900})
        watched.fits()
    watched.clean()
