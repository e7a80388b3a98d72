"""What a picture says of its marks. On a page that stands beside the chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trueline.web.charts.axis import Spec

Entry = tuple[str, str]
"""A text, and the class of its mark as pages have it."""
_TOKENS = {
    "k-soft": "c1soft",
    "k-ok": "ok-mark",
    "k-bad": "bad-mark",
    "k-dash": "c1",
    "k-dots": "c1",
    "k-partial": "hatch",
    "k-pale": "c1soft",
    "k-rule": "faint",
    "k-unusual": "muted",
}
_DASHES = {"k-dash": [4, 3], "k-dots": [2, 2], "k-rule": [3, 3]}
_ROOM = 690
_LETTER, _MARK = 6.4, 30
"""How wide a letter and a mark are, about: so many entries stand beside one another."""


def with_legend(spec: Spec, entries: Sequence[Entry], *, beside: bool = False) -> Spec:
    """The chart with a legend above it, or ``beside`` it."""
    if not entries:
        return spec
    texts = list(dict.fromkeys(text for text, _ in entries))
    looks = [next(look for other, look in entries if other == text) for text in texts]
    layer = {
        "data": {"name": "legend"},
        "mark": {"type": "point", "opacity": 0, "aria": False},
        "encoding": _encoding(texts, looks, beside),
    }
    return spec | {
        "layer": [*spec["layer"], layer],
        "datasets": spec["datasets"] | {"legend": [{"key": text} for text in texts]},
        "resolve": {
            "scale": dict.fromkeys(("fill", "stroke", "shape", "strokeDash"), "independent")
        },
    }


def _encoding(texts: list[str], looks: list[str], beside: bool) -> Spec:
    colours = [f"@{_TOKENS.get(look, look.removeprefix('k-'))}" for look in looks]
    shapes = ["stroke" if look in _DASHES else "square" for look in looks]
    if "k-unusual" in looks:
        shapes[looks.index("k-unusual")] = "circle"
    longest = max(len(text) for text in texts)
    how = {
        "title": None,
        "orient": "right" if beside else "top",
        "direction": "vertical" if beside else "horizontal",
        "columns": 1 if beside else max(1, int(_ROOM // (_LETTER * longest + _MARK))),
        "labelColor": "@muted",
        "labelFontSize": 11.5,
        "labelLimit": 420,
        "symbolOpacity": 1,
        "symbolSize": 100,
        "symbolStrokeWidth": 2,
        "rowPadding": 5,
        "columnPadding": 16,
        "offset": 16 if beside else 8,
    }

    def by(places: list[Any]) -> Spec:
        scale = {"domain": texts, "range": places}
        return {"field": "key", "type": "nominal", "scale": scale, "legend": how}

    return {
        "fill": by(
            ["transparent" if s != "square" else c for s, c in zip(shapes, colours, strict=True)]
        ),
        "stroke": by(colours),
        "shape": by(shapes),
        "strokeDash": by([_DASHES.get(look, [1, 0]) for look in looks]),
    }


def with_centre(spec: Spec, total: str, of: str) -> Spec:
    """A ring with its whole inside."""
    texts = ((total, 0, 17 if len(total) < 9 else 13, 600, "@text"), (of, 17, 11, 400, "@muted"))
    layers = [
        {
            "data": {"values": [{}]},
            "mark": {"type": "text", "dy": dy, "fontSize": size, "fontWeight": weight,
                     "color": colour, "aria": False},
            "encoding": {"text": {"value": text}},
        }
        for text, dy, size, weight, colour in texts
    ]  # fmt: skip
    return spec | {"layer": [*spec["layer"], *layers]}
