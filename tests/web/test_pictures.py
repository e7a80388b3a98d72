"""A panel's picture alone: it says what its page says beside the chart."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from serving import Served, app_of

from pages import shown as page
from trueline.dashboards import find
from trueline.web.boards.picture import drawing_of
from trueline.web.boards.view import ViewQuery, view_of
from trueline.web.charts import export
from trueline.web.charts.legend import with_legend
from trueline.web.charts.samples import SAMPLES

BOARD = """
title = "Pictures"
range = "90d"

[[row]]

[[row.panel]]
kind = "ring"
kpi = "revenue"
by = "currency"
name = "ring"

[[row.panel]]
kind = "line"
kpis = ["new_customer_orders", "returning_customer_orders"]
name = "two"

[[row.panel]]
kind = "line"
kpis = ["revenue"]
range = "365d"
grain = "month"
name = "year"

[[row.panel]]
kind = "tile"
kpi = "revenue"
about = "All that was sold"
range = "365d"
target = 500
name = "tile"
"""


@pytest.fixture(scope="module")
def pictured(served: Served) -> Served:
    folder = served.tl.home / "dashboards"
    folder.mkdir(exist_ok=True)
    (folder / "pictures.toml").write_text(BOARD)
    return served


def texts(served: Served, address: str) -> list[str]:
    """What is written in a picture, without the thin spaces of ranges."""
    answer = served.client.get(address)
    assert answer.status_code == 200, answer.text
    found = re.findall(r">([^<>]+)</(?:text|tspan)>", answer.text)
    return [unescape(text).replace("\u2009", "") for text in found]


@pytest.mark.parametrize("board", ["executive", "finance", "growth", "pictures"])
def test_every_picture_has_the_legend_of_its_panel(pictured: Served, board: str) -> None:
    tl = pictured.tl
    entry = find(tl.home, board)
    calendar = tl.settings.company.calendar
    view = view_of(ViewQuery(), "90d", tl.engine.today(), calendar, frozenset())
    for name, shown in app_of(pictured.client).state.boards.get(entry, view).panels().items():
        spec, title, lines = drawing_of(shown, view, tl.settings.company)
        if spec is None:
            continue
        drawn = unescape(export.svg(spec, title, *lines).decode())
        for key in shown.legend:
            assert key.text in drawn, (name, key)


def test_a_ring_says_its_parts_and_its_whole(pictured: Served) -> None:
    found = texts(pictured, "/d/pictures/ring.svg")
    assert "USD: US$250.00, 100%" in found, found
    assert "US$250.00" in found


def test_two_lines_are_told_apart(pictured: Served) -> None:
    both = {"New customers' orders", "Returning customers' orders"}
    found = texts(pictured, "/d/pictures/two.svg")
    assert both <= set(found), found


def test_the_picture_of_a_slice_says_which(pictured: Served) -> None:
    for name in ("year", "tile"):
        found = texts(pictured, f"/d/pictures/{name}.svg?currency=USD")
        assert any("Currency: USD" in text for text in found), name
    assert not any("Currency" in text for text in texts(pictured, "/d/pictures/year.svg"))


def test_a_panel_of_other_days_than_its_page_says_its_own_alone(pictured: Served) -> None:
    for name in ("year", "tile"):
        written = " ".join(texts(pictured, f"/d/pictures/{name}.svg?range=30d"))
        assert "Feb 13" not in written, name
        assert "2025" in written, name
        assert "Feb 13" not in page(pictured, f"/d/pictures/{name}?range=30d"), name
    assert "Feb 13" in page(pictured, "/d/pictures/two?range=30d")


def test_a_tile_says_its_value_and_target_in_its_picture(pictured: Served) -> None:
    found = texts(pictured, "/d/pictures/tile.svg")
    assert "Revenue: US$250.00" in found
    assert "Target ≥ US$500.00 a month" in " ".join(found), found


def test_a_tile_shows_what_its_file_says_about_it(pictured: Served) -> None:
    text = page(pictured, "/d/pictures?range=30d")
    assert "All that was sold, Mar" in text


def test_the_values_of_a_tile_are_one_click_away(pictured: Served) -> None:
    """A tile has no room for a table: its menu leads to its own page."""
    text = page(pictured, "/d/pictures")
    assert "/d/pictures/tile?range=90d#values" in text
    assert "table=tile" not in text
    assert 'id="values"' in page(pictured, "/d/pictures/tile?range=90d")


def test_a_panel_alone_and_in_a_frame_says_which_part_it_shows(
    new_served: Callable[[str], Served],
) -> None:
    served = new_served('\n[server]\nembed_origins = ["https://a.example"]\n')
    for folder in ("d", "embed"):
        text = page(served, f"/{folder}/executive/line-revenue?currency=USD")
        assert "Currency: <bdi>USD</bdi>" in text, folder
        assert "Currency:" not in page(served, f"/{folder}/executive/line-revenue"), folder


def test_a_line_below_the_title_goes_on_where_a_chart_ends() -> None:
    spec = SAMPLES["line"]()
    drawn = export.complete(spec, "Title", "word " * 100)
    assert max(len(line) for line in drawn["title"]["subtitle"]) <= export.LETTERS


def test_names_in_a_legend_are_no_colours_and_no_code() -> None:
    names = ["@c1", "<b>&", "null", "\u202eevil", "x" * 300]
    spec = with_legend(SAMPLES["line"](), [(name, "k-c1") for name in names])
    drawn = unescape(export.svg(spec, "Title", "").decode())
    for name in names[:3]:
        assert f">{name}<" in drawn, name
