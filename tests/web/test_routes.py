"""Every route's good answer, worked by hand from a few facts.

      opening (1 Feb)   closing (1 Mar)
c1    100               150               expansion +50
c2    100               100
NRR = (150 + 100) / 200 = 125 %     orders in February: 74.50 + 100.00 = 174.50
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from serving import Served, app_of, refused

from trueline import costs
from trueline.catalog.kpis import KPIS, from_facts, stage
from trueline.web.jobs import Jobs

FEBRUARY = {"start": "2026-02-01", "end": "2026-03-01"}
COSTS = "/api/kpi/costs"


def check_stage(data: dict[str, Any], name: str) -> None:
    """A stage's answer in the shape that the tracking system published."""
    keys = [definition.key for definition in stage(name)]
    assert data["stage"] == name
    assert data["period_days"] == 30
    assert list(data["data_quality"]) == keys
    assert set(data["data_quality"].values()) <= {"actual", "estimated", "insufficient_data"}
    known = [key for key in keys if data["data_quality"][key] != "insufficient_data"]
    assert sorted(data["kpis"]) == sorted(known)
    for entry in data["kpis"].values():
        assert {"value", "label", "description"} <= set(entry)
        assert entry["value"] is not None
    for key in set(keys) - set(known):
        assert data["reasons"][key], key


def test_early_stage(served: Served) -> None:
    answer = served.get("/api/kpi/early-stage", period_days=30)
    assert answer["success"] is True
    check_stage(answer["data"], "early_stage")
    # From 13 February: sales cost 100.10, one customer who paid for the first time (c3).
    assert answer["data"]["kpis"]["cac"]["value"] == Decimal("100.1")
    # Revenue 150.00, cost of goods sold 30.00.
    assert answer["data"]["kpis"]["gross_margin"]["value"] == 80
    assert "clv" not in answer["data"]["kpis"]


def test_mid_stage(served: Served) -> None:
    answer = served.get("/api/kpi/mid-stage", period_days=30)
    assert answer["success"] is True
    check_stage(answer["data"], "mid_stage")
    assert answer["data"]["kpis"]["nrr"]["value"] == 125
    assert answer["data"]["kpis"]["arpu"]["value"] == 100


def test_all_stages(served: Served) -> None:
    data = served.get("/api/kpi/all", period_days=30)["data"]
    check_stage(data["early_stage"], "early_stage")
    check_stage(data["mid_stage"], "mid_stage")
    assert data["early_stage"] == served.get("/api/kpi/early-stage", period_days=30)["data"]


def test_a_stage_without_known_kpis_says_what_to_record(served: Served) -> None:
    served.now, before = served.now.replace(year=2020), served.now
    try:
        data = served.get("/api/kpi/early-stage", period_days=1)["data"]
    finally:
        served.now = before
    if not data["kpis"]:
        assert data["message"]
        assert data["guidance"]
    check = set(data["data_quality"].values())
    assert "actual" not in check or data["kpis"]


def test_a_stages_links_explain_its_numbers(served: Served) -> None:
    data = served.get("/api/kpi/mid-stage")["data"]
    for key, link in data["links"].items():
        value = served.get(link)["reading"]["value"]
        assert value == (data["kpis"][key]["value"] if key in data["kpis"] else None)


def test_the_catalogue_lists_every_kpi(served: Served) -> None:
    assert [k["key"] for k in served.get("/api/kpi")["kpis"]] == [k.key for k in KPIS]


def test_a_reading(served: Served) -> None:
    found = served.get("/api/kpi/nrr", **FEBRUARY)
    assert (found["value"], found["quality"], found["completeness"]) == (125, "actual", "complete")
    assert (found["start"], found["end"]) == ("2026-02-01", "2026-03-01")


def test_readings_are_the_same_asked_together_or_alone(served: Served) -> None:
    found = served.get("/api/kpi/readings", keys="mrr, revenue,cac", **FEBRUARY)["readings"]
    assert list(found) == ["mrr", "revenue", "cac"]
    assert found["mrr"]["value"] == 250
    assert found["revenue"]["value"] == Decimal("174.5")
    assert (found["cac"]["value"], found["cac"]["quality"]) == (None, "insufficient_data")
    for key, reading in found.items():
        assert reading == served.get(f"/api/kpi/{key}", **FEBRUARY)
    assert len(served.get("/api/kpi/readings", **FEBRUARY)["readings"]) == len(from_facts())


def test_series(served: Served) -> None:
    found = served.get("/api/kpi/mrr/series", start="2025-12-01", end="2026-03-10", grain="month")
    assert [(r["start"], r["value"], r["completeness"]) for r in found["series"]] == [
        ("2025-12-01", 200, "complete"),
        ("2026-01-01", 200, "complete"),
        ("2026-02-01", 250, "complete"),
        ("2026-03-01", 300, "partial"),
    ]


