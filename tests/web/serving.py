"""A small company behind its API: read by all tests of a module, written to only by its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI
from starlette.testclient import TestClient

import trueline
from trueline.home import Trueline
from trueline.web import create_app

NOW = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)

ORDERS = """
order_id,customer_id,ordered_at,amount,currency
o1,c1,2026-01-05T15:00:00Z,25.50,USD
o2,c2,2026-02-10T15:00:00Z,74.50,USD
o3,c1,2026-02-20T15:00:00Z,100.00,USD
o4,c3,2026-03-02T15:00:00Z,50.00,USD
"""
SUBSCRIPTIONS = """
event_id,subscription_id,customer_id,effective_at,status,plan,quantity,unit_amount,currency,interval
e1,s1,c1,2025-11-03T15:00:00Z,active,Pro,1,100.00,USD,month
e2,s2,c2,2025-12-03T15:00:00Z,active,Pro,1,100.00,USD,month
e3,s1,c1,2026-02-20T15:00:00Z,active,Pro,1,150.00,USD,month
e4,s3,c3,2026-03-02T15:00:00Z,active,Lite,1,50.00,USD,month
"""
COSTS = """
cost_id,cost_date,cost_type,amount,currency,channel
k1,2026-02-03,marketing,200.00,USD,paid
k2,2026-02-20,sales,100.10,USD,
k3,2026-03-01,infrastructure,40.00,USD,
k4,2026-03-01,cogs,30.00,USD,
"""


def app_of(client: TestClient) -> FastAPI:
    """The application that a client asks."""
    return cast(FastAPI, client.app)


class Served:
    """A company and a client of its application; ``now`` can be moved."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.now = NOW
        trueline.init(folder, name="Ada & Sons")
        with (folder / "trueline.toml").open("a", encoding="utf-8") as file:
            file.write(more)
        self.tl = Trueline(folder, clock=lambda: self.now)
        self._fill("orders", ORDERS)
        self._fill("subscription_events", SUBSCRIPTIONS)
        self._fill("costs", COSTS)
        self.client = TestClient(create_app(self.tl), raise_server_exceptions=False)

    def _fill(self, table: str, text: str) -> None:
        path = self.tl.home / f"{table}.csv"
        path.write_text(text.lstrip(), encoding="utf-8")
        report = self.tl.load(table, path, full=True)
        assert report.status == "loaded", report.rejects

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        """GET; the JSON answer, its amounts exact."""
        return self._read(self.client.get(path, params=query), status)

    def post(self, path: str, status: int = 200, **words: Any) -> Any:
        """POST; the JSON answer, its amounts exact."""
        return self._read(self.client.post(path, **words), status)

    @staticmethod
    def _read(answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.text
        return json.loads(answer.text, parse_float=Decimal)


def refused(answer: Any, status: int | None = None) -> dict[str, Any]:
    """Assert that an answer is a refusal in the one shape of errors; give it."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    assert status is None or answer.status_code == status, answer.text[:300]
    body: dict[str, Any] = answer.json()
    assert set(body) == {"detail", "code", "fix", "errors", "request_id"}
    assert body["detail"]
    assert body["code"]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    for fault in body["errors"]:
        assert set(fault) == {"message", "where", "value", "fix"}
    return body
