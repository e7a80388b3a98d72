"""Pages on paper: dark text on white, whatever the theme, and nothing that only a screen needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from watched import Watched

Open = Callable[..., Watched]
PAGES = ("/kpis", "/style-guide")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_prints_dark_on_white_in_the_dark_theme(open_page: Open, path: str) -> None:
    watched = open_page(path, theme="dark")
    watched.draw()
    page = watched.page
    page.emulate_media(media="print")
    colour, ground = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.documentElement)"
        ".backgroundColor].map((c) => c.match(/[0-9]+/g).map(Number).slice(0, 3))"
    )
    assert max(colour) < 90
    assert min(ground) > 240
    expect(page.get_by_role("navigation").first).to_be_hidden()
    made = page.pdf(format="A4")
    assert made.startswith(b"%PDF-")
    assert len(made) > 20_000
