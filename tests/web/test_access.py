"""Who is let in: names of this machine without a key, everybody else with one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from serving import Served, app_of, refused
from starlette.routing import Mount
from starlette.testclient import TestClient

from trueline.core.errors import InputError
from trueline.web import create_app
from trueline.web.security import HEADERS, OPEN_FOLDERS, OPEN_PATHS, access_for

KEY = "kT3n9-0aWq7Zr5Yx1Vb8Lm4Pd6Hs2Gj_c"


@pytest.fixture(scope="module")
def locked(served: Served) -> Iterator[TestClient]:
    app = create_app(served.tl, access=access_for("0.0.0.0", KEY))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def routes(app: Any) -> list[tuple[str, str]]:
    """Every method and path of the application's own route table."""
    found: list[tuple[str, str]] = []

    def walk(some: Any) -> None:
        for route in some:
            if isinstance(route, APIRoute):
                found.extend((method, route.path) for method in sorted(route.methods))
            elif isinstance(route, Mount):
                found.append(("GET", f"{route.path}/none.css"))
            elif hasattr(route, "path"):
                found.append(("GET", route.path))
            else:  # an included router that is matched lazily
                inner = getattr(route, "original_router", None)
                assert inner is not None, route
                walk(inner.routes)

    walk(app.routes)
    return found


def test_every_route_needs_the_key(locked: TestClient) -> None:
    table = routes(locked.app)
    assert len(table) > 25, table
    assert ("POST", "/api/facts/{table}/upload") in table
    for method, path in table:
        url = re.sub(r"\{[^}]*\}", "none", path)
        without = locked.request(method, url)
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDERS):
            assert without.status_code in (200, 403, 404), (method, path)
            continue
        assert without.status_code == 401, (method, path)
        assert without.headers["www-authenticate"] == "Bearer"
        for name in HEADERS:
            assert name in without.headers, (method, path)
        if path == "/events":  # answered for as long as one listens
            continue
        with_it = locked.request(method, url, headers={"Authorization": f"Bearer {KEY}"})
        refused = with_it.status_code == 403 and with_it.json()["code"]
        foreign = refused in ("foreign_form", "embed_closed")
        assert foreign or with_it.status_code not in (401, 403), (method, path)
        assert with_it.status_code < 500, (method, path, with_it.text)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY[:-1]}"},
        {"Authorization": f"Bearer {KEY}x"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
        {"Authorization": b"Bearer \xff\xfe\xe9"},
        {"X-API-Key": ""},
        {"X-API-Key": "None"},
        {"Cookie": f"key={KEY}"},
    ],
)
def test_a_wrong_key_is_refused(locked: TestClient, headers: dict[str, Any]) -> None:
    refused(locked.get("/api/kpi", headers=headers), 401)


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": f"Bearer {KEY}"}, {"Authorization": f"bearer {KEY}"}, {"X-API-Key": KEY}],
)
def test_the_key_opens_in_either_header(locked: TestClient, headers: dict[str, str]) -> None:
    assert locked.get("/api/kpi", headers=headers).status_code == 200


def test_the_local_token_opens_too(locked: TestClient) -> None:
    token = app_of(locked).state.access.token
    answer = locked.get("/api/kpi", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["x/health?", "x/health#", "/health?", "x/health"])
def test_a_host_header_cannot_pass_for_an_open_path(locked: TestClient, host: str) -> None:
    refused(locked.get("/api/kpi", headers={"Host": host}), 401)


def test_a_key_in_the_query_does_not_open(locked: TestClient) -> None:
    refused(locked.get("/api/kpi", params={"key": KEY}), 401)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost/health?",
        "192.168.1.7",
        "0.0.0.0",
        "[",
        "]:8000",
        "localhost:99999999",
        "",
    ],
)
def test_without_a_key_another_name_is_refused(served: Served, host: str) -> None:
    assert refused(served.client.get("/api/kpi", headers={"Host": host}), 403)["code"] == (
        "forbidden_host"
    )


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]", "[::1]:8000"]
)
def test_without_a_key_this_machines_names_are_answered(served: Served, host: str) -> None:
    assert served.client.get("/api/kpi", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org", ""])
@pytest.mark.parametrize("key", [None, "", "secret", "x" * 64, "changeme" * 3, KEY[:31]])
def test_a_reachable_server_without_a_good_key_does_not_start(host: str, key: str | None) -> None:
    with pytest.raises(InputError, match="TRUELINE_API_KEY"):
        access_for(host, key)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_key_but_no_weak_one_either(host: str) -> None:
    assert access_for(host, None).key is None
    assert access_for(host, KEY).key == KEY
    with pytest.raises(InputError):
        access_for(host, "short")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/docs", 200),
        ("/openapi.json", 200),
        ("/health", 200),
        ("/api/kpi", 200),
        ("/api/kpi/none", 404),
        ("/none", 404),
        ("/static/none.css", 404),
        ("/api/kpi/mrr?x=1", 422),
    ],
)
def test_every_answer_carries_the_security_headers(served: Served, path: str, status: int) -> None:
    answer = served.client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-ID"])


@pytest.mark.parametrize(
    ("given", "kept"), [("deploy-2026.03", True), ("short", False), ("<script>x</script>", False)]
)
def test_a_request_id_is_kept_only_if_it_is_plain(served: Served, given: str, kept: bool) -> None:
    answer = served.client.get("/health", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is kept
