"""The OpenAPI document: every answer shown by example, and no request that makes a 500."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance
from serving import Served

from trueline.core.reading import dumps
from trueline.web import create_app
from trueline.web.security import access_for


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


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
EXAMPLES = 200 if os.environ.get("TRUELINE_SOAK") else 4


def test_every_generated_request_gets_an_answer_that_is_documented(served: Served) -> None:
    """With the key and without: no 500, no status and no kind of content that is not told."""
    key = "kT3n9-0aWq7Zr5Yx1Vb8Lm4Pd6Hs2Gj_c"
    app = create_app(served.tl, access=access_for("0.0.0.0", key))
    app.state.limiter = served.client.app.state.limiter
    bearer = {"Authorization": f"Bearer {key}"}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=bearer)
    statuses: Counter[int] = Counter()
    for result in schema.get_all_operations():
        operation = result.ok()

        @hypothesis.seed(20260315)
        @hypothesis.settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            known = bool(statuses.total() % 8)
            answer = case.call(session=None, headers=bearer if known else {})
            statuses[answer.status_code] += 1
            assert answer.status_code < 500, answer.text[:300]
            assert known or answer.status_code in (200, 401), (case.path, answer.status_code)
            case.validate_response(answer, checks=CHECKS)

        ask()
    assert statuses.total() > 100
    assert {200, 401, 404, 422} <= set(statuses)


@pytest.mark.parametrize("name", ["Idempotency-Key"])
def test_recording_routes_say_how_to_retry(served: Served, name: str) -> None:
    entry = served.get("/openapi.json")["paths"]["/api/kpi/costs"]["post"]
    assert name in entry["description"]
