"""Funnels, retention and lifecycle on their page: declared or chosen, cut, censored, refused."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from serving import Served

from pages import shown as page

DAYS = {"start": "2026-02-01", "end": "2026-03-01"}
FUNNEL = '[product]\nsignup = "visit"\n[product.funnels.Buy]\nsteps = ["visit", "buy"]\n'
EVENTS = [
    ("u1", "2026-02-03T15:00:00Z", "visit"),
    ("u1", "2026-02-03T15:10:00Z", "buy"),
    ("u2", "2026-02-04T15:00:00Z", "visit"),
    ("u2", "2026-02-05T15:00:00Z", "visit"),
    ("u3", "2026-02-10T15:00:00Z", "visit"),
    ("u4", "2026-02-27T15:00:00Z", "<script>alert(1)</script>"),
    ("u4", "2026-03-14T15:00:00Z", "visit"),
]


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = Served(tmp_path_factory.mktemp("product") / "home", FUNNEL)
    made.tl.load_rows(
        "events",
        [
            {"event_id": f"e{n}", "user_id": user, "occurred_at": at, "name": name}
            for n, (user, at, name) in enumerate(EVENTS)
        ],
    )
    made.tl.declare_coverage("events", start="2025-01-01", end="2026-03-15")
    with made.client:
        yield made
    made.tl.close()


def test_a_declared_funnel_is_shown_with_its_rates(users: Served) -> None:
    assert "Funnel: Buy" in page(users, "/product", **DAYS)
    text = page(users, "/product/funnel", **DAYS)
    assert "33.3%" in text
    assert "10.0 min" in text
    rows = list(csv.DictReader(io.StringIO(page(users, "/product/funnel.csv", **DAYS))))
    assert [(r["Step"], r["Users"], r["Left"]) for r in rows] == [
        ("visit", "3", "0"), ("buy", "1", "2"),
    ]  # fmt: skip


def test_steps_can_be_chosen_and_keep_what_was_typed(users: Served) -> None:
    query = {"step1": "visit", "step2": "buy|<script>alert(1)</script>", "window": "1", **DAYS}
    text = page(users, "/product", **query)
    assert "chosen steps" in text
    assert 'value="visit"' in text
    assert "<script>alert" not in text
    assert "33.3%" in page(users, "/product/funnel", **query)


def test_a_funnel_is_cut_by_channel(users: Served) -> None:
    assert "By channel" in page(users, "/product/funnel", cut="channel", **DAYS)


def test_retention_marks_what_was_not_watched(users: Served) -> None:
    text = page(users, "/product/retention", start="2026-02-01", end="2026-03-15")
    whole = re.findall(r'<th scope="row" class="stick">All</th>(.*?)</tr>', text, re.DOTALL)[0]
    assert "partial" in whole
    spec = users.get("/product/retention.json", **DAYS)["spec"]
    assert spec["datasets"]["rows"][0] == {
        "name": "All", "age": 0, "v": 100.0, "x": "100.0%: 3 of 3 watched",
    }  # fmt: skip


def test_the_lifecycle_balances_in_the_file(users: Served) -> None:
    text = page(users, "/product/lifecycle.csv", **DAYS)
    for row in csv.DictReader(io.StringIO(text)):
        if row["New"]:
            parts = (int(row[name]) for name in ("New", "Returning", "Resurrecting"))
            assert sum(parts) == int(row["Active"])
    assert users.client.get("/product/lifecycle.svg", params=DAYS).content.startswith(b"<svg")


def test_without_events_it_says_what_to_load(served: Served) -> None:
    assert "Choose steps" in page(served, "/product")
    for part in ("retention", "lifecycle"):
        text = page(served, f"/product/{part}")
        assert "Not known" in text
    assert "No funnel is declared" in page(served, "/product/funnel")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"funnel": "Nope"}, 404),
        ({"kind": "sometimes"}, 404),
        ({"step": "year"}, 404),
        ({"bucket": "century"}, 404),
        ({"cut": "height"}, 404),
        ({"window": "soon"}, 422),
        ({"window": "nan"}, 422),
        ({"window": "-1"}, 422),
        ({"start": "2026-03-01", "end": "2026-02-01"}, 422),
        ({"as_of": "2100-01-01T00:00"}, 422),
        ({"odd": "1"}, 422),
    ],
)
def test_nonsense_is_refused(users: Served, query: dict[str, str], status: int) -> None:
    page(users, "/product", status, **query)


def test_one_step_is_no_funnel(users: Served) -> None:
    assert "Choose a second step" in page(users, "/product/funnel", 422, step1="visit")
    page(users, "/product/nothing", 404)


def test_times_are_said_as_people_say_them() -> None:
    from trueline.web.explore.users import took

    assert [took(s, "en_CA") for s in (None, 5, 90, 5400, 129_600)] == [
        "", "5 s", "1.5 min", "1.5 hours", "1.5 days",
    ]  # fmt: skip
    assert took(5400, "fr_CA") == "1,5 hours"


def test_a_step_that_never_happened_is_not_a_silent_0(users: Served) -> None:
    """A misspelt event gave a funnel of nobody, without a word."""
    text = page(users, "/product/funnel", step1="visit", step2="bought", **DAYS)
    assert "No event is recorded under the name &#39;bought&#39;." in text
    found = users.tl.funnel(steps=["vist", "buy"], **DAYS)
    assert [(why["code"], why["enable"]) for why in found["reasons"]] == [
        ("event_never_recorded", "Did you mean: visit?")
    ]
    assert not users.tl.funnel("Buy", **DAYS)["reasons"]


def test_nobody_came_back_by_an_event_that_never_happened_is_no_silent_0(users: Served) -> None:
    found = users.tl.retention(starting="first_event", returning=["buyy"], **DAYS)
    assert ("event_never_recorded", "Did you mean: buy?") in [
        (why["code"], why["enable"]) for why in found["reasons"]
    ], found["reasons"]
    found = users.tl.retention(starting="vist", **DAYS)
    assert "event_never_recorded" in [why["code"] for why in found["reasons"]], found
    found = users.tl.retention(starting="visit", returning=["buy"], **DAYS)
    assert "event_never_recorded" not in [why["code"] for why in found["reasons"]]


def test_a_cut_that_is_none_names_those_that_are(users: Served) -> None:
    text = page(users, "/product/funnel", 404, cut="x9", **DAYS)
    assert "Known are: channel, country, plan." in text
