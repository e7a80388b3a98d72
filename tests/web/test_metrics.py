"""The calculators' routes: one for each, a list of them, many at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import Served
from starlette.testclient import TestClient

from trueline.catalog import calculate
from trueline.catalog.calculate import calculators
from trueline.core.reading import dumps, loads

JSON = {"Content-Type": "application/json"}


def post(served: Served, path: str, body: Any, status: int = 200) -> Any:
    answer = served.client.post(path, content=dumps(body), headers=JSON)
    assert answer.status_code == status, answer.text
    return loads(answer.content)


@pytest.mark.parametrize("slug", calculators())
def test_each_answers_its_example(served: Served, slug: str) -> None:
    for way in calculators()[slug].calculators():
        answer = post(served, f"/metrics/{slug}", way.example)
        assert float(answer["value"]) == pytest.approx(float(way.example_value))
        assert {"metric_name", "value", "unit", "interpretation", "benchmark", "timestamp"} <= set(
            answer
        )
        assert answer["quality"] == "actual"
        assert set(answer["benchmark_detail"]) >= {"low", "high", "source", "year", "verdict"}


def test_it_speaks_in_the_companys_currency(served: Served) -> None:
    answer = post(served, "/metrics/cac", calculators()["cac"].example)
    assert (answer["unit"], answer["currency"]) == ("currency", "USD")
    assert "$300.00" in answer["interpretation"]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'{"total_revenue": 1, "total_revenue": 2, "total_users": 1}', 400),
        (b'{"total_revenue": NaN, "total_users": 1}', 400),
        (b'{"total_revenue": 1e309, "total_users": 1}', 400),
        (b'{"total_revenue": 1e-400, "total_users": 1}', 400),
        (b'{"total_revenue": true, "total_users": 1}', 422),
        (b'{"total_revenue": "1", "total_users": 1}', 422),
        (b'{"total_revenue": 1, "total_users": 9223372036854775808}', 200),
        (b'{"total_revenue": 1, "total_users": 1} x', 400),
        (b'{"total_revenue": 1, "total_users": 1, "time_frame": "hourly"}', 422),
        (b'{"total_revenue": 1, "total_users": 1, "time_frame": "\\ud800"}', 422),
        (b'{"total_revenue": -0.0, "total_users": 1}', 200),
    ],
)
def test_bad_bodies_are_told_why(served: Served, raw: bytes, status: int) -> None:
    answer = served.client.post("/metrics/arpu", content=raw, headers=JSON)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.json()["detail"] and answer.json()["request_id"]


def test_an_unknown_calculator_is_404_with_its_neighbours(served: Served) -> None:
    answer = post(served, "/metrics/nrrr", {}, 404)
    assert "nrr" in answer["fix"]


def test_the_list_names_every_calculator_with_its_fields(served: Served) -> None:
    listed = served.get("/metrics/list")
    assert listed["total"] == len(calculators()) == len(listed["metrics"])
    arpu = next(m for m in listed["metrics"] if m["key"] == "arpu")
    assert arpu["endpoint"] == "/metrics/arpu"
    users = next(f for f in arpu["ways"][0]["fields"] if f["name"] == "total_users")
    assert (users["type"], users["required"]) == ("integer", True)
    assert users["constraints"]["exclusiveMinimum"] == 0
    for metric in listed["metrics"]:
        for way in metric["ways"]:
            post(served, metric["endpoint"], way["example"])


def test_many_at_once_each_with_its_own_result_or_error(served: Served) -> None:
    wanted = [
        {"metric": "arpu", "inputs": {"total_revenue": 50000, "total_users": 1000}},
        {"metric": "arpu", "inputs": {"total_revenue": 50000}},
        {"metric": "no-such", "inputs": {}},
        {"metric": "stickiness", "inputs": calculators()["dau-mau"].example},
    ]
    answer = post(served, "/metrics/batch", {"calculations": wanted})
    assert (answer["succeeded"], answer["failed"]) == (2, 2)
    first, second, third, fourth = answer["results"]
    assert (first["result"]["value"], first["error"]) == (50, None)
    assert second["error"]["detail"] == "total_users is missing."
    assert third["error"]["code"] == "unknown_key"
    assert fourth["result"]["key"] == "stickiness"


GIVEN = st.one_of(
    st.integers(-1, 10**6),
    st.decimals(0, 10**6, places=4),
    st.sampled_from([0, -0.0, 0.1, Decimal("1e-20"), 10**24, 10**25, True, None, "5", "café", []]),
)


@st.composite
def wanted(draw: st.DrawFn) -> dict[str, Any]:
    """A calculation: an example with some of its inputs given otherwise, left out or made up."""
    slug = draw(st.sampled_from([*calculators(), "no-such"]))
    ways = calculators()[slug].calculators() if slug in calculators() else ()
    inputs = dict(draw(st.sampled_from(ways)).example) if ways else {}
    for name in draw(st.lists(st.sampled_from([*inputs, "time_frame", "colour"]), max_size=2)):
        inputs[name] = draw(GIVEN)
    for name in draw(st.lists(st.sampled_from(["", *inputs]), max_size=1)):
        inputs.pop(name, None)
    return {"metric": slug, "inputs": inputs}


@settings(max_examples=25)
@given(st.lists(wanted(), min_size=1, max_size=12))
def test_a_batch_says_what_each_calculator_says_alone(
    served: Served, several: list[dict[str, Any]]
) -> None:
    """Byte for byte, results and refusals alike."""
    results, failed = [], 0
    with patch.object(calculate, "now", lambda: datetime(2026, 3, 15, tzinfo=UTC)):
        for one in several:
            path, raw = f"/metrics/{one['metric']}", dumps(one["inputs"])
            alone = served.client.post(path, content=raw, headers=JSON)
            right = alone.status_code == 200
            told = re.sub(r',"request_id":"\w+"}$', "}", alone.text)
            result, error = (told, "null") if right else ("null", told)
            results.append(f'{{"metric":"{one["metric"]}","result":{result},"error":{error}}}')
            failed += not right
        together = dumps({"calculations": several})
        answer = served.client.post("/metrics/batch", content=together, headers=JSON)
    counts = f'"succeeded":{len(several) - failed},"failed":{failed}'
    assert answer.text == f'{{"results":[{",".join(results)}],{counts}}}'


@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_has_one_to_a_thousand(served: Served, count: int) -> None:
    item = {"metric": "arpu", "inputs": {"total_revenue": 1, "total_users": 1}}
    post(served, "/metrics/batch", {"calculations": [item] * count}, 422)


def test_numbers_survive_to_the_last_digit(served: Served) -> None:
    raw = b'{"total_revenue": 12345678901234567.8901, "total_users": 1}'
    answer = served.client.post("/metrics/arpu", content=raw, headers=JSON)
    assert '"value":12345678901234567.8901' in answer.text


def test_a_calculator_takes_no_query(served: Served) -> None:
    answer = served.client.post("/metrics/arpu?verbose=1", content=b"{}", headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["detail"] == "verbose is not known here."
    assert served.client.get("/metrics/arpu").status_code == 405


@pytest.mark.parametrize("slug", ["arpu", "nps"])
def test_the_route_that_documents_a_calculator_gives_the_same_answer(
    served: Served, slug: str
) -> None:
    """A calculator is answered before the router is asked, except under a prefix."""
    app, body = served.client.app, calculators()[slug].calculators()[0].example
    raw = dumps(body)
    direct = served.client.post(f"/metrics/{slug}", content=raw, headers=JSON)
    client = TestClient(app, root_path="/kpis")
    prefixed = client.post(f"/kpis/metrics/{slug}", content=raw, headers=JSON)
    ours, theirs = (answer.json() | {"timestamp": None} for answer in (direct, prefixed))
    assert (direct.status_code, prefixed.status_code) == (200, 200)
    assert ours == theirs
    assert set(direct.headers) == set(prefixed.headers) - {"vary"}


def test_calculations_are_counted_by_their_route(served: Served) -> None:
    post(served, "/metrics/arpu", {"total_revenue": 1, "total_users": 1})
    post(served, "/metrics/arpu", {"total_revenue": 1}, 422)
    lines = served.client.get("/-/metrics").text
    for status in (200, 422):
        assert f'{{method="POST",route="/metrics/arpu",status="{status}"}} ' in lines


def test_answers_are_sent_at_once() -> None:
    """Connections accepted on a socket that is not said to be TCP waited 40 ms for each answer."""
    import socket

    from trueline.web.server import _listening

    with _listening("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP
