"""Rows removed on a page: seen first, removed as they were seen, kept in the history."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from typing import Any

from serving import Served

from pages import send, shown, value_of, words_of

PATH = "/data/remove"
FEBRUARY = {"start": "2026-02-01", "end": "2026-03-01"}


def look(served: Served, keys: str, table: str = "orders", status: int = 200) -> str:
    """Name rows; the page that shows them."""
    answer = send(served, PATH, {"table": table, "keys": keys}, page=PATH)
    assert answer.status_code == status, words_of(answer.text)
    return str(answer.text)


def confirm(served: Served, text: str) -> Any:
    """Send the form of a page that shows rows."""
    keys = re.search(r'<textarea name="keys" hidden>\n?(.*?)</textarea>', text, re.DOTALL)
    assert keys is not None
    fields = {"table": value_of(text, "table"), "seen": value_of(text, "seen")}
    return send(served, PATH, fields | {"keys": unescape(keys[1])}, page=PATH)


def test_rows_are_shown_before_they_go_and_the_history_keeps_them(
    new_served: Callable[[str], Served],
) -> None:
    served = new_served("")
    text = look(served, " o2 \r\nnope\r\no2\r\n")
    words = words_of(text)
    assert "1 row of orders" in words
    assert "74.5" in words
    assert "10:00:00" in words  # 15:00 UTC, as Toronto's clock had it
    assert "1 of those named is not recorded: nope" in words
    assert served.get("/api/kpi/revenue", **FEBRUARY)["value"] == Decimal("174.5")
    answer = confirm(served, text)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/data?said=removed#t-orders",
    )
    assert "The rows are removed" in shown(served, "/data?said=removed")
    assert served.get("/api/kpi/revenue", **FEBRUARY)["value"] == 100
    assert served.tl.warehouse.rows("SELECT order_id FROM orders_history") == [("o2",)]
    # The form sent a second time finds nothing, and says so.
    again = confirm(served, text)
    assert again.status_code == 200
    assert "not recorded: o2" in words_of(again.text)


def test_rows_that_changed_since_they_were_seen_stay(new_served: Callable[[str], Served]) -> None:
    served = new_served("")
    text = look(served, "o2")
    row = {"order_id": "o2", "customer_id": "c2", "ordered_at": "2026-02-10T15:00:00Z"}
    served.tl.load_rows("orders", [row | {"amount": "75.00", "currency": "USD"}])
    answer = confirm(served, text)
    assert answer.status_code == 409
    assert "changed while you looked" in words_of(answer.text)
    assert " 75 " in words_of(answer.text)
    assert served.get("/api/kpi/revenue", **FEBRUARY)["value"] == 175
    assert confirm(served, answer.text).status_code == 303
    assert served.get("/api/kpi/revenue", **FEBRUARY)["value"] == 100


def test_what_names_no_row_is_told_beside_its_field(served: Served) -> None:
    for table, keys, field in (
        ("", "o1", "table"),
        ("coverage", "x", "table"),
        ("orders", " \n ", "keys"),
        ("orders", "\n".join(f"k{n}" for n in range(101)), "keys"),
        ("spend", "2026-01-01", "keys"),
        ("spend", "spend_date=soon,channel=Meta,campaign=x", "keys"),
        ("orders", "a\x00b", "keys"),
    ):
        text = look(served, keys, table, 422)
        assert f'id="f-{field}-h"' in text, (table, keys[:20])
    hostile = look(served, "<script>alert(1)</script>\n' OR 1=1 --")
    assert "<script>alert" not in hostile
    assert "2 of those named are not recorded" in words_of(hostile)
    assert served.client.post(PATH, data={"table": "orders", "keys": "o1"}).status_code == 403
