"""What is folded on a page is as fit to be read as the page, once it is opened."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from watched import Watched

Open = Callable[..., Watched]


@pytest.mark.parametrize("path", ["/executive", "/kpi/mrr", "/product"])
def test_nothing_that_is_opened_is_too_wide_or_out_of_reach(open_page: Open, path: str) -> None:
    """A query and a long table made the page wider than a telephone; a menu skipped a heading."""
    watched = open_page(path, width=390)
    watched.draw()
    page = watched.page
    for place in range(page.locator("details").count()):
        page.locator("details").nth(place).evaluate(
            "(one) => { document.querySelectorAll('details[open]').forEach((other) => "
            "{ other.open = false; }); one.open = true; }"
        )
        watched.fits()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    watched.accessible()


def test_a_panel_of_a_heat_map_alone_says_its_table_once(open_page: Open) -> None:
    watched = open_page("/d/executive/cohorts-orders-heat")
    watched.accessible()
