"""The data pages: what is recorded, coverage by click, files sent, rejects corrected in place."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from typing import Any

import pytest
from serving import Served, app_of

from pages import HTML, finished, send, shown, token, words_of
from trueline.web import loadings
from trueline.web.pages import timeline

HEADER = "order_id,customer_id,ordered_at,amount,currency,channel\n"


def mixed(prefix: str) -> str:
    """Four orders, two of them wrong."""
    rows = (
        "1,c1,2026-03-05T15:00:00Z,25.50,USD,Meta",
        '2,c2,2026-03-06T15:00:00Z,"1,234.50",USD,Meta',
        "3,c3,2026-03-06T15:00:00Z,NaN,USD,=cmd|' /C calc'!A0",
        "4,c4,2026-03-06T15:00:00Z,5.00,USD,<script>alert(1)</script>",
    )
    return HEADER + "".join(f"{prefix}{row}\n" for row in rows)


MIXED = mixed("m")


def left(served: Served) -> set[str]:
    """Files that wait for something in the folder of uploads."""
    folder = served.tl.home / "uploads"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def upload(served: Served, name: str, content: bytes, table: str = "orders", **fields: str) -> Any:
    """Send a file by the page's form; the answer."""
    data = {"form_token": token(served, "/data/upload"), "table": table, **fields}
    return served.client.post(
        "/data/upload", data=data, files={"file": (name, content)}, headers=HTML,
        follow_redirects=False,
    )  # fmt: skip


def loaded(served: Served, name: str, content: str, table: str = "orders", **fields: str) -> Any:
    """Send a file and wait for its load; the page it leads to."""
    answer = upload(served, name, content.encode(), table, **fields)
    assert answer.status_code == 303, words_of(answer.text)
    return finished(served, answer.headers["location"])


def test_a_table_is_shown_with_its_rows_days_and_coverage(served: Served) -> None:
    text = words_of(shown(served, "/data"))
    assert "costs one cost that is no ad spend 4 Feb 3, 2026 to Mar 1, 2026" in text.replace(
        "Feb. 3", "Feb 3"
    ).replace("Mar. 1", "Mar 1")
    assert "The beginning" in text  # a full export says so


def test_coverage_is_declared_by_a_form(served: Served) -> None:
    fields = {"table": "orders", "from": "2026-01-01", "to": "2026-02-28", "complete": "false"}
    answer = send(served, "/data/coverage", fields, page="/data")
    assert answer.status_code == 303
    assert "The coverage is declared" in shown(served, answer.headers["location"].split("#")[0])
    spans = next(t for t in served.tl.facts() if t["table"] == "orders")["coverage"]
    assert {"category": "*", "from": "2026-01-01", "to": "2026-03-01", "complete": False} in spans


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "01/02/2026"}, "from"),
        ({"from": ""}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"table": "coverage"}, "table"),
        ({"table": "<script>"}, "table"),
        ({"category": "x" * 201}, "category"),
    ],
)
def test_a_wrong_declaration_is_told_beside_its_field_and_kept(
    served: Served, changed: dict[str, str], field: str
) -> None:
    before = next(t for t in served.tl.facts() if t["table"] == "costs")["coverage"]
    fields = {"table": "costs", "category": "sales", "from": "2026-01-01", "to": "2026-01-31"}
    answer = send(served, "/data/coverage", fields | changed, page="/data")
    assert answer.status_code == 422
    assert f'id="f-{field}-h"' in answer.text
    assert 'id="problem"' in answer.text
    assert "autofocus" in answer.text
    if field != "category":
        assert 'value="sales"' in answer.text
    assert next(t for t in served.tl.facts() if t["table"] == "costs")["coverage"] == before


