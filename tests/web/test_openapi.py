"""The OpenAPI document: every answer shown by example, and no request that makes a 500."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from serving import Served

from trueline.core.reading import dumps


def operations(served: Served) -> list[tuple[str, str, dict[str, Any]]]:
    paths = served.get("/openapi.json")["paths"]
    return [(path, method, entry) for path, of in paths.items() for method, entry in of.items()]


def test_every_operation_shows_an_answer(served: Served) -> None:
    found = operations(served)
    assert len(found) > 20
    for path, method, entry in found:
        good = [code for code in entry["responses"] if code.startswith("2")]
        assert len(good) == 1, (method, path)
        content = entry["responses"][good[0]]["content"]["application/json"]
        assert content.get("example"), (method, path)
        assert entry["description"], (method, path)


def test_every_operation_documents_the_one_shape_of_errors(served: Served) -> None:
    for path, method, entry in operations(served):
        for code in ("404", "422", "503"):
            example = entry["responses"][code]["content"]["application/json"]["example"]
            assert set(example) == {"detail", "code", "fix", "errors", "request_id"}, (method, path)


def test_operation_names_are_unique(served: Served) -> None:
    names = [entry["operationId"] for _, _, entry in operations(served)]
    assert len(set(names)) == len(names)


def test_a_documented_body_is_accepted(served: Served) -> None:
    for path, method, entry in operations(served):
        body = entry.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None or method != "post":
            continue
        shown = [body["example"]] if "example" in body else body["examples"].values()
        for example in shown:
            answer = served.client.post(
                path.replace("{table}", "orders"),
                content=dumps(example.get("value", example)),
                headers={"Content-Type": "application/json"},
            )
            assert answer.status_code in (200, 201), (path, answer.text)


def test_no_generated_request_makes_a_500(served: Served) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", served.client.app)
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @hypothesis.seed(20260315)
        @hypothesis.settings(
            max_examples=5,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            answer = case.call(session=None)
            case.validate_response(answer, checks=[not_a_server_error])
            assert answer.status_code < 500

        ask()
    assert tried > 100


@pytest.mark.parametrize("name", ["Idempotency-Key"])
def test_recording_routes_say_how_to_retry(served: Served, name: str) -> None:
    entry = served.get("/openapi.json")["paths"]["/api/kpi/costs"]["post"]
    assert name in entry["description"]
