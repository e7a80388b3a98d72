"""A panel as a file, in a frame of another site; the button that refreshes."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from serving import Served, refused
from starlette.testclient import TestClient

import trueline
from pages import HTML
from pages import shown as page
from trueline.home import Trueline
from trueline.web import create_app
from trueline.web.boards.files import csv_of, harmless, written
from trueline.web.boards.shown import Cell, Column, Table


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\n=1", "＝1"])
def test_text_that_a_spreadsheet_would_run_is_made_harmless(text: str) -> None:
    assert harmless(text) == "'" + text
    assert harmless("plain - text = fine") == "plain - text = fine"


def test_a_name_holds_no_second_value_in_a_spreadsheet_of_any_language() -> None:
    """Where a semicolon is between values, "a;=1+1" without quotes is two of them."""
    hostile = ["a;=1+1", "a\t=1+1", 'a","=1+1', "a\r\n=1+1", " =1", "a|=1"]
    rows = tuple((Cell(name, name), Cell("1", 1)) for name in hostile)
    text = csv_of(Table((Column("Name"), Column("Value", True)), rows))
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert [row[0] for row in found[1:]] == hostile
    for line in text.split("\r\n")[1:3]:
        assert line.startswith('"') and line.endswith('",1')


def test_numbers_in_a_file_are_left_alone() -> None:
    from decimal import Decimal

    table = Table(
        (Column("=Name"), Column("Value", True)),
        ((Cell("a", "a"), Cell("-5", Decimal("-5.10"))), (Cell("b", "-b"), Cell("–", None))),
    )
    assert csv_of(table) == "'=Name,Value\r\na,-5.1\r\n'-b,\r\n"
    assert written(-0.5) == "-0.5"


@pytest.mark.parametrize(
    ("ending", "media", "begins"),
    [
        ("csv", "text/csv", b"Period,"),
        ("svg", "image/svg+xml", b"<svg"),
        ("png", "image/png", b"\x89PNG"),
    ],
)
def test_a_panel_is_taken_away_as_a_file(
    served: Served, ending: str, media: str, begins: bytes
) -> None:
    answer = served.client.get(f"/d/executive/line-revenue.{ending}?range=90d")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media)
    assert answer.content.startswith(begins)
    assert f'.{ending}"' in answer.headers["content-disposition"]


def test_a_file_says_what_its_numbers_are_counted_in() -> None:
    columns = (
        Column("Period"),
        Column("Sales", True),
        Column("Share", True),
        Column("Orders", True),
    )
    row = (Cell("", "May"), Cell("", 5, unit="CAD"), Cell("", 1.5, unit="%"), Cell("", 3))
    assert (
        csv_of(Table(columns, (row,))) == "Period,Sales (CAD),Share (%),Orders\r\nMay,5,1.5,3\r\n"
    )
    mixed = (
        (Cell("", "a"), Cell("", 5, unit="CAD")),
        (Cell("", "b"), Cell("", 6, "partial", unit="%")),
    )
    assert csv_of(Table(columns[:2], mixed)) == (
        "Period,Sales,Unit,Quality\r\na,5,CAD,\r\nb,6,%,partial\r\n"
    )


def test_a_file_holds_the_pages_values(served: Served) -> None:
    text = served.client.get("/d/executive/tile-mrr.csv?range=30d").text
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Period", "MRR (USD)"]
    assert rows[1] == ["2026-03-14", "300"]


def test_panels_are_embedded_only_where_the_settings_allow_it(
    served: Served, tmp_path: Path
) -> None:
    refused(served.client.get("/embed/executive/tile-mrr"), 403)
    home = trueline.init(tmp_path / "open")
    with (home / "trueline.toml").open("a") as file:
        file.write('\n[server]\nembed_origins = ["https://intranet.example"]\n')
    with Trueline(home) as tl, TestClient(create_app(tl)) as client:
        answer = client.get("/embed/executive/tile-mrr", headers=HTML)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors https://intranet.example" in policy
        assert "script-src 'self'" in policy
        page_policy = client.get("/d/executive/tile-mrr", headers=HTML).headers[
            "content-security-policy"
        ]
        assert "frame-ancestors 'none'" in page_policy


@pytest.mark.parametrize("origin", ["*", "https://a.example; script-src *", "javascript:x", "a b"])
def test_an_origin_that_would_open_more_is_refused(tmp_path: Path, origin: str) -> None:
    from trueline.core.errors import InputError
    from trueline.settings import Settings

    with pytest.raises(InputError):
        Settings.parse(f'[server]\nembed_origins = ["{origin}"]\n')


def test_the_refresh_button_runs_the_daily_job_and_comes_back(own: Served) -> None:
    text = page(own, "/executive?range=90d")
    token = re.search(r'name="form_token" value="([^"]+)"', text)
    assert token is not None
    form = {"form_token": token[1], "back": "/executive?range=90d"}
    answer = own.client.post("/refresh", data=form, follow_redirects=False)
    assert answer.status_code == 303
    back = answer.headers["location"]
    assert re.fullmatch(r"/executive\?range=90d&job=[0-9a-f]{16}", back)
    assert "daily job" in page(own, back)
    assert own.client.post("/refresh", data={"back": "/"}).status_code == 403


@pytest.mark.parametrize(
    "back", ["https://evil.example/x", "//evil.example", "/\\evil.example", ""]
)
def test_a_refresh_never_leads_to_another_site(back: str) -> None:
    from trueline.web.pages.upkeep import _with_job

    assert re.match(r"/(?![/\\])", _with_job(back, "abc"))
    assert "evil.example/x?" not in _with_job(back, "abc")


def test_a_mark_in_a_file_says_whose_it_is() -> None:
    """A known value stood beside "unknown", which was that of the period before."""
    columns = (Column("Channel"), Column("Value", True), Column("Previous period", True))

    def quality(now: Cell, before: Cell) -> str:
        table = Table(columns, ((Cell("Meta", "Meta"), now, before),))
        return list(csv.reader(io.StringIO(csv_of(table))))[1][-1]

    unknown, partial = Cell("–", None, "unknown"), Cell("5", 5, "partial")
    assert quality(Cell("4", 4), unknown) == "Previous period: unknown"
    assert quality(partial, unknown) == "partial; Previous period: unknown"
    assert quality(partial, Cell("", None)) == "partial"
    assert quality(partial, partial) == "partial"
