"""Anomalies: found when they are there, silent when nothing is known yet, at the chosen rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueline.insight import SeriesError, anomalies
from trueline.insight.anomaly import one_step_forecasts, thresholds


def orders(days: int = 200, seed: int = 1) -> np.ndarray:
    weekday = np.array([1.0, 1, 1, 1.1, 1.2, 0.7, 0.6])[np.arange(days) % 7]
    return np.random.default_rng(seed).poisson(400 * weekday).astype(float)


@pytest.mark.parametrize(("factor", "side"), [(0.5, "below"), (2.0, "above"), (0.7, "below")])
def test_an_injected_last_day_is_found(factor: float, side: str) -> None:
    values = orders()
    values[-1] *= factor
    found = anomalies(values, 7, positive=True)
    last = found[-1]
    assert (last.index, last.side, last.value) == (199, side, values[-1])
    assert last.score > 1
    assert last.lower < last.expected < last.upper
    assert not last.lower <= last.value <= last.upper


def test_a_weekend_is_no_anomaly_where_weekends_are_low() -> None:
    values = orders()
    alarms = {a.index for a in anomalies(values, 7, positive=True)}
    assert not alarms & set(range(194, 200))
    values[198] = values[195]  # a Sunday... with a Thursday's orders
    assert 198 not in alarms
    assert 198 in {a.index for a in anomalies(values, 7, positive=True)}


@pytest.mark.parametrize("budget", [0.01, 0.05])
def test_ordinary_days_alarm_about_as_often_as_allowed(budget: float) -> None:
    days = 600
    alarms = sum(len(anomalies(orders(days, seed), 7, budget, positive=True)) for seed in range(8))
    rate = alarms / (8 * (days - 21))
    assert 0.4 * budget < rate < 1.6 * budget


def test_silent_below_three_seasons() -> None:
    wild = [100.0] * 20 + [100_000.0]
    assert anomalies(wild, 7, positive=True) == []
    months = [100.0 + m % 12 for m in range(35)] + [100_000.0]
    assert anomalies(months, 12) == []
    assert anomalies([*months[:35], 101.0, 100_000.0], 12)[-1].index == 36
    assert anomalies([5.0], 7) == []


def test_each_forecast_is_made_without_its_value() -> None:
    values = np.log(orders(120))
    changed = values.copy()
    changed[90] += 3
    assert one_step_forecasts(changed, 7)[:91] == pytest.approx(one_step_forecasts(values, 7)[:91])


def test_one_anomaly_does_not_make_the_next_days_look_wrong() -> None:
    values = orders()
    values[150] *= 10
    assert {a.index for a in anomalies(values, 7, positive=True)} & set(range(150, 160)) == {150}


def test_a_lasting_change_stops_alarming() -> None:
    values = orders(300)
    values[200:] *= 2
    found = [a.index for a in anomalies(values, 7, positive=True)]
    assert 200 in found
    assert not [index for index in found if index > 240]


def test_threshold_by_conformal_rank_by_hand() -> None:
    # Errors of sizes 1 to 120 and a budget of 5%: (121) * 0.95 = 114.95, so the 115th smallest.
    sizes = np.random.default_rng(1).permutation(np.arange(1.0, 121))
    errors = np.append(sizes * np.where(sizes % 2 == 0, 1, -1), 0.0)
    assert thresholds(np.append([0.0], errors), 1, 0.05)[-1] == 115.0


def test_threshold_by_tail_by_hand() -> None:
    # Twenty-one errors, 1 to 21 (the first is left out as warm-up is one season): 2 to 21 have
    # their 80% quantile at 2 + 0.8 * 19 = 17.2; the excesses 0.8, 1.8, 2.8, 3.8 have mean 2.3.
    # At 1%: 17.2 + 2.3 * 4 * (20^(1/4) - 1) = 27.4552.
    limits = thresholds(np.arange(1.0, 23), 1, 0.01)
    assert np.isinf(limits[:21]).all()
    assert limits[21] == pytest.approx(27.4552, abs=1e-3)


def test_a_missing_day_is_neither_zero_nor_an_anomaly() -> None:
    values = orders()
    values[[50, 120, 199]] = np.nan
    found = {a.index for a in anomalies(values, 7, positive=True)}
    assert not found & {50, 120, 199}
    zero = np.where(np.isnan(values), 0, values)
    assert {120, 199} <= {a.index for a in anomalies(zero, 7, positive=True)}


def test_positions_count_the_leading_missing_days() -> None:
    values = orders()
    values[-1] *= 3
    assert anomalies([None, None, *values], 7, positive=True)[-1].index == 201


def test_a_constant_never_alarms_until_it_moves() -> None:
    assert anomalies([7.0] * 100, 7) == []
    assert anomalies([0.0] * 100, 7, positive=True) == []
    moved = anomalies([7.0] * 99 + [7.5], 7)
    assert [(a.index, a.side) for a in moved] == [(99, "above")]
    assert moved[0].expected == pytest.approx(7.0)
    assert np.isfinite(moved[0].score)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.001, 1_000.0]), st.booleans())
def test_a_change_of_unit_changes_no_alarm(seed: int, factor: float, positive: bool) -> None:
    values = orders(80, seed)
    values[70] *= 2
    found = anomalies(values, 7, 0.05, positive)
    scaled = anomalies(values * factor, 7, 0.05, positive)
    assert [a.index for a in scaled] == [a.index for a in found]
    assert [a.expected / factor for a in scaled] == pytest.approx([a.expected for a in found])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=80), st.booleans())
def test_every_answer_is_finite_and_outside_its_range(values: list[float], positive: bool) -> None:
    for a in anomalies(values, 7, 0.2, positive):
        assert np.isfinite([a.value, a.expected, a.lower, a.upper, a.score]).all()
        assert a.lower >= 0 or not positive
        assert a.value <= a.lower or a.value >= a.upper


@pytest.mark.parametrize("budget", [0, 0.0001, 0.5, 1, float("nan")])
def test_a_budget_out_of_range_is_refused(budget: float) -> None:
    with pytest.raises(SeriesError, match="alarm_budget"):
        anomalies([1.0] * 40, 7, budget)


def test_positive_must_be_true_of_the_series() -> None:
    with pytest.raises(SeriesError, match="positive=True"):
        anomalies([1.0, -2.0, 3.0], 7, positive=True)
    with pytest.raises(SeriesError, match="season_length"):
        anomalies([1.0, 2.0], 0)
    with pytest.raises(SeriesError, match="empty"):
        anomalies([], 7)


def test_an_error_as_large_as_the_largest_so_far_is_no_anomaly_by_a_rounding() -> None:
    """A retention of 0% was unusual beyond "0.0% to 100.0%": by 1e-14."""
    tenths = [5, 5, 5, 10, 7.5, 10, 0, 7.5, 7.5, 5, 10, 7.5, 7.5, 7.5, 5, 10, 5, 10, 10, 7.5, 10]
    values = [10.0 * tenth for tenth in [*tenths, 7.5, 0, 10, 10]]
    assert not anomalies(values, 7)
