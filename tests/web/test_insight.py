"""Forecasts, patterns and anomalies by their routes: given series, and KPIs of a company."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from serving import NOW, Served, app_of
from starlette.testclient import TestClient

import trueline
from trueline.core.quality import Quality
from trueline.core.reading import Reading, dumps, loads
from trueline.home import Trueline
from trueline.web import create_app

JSON = {"Content-Type": "application/json"}
CHURN = {
    "metric_name": "churn_rate",
    "historical_values": [5.0, 4.8, 4.5, 4.3, 4.0, 3.8, 3.5],
    "timestamps": [f"2024-0{month}-01T00:00:00" for month in range(1, 8)],
    "periods_ahead": 3,
}
FIRST = date(2025, 1, 1)
SPIKE = date(2026, 2, 10)
REFUND = {
    "refund_id": "r", "order_id": "o300", "refunded_at": "2026-02-10T15:00:00Z", "amount": "5.00",
    "currency": "USD",
}  # fmt: skip


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A shop with about ten orders a day, fewer on Sundays, and one day of ten times as many."""
    home: Path = tmp_path_factory.mktemp("insight") / "home"
    trueline.init(home)
    tl = Trueline(home, clock=lambda: NOW)
    rows = ["order_id,customer_id,ordered_at,amount,currency"]
    for at in range((date(2026, 3, 15) - FIRST).days):
        day = FIRST + timedelta(days=at)
        amount = 100 + (at * 37) % 23 - 50 * (day.weekday() == 6)
        amount *= 10 if day == SPIKE else 1
        rows.append(f"o{at},c{at % 50},{day}T15:00:00Z,{amount}.00,USD")
    path = home / "orders.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert tl.load("orders", path, full=True).rejected == 0
    assert tl.load_rows("refunds", [REFUND]).rejected == 0
    tl.declare_coverage("refunds", start="2025-01-01", end="2026-03-15")
    with TestClient(create_app(tl)) as client:
        yield client
    tl.close()


def post(served: Served, path: str, body: Any, status: int = 200) -> Any:
    answer = served.client.post(path, content=dumps(body), headers=JSON)
    assert answer.status_code == status, answer.text
    return loads(answer.content)


def test_the_seeds_prediction(served: Served) -> None:
    found = post(served, "/predict/metric", CHURN)
    assert {
        "metric_name", "current_value", "predictions", "confidence_level", "trend", "volatility",
        "insights", "intervals", "dates", "method", "backtest", "confidence_reason",
    } <= set(found)  # fmt: skip
    assert float(found["current_value"]) == 3.5
    assert (found["trend"], found["volatility"]) == ("decreasing", "low")
    assert found["dates"] == ["2024-08-01", "2024-09-01", "2024-10-01"]
    assert len(found["predictions"]) == len(found["intervals"]["80"]) == 3
    for mean, (low, high), (lower, upper) in zip(
        found["predictions"], found["intervals"]["80"], found["intervals"]["95"], strict=True
    ):
        assert 0 <= lower <= low <= mean <= high <= upper <= 100
    assert any("improving" in words for words in found["insights"])


def test_the_seeds_pattern(served: Served) -> None:
    body = {"metric_name": "mrr", "historical_values": [45000, 48000, 51000, 54000, 57000, 60000]}
    found = post(served, "/analyze/pattern", body)
    assert (found["trend"], float(found["slope"])) == ("increasing", 3000.0)
    assert (float(found["average"]), float(found["recent_average"])) == (52500.0, 57000.0)
    assert (found["volatility_level"], found["outlook"]) == ("low", "improving")
    assert "Not detected" in found["seasonality"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"historical_values": [1]}, "at least 2"),
        ({"historical_values": []}, "entries"),
        ({"historical_values": [None, None]}, "missing"),
        ({"historical_values": [1, True]}, "numbers only"),
        ({"historical_values": [1, "2"]}, "numbers only"),
        ({"historical_values": [1, [2]]}, ""),
        ({"historical_values": [1] * 10_001}, "10000"),
        ({"historical_values": [1, 2, 3], "timestamps": ["2024-01-01"]}, "3 values and 1"),
        (
            {"historical_values": [1, 2], "timestamps": ["2024-01-02", "2024-01-01"]},
            "not after the one before",
        ),
        (
            {"historical_values": [1, 2], "timestamps": ["2024-01-01", "2024-01-01"]},
            "not after the one before",
        ),
        (
            {
                "historical_values": [1, 2, 3],
                "timestamps": ["2024-01-01", "2024-02-01", "2024-02-02"],
            },
            "no common step",
        ),
        ({"historical_values": [1, 2], "timestamps": ["01/02/2024", "2024-01-01"]}, "ISO 8601"),
        ({"historical_values": [150, 5], "metric_name": "churn_rate"}, "upper bound"),
        ({"periods_ahead": 0}, "at least 1"),
        ({"periods_ahead": 1000}, "at most 120"),
        ({"colour": 1}, "not known here"),
    ],
)
def test_a_bad_series_is_told_why(served: Served, change: dict[str, Any], says: str) -> None:
    body = {"metric_name": "anything", "historical_values": [1, 2, 3]} | change
    answer = post(served, "/predict/metric", body, 422)
    assert says in f"{answer['detail']} {answer['fix']}"


@pytest.mark.parametrize("values", [[0, 0, 0, 0], [5, 5], [1, None, 2, None, 3], [-1, -2, -3]])
def test_odd_series_have_a_documented_answer(served: Served, values: list[Any]) -> None:
    body = {"metric_name": "anything", "historical_values": values}
    found = post(served, "/predict/metric", body)
    assert len(found["predictions"]) == 3
    assert found["missing"] == values.count(None)


