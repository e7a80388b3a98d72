"""Retention, funnels and lifecycle through the API and the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from serving import Served, refused

from commands import run

EVENTS = """
event_id,user_id,occurred_at,name,channel
1,c1,2026-01-05T15:00:00Z,visit,ads
2,c1,2026-01-05T15:10:00Z,"cart, quick",ads
3,c1,2026-01-05T15:20:00Z,buy,ads
4,c2,2026-01-06T15:00:00Z,visit,web
5,c2,2026-01-07T15:00:00Z,visit,web
"""
JANUARY = {"start": "2026-01-01", "end": "2026-02-01"}


@pytest.fixture(scope="module")
def product(served: Served) -> Served:
    with (served.tl.home / "trueline.toml").open("a", encoding="utf-8") as file:
        file.write('\n[product.funnels.Purchase]\nsteps = ["visit", "cart, quick", "buy"]\n')
    served.tl.settings = type(served.tl.settings).read(served.tl.home)
    served._fill("events", EVENTS)
    served.tl.declare_coverage("events", start="2025-01-01", end="2026-03-15")
    return served


def test_retention(product: Served) -> None:
    found = product.get(
        "/api/product/retention", starting="first_event", returning="visit,buy", steps=2, **JANUARY
    )
    assert found["overall"]["returned"] == [2, 1, 0]
    assert found["overall"]["observed"] == [2, 2, 2]
    assert found["overall"]["intervals"][1]["method"] == "Wilson"
    assert found["returning"] == ["visit", "buy"]


def test_a_declared_funnel_and_one_of_the_moment(product: Served) -> None:
    declared = product.get("/api/product/funnels")["funnels"]
    assert declared == {
        "Purchase": {"steps": [["visit"], ["cart, quick"], ["buy"]], "window_hours": 168}
    }
    found = product.get("/api/product/funnel", name="Purchase", by="channel", **JANUARY)
    assert [step["users"] for step in found["funnel"]["steps"]] == [2, 1, 1]
    assert [part["slice"] for part in found["slices"]] == ["ads", "web"]
    found = product.get("/api/product/funnel", steps="visit|buy,visit", **JANUARY)
    assert [step["users"] for step in found["funnel"]["steps"]] == [2, 1]
    short = product.get("/api/product/funnel", name="Purchase", window_hours=0.3, **JANUARY)
    assert float(short["window_hours"]) == 0.3
    assert [step["users"] for step in short["funnel"]["steps"]] == [2, 1, 0]


def test_lifecycle_and_events(product: Served) -> None:
    row = product.get("/api/product/lifecycle", grain="month", **JANUARY)["buckets"][0]
    assert (row["active"], row["new"], row["opening"]) == (2, 2, 0)
    events = product.get("/api/product/events")["events"]
    assert events[0] == {
        "name": "visit", "rows": 3, "users": 2, "first": "2026-01-05", "last": "2026-01-07",
    }  # fmt: skip


BAD = [
    ("retention", {"kind": "rolling"}, "kind of retention"),
    ("retention", {"grain": "quarter"}, "grain"),
    ("retention", {"cohorts": "hour"}, "grain"),
    ("retention", {"returning": "a,,b"}, "empty name"),
    ("retention", {"cohorts": "day", "start": "2020-01-01", "end": "2026-01-01"}, "cohorts"),
    ("funnel", {}, "No funnel was asked for"),
    ("funnel", {"name": "Purchas"}, "funnel"),
    ("funnel", {"name": "Purchase", "steps": "a,b"}, "Both"),
    ("funnel", {"steps": "visit"}, "steps"),
    ("funnel", {"steps": ",".join("abcdefghijk")}, "steps"),
    ("funnel", {"steps": "a,|"}, "empty name"),
    ("funnel", {"name": "Purchase", "by": "mood"}, "cut of a funnel"),
    ("funnel", {"name": "Purchase", "window_hours": "nan"}, "window_hours"),
    ("lifecycle", {"grain": "hour"}, "grain"),
    ("lifecycle", {"grain": "day", "start": "2000-01-01", "end": "2026-01-01"}, "buckets"),
    ("lifecycle", {"start": "2026-01-01"}, "start and end"),
    ("events", {"limit": 0}, "limit"),
]


@pytest.mark.parametrize(("path", "query", "says"), BAD)
def test_a_bad_question_is_answered_in_words(
    product: Served, path: str, query: dict[str, Any], says: str
) -> None:
    answer = product.client.get(f"/api/product/{path}", params=query)
    body = refused(answer)
    assert answer.status_code in (404, 422)
    assert says in json.dumps(body)


def test_a_window_that_is_too_short_for_a_second_is_a_window(product: Served) -> None:
    found = product.get("/api/product/funnel", steps="visit,buy", window_hours=1e-9, **JANUARY)
    assert [step["users"] for step in found["funnel"]["steps"]] == [2, 0]


def test_commands(product: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trueline.cli.product.opened", lambda home: _KeptOpen(product.tl))
    days = ("--start", "2026-01-01", "--end", "2026-02-01")
    shown = run("retention", "--starting", "first_event", *days)
    assert "50.0%" in shown
    assert "Purchase" in run("funnel")
    shown = run("funnel", "Purchase", "--by", "channel", *days)
    assert "channel: ads" in shown
    assert "10.0 min" in shown
    found = json.loads(
        run("funnel", "--step", "visit", "--step", "cart, quick|buy", *days, "--json")
    )
    assert found["funnel"]["converted"] == 1
    assert "2026-01-01" in run("lifecycle", "--grain", "month", *days)
    assert "kind of retention" in run("retention", "--kind", "x", code=2)


class _KeptOpen:
    """A context that closes nothing."""

    def __init__(self, tl: Any) -> None:
        self.tl = tl

    def __enter__(self) -> Any:
        return self.tl

    def __exit__(self, *_: object) -> None:
        return None
