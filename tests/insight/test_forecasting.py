"""What every forecast must hold, whatever the series; and the rules between its inputs."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueline.insight import MAX_HORIZON, MAX_POINTS, SeriesError, forecast
from trueline.insight.forecasting import naive_share

CHURN = [5.0, 4.8, 4.5, 4.3, 4.0, 3.8, 3.5]  # percent, improving
MRR = [45_000, 48_000, 51_000, 54_000, 57_000, 60_000]

number = st.floats(-1e6, 1e6).map(lambda v: round(v, 3))
series = st.lists(number, min_size=2, max_size=60)
positive = st.lists(st.floats(0.01, 1e6).map(lambda v: round(v, 3)), min_size=2, max_size=60)
quick = settings(max_examples=40, deadline=None)


def monthly(years: int = 6, seed: int = 1) -> np.ndarray:
    month = np.arange(12 * years)
    noise = np.random.default_rng(seed).normal(size=month.size)
    return 200 + month + 30 * np.sin(2 * np.pi * month / 12) + 3 * noise


def test_falling_churn_keeps_falling_and_stays_a_rate() -> None:
    mean, bands = forecast(CHURN, 12, 3, (80, 95), lower=0, upper=100)
    assert 3.5 > mean[0] > mean[1] > mean[2] > 0
    assert (bands[95][0] >= 0).all()
    assert (bands[95][1] <= 100).all()


def test_growing_mrr_keeps_growing_no_faster_than_it_did() -> None:
    mean = forecast(MRR, 12, 3)
    assert (np.diff([60_000, *mean]) > 0).all()
    assert (np.diff([60_000, *mean]) < 3_000).all()


def test_below_sixteen_points_part_is_naive_by_hand() -> None:
    # 1 - n/16: four known values are three quarters naive, eight half, sixteen none.
    assert naive_share(np.array([4.0, 8.0, 12.0, 16.0, 90.0])).tolist() == [0.75, 0.5, 0.25, 0, 0]


@quick
@given(series, st.sampled_from([0.001, 3.0, 1e6]))
def test_a_change_of_unit_changes_only_the_unit(values: list[float], factor: float) -> None:
    mean, bands = forecast(values, 4, 5, (80,))
    scaled, wide = forecast([v * factor for v in values], 4, 5, (80,))
    size = max(abs(v) for v in values) or 1
    assert scaled / factor == pytest.approx(mean, rel=1e-6, abs=1e-6 * size)
    # An interval is several times the series where it is wild, and sums rounding with it.
    room = 1e-5 * max(size, float(np.abs(bands[80]).max()))
    assert wide[80][0] / factor == pytest.approx(bands[80][0], rel=1e-5, abs=room)


@pytest.mark.parametrize("factor", [0.001, 3.0, 1e6])
def test_an_error_of_rounding_alone_does_not_sway_an_interval(factor: float) -> None:
    """A horizon without error, but for the last digit in one unit, gave another power of growth."""
    values = [1.969, 1.969, 0.0, 1.969]
    _, bands = forecast(values, 4, 5, (80,))
    _, scaled = forecast([v * factor for v in values], 4, 5, (80,))
    assert scaled[80][0] / factor == pytest.approx(bands[80][0], rel=1e-9)


@quick
@given(series)
def test_a_mirrored_series_has_a_mirrored_forecast(values: list[float]) -> None:
    below = [-abs(v) for v in values]
    below[0] = 0.0  # a zero keeps both sides off the log scale
    above = [-v for v in below]
    size = max(above) or 1
    assert forecast(above, 1, 4) == pytest.approx(-forecast(below, 1, 4), abs=1e-7 * size)


@quick
@given(st.lists(st.floats(-100, 100).map(lambda v: round(v, 3)), min_size=3, max_size=40))
def test_a_shift_below_zero_shifts_the_forecast(values: list[float]) -> None:
    # Series that are not all positive are never taken to logs; there a shift is only a shift.
    shifted = [v - 1_000 for v in values]
    again = [v - 1_500 for v in values]
    assert forecast(shifted, 1, 4) - 500 == pytest.approx(forecast(again, 1, 4), abs=1e-5)


@quick
@given(series, st.integers(1, 12), st.integers(1, 14))
def test_intervals_contain_the_mean_and_nest(values: list[float], season: int, ahead: int) -> None:
    mean, bands = forecast(values, season, ahead, (50, 80, 95))
    assert mean.shape == (ahead,)
    assert np.isfinite(mean).all()
    for level in (50, 80, 95):
        assert (bands[level][0] <= mean).all()
        assert (mean <= bands[level][1]).all()
    for inner, outer in ((50, 80), (80, 95)):
        assert (bands[outer][0] <= bands[inner][0]).all()
        assert (bands[outer][1] >= bands[inner][1]).all()


@quick
@given(st.lists(st.floats(0, 100), min_size=2, max_size=40))
def test_bounds_hold_for_mean_and_intervals(values: list[float]) -> None:
    mean, bands = forecast(values, 1, 12, (80, 99), lower=0, upper=100)
    for path in (mean, *bands[80], *bands[99]):
        assert (path >= 0).all()
        assert (path <= 100).all()


@quick
@given(positive)
def test_no_growth_runs_away(values: list[float]) -> None:
    mean = forecast(values, 1, 60)
    span = max(values) - min(values)
    assert mean.max() <= 0.5 * 20 * max(values) + 60 * span + 0.5 * max(values)


def test_doubling_each_month_is_not_doubled_for_ever() -> None:
    mean = forecast([2.0**t for t in range(18)], 1, 48)
    assert mean[-1] < 20 * 2**17


@quick
@given(st.floats(-1e6, 1e6), st.integers(2, 20))
def test_a_constant_is_continued_without_width(value: float, count: int) -> None:
    mean, bands = forecast([value] * count, 7, 3, (95,))
    room = 1e-9 * max(abs(value), 1e-300)
    assert mean == pytest.approx([value] * 3, rel=1e-9, abs=room)
    assert bands[95][1] - bands[95][0] == pytest.approx([0] * 3, abs=1e-5 * abs(value) + 1e-300)


def test_zeros_are_facts_and_are_forecast_as_zeros() -> None:
    mean, bands = forecast([0, 0, 0, 0], 1, 2, (80,), lower=0)
    assert mean.tolist() == [0, 0]
    assert bands[80][1].tolist() == [0, 0]


def test_a_missing_month_is_not_a_month_of_zero() -> None:
    whole = monthly()
    gap = whole.copy()
    gap[[20, 41, 42]] = np.nan
    zero = np.where(np.isnan(gap), 0, gap)
    kept = forecast(whole, 12, 12)
    assert np.abs(forecast(gap, 12, 12) - kept).max() < 5
    assert np.abs(forecast(zero, 12, 12) - kept).max() > 10


@pytest.mark.parametrize("factor", [1e-300, 1e-9, 1e146])
def test_tiny_and_huge_units_are_only_units(factor: float) -> None:
    mean, bands = forecast([v * factor for v in CHURN], 1, 3, (95,))
    plain, wide = forecast(CHURN, 1, 3, (95,))
    assert mean / factor == pytest.approx(plain)
    assert bands[95][0] / factor == pytest.approx(wide[95][0])


def test_exact_money_is_taken() -> None:
    assert forecast([Decimal(v) for v in MRR], 1, 3) == pytest.approx(forecast(MRR, 1, 3))


def test_none_is_missing_and_leading_ones_are_dropped() -> None:
    plain = forecast(CHURN, 1, 3)
    assert forecast([None, None, *CHURN], 1, 3) == pytest.approx(plain)
    assert forecast([float("nan"), *CHURN], 1, 3) == pytest.approx(plain)


def test_trailing_missing_steps_have_passed() -> None:
    # Two steps without a value: the forecast starts after them, so on a rising line it is higher.
    rising = [float(v) for v in range(10, 40)]
    plain = forecast(rising, 1, 4)
    later = forecast([*rising, None, None], 1, 2)
    assert later == pytest.approx(plain[2:], rel=0.02)
    assert later[0] > plain[0]


def test_days_that_never_have_a_value_do_not_hide_the_season_of_the_others() -> None:
    # Monday to Friday 100 to 104, the shop is closed on the weekend; the last day is a Friday.
    weeks: list[float | None] = [100.0, 101.0, 102.0, 103.0, 104.0, None, None] * 12
    ahead = forecast(weeks[:-2], 7, 7)
    assert ahead[2:] == pytest.approx([100, 101, 102, 103, 104])


def test_a_season_is_used_when_it_is_there() -> None:
    values = monthly(7)
    ahead = forecast(values[:72], 12, 12)
    assert np.abs(ahead - values[72:]).mean() < 6  # a straight line would be 19 off
    assert ahead.argmax() in (2, 3, 4)


def test_a_steep_trend_does_not_hide_the_season() -> None:
    steep = monthly(6) + 40 * np.arange(72)
    assert np.abs(np.diff(forecast(steep, 12, 12), 2)).max() > 5  # months differ; a line's do not


def test_a_season_is_not_made_of_noise() -> None:
    noise = 100 + np.random.default_rng(5).normal(size=72)
    assert np.ptp(forecast(noise, 12, 12)) < 1.0


def test_a_season_is_not_tested_on_two_cycles() -> None:
    short = monthly(2)
    assert forecast(short, 12, 6) == pytest.approx(forecast(short, 1, 6))


def test_intervals_cover_what_comes_on_random_walks() -> None:
    # 80% and 95% promised; 150 walks of 60 steps, 6 ahead, give about 900 chances each.
    made = np.random.default_rng(11)
    inside = {80: [], 95: []}
    for _ in range(150):
        walk = np.cumsum(made.normal(size=66))
        _, bands = forecast(walk[:60], 1, 6, (80, 95))
        for level, hits in inside.items():
            low, high = bands[level]
            hits.append(((walk[60:] >= low) & (walk[60:] <= high)).mean())
    assert 0.72 < np.mean(inside[80]) < 0.92
    assert 0.90 < np.mean(inside[95]) < 0.995


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([], "empty"),
        ([3.0], "1 known value"),
        ([None, 3.0, None], "1 known value"),
        ([float("nan")] * 4, "missing"),
        ([1.0, float("inf"), 2.0], "Value 2"),
        ([1.0, 1e200], "Value 2"),
        ([1.0] * 100_000, f"{MAX_POINTS:,}"),
        ([[1.0, 2.0], [3.0, 4.0]], "one dimension"),
        (["1", "2"], "numbers only"),
        ([1.0, "x"], "numbers only"),
        ([True, False, True], "numbers only"),
        ([1.0, True, 2.0], "numbers only"),
        ([1.0, [2.0, 3.0]], "numbers only"),
        ("12345", "list of numbers"),
        (7, "list of numbers"),
    ],
)
def test_a_series_that_cannot_be_forecast_says_why(values: Any, says: str) -> None:
    with pytest.raises(SeriesError, match=says) as caught:
        forecast(values, 1, 3)
    assert isinstance(caught.value, ValueError)
    assert caught.value.status == 422
    assert caught.value.fix


@pytest.mark.parametrize("horizon", [0, -1, MAX_HORIZON + 1, 1.5, True, "3"])
def test_a_horizon_out_of_range_is_refused(horizon: Any) -> None:
    with pytest.raises(SeriesError, match="horizon"):
        forecast(CHURN, 1, horizon)


@pytest.mark.parametrize("season", [0, -12, 401, 2.0, None])
def test_a_season_length_out_of_range_is_refused(season: Any) -> None:
    with pytest.raises(SeriesError, match="season_length"):
        forecast(CHURN, season, 3)


@pytest.mark.parametrize("levels", [(0,), (100,), (80, -5), (0.8,), (True,), (float("nan"),)])
def test_levels_are_percent(levels: tuple[float, ...]) -> None:
    with pytest.raises(SeriesError, match=r"1 to 99\.9"):
        forecast(CHURN, 1, 3, levels)


def test_bounds_that_the_series_itself_breaks_are_refused() -> None:
    with pytest.raises(SeriesError, match="past its own upper bound 100"):
        forecast([98.0, 99.0, 104.0], 1, 3, upper=100)
    with pytest.raises(SeriesError, match="past its own lower bound 0"):
        forecast([3.0, -1.0, 4.0], 1, 3, lower=0)
    with pytest.raises(SeriesError, match="must be below"):
        forecast(CHURN, 1, 3, lower=100, upper=0)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(SeriesError, match="no method"):
        forecast(CHURN, 1, 3, method=cast(Any, "magic"))


def test_the_longest_series_is_taken() -> None:
    assert np.isfinite(forecast(np.arange(MAX_POINTS) % 97 + 1.0, 7, MAX_HORIZON)).all()


def test_the_past_must_hold_something_recent() -> None:
    with pytest.raises(SeriesError, match="last 400 steps"):
        forecast([1.0, 2.0, *[None] * 600], 1, 3)


def test_no_heavy_module_is_imported() -> None:
    code = (
        "import sys; from trueline.insight import forecast, pattern, anomalies\n"
        "forecast([1, 2, 4, 3, 5], 1, 3, (80,)); pattern([1, 2, 4]); anomalies([1.0] * 40, 7)\n"
        "print([m for m in ('pandas', 'scipy', 'sklearn', 'statsforecast')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


class TestEnsemble:
    """The optional median of four models."""

    def test_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "statsforecast.models", None)
        with pytest.raises(SeriesError, match=r"statsforecast.*trueline\[stats\]"):
            forecast(monthly(), 12, 3, method="ensemble")

    def test_takes_no_gaps(self) -> None:
        pytest.importorskip("statsforecast")
        with pytest.raises(SeriesError, match="none missing"):
            forecast([1.0, None, *range(20)], 1, 3, method="ensemble")

    def test_forecasts_a_season(self) -> None:
        pytest.importorskip("statsforecast")
        values = monthly(7)
        ahead = forecast(values[:72], 12, 12, method="ensemble")
        assert np.abs(ahead - values[72:]).mean() < 6
