"""A chart as PNG or SVG, on this machine, in the light palette."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import Any

from trueline.web.assets import VEGA_LITE
from trueline.web.charts.axis import Spec

_TOKENS = Path(__file__).parent.parent / "static" / "css" / "1-tokens.css"
LETTERS = 112
"""So many of a line below the title are as wide as a chart; the rest goes on below."""
_FONT = "Inter, Liberation Sans, DejaVu Sans, sans-serif"


@cache
def palette() -> dict[str, str]:
    """The light palette, read from where pages have theirs."""
    light = _TOKENS.read_text(encoding="utf-8").split("[data-theme", 1)[0]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    return found | {"hatch": found["c1soft"], "stripes": found["surface"]}


def coloured(spec: Any) -> Any:
    """The specification with its colour tokens resolved; names that people gave are left alone."""
    if isinstance(spec, dict):
        return {
            key: value if key in ("datasets", "domain") else coloured(value)
            for key, value in spec.items()
        }
    if isinstance(spec, list):
        return [coloured(value) for value in spec]
    if isinstance(spec, str) and spec.startswith("@") and spec[1:] in palette():
        return palette()[spec[1:]]
    return spec


def complete(spec: Spec, title: str, *lines: str) -> Spec:
    """The specification as it can stand alone: sized, titled, coloured."""
    colours = palette()
    whole: Spec = coloured(spec)
    if whole.get("width") == "container":
        whole["width"] = 720
    whole["title"] = {
        "text": title,
        "subtitle": [part for line in lines for part in wrap(line, LETTERS) or [""]],
        "subtitlePadding": 4,
        "anchor": "start",
        "offset": 14,
        "fontSize": 15,
        "fontWeight": 600,
        "subtitleColor": colours["muted"],
        "color": colours["text"],
    }
    whole["padding"] = 18
    whole["config"] = whole.get("config", {}) | {
        "font": _FONT,
        "background": "#ffffff",
        "view": {"stroke": None},
        "axis": {
            "labelColor": colours["muted"],
            "gridColor": colours["grid"],
            "domain": False,
            "ticks": False,
            "labelFontSize": 11,
            "labelPadding": 8,
        },
    }
    return whole


@cache
def _ready() -> None:
    """Tell the drawing library where the typeface is."""
    from importlib.resources import files

    import vl_convert

    vl_convert.register_font_directory(str(files("fontpkg_inter") / "files"))


def png(spec: Spec, title: str, *lines: str) -> bytes:
    """The chart as a PNG, twice as fine as a screen."""
    import vl_convert

    _ready()
    made: bytes = vl_convert.vegalite_to_png(
        complete(spec, title, *lines), vl_version=VEGA_LITE, scale=2, allowed_base_urls=[]
    )
    return made


def svg(spec: Spec, title: str, *lines: str) -> bytes:
    """The chart as an SVG."""
    import vl_convert

    _ready()
    text: str = vl_convert.vegalite_to_svg(
        complete(spec, title, *lines), vl_version=VEGA_LITE, allowed_base_urls=[]
    )
    return text.encode()
