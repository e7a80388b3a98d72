"""On a database server, too: what a full export lacks, removal, and a file that comes again."""

from __future__ import annotations

from pathlib import Path

import pytest
from companies import OTHERS, Url, open_company

HEADER = "spend_date,channel,campaign,amount,currency\n"


@pytest.mark.parametrize("engine", OTHERS)
def test_rows_are_left_out_removed_and_brought_back(
    engine: str, url_of: Url, tmp_path: Path
) -> None:
    first, later = tmp_path / "first.csv", tmp_path / "later.csv"
    first.write_text(HEADER + "".join(f"2026-01-0{n},Meta,x,{n},USD\n" for n in range(1, 5)))
    later.write_text(HEADER + "2026-01-01,Meta,x,1,USD\n2026-01-03,Meta,x,9,USD\n")
    with open_company(tmp_path / "home", url_of(engine)) as tl, tl.counting_later():
        tl.load("spend", first, full=True)
        assert tl.load("spend", first, full=True).status == "unchanged"
        report = tl.load("spend", later, full=True)
        assert (report.accepted, report.updated, report.duplicate) == (1, 1, 1)
        note = next(note for note in report.notes if "not in this file" in note)
        assert note.startswith("2 recorded rows of spend are")
        assert "spend_date=2026-01-02,channel=Meta,campaign=x" in note
        gone = {"spend_date": "2026-01-02", "channel": "Meta", "campaign": "x"}
        assert tl.remove("spend", [gone, gone | {"channel": "none"}]) == 1
        assert tl.remove("spend", [gone]) == 0
        again = tl.load("spend", first, full=True)
        assert (again.status, again.accepted, again.updated) == ("loaded", 2, 1)
        assert tl.load("spend", first, full=True).status == "unchanged"
        assert tl.warehouse.rows("SELECT count(*) FROM spend") == [(4,)]