def test_a_form_of_another_site_declares_nothing(served: Served) -> None:
    fields = {"table": "orders", "from": "2020-01-01", "to": "2020-01-31", "form_token": "x"}
    assert served.client.post("/data/coverage", data=fields).status_code == 403
    before = left(served)
    content = {"file": ("a.csv", MIXED.encode())}
    answer = served.client.post("/data/upload", data={"table": "orders"}, files=content)
    assert answer.status_code == 403
    assert left(served) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"order_id,order_id,ordered_at,amount,currency\n1,2,2026-03-01,5,USD\n",
            "The header names a column twice: order_id. Give every column one name.",
        ),
        (
            b"order_id,customer_id,ordered_at,amount,currency\n1,Ren\xe9,2026-03-01,5,USD\n",
            "The file is not UTF-8 at byte 53. Save it as UTF-8.",
        ),
    ],
)
def test_a_file_that_no_naming_of_columns_mends_is_told_why(
    served: Served, content: bytes, said: str
) -> None:
    answer = upload(served, "broken.csv", content)
    page = finished(served, answer.headers["location"])
    assert page.status_code == 422
    text = words_of(page.text)
    assert said in text
    assert "Which column is which?" not in text


def test_the_first_page_and_the_data_page_count_the_same_tables(served: Served) -> None:
    tables = sum(1 for t in served.tl.facts() if t["rows"] and t["table"] != "coverage")
    assert f"{tables} tables hold facts already" in words_of(shown(served, "/welcome"))
    assert f"{tables} of " in words_of(shown(served, "/data"))


def test_a_bad_row_refuses_the_file_and_its_good_rows_can_still_be_loaded(served: Served) -> None:
    answer = loaded(served, "mixed.csv", MIXED)
    text = words_of(answer.text)
    assert "Nothing of this file was loaded. 2 of its 4 rows break a rule" in text
    assert "is not a plain number" in text
    found = answer.text.split('action="/data/upload/')[1].split('"')[0]
    again = send(served, f"/data/upload/{found}", {}, page="/data")
    page = finished(served, again.headers["location"])
    assert "Accepted 2 Duplicate 0 Rejected 2" in words_of(page.text)
    assert "Mend the rejected rows" in page.text


def test_rejected_rows_are_corrected_in_place(served: Served) -> None:
    first = loaded(served, "again.csv", mixed("n"), keep_good="on")
    load = str(first.url.path)
    assert "<script>alert" not in first.text
    rejected = served.client.get(f"{load}/rejects.csv")
    lines = list(csv.reader(io.StringIO(rejected.text)))
    assert "attachment" in rejected.headers["content-disposition"]
    assert lines[2][5].startswith("'=cmd")
    fields = {"take0": "on", "c0-3": "1234.50", "c1-3": "9"}
    answer = send(served, f"{load}/corrected", fields, page=load)
    page = finished(served, answer.headers["location"])
    assert "Read 1 Accepted 1 Duplicate 0 Rejected 0" in words_of(page.text)
    rows = served.tl.warehouse.rows(
        "SELECT order_id, amount, source FROM orders WHERE amount=1234.5"
    )
    assert [(r[0], str(r[1]), r[2]) for r in rows] == [("n2", "1234.5000", "again.csv (corrected)")]
    assert "The rejected ones wait below" in words_of(served.client.get(load).text)


def test_corrected_rows_are_read_by_the_columns_and_the_clock_of_their_file(served: Served) -> None:
    """The page asked for the columns again, and took times in UTC for the company's."""
    text = "Number,Buyer,When,Sum\nz1,c1,2026-02-01 03:30,$5\nz2,c1,2026-02-02 12:00,7.00\n"
    answer = upload(served, "utc.csv", text.encode(), keep_good="on")
    asked = answer.headers["location"]
    finished(served, asked)
    names = {"order_id": "Number", "customer_id": "Buyer", "ordered_at": "When", "amount": "Sum"}
    fields = {f"from-{ours}": theirs for ours, theirs in names.items()} | {"timezone": "UTC"}
    answer = send(served, f"{asked}/columns", fields, page="/data")
    first = finished(served, answer.headers["location"])
    load = str(first.url.path)
    assert re.search(r'<input name="c0-3" value="\$5"[^>]*aria-invalid="true"', first.text)
    answer = send(served, f"{load}/corrected", {"take0": "on", "c0-3": "5.00"}, page=load)
    page = finished(served, answer.headers["location"])
    assert "Read 1 Accepted 1" in words_of(page.text)
    days = served.tl.warehouse.rows(
        "SELECT order_id, CAST(ordered_on AS VARCHAR) FROM orders WHERE order_id IN ('z1', 'z2')"
    )
    assert sorted(days) == [("z1", "2026-01-31"), ("z2", "2026-02-02")]