def test_compare(served: Served) -> None:
    found = served.get("/api/kpi/mrr/compare", **FEBRUARY)
    assert (found["reading"]["value"], found["previous"]["value"]) == (250, 200)
    assert found["change_previous"]["absolute"] == 50
    assert found["change_previous"]["percent"] == 25


def test_breakdown(served: Served) -> None:
    found = served.get("/api/kpi/revenue/breakdown", by="currency", **FEBRUARY)
    assert [(r["slice"], r["value"]) for r in found["readings"]] == [
        ({"currency": "USD"}, Decimal("174.5"))
    ]


def test_explain_shows_formula_and_query(served: Served) -> None:
    found = served.get("/api/kpi/nrr/explain", **FEBRUARY)
    assert found["reading"]["value"] == 125
    assert found["formula"]
    assert found["inputs"]


def test_bridge_closes(served: Served) -> None:
    found = served.get("/api/kpi/bridge", **FEBRUARY)
    moves = ("opening", "new", "reactivation", "expansion", "contraction", "churn", "fx")
    assert [found[m] for m in moves] == [200, 0, 0, 50, 0, 0, 0]
    assert found["closing"] == 250


def test_cohorts(served: Served) -> None:
    found = served.get("/api/kpi/cohorts", kind="subscriptions")
    assert [(r["cohort"], r["size"]) for r in found["rows"]][:2] == [
        ("2025-11-01", 1),
        ("2025-12-01", 1),
    ]


def test_facts_overview(served: Served) -> None:
    tables = {t["table"]: t for t in served.get("/api/facts")["tables"]}
    assert tables["orders"]["first_day"] == "2026-01-05"
    assert tables["orders"]["coverage"][0]["to"] == "2026-03-15"


def test_costs_are_recorded_changed_and_deleted_and_history_keeps_them(served: Served) -> None:
    entry = {"cost_date": "2026-03-10", "cost_type": "marketing", "amount": 12.5, "channel": "paid"}
    made = served.post(COSTS, 201, json=entry)["data"]
    path = f"{COSTS}/{made['cost_id']}"
    assert entry.items() <= made.items()
    assert made["editable"] is True
    changed = served.client.put(path, json=entry | {"amount": 99.99})
    assert changed.status_code == 200
    assert served.get(path)["data"]["amount"] == Decimal("99.99")
    assert served.client.delete(path).json()["data"]["deleted"] is True
    refused(served.client.get(path), 404)
    refused(served.client.put(path, json=entry), 404)
    refused(served.client.delete(path), 404)
    kept = served.tl.warehouse.rows(
        "SELECT amount FROM costs_history WHERE cost_id = ? ORDER BY superseded_by",
        [made["cost_id"]],
    )
    assert [row[0] for row in kept] == [Decimal("12.5"), Decimal("99.99")]


def test_a_cost_deleted_while_it_is_changed_does_not_come_back(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"cost_date": "2026-02-19", "cost_type": "marketing", "amount": 10}
    cost_id = served.post(COSTS, 201, json=entry)["data"]["cost_id"]
    write, said = costs.write, []

    def slowly(*words: Any) -> Any:
        """Written only after somebody else had the time to delete it."""
        other = threading.Thread(
            target=lambda: said.append(served.client.delete(f"{COSTS}/{cost_id}").status_code)
        )
        other.start()
        other.join(0.5)
        found = write(*words)
        said.append(other)
        return found

    monkeypatch.setattr(costs, "write", slowly)
    served.client.put(f"{COSTS}/{cost_id}", json=entry | {"amount": 20})
    next(item for item in said if isinstance(item, threading.Thread)).join()
    assert 200 in said, "deleted, and told so"
    served.get(f"{COSTS}/{cost_id}", 404)


def test_a_cost_from_a_file_is_changed_in_the_file(served: Served) -> None:
    entry = {"cost_date": "2026-02-03", "cost_type": "marketing", "amount": 1}
    assert served.get(f"{COSTS}/k1")["data"]["editable"] is False
    refused(served.client.put(f"{COSTS}/k1", json=entry), 409)
    refused(served.client.delete(f"{COSTS}/k1"), 409)
    assert served.get(f"{COSTS}/k1")["data"]["amount"] == 200


def test_paging_costs_visits_each_once(served: Served) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"days": 365, "limit": 1} | ({"cursor": cursor} if cursor else {})
        data = served.get(COSTS, **query)["data"]
        assert data["total"] == 4
        seen += [c["cost_id"] for c in data["costs"]]
        cursor = data["next_cursor"]
        if cursor is None:
            break
    assert seen == ["k3", "k4", "k2", "k1"]  # newest first, then by id


