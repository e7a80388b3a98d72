"""Small drawings that need no script: sparklines and gauges, as SVG paths."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

WIDTH, HEIGHT = 240, 44


def spark(values: Sequence[float | None], loose: Collection[int] = ()) -> dict[str, Any] | None:
    """Paths of a sparkline: ``line`` and ``area`` of what is known, gaps left open; ``dashes`` are
    the ways to and from values that are partial or estimated, whose places are ``loose``. None with
    fewer than two known values."""
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    reach = (high - low) or 1.0

    def at(place: int, value: float) -> tuple[float, float]:
        x = place * WIDTH / (len(values) - 1)
        return x, HEIGHT - 3 - (value - low) / reach * (HEIGHT - 8)

    points = [None if v is None else at(n, v) for n, v in enumerate(values)]
    dashes = "".join(
        _line([start, end])
        for place, (start, end) in enumerate(pairwise(points))
        if start and end and (place in loose or place + 1 in loose)
    )
    runs = _runs([None if place in loose else point for place, point in enumerate(points)])
    area = "".join(
        f"{_line(run)}L{run[-1][0]:.1f} {HEIGHT}L{run[0][0]:.1f} {HEIGHT}Z" for run in runs
    )
    line = "".join(map(_line, runs))
    return {"line": line, "area": area, "dashes": dashes, "w": WIDTH, "h": HEIGHT}


def _runs(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """Stretches of neighbours that are known."""
    out: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            out.append([])
        else:
            out[-1].append(point)
    return [run for run in out if len(run) > 1]


def _line(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def wide(text: str) -> str:
    """How much room a number needs, as the class that makes its type small enough for it."""
    fitting = (width for width in _WIDTHS if len(text) <= width)
    return f"w{next(fitting, _WIDTHS[-1])}"


_WIDTHS = (7, 9, 11, 13, 16, 20, 26)


def parted(text: str) -> tuple[str, str]:
    """A value's number, and the unit in letters behind it: "5 259 091" and "KWD"."""
    found = _PARTED.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


_PARTED = re.compile(r"(.*\d)\s?((?<=\s)[^\W\d_]+(?:/[^\W\d_]+)?|/[^\W\d_]+)")


def gauge(value: float, most: float, target: float | None) -> dict[str, Any]:
    """Paths of a half circle from 0 to ``most``: background, the value's arc, the target's tick."""

    def at(share: float, radius: float) -> tuple[float, float]:
        return 60 - radius * math.cos(math.pi * share), 58 - radius * math.sin(math.pi * share)

    share = max(0.0, min(1.0, value / most)) if most else 0.0
    x, y = at(share, 50)
    out = {
        "bg": "M10 58A50 50 0 0 1 110 58",
        "fg": f"M10 58A50 50 0 0 1 {x:.2f} {y:.2f}" if share > 0.005 else None,
        "tick": None,
    }
    if target is not None and most:
        aim = max(0.0, min(1.0, target / most))
        (ax, ay), (bx, by) = at(aim, 42), at(aim, 58)
        out["tick"] = f"M{ax:.2f} {ay:.2f}L{bx:.2f} {by:.2f}"
    return out
