"""What a KPI's page says of what is to come, of what is unusual, and beside what others have."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from serving import Served

from pages import shown as page
from pages import words_of
from small_company import Company
from trueline.catalog.kpis import kpi
from trueline.core.period import Grain
from trueline.insight.anomaly import SILENT_STEPS, Anomaly
from trueline.insight.of_kpis import HISTORY, SEASONS, _wording, history
from trueline.insight.unusual import anomalies_of
from trueline.web.explore.asked import KpiQuery, asked_of
from trueline.web.explore.outlook import WATCHED, outlook_of
from trueline.web.explore.standing import benchmark_of


def a_shop(company: Company, weeks: int) -> None:
    """Four new customers a week; of these, a number that changes orders again five days later."""
    rows = ["order_id,customer_id,ordered_at,amount,currency"]
    today = company.tl.engine.today()
    first = today - timedelta(weeks=weeks, days=today.weekday())
    for at in range(weeks + 1):
        day = first + timedelta(weeks=at)
        for who in range(4):
            name = f"c{at}x{who}"
            rows.append(f"{name}a,{name},{day}T15:00:00Z,10.00,USD")
            later = day + timedelta(days=5)
            if who < 1 + at % 3 and later < today:
                rows.append(f"{name}b,{name},{later}T15:00:00Z,10.00,USD")
    company.load("orders", "\n".join(rows), full=True)


@pytest.mark.parametrize("grain", [Grain(name) for name in WATCHED])
def test_as_many_buckets_are_read_as_are_needed_to_call_one_unusual(grain: Grain) -> None:
    """A week was never unusual: 156 were read, and more than 156 were asked for."""
    assert HISTORY[grain] > max(SILENT_STEPS, 3 * SEASONS[grain])


def test_a_week_is_unusual_after_three_years_of_them(company: Company) -> None:
    a_shop(company, 170)
    today = company.tl.engine.today()
    spike = today - timedelta(days=7 + today.weekday())
    company.load(
        "orders",
        "order_id,customer_id,ordered_at,amount,currency\n"
        + "\n".join(f"s{n},s{n},{spike}T15:00:00Z,10.00,USD" for n in range(60)),
        full=False,
    )
    found = anomalies_of(company.tl.engine, "new_customer_orders", "week")
    assert [item["start"] for item in found["anomalies"]] == [spike.isoformat()]
    # "Every week since the first was within what its past let expect": the first had no past.
    assert found["judged_from"] == found["history"][156]["start"]
    shown = outlook_of(
        company.tl, asked_of(company.tl, "new_customer_orders", KpiQuery(grain="week"))
    )
    assert shown.since == date.fromisoformat(found["judged_from"])


def test_cohorts_that_still_have_time_do_not_make_a_history_out_of_date(company: Company) -> None:
    """There was no 30-day retention to come, and the advice to load the latest facts."""
    a_shop(company, 30)
    tl = company.tl
    found = outlook_of(tl, asked_of(tl, "retention_30d", KpiQuery(grain="week")))
    assert not found.reasons
    last = tl.engine.today() - timedelta(days=30)
    assert found.steps[0].period.start <= last < found.steps[0].period.end + timedelta(weeks=1)
    assert " pp on average" in dict(found.facts)["Backtest"]


def test_a_history_that_ends_long_ago_is_out_of_date_however_much_time_its_people_had(
    company: Company,
) -> None:
    a_shop(company, 30)
    company.now += timedelta(weeks=16)
    found = outlook_of(company.tl, asked_of(company.tl, "retention_30d", KpiQuery(grain="week")))
    assert [reason["code"] for reason in found.reasons] == ["history_out_of_date"]


def test_a_change_is_told_in_the_unit_of_its_kpi(company: Company) -> None:
    """A runway fell by 0.1573 a week, of what was not said."""
    a_shop(company, 10)
    engine = company.tl.engine
    told = history(engine, "new_customer_orders", "week")
    said = [
        _wording(replace(told, definition=kpi(key)), engine).change(1.5)
        for key in ("runway_months", "nps", "nrr", "sessions", "burn_multiple")
    ]
    assert said == ["1.5 months", "1.5 points", "1.5 pp", "1.5", "1.5"]


@pytest.mark.parametrize(
    ("start", "end", "judged"),
    [
        (date(2025, 1, 1), date(2026, 1, 1), True),
        (date(2025, 3, 10), date(2026, 3, 10), True),
        (date(2025, 3, 10), date(2025, 9, 10), False),
    ],
)
def test_a_year_from_any_day_is_compared_with_others_years(
    served: Served, start: date, end: date, judged: bool
) -> None:
    """The last 365 days were told to choose a year."""
    query = KpiQuery(start=start.isoformat(), end=end.isoformat())
    asked = asked_of(served.tl, "nrr", query)
    reading = served.tl.kpi("nrr", start="2026-02-01", end="2026-03-01")
    found = benchmark_of(served.tl, asked, replace(reading, value=Decimal(125)))
    assert (found["verdict"] is not None) is judged
    assert bool(found["note"]) is not judged


def test_the_same_year_is_not_compared_twice(served: Served) -> None:
    text = words_of(page(served, "/kpi/revenue", range="365d"))
    assert text.count("A year earlier") == 1
    assert "Period before" not in text.partition("Over time")[0]


def test_days_that_have_not_come_are_not_called_unrecorded(served: Served) -> None:
    text = words_of(page(served, "/kpi/mrr/course", start="2030-01-01", end="2030-02-01"))
    assert "These days have not come yet." in text


def test_the_line_of_a_target_says_its_value(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dashed line at the foot of a chart was called Target, without what it aims at."""
    monkeypatch.setitem(served.tl.settings.targets, "arpu", Decimal(90))
    words = {"start": "2026-02-01", "end": "2026-03-01"}
    assert "Target US$90.00" in words_of(page(served, "/kpi/arpu/course", **words))


def test_one_day_is_one_day(company: Company) -> None:
    company.load("orders", "order_id,customer_id,ordered_at,amount,currency\no,c,2026-03-10,1,USD")
    found = outlook_of(company.tl, asked_of(company.tl, "revenue", KpiQuery(grain="day")))
    said = [found.reasons[0], found.silent[0]]
    assert [text["message"].partition(" known")[0] for text in said] == ["1 complete day is"] * 2
    assert [text["enable"] for text in said] == ["Load earlier facts, or wait."] * 2


def test_a_slice_of_a_long_name_is_read_by_the_api_as_on_its_page(served: Served) -> None:
    """The API refused more than 200 characters, which facts may have, and pages show."""
    words = {"start": "2026-02-01", "end": "2026-03-01"}
    name = "x" * 9_000
    row = {"order_id": "long", "customer_id": "c1", "ordered_at": "2026-02-10", "amount": "7.00"}
    served.tl.load_rows("orders", [row | {"currency": "USD", "channel": name}])
    assert "7.00" in page(served, "/kpi/revenue", channel=name, **words)
    assert served.get("/api/kpi/revenue", channel=name, **words)["value"] == 7


def test_what_was_expected_of_a_rate_lies_between_0_and_100(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share of cost was unusual outside "-8.0% to 76.9%"."""
    a_shop(company, 60)
    far = Anomaly(5, 3.0, -1.0, -8.0, 108.0, "above", 1.5)
    monkeypatch.setattr("trueline.insight.anomaly.anomalies", lambda *_: [far])
    (item,) = anomalies_of(company.tl.engine, "retention_30d", "day")["anomalies"]
    assert (item["expected"], item["lower"], item["upper"]) == (0, 0, 100)