def test_an_amount_keeps_its_digits(served: Served) -> None:
    raw = '{"cost_date":"2026-03-10","cost_type":"cogs","amount":90071992547409.93}'
    headers = {"Content-Type": "application/json"}
    made = served.client.post(COSTS, content=raw, headers=headers)
    assert '"amount":90071992547409.93' in made.text
    served.client.delete(f"{COSTS}/{made.json()['data']['cost_id']}")


def test_a_repeated_cost_with_one_key_is_one_row(served: Served) -> None:
    entry = {"cost_date": "2026-03-11", "cost_type": "sales", "amount": 7.7}
    headers = {"Idempotency-Key": "cost-1"}
    answers = [served.client.post(COSTS, json=entry, headers=headers) for _ in range(3)]
    assert [a.status_code for a in answers] == [201] * 3
    assert len({a.text for a in answers}) == 1
    assert [a.headers.get("Idempotent-Replay") for a in answers] == [None, "true", "true"]
    refused(served.client.post(COSTS, json=entry | {"amount": 8}, headers=headers), 422)
    found = served.get(COSTS, cost_type="sales", days=10)["data"]
    assert [c["amount"] for c in found["costs"]] == [Decimal("7.7")]
    served.client.delete(f"{COSTS}/{found['costs'][0]['cost_id']}")


def test_a_refused_request_leaves_its_key_free(served: Served) -> None:
    headers = {"Idempotency-Key": "cost-2"}
    bad = {"cost_date": "2026-02-30", "cost_type": "sales", "amount": 7.7}
    refused(served.client.post(COSTS, json=bad, headers=headers), 422)
    good = bad | {"cost_date": "2026-03-12"}
    made = served.post(COSTS, 201, json=good, headers=headers)["data"]
    served.client.delete(f"{COSTS}/{made['cost_id']}")


def test_a_cost_without_a_day_is_today_s_and_a_change_names_its_day(served: Served) -> None:
    """The company's today; the entry's moment says its zone."""
    made = served.post(COSTS, 201, json={"cost_type": "marketing", "amount": 5000.0})["data"]
    assert made["cost_date"] == "2026-03-15"
    assert made["recorded_at"].endswith("+00:00")
    changed = {"cost_type": "marketing", "amount": 4000}
    found = refused(served.client.put(f"{COSTS}/{made['cost_id']}", json=changed), 422)
    assert found["errors"][0]["where"] == "cost_date"
    served.client.delete(f"{COSTS}/{made['cost_id']}")


def test_a_stage_that_is_none_is_refused(served: Served) -> None:
    refused(served.client.get("/api/kpi/historical?stage=late"), 422)


def test_a_funnel_of_one_step_is_refused_in_words(served: Served) -> None:
    found = refused(served.client.get("/api/product/funnel?steps=visit"), 422)
    assert found["detail"].startswith("steps has fewer than 2 entries")


def test_while_the_first_is_running_its_repetition_is_a_409(served: Served) -> None:
    import hashlib

    raw = b'{"cost_date":"2026-03-12","cost_type":"sales","amount":7.7}'
    served.tl.store.begin("cost-3", f"POST {COSTS}", hashlib.sha256(raw).hexdigest())
    headers = {"Idempotency-Key": "cost-3", "Content-Type": "application/json"}
    found = refused(served.client.post(COSTS, content=raw, headers=headers), 409)
    assert found["code"] == "in_progress"


ROW = {
    "order_id": "late1",
    "customer_id": "c2",
    "ordered_at": "2026-02-25T15:00:00Z",
    "amount": 10.25,
    "currency": "USD",
}


def test_a_late_fact_restates_what_was_reported(served: Served) -> None:
    first = served.post("/api/kpi/snapshot")["data"]
    assert (first["snapshot_date"], first["revision"]) == ("2026-03-15", 1)
    assert first["stored"] == len(from_facts())
    assert served.post("/api/kpi/snapshot")["data"] == first | {"stored": 0}

    headers = {"Idempotency-Key": "late"}
    loads = [
        served.post("/api/facts/orders", json={"rows": [ROW]}, headers=headers) for _ in range(2)
    ]
    assert loads[0] == loads[1]
    assert (loads[0]["accepted"], loads[0]["status"]) == (1, "loaded")
    tables = {t["table"]: t["rows"] for t in served.get("/api/facts")["tables"]}
    assert tables["orders"] == 5

    again = served.post("/api/kpi/snapshot")["data"]
    assert again["revision"] == 2
    assert "revenue" in again["restated"]
    assert "mrr" not in again["restated"]
    newest, before = served.get("/api/kpi/historical", kpi_type="revenue", days=1)["data"][
        "history"
    ]
    # 13 February to 15 March: 100.00 + 50.00, then the late 10.25.
    assert (newest["kpi_value"], newest["previous_value"]) == (Decimal("160.25"), 150)
    assert (newest["restated"], before["restated"]) == (True, False)
    assert before["kpi_value"] == 150


