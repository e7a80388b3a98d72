"""A reader who asks for less motion gets none."""

from __future__ import annotations

from collections.abc import Callable

from watched import Watched

Open = Callable[..., Watched]
MOVING = """document.getAnimations().filter((a) => a.playState === "running").length
 + [...document.querySelectorAll("*")].filter((e) => {
     const s = getComputedStyle(e);
     return s.animationName !== "none" || s.transitionDuration.split(", ").some((d) => d !== "0s");
   }).length"""


def test_nothing_moves_for_who_asks_for_it(open_page: Open) -> None:
    assert open_page("/style-guide", reduced_motion="reduce").page.evaluate(MOVING) == 0
    assert open_page("/style-guide", reduced_motion="no-preference").page.evaluate(MOVING) > 0
