"""A forecast as people are told of it, and the trend test's second leg."""

from __future__ import annotations

import numpy as np
import pytest

from trueline.insight.backtest import backtest
from trueline.insight.prediction import predict
from trueline.insight.series import SeriesError, written
from trueline.insight.timeline import steps_ahead
from trueline.insight.trend import fit_trend


def growth(steps: int, seed: int = 1) -> list[float]:
    """Compounding growth that wanders, as MRR does."""
    moves = np.random.default_rng(seed).normal(0.06, 0.03, steps)
    return [float(v) for v in 3000 * np.exp(np.cumsum(moves))]


def test_mrr_that_grows_thirtyfold_has_a_trend() -> None:
    """A straight line fits compounding growth badly: what is left over remembers itself, and the
    rank test alone, widened for that, said p = 0.06."""
    for seed in range(5):
        values = np.array(growth(36, seed))
        assert fit_trend(np.arange(36.0), values).p_value < 0.01


def test_noise_about_a_level_seldom_has_a_trend() -> None:
    rng = np.random.default_rng(20260315)
    steps = np.arange(24.0)
    called = sum(fit_trend(steps, rng.normal(100, 5, 24)).p_value < 0.05 for _ in range(400))
    assert called <= 28  # 5% of 400 is 20, and chance adds its own


def test_the_seeds_churn_improves() -> None:
    found = predict([5.0, 4.8, 4.5, 4.3, 4.0, 3.8, 3.5], 1, 3, lower=0, upper=100,
                    direction="down_is_good")  # fmt: skip
    assert found.current == 3.5
    assert all(np.diff([3.5, *found.mean]) < 0)
    assert found.pattern.outlook == "improving"
    assert any("improving" in words for words in found.insights)


def test_confidence_follows_from_the_intervals_and_says_so() -> None:
    steady = predict([100 + 0.1 * (i % 3) for i in range(40)], 1, 3)
    wild = predict([float(v) for v in np.random.default_rng(3).uniform(1, 100, 40)], 1, 3)
    assert (steady.confidence_level, wild.confidence_level) == ("high", "low")
    for found in (steady, wild):
        assert found.relative_width is not None
        assert f"{found.relative_width:.1%}" in found.confidence_reason


def test_few_values_give_no_high_confidence() -> None:
    assert predict([5.0, 5.0, 5.0, 5.0], 1, 3).confidence_level == "medium"


def test_a_backtest_is_made_without_what_came_after() -> None:
    """The last value is an outlier: only the errors that it is part of may know of it."""
    values = growth(40)
    spoiled = [*values[:-1], values[-1] * 10]
    assert backtest(values, 12, 1).naive_mae != backtest(spoiled, 12, 1).naive_mae
    assert backtest(values[:-1], 12, 1).origins <= 16


def test_a_backtest_of_two_values_has_no_answer() -> None:
    found = backtest([1.0, 2.0], 1, 3)
    assert (found.mae, found.skill) == (None, None) or found.origins > 0


def test_two_values_that_are_alike_show_no_error_to_be_sure_of() -> None:
    found = predict([5.0, 5.0], 1, 3)
    assert found.confidence_level == "low"
    assert "2 values are too few" in found.confidence_reason
    assert predict([5.0] * 4, 1, 3).confidence_level == "medium"


def test_a_forecast_beats_repeating_the_last_value_where_there_is_a_trend() -> None:
    found = backtest([float(10 * i + i % 3) for i in range(40)], 1, 4)
    assert found.skill is not None and found.skill < 0.5


@pytest.mark.parametrize(
    ("stamps", "ahead"),
    [
        (["2024-01-31", "2024-02-29"], ["2024-03-31", "2024-04-30"]),
        (["2024-01-30", "2024-02-29"], ["2024-03-30", "2024-04-30"]),  # February has no 30th
        (["2025-12-30", "2026-01-30", "2026-02-28"], ["2026-03-30", "2026-04-30"]),
        (["2026-01-03", "2026-02-02", "2026-03-01"], ["2026-04-01", "2026-05-01"]),
        (["2024-12-30", "2024-12-31"], ["2025-01-01", "2025-01-02"]),
        (["2024-12-23", "2024-12-30"], ["2025-01-06", "2025-01-13"]),
        (["2024-07-01", "2024-10-01"], ["2025-01-01", "2025-04-01"]),
        (["2023-02-28", "2024-02-28"], ["2025-02-28", "2026-02-28"]),
        (["2024-01-01", "2024-01-04"], None),
        (["2024-03-09T00:00:00-05:00", "2024-03-10T00:00:00-05:00"], ["2024-03-11", "2024-03-12"]),
    ],
)
def test_the_dates_ahead_keep_to_the_calendar(stamps: list[str], ahead: list[str] | None) -> None:
    assert steps_ahead(stamps, 2) == ahead


def test_a_value_past_its_own_bound_is_refused() -> None:
    with pytest.raises(SeriesError, match="past its own upper bound 100"):
        predict([150.0, 5.0], 1, 3, lower=0, upper=100)


@pytest.mark.parametrize(
    ("number", "text"),
    [(102600.4, "102,600"), (3.28874, "3.289"), (0.0, "0"), (-1234.5, "-1,234"), (1e20, "1e+20")],
)
def test_numbers_in_sentences_are_readable(number: float, text: str) -> None:
    assert written(number) == text
