"""What operators rely on: variables, health, metrics, the log, backups through the server."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from serving import Served

from trueline.core.errors import AwayError, InputError
from trueline.settings import Settings
from trueline.web import logs
from trueline.web.server import serve


def test_variables_go_before_the_file() -> None:
    text = '[server]\nport = 9000\nhost = "127.0.0.1"\n'
    given = {"API_PORT": "8080", "CORS_ORIGINS": "https://a.example, https://b.example"}
    found = Settings.parse(text, environment=given).server
    assert (found.port, found.host) == (8080, "127.0.0.1")
    assert found.cors_origins == ("https://a.example", "https://b.example")
    assert Settings.parse(text, environment={"API_PORT": ""}).server.port == 9000


@pytest.mark.parametrize(
    ("name", "value"), [("API_PORT", "80a"), ("LOG_LEVEL", "loud"), ("API_PORT", "70000")]
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(InputError, match=f"the variable {name}"):
        Settings.parse("", environment={name: value})


def test_several_workers_are_refused_on_a_file_that_one_process_owns(served: Served) -> None:
    with pytest.raises(InputError, match="belongs to one process"):
        serve(served.tl.home, workers=2)


def test_liveness_asks_nobody_and_readiness_everybody(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[tuple[object, ...]]:
        raise OSError("gone")

    assert served.get("/health/ready")["status"] == "healthy"
    monkeypatch.setattr(served.tl.warehouse, "rows", broken)
    assert served.get("/health/live") == {"status": "alive"}
    assert served.get("/health/ready", 503)["warehouse"] == "OSError"


def test_metrics_count_requests_by_route_and_say_how_far_the_facts_are(served: Served) -> None:
    served.client.get("/api/kpi/mrr")
    served.client.get("/api/kpi/nrr?nonsense=1")
    served.client.get("/nowhere/at/all")
    text = served.client.get("/-/metrics").text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert (
        lines['trueline_requests_total{method="GET",route="/api/kpi/{key}",status="200"}'] == "1.0"
    )
    assert (
        lines['trueline_requests_total{method="GET",route="/api/kpi/{key}",status="422"}'] == "1.0"
    )
    assert lines['trueline_requests_total{method="GET",route="(none)",status="404"}'] == "1.0"
    assert float(lines["trueline_last_load"]) >= 1
    assert lines["trueline_rollup_loads_behind"] == "0.0"
    assert lines["trueline_warehouse_up"] == "1.0"


def test_metrics_are_there_while_the_warehouse_is_not(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were refused with it: an operator saw nothing of the server while it failed."""

    def away(*_: object) -> list[tuple[object, ...]]:
        raise AwayError("It went away.", "Start it.")

    monkeypatch.setattr(served.tl.warehouse, "rows", away)
    answer = served.client.get("/-/metrics")
    assert answer.status_code == 200
    assert "trueline_warehouse_up 0.0" in answer.text and "trueline_requests" in answer.text
    assert "trueline_last_load" not in answer.text and "loads_behind" not in answer.text


def test_the_log_has_a_line_a_request_without_its_query(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    root, requests = logging.getLogger(), logging.getLogger(logs.REQUESTS)
    before = (root.handlers[:], root.level, requests.handlers[:], requests.propagate)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # the client, in the same process here
    try:
        logs.configure("info", as_json=True)
        answer = served.client.get("/api/kpi/mrr?channel=secret-name")
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    finally:
        root.handlers[:], requests.handlers[:] = before[0], before[2]
        root.setLevel(before[1])
        requests.propagate = before[3]
    line = next(x for x in lines if x["event"] == "request")
    assert line["route"] == "/api/kpi/{key}"
    assert line["status"] == answer.status_code
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert "secret-name" not in json.dumps(lines)


def test_a_backup_through_the_server_lands_in_the_homes_folder(served: Served) -> None:
    found = served.post("/api/backup", 201)
    path = Path(found["path"])
    assert path.parent == served.tl.home / "backups"
    assert path.stat().st_size == found["bytes"]
