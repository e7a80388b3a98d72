"""A panel in a frame of another site, on a server with a key: what its seal opens, and what not."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from serving import NOW, Served, refused
from starlette.testclient import TestClient

from trueline.web import create_app
from trueline.web.seals import DAYS, sealed
from trueline.web.security import access_for

KEY = "kT3n9-0aWq7Zr5Yx1Vb8Lm4Pd6Hs2Gj_c"
SITE = '\n[server]\nembed_origins = ["https://intranet.example"]\n'
PANEL = "/embed/executive/line-revenue"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("framed"), SITE)
    yield served
    served.tl.close()


@pytest.fixture(scope="module")
def locked(company: Served) -> Iterator[TestClient]:
    app = create_app(company.tl, access=access_for("0.0.0.0", KEY))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="module")
def address(locked: TestClient) -> str:
    """The address that the panel's menu gives a reader with the key."""
    headers = {"Authorization": f"Bearer {KEY}", "Accept": "text/html"}
    text = locked.get("/executive?range=90d", headers=headers).text
    found = re.search(rf'data-copy="({PANEL}[^"]*)"', text)
    assert found is not None
    return html.unescape(found[1])


def test_a_sealed_address_shows_its_panel_without_a_key(locked: TestClient, address: str) -> None:
    answer = locked.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    assert "frame-ancestors https://intranet.example" in answer.headers["content-security-policy"]
    assert "data-still" in answer.text
    chart = re.search(r'data-chart="([^"]+)"', answer.text)
    assert chart is not None
    assert locked.get(html.unescape(chart[1])).json()["spec"]["layer"]
    assert "/d/executive/line-revenue.csv" not in answer.text  # nothing that a key is needed for


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.replace("line-revenue", "tile-mrr"),
        lambda a: a.replace("executive", "finance"),
        lambda a: a.replace("range=90d", "range=365d"),
        lambda a: a.replace("range=90d&", ""),
        lambda a: a + "&channel=Meta",
        lambda a: a + "&estimates=true",
        lambda a: re.sub(r"until=\d{4}", "until=2999", a),
        lambda a: re.sub(r"until=[^&]*&", "", a),
        lambda a: re.sub(r"seal=.", "seal=_", a),
        lambda a: re.sub(r"seal=.*", "seal=", a),
        lambda a: a + "&until=2999-01-01",
        lambda a: a + "&seal=" + "0" * 64,
        lambda a: a.replace("seal=", "seal=%ff%fe"),
        lambda a: a.replace("&until=", "%0Auntil="),
    ],
)
def test_a_seal_opens_nothing_but_what_it_was_made_for(
    locked: TestClient, address: str, change: Callable[[str], str]
) -> None:
    changed = change(address)
    assert changed != address
    refused(locked.get(changed), 403)


def test_a_seal_is_for_looking_at_a_panel_only(locked: TestClient, address: str) -> None:
    query = urlsplit(address).query
    for path in ("/executive", "/d/executive/line-revenue", "/api/kpi", "/events", "/kpi/mrr"):
        assert locked.get(f"{path}?{query}", headers={"Accept": "*/*"}).status_code == 401, path
    assert locked.post(address).status_code == 401
    assert locked.get(PANEL, headers={"Accept": "*/*"}).status_code == 401


def test_a_sealed_address_ends_on_its_day(
    company: Served, locked: TestClient, address: str
) -> None:
    try:
        company.now = NOW + timedelta(days=DAYS)
        assert locked.get(address).status_code == 200
        company.now = NOW + timedelta(days=DAYS + 1)
        answer = locked.get(address)
        assert "was valid until" in refused(answer, 403)["detail"]
    finally:
        company.now = NOW


def test_another_key_ends_every_sealed_address(company: Served, address: str) -> None:
    app = create_app(company.tl, access=access_for("0.0.0.0", KEY[::-1]))
    with TestClient(app, raise_server_exceptions=False) as client:
        refused(client.get(address), 403)


def test_a_seal_does_not_open_where_no_site_is_named(served: Served) -> None:
    app = create_app(served.tl, access=access_for("0.0.0.0", KEY))
    good = sealed(KEY, PANEL, "?range=90d", served.tl.engine.today())
    with TestClient(app, raise_server_exceptions=False) as client:
        assert refused(client.get(good), 403)["code"] == "embed_closed"
