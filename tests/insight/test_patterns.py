"""Trend, season, volatility and jumps: hand-worked, then over many series."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueline.insight import SeriesError, pattern
from trueline.insight.trend import mann_kendall, memory, theil_sen

CHURN = [5.0, 4.8, 4.5, 4.3, 4.0, 3.8, 3.5]
MRR = [45_000, 48_000, 51_000, 54_000, 57_000, 60_000]
MONTHS = [date(2024 + m // 12, m % 12 + 1, 1) for m in range(60)]


def test_falling_churn_is_improving() -> None:
    found = pattern(CHURN, direction="down_is_good")
    assert (found.trend, found.outlook) == ("decreasing", "improving")
    assert found.slope == pytest.approx(-0.25)
    assert "improving" in found.insights[0]
    assert "worsening" not in " ".join(found.insights)


def test_the_same_fall_of_a_good_thing_is_worsening() -> None:
    found = pattern(CHURN, direction="up_is_good")
    assert found.outlook == "worsening"
    assert "worsening" in found.insights[0]


def test_growing_mrr() -> None:
    stamps = [f"2024-{month:02}-01T00:00:00" for month in range(1, 7)]
    found = pattern(MRR, stamps, direction="up_is_good")
    assert (found.trend, found.outlook) == ("increasing", "improving")
    assert found.slope == 3000.0
    assert found.average == 52_500.0
    assert found.recent_average == 57_000.0
    assert (found.volatility_level, found.volatility_value) == ("low", 0.0)
    assert found.seasonality.startswith("Not detected (6 points; 30 are needed")


def test_a_drift_without_a_slope_is_not_called_chance() -> None:
    """Days without sales tie: the median of all slopes is 0, though sales come ever closer."""
    days = range(120)
    sales = [1.0 + day // 10 if day % max(2, 8 - day // 15) == 0 else 0.0 for day in days]
    found = pattern(sales)
    assert found.slope == 0
    assert found.p_value is not None
    assert found.p_value < 0.05
    assert "chance" not in found.insights[0]
    assert "Values drift" in found.insights[0]


def test_mann_kendall_by_hand() -> None:
    # 1, 3, 2, 4, 5: ten pairs, one of them falling: S = 9 - 1 = 8. Variance 5*4*15/18 = 16.667.
    # z = (8 - 1) / 4.0825 = 1.7146; two-sided p = 0.0864.
    assert mann_kendall(np.array([1.0, 3, 2, 4, 5])) == pytest.approx(0.0864, abs=1e-4)


def test_mann_kendall_with_ties_by_hand() -> None:
    # 1, 2, 2, 3: S = 5; variance (4*3*13 - 2*1*9) / 18 = 7.6667; z = 4 / 2.7689 = 1.4446.
    assert mann_kendall(np.array([1.0, 2, 2, 3])) == pytest.approx(0.1486, abs=1e-4)


def test_mann_kendall_widened_for_memory_by_hand() -> None:
    # n = 4, r = 0.5: 1 + 2 (3/4 * 1/2 + 2/4 * 1/4 + 1/4 * 1/8) = 2.0625. For 1, 2, 3, 4: S = 6,
    # variance 8.6667 * 2.0625 = 17.875, z = 5 / 4.2279 = 1.1826, p = 0.2370.
    assert mann_kendall(np.array([1.0, 2, 3, 4]), 0.5) == pytest.approx(0.2370, abs=1e-4)


def test_theil_sen_by_hand() -> None:
    # 0, 1, 2, 30: slopes 1, 1, 28, 1, 14.5, 10; their median (1 + 10) / 2 = 5.5.
    assert theil_sen(np.arange(4.0), np.array([0.0, 1, 2, 30])) == 5.5


def test_theil_sen_over_some_pairs_finds_the_slope_of_a_long_series() -> None:
    steps = np.arange(8_000.0)
    values = 0.01 * steps + np.random.default_rng(2).normal(size=steps.size)
    assert theil_sen(steps, values) == pytest.approx(0.01, rel=0.01)


def test_memory_of_rounding_noise_is_none() -> None:
    line = np.arange(20.0) * 0.1 + 1e6
    assert memory(1e-10 * np.sin(np.arange(20.0)), line) == 0.0


def test_wandering_is_rarely_called_a_trend() -> None:
    # Each value remembers 0.7 of the last. Uncorrected, the test calls 4 in 10 of these a trend.
    made = np.random.default_rng(4)
    called = {"corrected": 0, "plain": 0}
    for _ in range(200):
        values = [0.0]
        for shock in made.normal(size=59):
            values.append(0.7 * values[-1] + shock)
        called["corrected"] += pattern(values).trend != "stable"
        called["plain"] += mann_kendall(np.array(values)) < 0.05
    assert called["plain"] > 50
    assert called["corrected"] < 25


def test_a_season_beside_a_trend_is_found() -> None:
    steps = np.arange(60)
    wave = 100 + steps + 10 * np.sin(2 * np.pi * steps / 12)
    found = pattern(wave + np.random.default_rng(1).normal(size=60), MONTHS)
    assert found.season_length == 12
    assert found.seasonality.startswith("Every 12 steps")
    assert found.slope == pytest.approx(1, abs=0.05)
    assert found.volatility_value == pytest.approx(1 / 130, rel=0.5)


def test_no_season_is_made_of_a_straight_line() -> None:
    found = pattern([100.0 + 7 * t for t in range(60)], MONTHS)
    assert found.season_length is None
    assert found.slope == 7


def test_a_jump_is_found_where_it_is() -> None:
    values = np.random.default_rng(6).normal(size=40)
    values[25:] += 8
    found = pattern([None, None, *values[:10], None, *values[10:]])
    assert [point.index for point in found.change_points] == [28]  # 25, after three missing
    assert found.change_points[0].size == pytest.approx(8, rel=0.25)
    assert "at value 29" in found.insights[-2]
    assert found.insights[-1] == "1 of 41 steps has no value and was left out."


def test_a_clean_step_is_a_jump_and_no_noise_is_none() -> None:
    step = pattern([0.0] * 10 + [1.0] * 10)
    assert [(p.index, round(p.size, 9)) for p in step.change_points] == [(10, 1.0)]
    assert pattern([float(t) for t in range(30)]).change_points == ()
    noise = np.random.default_rng(8).normal(size=(100, 30))
    assert sum(bool(pattern(row).change_points) for row in noise) <= 4


def test_constants_and_zeros() -> None:
    for value in (0.0, 7.5, -3.0):
        found = pattern([value] * 12, season_length=4)
        assert (found.trend, found.slope, found.p_value) == ("stable", 0.0, 1.0)
        assert (found.volatility_level, found.volatility_value) == ("low", 0.0)
        assert found.season_length is None
        assert found.change_points == ()


def test_volatility_about_a_zero_average_has_no_answer() -> None:
    found = pattern([-1.0, 1.0, -1.0, 1.0])
    assert (found.volatility_level, found.volatility_value) == ("undefined", None)


def test_two_values_lie_on_one_line_whatever_they_are() -> None:
    """No volatility is told from them: not a low one either."""
    found = pattern([1.0, None, 1000.0])
    assert (found.volatility_level, found.volatility_value) == ("undefined", None)
    assert "Volatility cannot be told from 2 values; 3 are needed." in found.insights


def test_few_values_say_how_many_are_needed() -> None:
    found = pattern([1.0, 2.0, 3.0, 4.0])
    assert found.trend == "stable"
    assert found.insights[0] == "No trend can be told from 4 values; 5 are needed."


def test_skipped_dates_are_missing_steps_not_zeros() -> None:
    days = [date(2026, 1, 1) + timedelta(days=d) for d in (0, 1, 2, 5, 6)]
    found = pattern([10.0, 11.0, 12.0, 15.0, 16.0], days)
    assert found.slope == 1.0  # 3 in the three steps from day 2 to day 5
    assert (found.known, found.missing) == (5, 2)


@pytest.mark.parametrize(("step", "season"), [(1, 7), (7, 52)])
def test_the_season_follows_from_the_timestamps(step: int, season: int) -> None:
    days = [date(2026, 1, 1) + timedelta(days=step * n) for n in range(8)]
    needed = f"{ceil(2.5 * season)} are needed to test a season of {season}"
    assert needed in pattern([1.0, 2, 1, 2, 1, 2, 1, 2], days).seasonality


@pytest.mark.parametrize("first", [date(2023, 1, 31), date(2024, 2, 29), date(2025, 12, 1)])
def test_months_are_equal_steps_whatever_their_length(first: date) -> None:
    firsts = [
        date(first.year + (first.month - 1 + m) // 12, (first.month - 1 + m) % 12 + 1, 1)
        for m in range(60)
    ]
    found = pattern(list(range(60)), firsts)
    assert (found.missing, found.slope) == (0, 1.0)


def test_quarters_and_years_are_equal_steps() -> None:
    quarters = [date(2010 + q // 4, 3 * (q % 4) + 1, 1) for q in range(40)]
    years = [date(1990 + y, 1, 1) for y in range(30)]
    assert pattern(list(range(40)), quarters).slope == 1.0
    assert pattern(list(range(30)), years).missing == 0


@pytest.mark.parametrize(
    ("stamps", "says"),
    [
        ([date(2026, 1, 1)], "3 values and 1 timestamps"),
        ([date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 2)], "Timestamp 2 is not after"),
        ([date(2026, 1, 2), date(2026, 1, 3), date(2026, 1, 1)], "Timestamp 3 is not after"),
        (["2026-01-01", "2026-01-02", "01/03/2026"], "Timestamp 3 .* not an ISO 8601"),
        (["2026-01-01", "2026-01-02", "2026-01-03T12:00"], "no common step"),
        ([date(2026, 1, 1), date(2026, 1, 2), 3], "Timestamp 3 is int"),
        ([date(1, 1, 1), date(1, 1, 2), date(9999, 1, 1)], "no common step|at most"),
    ],
)
def test_timestamps_that_make_no_steps_are_refused(stamps: list[Any], says: str) -> None:
    with pytest.raises(SeriesError, match=says):
        pattern([1.0, 2.0, 3.0], stamps)


def test_an_unknown_direction_is_refused() -> None:
    with pytest.raises(SeriesError, match="direction"):
        pattern(CHURN, direction=cast(Any, "sideways"))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-1000, 1000).map(float), min_size=2, max_size=40),
    st.sampled_from([0.01, 2.0, 1e4]),
)
def test_unit_and_mirror(values: list[float], factor: float) -> None:
    found = pattern(values, direction="up_is_good")
    scaled = pattern([v * factor for v in values], direction="up_is_good")
    assert scaled.slope == pytest.approx(found.slope * factor, rel=1e-6, abs=1e-9 * factor)
    assert scaled.trend == found.trend
    mirror = pattern([-v for v in values], direction="down_is_good")
    assert mirror.outlook == found.outlook
    assert mirror.p_value == pytest.approx(found.p_value)


@pytest.mark.parametrize("factor", [1e-300, 1e146])
def test_tiny_and_huge_units_are_only_units(factor: float) -> None:
    jump = [*CHURN, *CHURN, *(v + 9 for v in CHURN), *(v + 9 for v in CHURN)]
    found, plain = pattern([v * factor for v in jump]), pattern(jump)
    assert found.slope / factor == pytest.approx(plain.slope)
    assert found.volatility_value == pytest.approx(plain.volatility_value)
    assert [p.index for p in found.change_points] == [p.index for p in plain.change_points] != []


def test_noise_is_rarely_called_a_season() -> None:
    noise = np.random.default_rng(9).normal(size=(200, 120))
    assert sum(pattern(row, season_length=7).season_length is not None for row in noise) <= 16


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_every_number_is_finite(values: list[float]) -> None:
    found = pattern(values, season_length=4, direction="down_is_good")
    numbers = [found.slope, found.p_value, found.average, found.recent_average]
    assert np.isfinite(numbers).all()
    assert 0 <= found.p_value <= 1
    assert found.volatility_value is None or np.isfinite(found.volatility_value)