def test_a_rejects_file_s_load_says_whether_its_own_rejected_rows_still_wait(
    served: Served,
) -> None:
    """The first load stands for them: the second one's page said that none was left out."""
    first = str(loaded(served, "twice.csv", mixed("t"), keep_good="on").url.path)
    fields = {"take0": "on", "c0-3": "7.50", "take1": "on"}
    answer = send(served, f"{first}/corrected", fields, page=first)
    again = finished(served, answer.headers["location"])
    assert "Accepted 1 Duplicate 0 Rejected 1" in words_of(again.text)
    for load in (first, str(again.url.path)):
        assert "The rejected ones wait below" in words_of(served.client.get(load).text)


def test_a_load_says_whether_its_rejected_rows_still_wait(served: Served) -> None:
    load = str(loaded(served, "waiting.csv", mixed("w"), keep_good="on").url.path)
    assert "The rejected ones wait below" in words_of(served.client.get(load).text)
    fields = {"take0": "on", "c0-3": "7.50", "take1": "on", "c1-2": "2026-03-05T15:00:00Z"}
    answer = send(served, f"{load}/corrected", fields | {"c1-3": "9"}, page=load)
    assert "Rejected 0" in words_of(finished(served, answer.headers["location"]).text)
    now = words_of(served.client.get(load).text)
    assert "wait below" not in now
    assert "The rejected ones below have come corrected since" in now


def test_a_corrected_row_that_is_still_wrong_is_rejected_again(served: Served) -> None:
    load = str(loaded(served, "p.csv", mixed("p"), keep_good="on").url.path)
    fields = {"take0": "on", "c0-3": "$5", "take1": "on"}
    answer = send(served, f"{load}/corrected", fields, page=load)
    page = finished(served, answer.headers["location"])
    assert "Rejected 2" in words_of(page.text)
    nothing = send(served, f"{load}/corrected", {"c0-3": "5"}, page=load)
    assert nothing.status_code == 422


def test_columns_of_other_names_are_asked_for(served: Served) -> None:
    content = "No,Who,When,Sum\nq1,c1,2026-03-05T15:00:00,5.00\n"
    answer = loaded(served, "shop.csv", content)
    assert answer.status_code == 422
    assert "Which column is which?" in answer.text
    assert "Times without an offset" in answer.text
    at = str(answer.url.path)
    fields = {
        "timezone": "UTC",
        "from-order_id": "No", "from-customer_id": "Who", "from-ordered_at": "When",
        "from-amount": "Sum", "from-currency": "=", "all-currency": "EUR",
    }  # fmt: skip
    lacking = send(served, f"{at}/columns", fields | {"from-amount": ""}, page=at_any(served))
    assert lacking.status_code == 422
    assert "Say which column is amount" in lacking.text
    answer = send(served, f"{at}/columns", fields, page=at_any(served))
    assert "Accepted 1" in words_of(finished(served, answer.headers["location"]).text)
    found = served.tl.warehouse.rows("SELECT currency, ordered_at FROM orders WHERE order_id='q1'")
    assert found == [("EUR", datetime(2026, 3, 5, 15, 0))], "three in UTC, as was said"


def test_a_column_of_another_system_is_filled_in_to_be_checked(served: Served) -> None:
    content = "Order Number,Client ID,created_at,total\nq7,c1,2026-03-05T15:00:00,5.00\n"
    text = loaded(served, "their-shop.csv", content).text
    for name in ("Order Number", "Client ID", "created_at"):
        assert f'<option value="{name}" selected>' in text
    assert text.count("Suggested: is it this?") == 3
    assert '<option value="total" selected>' not in text, "it may hold tax"
    assert "Perhaps total, if it is this" in text


def at_any(served: Served) -> str:
    """A page that has a form: every form of a browser carries the same token."""
    return "/data"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.docx", b"PK"),
        ("latin.csv", HEADER.encode() + "é".encode("latin-1")),
        ("empty.csv", b""),
        ("binary.csv", bytes(range(256)) * 20),
    ],
)
def test_a_wrong_file_is_told_and_leaves_nothing(served: Served, name: str, content: bytes) -> None:
    before = left(served)
    answer = upload(served, name, content)
    if answer.status_code == 303:
        answer = finished(served, answer.headers["location"])
    assert answer.status_code == 422
    assert 'id="problem"' in answer.text
    assert left(served) == before


