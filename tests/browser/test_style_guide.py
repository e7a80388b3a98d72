"""The style guide looks as it did; ``make baselines`` keeps how it looks now."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from pictures import FOLDER, difference, taken
from PIL import Image, ImageDraw
from watched import Watched

Open = Callable[..., Watched]
LOOKS = [(theme, width) for theme in ("light", "dark") for width in (1440, 390)]


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_style_guide_looks_as_it_did(open_page: Open, theme: str, width: int) -> None:
    found = taken(open_page("/style-guide", theme=theme, width=width))
    path = FOLDER / f"style-guide-{theme}-{width}.png"
    if os.environ.get("TRUELINE_BASELINES"):
        FOLDER.mkdir(exist_ok=True)
        found.save(path, optimize=True)
        return
    apart = difference(found, Image.open(path).convert("RGB"))
    if apart:
        found.save(path.with_suffix(".found.png"))
        pytest.fail(f"{path.name}: {apart} If that is meant: make baselines", pytrace=False)


def test_pictures_that_differ_are_told_apart() -> None:
    """A card that is gone, moved or of another colour is seen; a letter drawn otherwise is not."""
    kept = _card()
    assert difference(kept, kept) is None
    assert difference(_card(letters=2), kept) is None
    assert difference(_card(bar="#b8262c"), kept)
    assert difference(_card(top=200), kept)
    assert difference(kept.resize((360, 420)), kept)


def _card(top: int = 80, letters: int = 0, bar: str = "#4f4fc9") -> Image.Image:
    """A page with one card, its letters ``letters`` px to the right, made smaller as pages are."""
    page = Image.new("RGB", (1440, 1600), "#f6f7f9")
    draw = ImageDraw.Draw(page)
    draw.rectangle((80, top, 480, top + 240), fill="#ffffff", outline="#e3e6eb")
    draw.rectangle((120, top + 160, 320, top + 192), fill=bar)
    draw.text((120 + letters, top + 40), "MRR 361,800", fill="#10131a")
    return page.resize((360, 400), Image.Resampling.BOX)