def test_history_is_filtered_by_stage_and_paged(served: Served) -> None:
    served.post("/api/kpi/snapshot")
    everything = served.get("/api/kpi/historical", stage="early_stage")["data"]["history"]
    assert {r["company_stage"] for r in everything} == {"early_stage"}
    assert {"snapshot_date", "company_stage", "kpi_type", "kpi_value"} <= set(everything[0])
    seen: list[Any] = []
    query: dict[str, Any] = {"stage": "early_stage", "limit": 2}
    while True:
        data = served.get("/api/kpi/historical", **query)["data"]
        seen += data["history"]
        if data["next_cursor"] is None:
            break
        query["cursor"] = data["next_cursor"]
    assert seen == everything


def test_refresh_runs_to_its_end(served: Served) -> None:
    job = served.post("/api/refresh", 202)
    state = job
    for _ in range(200):
        state = served.get(f"/api/refresh/{job['id']}")
        if state["status"] != "running":
            break
        time.sleep(0.05)
    assert (state["status"], state["error"]) == ("done", None)
    assert state["result"]["snapshot"]["snapshot_date"] == "2026-03-15"
    assert state["finished_at"] is not None


def test_stopping_waits_for_a_refresh_that_is_under_way(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(progress: Any) -> dict[str, Any]:
        begun.set()
        may_end.wait(10)
        return {"slow": True}

    monkeypatch.setattr(served.tl, "refresh", slow)
    jobs = Jobs(served.tl)
    job = jobs.start()
    assert begun.wait(10)
    assert jobs.start()["id"] == job["id"]  # a second one joins the first
    threading.Timer(0.1, may_end.set).start()
    jobs.stop()
    assert jobs.state(job["id"])["status"] == "done"


def test_the_daily_job_says_which_source_it_could_not_load(
    new_served: Any, caplog: pytest.LogCaptureFixture
) -> None:
    own = new_served('[[sources]]\ntable = "orders"\npath = "gone.csv"\n')
    assert Jobs(own.tl).run_due(datetime.now(UTC))
    assert own.tl.store.last("daily").outcome == "done, but orders could not be loaded"
    assert "gone.csv" in caplog.text


def test_coverage_is_declared(served: Served) -> None:
    body = {"table": "costs", "category": "marketing", "start": "2026-01-01", "end": "2026-02-01"}
    assert served.post("/api/facts/coverage", json=body) == {"success": True}
    refused(served.client.post("/api/facts/coverage", json=body | {"table": "cost"}), 404)


def test_doctor_and_health(served: Served) -> None:
    assert all(check["ok"] for check in served.get("/api/doctor")["checks"])
    health = served.get("/health")
    assert (health["status"], health["warehouse"], health["store"]) == ("healthy", "ok", "ok")
    assert health["sklearn_available"] is (find_spec("sklearn") is not None)


def test_health_tells_a_store_that_does_not_answer(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: Any) -> Any:
        raise OSError("no space left")

    monkeypatch.setattr(served.tl.store, "history", broken)
    found = served.get("/health", 503)
    assert (found["status"], found["warehouse"], found["store"]) == ("unhealthy", "ok", "OSError")


def test_the_first_page_shows_values_and_escapes_names(served: Served) -> None:
    page = served.client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "Ada &amp; Sons" in page.text
    assert "<script>" not in page.text
    assert served.get("/")["kpis"] == "/api/kpi"
    for path in ("/docs", "/redoc"):
        assert "/api/kpi/early-stage" in served.client.get(path).text


def test_a_cost_retried_after_the_server_forgot_its_key_is_recorded_once(tmp_path: Path) -> None:
    """Killed between the commit and the answer: the key is gone, the cost is there."""
    from fastapi.testclient import TestClient

    import trueline
    from trueline.web import create_app

    entry = {"cost_date": "2026-02-19", "cost_type": "marketing", "amount": 12.5}
    with TestClient(create_app(trueline.init(tmp_path / "home"))) as client:
        headers = {"Idempotency-Key": "retry-me-0001"}
        first = client.post("/api/kpi/costs", json=entry, headers=headers)
        store = app_of(client).state.tl.store
        with store._engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM idempotency_keys")
        second = client.post("/api/kpi/costs", json=entry, headers=headers)
        assert first.json()["data"]["cost_id"] == second.json()["data"]["cost_id"]
        assert client.get("/api/kpi/costs?days=3000").json()["data"]["total"] == 1