def test_no_file_and_no_table_are_told(served: Served) -> None:
    answer = upload(served, "a.csv", MIXED.encode(), table="")
    assert answer.status_code == 422
    assert "Choose the table" in answer.text
    data = {"form_token": token(served, "/data/upload"), "table": "orders"}
    answer = served.client.post("/data/upload", data=data, headers=HTML)
    assert answer.status_code == 415  # no multipart form: nothing was chosen, no script ran


def test_an_upload_over_the_limit_is_told(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = served.tl.settings.server.model_copy(update={"max_upload_bytes": 1024})
    monkeypatch.setattr(
        served.tl, "settings", served.tl.settings.model_copy(update={"server": settings})
    )
    answer = upload(served, "huge.csv", MIXED.encode() * 20)
    assert answer.status_code == 413
    assert "Split the file" in answer.text


def test_too_many_waiting_files_are_refused_not_lost(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = left(served)
    waiting = loadings.Loadings(served.tl)
    monkeypatch.setattr(waiting, "_work", lambda: None)
    state = app_of(served.client).state
    known, state.loadings = state.loadings, waiting
    try:
        for n in range(loadings.MOST_WAITING):
            assert upload(served, f"w{n}.csv", MIXED.encode()).status_code == 303
        answer = upload(served, "one-more.csv", MIXED.encode())
    finally:
        state.loadings = known
    assert answer.status_code == 503
    assert "are waiting" in answer.text
    waiting.stop()
    assert left(served) == before


def test_a_hostile_name_of_a_file_stays_a_name(served: Served) -> None:
    name = "../../<img src=x onerror=alert(1)>" + "n" * 2000 + ".csv"
    answer = loaded(served, name, mixed("h"), keep_good="on")
    assert answer.status_code == 200
    assert "<img" not in answer.text
    assert "<img" not in shown(served, "/data")
    assert not list(served.tl.home.parent.glob("*.csv"))


def test_loads_are_paged(served: Served) -> None:
    assert "All loads" in shown(served, "/data/loads", before=1)
    assert "orders.csv" in shown(served, "/data/loads", before=3)
    assert served.client.get("/data/loads?before=0", headers=HTML).status_code == 422
    assert served.client.get("/data/loads/99999999", headers=HTML).status_code == 404
    assert served.client.get("/data/loads/1/rejects.csv", headers=HTML).status_code == 404


def test_the_daily_job_runs_from_the_page(served: Served) -> None:
    answer = send(served, "/refresh", {"back": "/data"}, page="/data")
    assert answer.status_code == 303
    assert "Daily job" in shown(served, answer.headers["location"])


def test_bars_lie_on_their_line() -> None:
    from datetime import date

    line = timeline.Line(date(2026, 1, 1), date(2026, 1, 11))
    assert line.bar(date(2026, 1, 1), date(2026, 1, 6), "facts") == {
        "x": 0.0,
        "w": 500.0,
        "kind": "facts",
    }
    assert line.bar(date(1900, 1, 1), date(2200, 1, 1), "complete") == {
        "x": 0.0,
        "w": 1000.0,
        "kind": "complete",
    }
    assert line.bar(date(2025, 1, 1), date(2026, 1, 1), "facts") is None
    last = line.bar(date(2026, 1, 10), date(2026, 1, 11), "facts")
    assert last is not None
    assert last["x"] + last["w"] == 1000


class Ending(loadings.Loading):
    """A load that ends while its page is made."""

    looks = 0

    @property
    def over(self) -> bool:
        self.looks += 1
        return self.looks > 1


def test_a_load_that_ends_while_its_page_is_made_is_followed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page was neither of a load that runs nor of one that is over, and stayed so."""
    ending = Ending("costs", served.tl.home / "none.csv", "costs.csv", state="loading")
    monkeypatch.setattr(app_of(served.client).state.loadings, "of", lambda _id: ending)
    assert "data-watch=" in shown(served, "/data/upload/ending")