def test_a_gap_in_the_timestamps_is_a_missing_step(served: Served) -> None:
    body = {
        "metric_name": "anything",
        "historical_values": [1, 2, 4, 5],
        "timestamps": ["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-05"],
    }
    assert post(served, "/predict/metric", body)["missing"] == 1


def test_a_kpi_is_forecast_from_its_complete_days(daily: TestClient) -> None:
    found = daily.get("/api/kpi/revenue/forecast?grain=day&horizon=14").json()
    assert found["reasons"] == []
    assert found["forecast"][0]["start"] == "2026-03-15"
    assert len(found["forecast"]) == 14
    assert found["history"][-1]["end"] == "2026-03-15"
    sundays = [p["mean"] for p in found["forecast"] if p["start"] in ("2026-03-15", "2026-03-22")]
    others = [p["mean"] for p in found["forecast"] if p["start"] == "2026-03-18"]
    assert max(sundays) < min(others)
    for point in found["forecast"]:
        assert 0 <= point["intervals"]["95"][0] <= point["mean"] <= point["intervals"]["95"][1]


def test_a_forecast_from_estimates_says_that_it_rests_on_them(
    daily: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looked like one from facts: only the points of its history said what they were."""
    engine = app_of(daily).state.tl.engine
    series = engine.series

    def assumed(*asked: Any, **options: Any) -> list[Reading]:
        found = series(*asked, **options)
        return [*found[:-3], *(replace(r, quality=Quality.ESTIMATED) for r in found[-3:])]

    monkeypatch.setattr(engine, "series", assumed)
    told = daily.get("/api/kpi/revenue/forecast?grain=day").json()
    assert told["quality"] == "estimated"
    assert told["insights"][0] == "3 of the 400 values this rests on are estimates."
    seen = daily.get("/api/kpi/revenue/pattern?grain=day").json()["pattern"]
    assert seen["insights"][0] == told["insights"][0]


def test_a_forecast_begins_where_facts_can_have_come_to(daily: TestClient) -> None:
    """An end that lies ahead made yesterday's facts be out of date."""
    found = daily.get("/api/kpi/revenue/forecast?grain=day&end=2026-06-01").json()
    assert found["forecast"][0]["start"] == "2026-03-15"


def test_a_forecast_is_refused_on_too_short_a_history(served: Served) -> None:
    found = served.get("/api/kpi/revenue/forecast", grain="month")
    assert found["forecast"] is None
    assert found["reasons"][0]["code"] == "history_too_short"
    assert "8 are needed" in found["reasons"][0]["message"]


def test_a_kpi_of_nothing_recorded_is_refused_in_words(served: Served) -> None:
    found = served.get("/api/kpi/cash_balance/forecast")
    assert (found["forecast"], found["reasons"][0]["code"]) == (None, "history_too_short")


def test_stale_facts_are_not_continued_as_if_they_were_new(tmp_path: Path) -> None:
    """Orders end in January, and it is March: what February was is not to be forecast over."""
    home = tmp_path / "home"
    trueline.init(home)
    rows = [f"o{at},c1,{date(2025, 12, 1) + timedelta(days=at)}T15:00:00Z,5.00,USD"
            for at in range(60)]  # fmt: skip
    path = tmp_path / "orders.csv"
    path.write_text(
        "order_id,customer_id,ordered_at,amount,currency\n" + "\n".join(rows), encoding="utf-8"
    )
    with Trueline(home, clock=lambda: NOW) as tl:
        tl.load("orders", path)
        tl.declare_coverage("orders", start="2025-12-01", end="2026-01-30")
        found = tl.forecast("revenue", grain="day")
    assert found["forecast"] is None
    assert found["reasons"][0]["code"] == "history_out_of_date"


def test_the_unusual_day_is_found_and_no_crowd_of_others(daily: TestClient) -> None:
    found = daily.get("/api/kpi/revenue/anomalies?start=2025-01-01").json()
    days = [item["start"] for item in found["anomalies"]]
    assert SPIKE.isoformat() in days
    assert len(days) <= 0.05 * len(found["history"])
    spike = next(item for item in found["anomalies"] if item["start"] == SPIKE.isoformat())
    assert (spike["side"], spike["good"]) == ("above", True)


def test_too_short_a_history_is_silent_and_says_so(served: Served) -> None:
    found = served.get("/api/kpi/revenue/anomalies", grain="week")
    assert found["anomalies"] == []
    assert found["reasons"][0]["code"] == "history_too_short"


def test_a_budget_outside_its_range_is_refused(served: Served) -> None:
    served.get("/api/kpi/revenue/anomalies", 422, budget=0.5)
    served.get("/api/kpi/revenue/anomalies", 422, grain="quarter")


def test_an_unknown_kpi_is_404(served: Served) -> None:
    for what in ("forecast", "pattern", "anomalies"):
        served.get(f"/api/kpi/nrrr/{what}", 404)


def test_a_kpis_pattern(daily: TestClient) -> None:
    found = daily.get("/api/kpi/revenue/pattern?grain=day&start=2025-01-01").json()
    assert found["pattern"]["season_length"] == 7
    assert found["missing"] == 0


def test_a_rate_of_0_is_known_where_there_was_something(daily: TestClient) -> None:
    """One month of 14 has a refund: the 13 before it are months with sales and none refunded."""
    found = daily.get("/api/kpi/refund_rate/pattern?grain=month").json()
    assert found["pattern"]["known"] == 14
    assert found["history"][0] == {
        "start": "2025-01-01", "end": "2025-02-01", "value": 0.0, "quality": "actual",
        "completeness": "complete",
    }  # fmt: skip
