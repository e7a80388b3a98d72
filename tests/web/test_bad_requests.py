"""What is sent wrong is refused in words, with the one shape of errors, and never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from serving import Served, refused

from trueline.core.errors import InputError
from trueline.web import body as body_rules
from trueline.web.body import LONGEST_TEXT, BadJsonError, parse

COSTS = "/api/kpi/costs"
GOOD = {"cost_date": "2026-03-10", "cost_type": "marketing", "amount": 12.5}
JSON = {"Content-Type": "application/json"}


def with_amount(text: str) -> bytes:
    return f'{{"cost_date":"2026-03-10","cost_type":"marketing","amount":{text}}}'.encode()


def with_description(text: str) -> bytes:
    """A good body but for its description, given as JSON text."""
    return (json.dumps(GOOD)[:-1] + f', "description": {text}}}').encode()


WHOLE = json.dumps(GOOD).encode()

UNREADABLE = {
    "NaN": with_amount("NaN"),
    "Infinity": with_amount("Infinity"),
    "-Infinity": with_amount("-Infinity"),
    "1e309": with_amount("1e309"),
    "1e999": with_amount("1e999"),
    "-1e999": with_amount("-1e999"),
    "1e-400": with_amount("1e-400"),
    "exponent of 30 digits": with_amount("1e" + "9" * 30),
    "5,000 digits": with_amount("9" * 5000),
    "5,000 decimals": with_amount("0." + "9" * 5000),
    "leading zero": with_amount("012"),
    "hexadecimal": with_amount("0x10"),
    "underscore": with_amount("1_000"),
    "duplicate keys": WHOLE[:-1] + b', "amount": 99}',
    "truncated": WHOLE[:-5],
    "trailing garbage": WHOLE + b" x",
    "two objects": WHOLE + WHOLE,
    "empty": b"",
    "spaces": b"  \n ",
    "BOM": b"\xef\xbb\xbf" + WHOLE,
    "UTF-16": WHOLE.decode().encode("utf-16"),
    "UTF-16 without a mark": WHOLE.decode().encode("utf-16-le"),
    "latin-1": '{"description": "café"}'.encode("latin-1"),
    "200 levels of lists": with_description("[" * 200 + "]" * 200),
    "200 levels of objects": with_description('{"a":' * 200 + "1" + "}" * 200),
    "100,000 levels": b"[" * 100_000,
    "33 levels": b'{"a":' + b"[" * 32 + b"]" * 32 + b"}",
    "single quotes": b"{'amount': 1}",
    "a form": b"amount=5&cost_type=marketing",
    "control character": with_description('"a\nb"'),
}


def test_thirty_two_levels_are_read() -> None:
    assert parse(b"[" * 32 + b"]" * 32)
    with pytest.raises(BadJsonError, match="32 levels"):
        parse(b"[" * 33 + b"]" * 33)


@pytest.mark.parametrize("quoted", ["", '"', "\\", '\\"'])
def test_a_text_that_is_too_long_is_found_wherever_it_stands(quoted: str) -> None:
    """A long body is looked through only where a text in it may be too long."""
    around = ["a"] * 30_000
    for place in (0, 15_000, 30_000):
        for kept, end in ((True, "x" * (LONGEST_TEXT - len(quoted))), (False, "x" * LONGEST_TEXT)):
            texts = [*around[:place], quoted + end + ("" if kept else "x"), *around[place:]]
            as_key = {"first": around, quoted + end + ("" if kept else "x"): 1}
            for body in (texts, as_key):
                raw = json.dumps(body).encode()
                if kept:
                    assert parse(raw) == body
                else:
                    with pytest.raises(InputError, match="more than 100,000 characters"):
                        parse(raw)


@pytest.mark.parametrize("digits", [60, 61])
def test_a_number_has_sixty_digits_at_the_most(digits: int) -> None:
    raw = b'{"a": "' + b"1" * 99 + b'", "b": [-1, ' + b"7" * digits + b"]}"
    if digits == 60:
        assert parse(raw)["b"][1] == int("7" * 60)
    else:
        with pytest.raises(BadJsonError, match="more than 60 characters"):
            parse(raw)


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_is_no_strict_json_is_a_400(served: Served, raw: bytes) -> None:
    answer = served.client.post(COSTS, content=raw, headers=JSON)
    assert refused(answer, 400)["code"] == "bad_json"


WRONG = {
    "a list": b"[]",
    "a list of it": b"[" + WHOLE + b"]",
    "null": b"null",
    "a number": b"5",
    "a text": b'"x"',
    "true": b"true",
    "no fields": b"{}",
    "unknown key": WHOLE[:-1] + b', "amont": 5}',
    "a field of ours": WHOLE[:-1] + b', "source": "file"}',
    "true as amount": with_amount("true"),
    "null as amount": with_amount("null"),
    "text as amount": with_amount('"12.50"'),
    "a list as amount": with_amount("[1]"),
    "negative": with_amount("-5"),
    "five decimals": with_amount("1.00001"),
    "2^63": with_amount(str(2**63)),
    "10^40": with_amount("1" + "0" * 40),
    "lone surrogate": with_description('"\\ud800"'),
    "lone surrogate as key": WHOLE[:-1] + b', "\\udfff": 1}',
    "NUL": with_description('"a\\u0000b"'),
    "NUL as key": WHOLE[:-1] + b', "\\u0000": 1}',
    "too long a text": with_description('"' + "x" * 2001 + '"'),
    "a very long text": with_description('"' + "x" * 1_000_000 + '"'),
    "a number as day": WHOLE.replace(b'"2026-03-10"', b"20260310"),
    "February 30": WHOLE.replace(b"2026-03-10", b"2026-02-30"),
    "month first": WHOLE.replace(b"2026-03-10", b"03/10/2026"),
    "Arabic digits as day": '{"cost_date":"٢٠٢٦-٠٣-١٠","cost_type":"cogs","amount":1}'.encode(),
    "unknown type": WHOLE.replace(b"marketing", b"marketting"),
    "SQL as type": WHOLE.replace(b"marketing", b"x'; DROP TABLE costs; --"),
    "unknown currency": WHOLE[:-1] + b', "currency": "ZZZ"}',
    "lower currency": WHOLE[:-1] + b', "currency": "u$d"}',
}


@pytest.mark.parametrize("raw", WRONG.values(), ids=WRONG)
def test_a_body_that_breaks_a_rule_is_a_422_and_records_nothing(served: Served, raw: bytes) -> None:
    before = served.get(COSTS, days=3660)["data"]["total"]
    answer = served.client.post(COSTS, content=raw, headers=JSON)
    found = refused(answer, 422)
    assert found["errors"] or found["fix"], found
    assert served.get(COSTS, days=3660)["data"]["total"] == before


@pytest.mark.parametrize("raw", (UNREADABLE | WRONG).values(), ids=UNREADABLE | WRONG)
@pytest.mark.parametrize("path", ["/api/facts/coverage", "/api/facts/orders"])
def test_no_body_route_answers_with_a_500(served: Served, path: str, raw: bytes) -> None:
    refused(served.client.post(path, content=raw, headers=JSON))


def test_each_wrong_field_is_named(served: Served) -> None:
    found = refused(served.client.post(COSTS, json={"amount": True, "amont": 1}), 422)
    where = {fault["where"] for fault in found["errors"]}
    assert {"cost_type", "amount", "amont"} <= where


ROW = {
    "order_id": "bad1",
    "customer_id": "c1",
    "ordered_at": "2026-03-05T15:00:00Z",
    "amount": 25.5,
    "currency": "USD",
}
BAD_ROWS: dict[str, Any] = {
    "true as amount": {"amount": True},
    "a list as amount": {"amount": [1]},
    "an object as id": {"order_id": {"$ne": 1}},
    "null as id": {"order_id": None},
    "empty id": {"order_id": ""},
    "thousands": {"amount": "1,234.50"},
    "currency sign": {"amount": "$5"},
    "hexadecimal": {"amount": "0x10"},
    "Arabic digits": {"amount": "١٢"},
    "10^40": {"amount": 10**40},
    "infinite moment": {"ordered_at": "infinity"},
    "naive moment": {"ordered_at": "05/03/2026"},
    "seconds": {"ordered_at": 1772722800},
    "unknown currency": {"currency": "XXZ"},
}


@pytest.mark.parametrize("change", BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_refused_and_nothing_is_recorded(
    served: Served, change: dict[str, Any]
) -> None:
    answer = served.client.post("/api/facts/orders", json={"rows": [ROW | change]})
    if answer.status_code == 200:
        report = answer.json()
        assert (report["status"], report["accepted"], report["rejected"]) == ("refused", 0, 1)
        (reject,) = report["rejects"]
        assert reject["rule"]
    else:
        refused(answer, 422)
    tables = {t["table"]: t["rows"] for t in served.get("/api/facts")["tables"]}
    assert tables["orders"] == 4


@pytest.mark.parametrize("column", ["amuont", 'amount"; DROP TABLE orders; --'])
def test_an_unknown_column_is_named_in_a_note(served: Served, column: str) -> None:
    row = {"customer_id": column, "created_at": "2026-03-05T15:00:00Z", column: 5}
    report = served.post("/api/facts/customers", json={"rows": [row]})
    assert any(column in note for note in report["notes"]), report


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "x", ""]
)
def test_another_kind_of_body_is_a_415(served: Served, kind: str) -> None:
    refused(served.client.post(COSTS, content=WHOLE, headers={"Content-Type": kind}), 415)


def test_a_body_that_is_too_large_is_a_413(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_rules.read_limited, "__defaults__", (1000,))
    large = with_description('"' + "x" * 1100 + '"')
    refused(served.client.post(COSTS, content=large, headers=JSON), 413)
    refused(served.client.post("/api/kpi/snapshot", content=b"x" * 1025), 413)


def test_text_is_kept_exactly(served: Served) -> None:
    told = "=1+1 <script>alert(1)</script> {{7*7}} e\u0301 \u202e 😀 ../../etc/passwd 'x\"; --"
    made = served.post(COSTS, 201, json=GOOD | {"description": told})["data"]
    assert served.get(f"{COSTS}/{made['cost_id']}")["data"]["description"] == told
    served.client.delete(f"{COSTS}/{made['cost_id']}")


QUERIES = [
    ("/api/kpi", "x=1"),
    ("/api/kpi/mrr", "perod_days=30"),
    ("/api/kpi/mrr", "start=2026-01-01&start=2026-02-01"),
    ("/api/kpi/mrr", "x=1&x=2"),
    ("/api/kpi/mrr", "start=2026-02-30&end=2026-03-01"),
    ("/api/kpi/mrr", "start=2026-03-01&end=2026-02-01"),
    ("/api/kpi/mrr", "start=2026-03-01&end=2026-03-01"),
    ("/api/kpi/mrr", "start=0001-01-01&end=9999-12-31"),
    ("/api/kpi/mrr", "start=2026-01-01&end=2026-02-01&period_days=30"),
    ("/api/kpi/mrr", "period_days=0"),
    ("/api/kpi/mrr", "period_days=-1"),
    ("/api/kpi/mrr", "period_days=1e3"),
    ("/api/kpi/mrr", "period_days=NaN"),
    ("/api/kpi/mrr", "period_days=" + "9" * 5000),
    ("/api/kpi/mrr", "period_days="),
    ("/api/kpi/mrr", "allow_estimates=perhaps"),
    ("/api/kpi/mrr", "as_of=2026-01-01"),
    ("/api/kpi/mrr", "as_of=2026-01-01T00:00:00"),
    ("/api/kpi/mrr", "as_of=0001-01-01T00:00:00%2B14:00"),
    ("/api/kpi/mrr", "as_of=yesterday"),
    ("/api/kpi/mrr", "currency=DOLLAR"),
    ("/api/kpi/mrr", "channel=" + "x" * 201),
    ("/api/kpi/mrr", "start=2026-01-01T00:00:00Z&end=2026-02-01"),
    ("/api/kpi/mrr/series", "grain=fortnight"),
    ("/api/kpi/mrr/breakdown", ""),
    ("/api/kpi/mrr/breakdown", "by=customer_id;--"),
    ("/api/kpi/readings", "keys=mrr,mmr"),
    ("/api/kpi/cohorts", "kind=x"),
    ("/api/kpi/cohorts", "by=x"),
    ("/api/kpi/cohorts", "start=x"),
    ("/api/kpi/early-stage", "period_days=3661"),
    ("/api/kpi/early-stage", "period_days=30&period_days=30"),
    ("/api/kpi/historical", "days=0"),
    ("/api/kpi/historical", "kpi_type=mmr"),
    ("/api/kpi/historical", "cursor=x"),
    ("/api/kpi/historical", "limit=0"),
    ("/api/kpi/historical", "limit=5001"),
    ("/api/kpi/costs", "cursor=WzFd"),
    ("/api/kpi/costs", "cursor=WyIyMDI2LTAxLTAxIiwgIlx1ZDgwMCJd"),  # half of a surrogate pair
    ("/api/kpi/costs", "cost_type=x"),
    ("/api/kpi/mmr", ""),
    ("/api/kpi/costs/none", ""),
    ("/api/kpi/costs/%00", ""),
    ("/api/kpi/%F0%9F%98%80", ""),
    ("/api/loads/0", ""),
    ("/api/loads/-1", ""),
    ("/api/loads/x", ""),
    ("/api/loads/" + "9" * 30, ""),
    ("/api/loads/" + "9" * 5000, ""),
    ("/api/loads/1", "offset=-1"),
    ("/api/loads/1", "limit=0"),
    ("/api/refresh/none", ""),
    ("/api/../etc/passwd", ""),
    ("/static/../app.py", ""),
    ("/static/%2e%2e/app.py", ""),
    ("/api/kpi/", ""),
]


@pytest.mark.parametrize(("path", "query"), QUERIES, ids=[f"{p}?{q}"[:60] for p, q in QUERIES])
def test_a_wrong_question_is_refused(served: Served, path: str, query: str) -> None:
    refused(served.client.get(f"{path}?{query}"))


def test_an_unknown_key_suggests_its_neighbours(served: Served) -> None:
    found = refused(served.client.get("/api/kpi/mmr"), 404)
    assert found["code"] == "unknown_key"
    assert "mrr" in found["fix"]


def test_a_parameter_without_a_name_is_told_as_one(served: Served) -> None:
    found = refused(served.client.get("/api/kpi/mrr?=1"), 422)
    assert found["detail"] == "A parameter without a name is not known here."


def test_a_repeated_parameter_is_named(served: Served) -> None:
    found = refused(served.client.get("/api/kpi/mrr?start=2026-01-01&start=2026-02-01"), 422)
    assert "'start'" in found["detail"]


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PUT"])
def test_another_method_is_a_405_that_says_which(served: Served, method: str) -> None:
    answer = served.client.request(method, "/api/kpi")
    refused(answer, 405)
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("key", ["", "x" * 201, "with space", "tab\t", "é".encode()])
def test_a_bad_idempotency_key_is_refused(served: Served, key: Any) -> None:
    answer = served.client.post(COSTS, json=GOOD, headers={"Idempotency-Key": key})
    refused(answer, 422)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/api/kpi/mrr?perod_days=30", "Did you mean period_days?"),
        ("/api/kpi/mrr?zzz=30", "Known are: start, end, period_days"),
        ("/api/kpi/mrr?period_days=thirty", "Write digits only"),
        ("/api/kpi/mrr?allow_estimates=perhaps", "Write true or false."),
        ("/api/kpi/new_mrr", "mrr_new"),
    ],
)
def test_a_wrong_question_is_told_how_to_mend_it(served: Served, path: str, says: str) -> None:
    assert says in refused(served.client.get(path))["fix"]


@pytest.mark.parametrize(
    ("raw", "detail", "fix"),
    [
        (b"[]", "The body is a list, not an object.", "cost_date, cost_type, amount"),
        (with_amount('"5,000"'), "amount is not a number.", "such as 1234.5"),
        (b'{"amount": 5}', "cost_type is missing.", "Add it."),
    ],
)
def test_a_wrong_body_is_told_how_to_mend_it(
    served: Served, raw: bytes, detail: str, fix: str
) -> None:
    found = refused(served.client.post(COSTS, content=raw, headers=JSON), 422)
    assert found["detail"] == detail and fix in found["fix"]


def test_a_cost_with_two_wrong_fields_names_both(served: Served) -> None:
    found = refused(served.client.post(COSTS, json=GOOD | {"cost_type": "x", "amount": -5}), 422)
    assert {fault["where"] for fault in found["errors"]} == {"cost_type", "amount"}
    assert all(fault["fix"] for fault in found["errors"])
