"""Signing in with the key: what lets a browser in, for how long, and what no longer does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
from serving import Served, app_of
from starlette.testclient import TestClient

from trueline.web import create_app
from trueline.web.pages.sign_in import inside
from trueline.web.security import HEADERS, Access, access_for
from trueline.web.sessions import COOKIE, IDLE_SECONDS, LONGEST_SECONDS, MOST_WRONG, Sessions

KEY = "kT3n9-0aWq7Zr5Yx1Vb8Lm4Pd6Hs2Gj_c"
HTML = {"Accept": "text/html"}


@pytest.fixture
def browser(served: Served) -> Iterator[TestClient]:
    """A browser without scripts in front of a server with a key."""
    app = create_app(served.tl, access=access_for("0.0.0.0", KEY))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        client.headers.update(HTML)
        yield client


def give(browser: TestClient, key: str, to: str = "/data") -> Any:
    """Fill in the form; the answer."""
    text = browser.get("/sign-in").text
    found = re.search(r'name="form_token" value="([^"]+)"', text)
    assert found is not None
    fields = {"form_token": found[1], "key": key, "to": to}
    return browser.post("/sign-in", data=fields)


def access(browser: TestClient) -> Access:
    found: Access = app_of(browser).state.access
    return found


def test_a_page_leads_to_the_sign_in_and_back(browser: TestClient) -> None:
    answer = browser.get("/costs?days=30")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?to=%2Fcosts%3Fdays%3D30"
    signed = give(browser, KEY, to="/costs?days=30")
    assert (signed.status_code, signed.headers["location"]) == (303, "/costs?days=30")
    page = browser.get("/costs?days=30")
    assert page.status_code == 200
    assert "Sign out" in page.text


def test_a_program_is_answered_as_before(browser: TestClient) -> None:
    for headers in ({"Accept": "application/json"}, {"Accept": "*/*"}):
        answer = browser.get("/api/kpi", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert browser.get("/api/kpi").status_code == 401  # the API never answers with a page


def test_the_form_tells_nothing_of_the_company(browser: TestClient) -> None:
    answer = browser.get("/sign-in")
    assert answer.status_code == 200
    assert "Ada" not in answer.text
    for name in HEADERS:
        assert name in answer.headers


def test_the_cookie_is_for_this_site_only_and_no_script_reads_it(browser: TestClient) -> None:
    answer = give(browser, KEY)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(COOKIE))
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags
    assert KEY not in cookie
    assert "secure" not in flags
    browser.base_url = httpx.URL("https://testserver")
    browser.cookies.clear()
    answer = give(browser, KEY)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(COOKIE))
    assert "secure" in cookie.lower()


@pytest.mark.parametrize("key", ["", "x", KEY[:-1], KEY + "x", KEY.upper(), "é" * 40, "\x00"])
def test_a_wrong_key_lets_nobody_in(browser: TestClient, key: str) -> None:
    answer = give(browser, key)
    assert answer.status_code == 401
    assert "not the key" in answer.text
    assert key not in answer.text or len(key) < 2
    assert browser.get("/data").status_code == 303


def test_too_many_wrong_keys_are_not_looked_at_for_a_minute(browser: TestClient) -> None:
    for _ in range(MOST_WRONG):
        access(browser).sessions.wrong()
    assert give(browser, KEY).status_code == 429
    assert browser.get("/api/kpi", headers={"X-API-Key": KEY}).status_code == 200


def test_a_form_of_another_site_signs_nobody_in(browser: TestClient) -> None:
    browser.get("/sign-in")
    assert browser.post("/sign-in", data={"key": KEY, "form_token": "x"}).status_code == 403
    assert browser.get("/data").status_code == 303


def test_after_signing_out_the_cookie_is_worth_nothing(browser: TestClient) -> None:
    give(browser, KEY)
    token = browser.cookies[COOKIE]
    form = re.search(r'name="form_token" value="([^"]+)"', browser.get("/data").text)
    assert form is not None
    answer = browser.post("/sign-out", data={"form_token": form[1]})
    assert answer.headers["location"] == "/sign-in?said=signed-out"
    assert "You are signed out." in browser.get("/sign-in?said=signed-out").text
    browser.cookies.set(COOKIE, token)
    assert browser.get("/data").status_code == 303
    assert browser.get("/api/kpi", headers={"Accept": "*/*"}).status_code == 401


def test_signing_in_again_ends_the_session_before(browser: TestClient) -> None:
    give(browser, KEY)
    first = browser.cookies[COOKIE]
    access(browser).sessions.end(None)
    text = browser.get("/data").text
    form = re.search(r'name="form_token" value="([^"]+)"', text)
    assert form is not None
    browser.post("/sign-in", data={"form_token": form[1], "key": KEY})
    assert browser.cookies[COOKIE] != first
    assert not access(browser).sessions.known(first)


def test_a_session_cannot_be_chosen_by_whoever_sets_a_cookie(browser: TestClient) -> None:
    browser.cookies.set(COOKIE, "chosen")
    assert browser.get("/data").status_code == 303
    give(browser, KEY)
    assert not access(browser).sessions.known("chosen")


def test_a_session_expires_when_idle_and_in_the_end() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    token = sessions.begin()
    now[0] = IDLE_SECONDS - 1
    assert sessions.known(token)
    now[0] += IDLE_SECONDS + 1
    assert not sessions.known(token)
    token = sessions.begin()
    begun = now[0]
    while now[0] - begun <= LONGEST_SECONDS - IDLE_SECONDS / 2:
        assert sessions.known(token)
        now[0] += IDLE_SECONDS / 2
    now[0] += IDLE_SECONDS / 2
    assert not sessions.known(token)


def test_only_digests_are_kept() -> None:
    sessions = Sessions()
    token = sessions.begin()
    assert token not in repr(vars(sessions))
    assert len(token) >= 43


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "data",
        "javascript:alert(1)", "/\t/evil.example", "http:///evil", "/sign-out", "//[", "",
    ],
)  # fmt: skip
def test_nobody_is_led_elsewhere(wanted: str) -> None:
    assert inside(wanted) == "/" or not inside(wanted).startswith(("//", "/\\"))
    if wanted != "/\t/evil.example" and "\\" not in wanted:
        assert inside(wanted) == "/"


def test_without_a_key_nobody_signs_in(served: Served) -> None:
    answer = served.client.get("/sign-in?to=/data", headers=HTML, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/data")


def test_a_browser_may_say_that_our_own_forms_are_ours() -> None:
    """Under no-referrer Chromium sends Origin: null with our own forms, and each was refused."""
    assert HEADERS["Referrer-Policy"] == "same-origin"
