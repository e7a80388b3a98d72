"""The costs pages: recorded once, changed by two, deleted, listed with totals; history kept."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from serving import Served

from pages import send, shown, value_of, words_of
from trueline import costs

COST = {
    "cost_date": "2026-03-10", "cost_type": "marketing", "amount": "1234.50", "currency": "USD",
    "channel": "paid", "description": "Ads",
}  # fmt: skip


def record(served: Served, **changes: str) -> str:
    """Record a cost by the form; its id."""
    entry = value_of(shown(served, "/costs"), "entry")
    answer = send(served, "/costs", {**COST, "entry": entry, **changes}, page="/costs")
    assert answer.status_code == 303, words_of(answer.text)
    assert "The cost is recorded." in shown(served, answer.headers["location"])
    return entry


def known(served: Served, cost_id: str) -> dict[str, Any]:
    return costs.cost(served.tl.warehouse, cost_id)


def fields_of(served: Served, cost_id: str) -> dict[str, str]:
    """The form of a cost as somebody opens it."""
    text = shown(served, "/costs/entry", id=cost_id)
    names = ("id", "version", "cost_date", "amount", "currency", "channel", "description")
    return {name: value_of(text, name) for name in names} | {"cost_type": "marketing"}


def test_a_cost_is_recorded_and_counts(served: Served) -> None:
    before = served.tl.kpi("burn_rate", start="2026-03-01", end="2026-03-15").value
    found = known(served, record(served))
    assert (found["amount"], found["editable"]) == (Decimal("1234.5000"), True)
    after = served.tl.kpi("burn_rate", start="2026-03-01", end="2026-03-15").value
    assert after is not None
    assert after > (before or 0)


def test_a_cost_whose_day_has_not_come_is_recorded_with_a_word_about_it(served: Served) -> None:
    entry = value_of(shown(served, "/costs"), "entry")
    ahead = {**COST, "entry": entry, "cost_date": "2030-01-01"}
    answer = send(served, "/costs", ahead, page="/costs")
    assert "Its day has not come yet" in shown(served, answer.headers["location"])


def test_a_form_sent_twice_records_one_cost(served: Served) -> None:
    entry = value_of(shown(served, "/costs"), "entry")
    fields = {**COST, "entry": entry, "description": "twice"}
    first = send(served, "/costs", fields, page="/costs")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: send(served, "/costs", fields, page="/costs"), range(4)))
    assert "said=recorded&" in first.headers["location"] + "&"
    assert {a.headers["location"].partition("said=")[2] for a in answers} == {"recorded-before"}
    rows = served.tl.warehouse.rows("SELECT count(*) FROM costs WHERE description = 'twice'")
    assert rows == [(1,)]
    assert len(costs.history(served.tl.warehouse, entry)) == 1
    other = send(served, "/costs", fields | {"amount": "9.00"}, page="/costs")
    assert other.status_code == 409
    assert "sent before" in other.text
    assert known(served, entry)["amount"] == Decimal("1234.5")


def test_a_form_cannot_take_the_id_of_a_cost_that_a_file_brought(served: Served) -> None:
    answer = send(served, "/costs", {**COST, "entry": "k1"}, page="/costs")
    assert answer.status_code == 422
    assert known(served, "k1")["source"] == "costs.csv"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1,234.50"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "1e309"}, "amount"),
        ({"amount": "5.123"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"amount": "9" * 70}, "amount"),
        ({"cost_date": "01/02/2026"}, "cost_date"),
        ({"cost_date": "2026-02-30"}, "cost_date"),
        ({"cost_type": "bribes"}, "cost_type"),
        ({"currency": "XXZ"}, "currency"),
        ({"channel": "x" * 10_000}, "channel"),
        ({"description": "x" * 10_000}, "description"),
        ({"service_start": "2026-03-01"}, "service_end"),
        ({"service_start": "2026-03-05", "service_end": "2026-03-01"}, "service_end"),
    ],
)
def test_a_wrong_cost_is_told_beside_its_field_and_kept(
    served: Served, changed: dict[str, str], field: str
) -> None:
    count = "SELECT count(*) FROM costs"
    before = served.tl.warehouse.rows(count)
    entry = value_of(shown(served, "/costs"), "entry")
    fields = {**COST, "entry": entry, "description": "still here", **changed}
    answer = send(served, "/costs", fields, page="/costs")
    assert answer.status_code == 422
    assert (
        f'id="f-{field.replace("_", "-")}-h"' in answer.text or f'id="f-{field}-h"' in answer.text
    )
    assert "autofocus" in answer.text
    assert value_of(answer.text, "entry") == entry
    if field != "description":
        assert value_of(answer.text, "description") == "still here"
    assert served.tl.warehouse.rows(count) == before


def test_of_two_who_change_the_same_cost_the_second_is_told_and_nothing_is_lost(
    served: Served,
) -> None:
    cost_id = record(served, description="both")
    ada, bob = fields_of(served, cost_id), fields_of(served, cost_id)
    first = send(served, "/costs/entry", ada | {"amount": "10.00"}, page="/costs")
    assert first.status_code == 303
    second = send(served, "/costs/entry", bob | {"amount": "20.00"}, page="/costs")
    assert second.status_code == 409
    text = words_of(second.text)
    assert "Somebody changed this cost while you looked at it." in text
    assert "amount 10.00 20.00" in text
    assert value_of(second.text, "amount") == "20.00"
    assert known(served, cost_id)["amount"] == Decimal(10)
    again = bob | {"amount": "20.00", "version": value_of(second.text, "version")}
    assert send(served, "/costs/entry", again, page="/costs").status_code == 303
    amounts = [v["amount"] for v in costs.history(served.tl.warehouse, cost_id)]
    assert amounts == [Decimal(20), Decimal(10), Decimal("1234.5")]
    assert "10.00 → 20.00" in words_of(shown(served, "/costs/entry", id=cost_id))


def test_many_who_change_at_once_one_wins_each_round(served: Served) -> None:
    cost_id = record(served, description="many")
    fields = fields_of(served, cost_id)

    def change(n: int) -> int:
        answer = send(served, "/costs/entry", fields | {"amount": f"{n}.00"}, page="/costs")
        return int(answer.status_code)

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(change, range(1, 7)))
    assert codes == [303, 409, 409, 409, 409, 409]
    assert len(costs.history(served.tl.warehouse, cost_id)) == 2


def test_a_deleted_cost_counts_no_more_and_its_history_is_kept(served: Served) -> None:
    cost_id = record(served, description="gone")
    fields = fields_of(served, cost_id)
    answer = send(served, "/costs/delete", fields, page="/costs")
    assert answer.status_code == 303
    text = words_of(shown(served, answer.headers["location"]))
    assert "Deleted" in text
    assert "Recorded" in text
    assert served.tl.warehouse.rows("SELECT 1 FROM costs WHERE cost_id = ?", [cost_id]) == []
    again = send(served, "/costs/entry", fields | {"amount": "1.00"}, page="/costs")
    assert again.status_code == 409
    told = words_of(again.text)
    assert "What you typed is not saved. This cost was deleted on Mar 15, 2026" in told
    assert '<a href="/costs">To the costs</a>' in again.text
    assert "amount 1234.50 1.00" in told
    assert "Saving again" not in told
    twice = words_of(send(served, "/costs/delete", fields, page="/costs").text)
    assert "This cost was deleted on" in twice
    assert "What you typed" not in twice
    form = {**COST, "description": "gone", "entry": cost_id}
    assert send(served, "/costs", form, page="/costs").status_code == 409


def test_a_cost_that_a_file_brought_is_changed_there(served: Served) -> None:
    version = str(known(served, "k1")["version"])
    fields = {**COST, "id": "k1", "version": version}
    assert send(served, "/costs/entry", fields, page="/costs").status_code == 409
    assert 'action="/costs/delete"' not in shown(served, "/costs/entry", id="k1")
    assert send(served, "/costs/delete", fields, page="/costs").status_code == 409
    assert known(served, "k1")["amount"] == Decimal(200)


def test_costs_are_filtered_paged_and_added_up_by_currency(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(served, currency="EUR", amount="7.00", channel="paged", cost_date="2030-01-01")
    record(served, currency="JPY", amount="700", channel="paged")
    text = words_of(shown(served, "/costs", days="0", channel="paged"))
    assert "2 entries, newest first" in text
    assert "currencies are not added up" in text
    assert "1 entry, newest first" in words_of(shown(served, "/costs", days="30", channel="paged"))
    monkeypatch.setattr("trueline.web.pages.costs.SHOWN", 1)
    first = shown(served, "/costs", days="0", channel="paged")
    found = re.search(r'href="([^"]+)" rel="next"', first)
    assert found is not None
    second = shown(served, found[1].replace("&amp;", "&"))
    assert 'rel="next"' not in second
    rows = [page.split("<tbody>")[1] for page in (first, second)]
    assert ["€7.00" in row for row in rows] == [True, False]


def test_what_was_mistyped_is_no_load(served: Served) -> None:
    """Each mistake of a form stood among the loads of the Data page, as a refused file."""
    before = served.tl.warehouse.rows("SELECT count(*) FROM loads")
    files = sorted((served.tl.home / "rejects").glob("*"))
    answer = send(served, "/costs", {**COST, "entry": "a" * 32, "amount": "$5"}, page="/costs")
    assert answer.status_code == 422
    assert served.tl.warehouse.rows("SELECT count(*) FROM loads") == before
    assert sorted((served.tl.home / "rejects").glob("*")) == files


def test_a_filter_by_a_channel_that_is_not_listed_is_shown(served: Served) -> None:
    """The list was empty, and its control said that all channels are shown."""
    text = shown(served, "/costs", channel="nobody <b>")
    assert '<option value="nobody &lt;b&gt;" selected>' in text


def test_bad_addresses_are_told(served: Served) -> None:
    for query in ("days=7", "type=bribes", "cursor=%00", "x=1", "days=30&days=90"):
        assert served.client.get(f"/costs?{query}").status_code == 422, query
    assert served.client.get("/costs/entry?id=nobody").status_code == 404


def test_hostile_words_stay_words(served: Served) -> None:
    name = '<script>alert("x")</script> \u202eevil 😀 ' + "é" * 150
    cost_id = record(served, channel=name[:200], description="=1+1 " + "y" * 1990)
    for text in (shown(served, "/costs"), shown(served, "/costs/entry", id=cost_id)):
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text
