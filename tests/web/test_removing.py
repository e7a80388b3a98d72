"""Rows taken away over HTTP: by their keys, for whoever may load them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from serving import Served, refused
from starlette.testclient import TestClient

from trueline.web import create_app
from trueline.web.security import access_for

PATH = "/api/facts/orders/remove"
FEBRUARY = {"start": "2026-02-01", "end": "2026-03-01"}


def test_removed_rows_count_no_more_and_a_retry_gets_the_same_answer(
    new_served: Callable[[str], Served],
) -> None:
    served = new_served("")
    assert served.get("/api/kpi/revenue", **FEBRUARY)["value"] == Decimal("174.5")
    body = {"rows": [{"order_id": "o2"}, {"order_id": "nope"}]}
    headers = {"Idempotency-Key": "remove-1"}
    for _ in range(2):
        answer = served.post(PATH, json=body, headers=headers)
        assert answer == {"table": "orders", "removed": 1, "not_found": 1}
    assert served.get("/api/kpi/revenue", **FEBRUARY)["value"] == 100
    assert served.post(PATH, json=body) == {"table": "orders", "removed": 0, "not_found": 2}
    assert served.tl.warehouse.rows("SELECT order_id FROM orders_history") == [("o2",)]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (PATH, {"rows": [{"order_id": "o1", "amount": 25.5}]}, 422),
        (PATH, {"rows": [{"order_id": 1.5}]}, 422),
        (PATH, {"rows": [{}]}, 422),
        (PATH, {"rows": ["o1"]}, 422),
        (PATH, {"rows": []}, 422),
        (PATH, {}, 422),
        (PATH, {"rows": [{"order_id": "o1"}], "force": True}, 422),
        ("/api/facts/odrers/remove", {"rows": [{"order_id": "o1"}]}, 404),
    ],
)
def test_a_bad_removal_is_refused_and_nothing_is_removed(
    served: Served, path: str, body: Any, status: int
) -> None:
    refused(served.client.post(path, json=body), status)
    assert served.tl.warehouse.rows("SELECT count(*) FROM orders") == [(4,)]


def test_removing_needs_the_key_as_loading_does(served: Served) -> None:
    key = "kT3n9-0aWq7Zr5Yx1Vb8Lm4Pd6Hs2Gj_c"
    app = create_app(served.tl, access=access_for("0.0.0.0", key))
    app.state.limiter = served.client.app.state.limiter
    client = TestClient(app)
    body = {"rows": [{"order_id": "nope"}]}
    assert client.post(PATH, json=body).status_code == 401
    assert client.post("/api/facts/orders", json=body).status_code == 401
    bearer = {"Authorization": f"Bearer {key}"}
    assert client.post(PATH, json=body, headers=bearer).json()["not_found"] == 1
