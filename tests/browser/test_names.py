"""Names that hold script, other directions, emoji, ten thousand letters: shown, never obeyed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import hostile
import pytest
from addresses import NAMING
from demo_site import Served
from watched import Watched

Open = Callable[..., Watched]
READ_OUT = ("/executive", "/costs", "/data")
"""Pages whose accessibility is asked again with such names: one of each way of showing them."""


@pytest.fixture(scope="module")
def hostile_site(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A company with nothing but hostile names."""
    home = tmp_path_factory.mktemp("hostile") / "home"
    hostile.make(demo_home, home)
    served = Served(home)
    yield served
    served.stop()


@pytest.mark.parametrize("path", NAMING)
def test_names_are_shown_and_never_obeyed(open_page: Open, hostile_site: Served, path: str) -> None:
    watched = open_page(path, site=hostile_site.base)
    watched.draw()
    watched.fits()
    if path in READ_OUT:
        watched.accessible()
    assert watched.page.evaluate("globalThis.stolen") is None
    assert watched.page.locator("main script, main img[src=x]").count() == 0
    watched.page.set_viewport_size({"width": 390, "height": 900})
    watched.fits()
    height = watched.page.evaluate("document.documentElement.scrollHeight")
    assert height < 60_000, f"A long name makes the page {height} px high."
    watched.clean()


def test_a_hostile_company_is_found_in_its_title(open_page: Open, hostile_site: Served) -> None:
    page = open_page("/kpis", site=hostile_site.base).page
    assert hostile.SCRIPT in page.title()
    assert hostile.RTL in page.locator(".brand").inner_text()


def test_a_long_name_takes_no_number_out_of_view(open_page: Open) -> None:
    """One of 190 letters, in a legend or a panel's table, made the page wider than the window."""
    watched = open_page("/growth?range=365d")
    page = watched.page
    for name in (".legend li", ".panel-table > table.tight tbody th"):
        page.locator(name).first.evaluate("e => { e.textContent = 'w'.repeat(190); }")
    watched.fits()
    row = page.locator(".panel-table > table.tight tbody tr").first
    box, card = row.locator("td").last.bounding_box(), page.locator("#main").bounding_box()
    assert box is not None
    assert card is not None
    assert box["x"] + box["width"] <= card["x"] + card["width"]
