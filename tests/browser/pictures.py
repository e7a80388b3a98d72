"""Pictures of pages, small enough to keep and compared as an eye would: by what has moved or faded.

A page is photographed whole and made four times smaller. Two pictures are alike where no part of
64 by 64 px of the page differs much: letters drawn a little otherwise by another machine's fonts
do not, a part that is gone, moved or of another colour does.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter, ImageStat
from watched import HEIGHT, Watched

FOLDER = Path(__file__).parent / "baselines"
SMALLER = 4
BLOCK = 16
MOST = 14.0
"""The mean difference of a block, of 255, from which it is not alike."""


def taken(watched: Watched) -> Image.Image:
    """The whole page, charts drawn, made smaller."""
    watched.draw()
    page = watched.page
    page.evaluate("document.fonts.ready")
    page.mouse.move(0, 0)
    size = page.viewport_size
    assert size is not None
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(height, HEIGHT)})
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    page.set_viewport_size({"width": size["width"], "height": HEIGHT})
    return picture.resize(
        (picture.width // SMALLER, picture.height // SMALLER), Image.Resampling.BOX
    )


def difference(found: Image.Image, kept: Image.Image) -> str | None:
    """Where two pictures differ, in the page's px; None where they are alike."""
    if abs(found.width - kept.width) > 1 or abs(found.height - kept.height) > kept.height * 0.02:
        return f"The page is {found.size} and was {kept.size} (in {SMALLER} px)."
    soft = [
        picture.resize(kept.size).filter(ImageFilter.GaussianBlur(2)) for picture in (found, kept)
    ]
    apart = ImageChops.difference(*soft)
    worst, where = 0.0, (0, 0)
    for top in range(0, apart.height, BLOCK):
        for left in range(0, apart.width, BLOCK):
            box = (left, top, min(left + BLOCK, apart.width), min(top + BLOCK, apart.height))
            mean = max(ImageStat.Stat(apart.crop(box)).mean)
            if mean > worst:
                worst, where = mean, (left, top)
    if worst <= MOST:
        return None
    at = f"{where[0] * SMALLER}, {where[1] * SMALLER}"
    return f"Around {at} px it differs by {worst:.0f} of 255 (at most {MOST:.0f})."
