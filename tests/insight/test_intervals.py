"""Student's t, the origins, and the width of intervals from errors worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from trueline.insight.intervals import Spread, origins, spread, t_quantile


@pytest.mark.parametrize(
    ("share", "freedom", "tabled"),
    [  # printed tables of Student's distribution
        (0.9, 2, 1.8856),
        (0.975, 2, 4.3027),
        (0.9, 3, 1.6377),
        (0.975, 3, 3.1824),
        (0.975, 5, 2.5706),
        (0.995, 5, 4.0321),
        (0.9, 8, 1.3968),
        (0.975, 8, 2.3060),
        (0.9995, 10, 4.5869),
        (0.975, 30, 2.0423),
        (0.975, 1, 12.7062),
    ],
)
def test_t_quantile_matches_the_tables(share: float, freedom: float, tabled: float) -> None:
    assert t_quantile(share, freedom) == pytest.approx(tabled, rel=1e-4)
    assert t_quantile(1 - share, freedom) == pytest.approx(-tabled, rel=1e-4)
    assert t_quantile(0.5, freedom) == 0


def test_origins_by_hand() -> None:
    # Ten steps: every earlier end that leaves four. Seventy-two: (72 - 24) / 16 = 3 steps apart.
    assert origins(10, 1).tolist() == [10, 9, 8, 7, 6, 5, 4]
    assert origins(72, 1).tolist() == [72, *range(71, 24, -3)]
    assert origins(40, 12).tolist() == [40, *range(39, 23, -1)]  # two seasons at least
    assert origins(2, 1).tolist() == [2]


def test_spread_by_hand() -> None:
    # Values -1, 0, 2, 0 (not all positive, so errors count as they are). Forecasts of one step
    # made after 3 and 2 values were 1 and -1: errors 0 - 1 = -1 and 2 - (-1) = 3, root mean
    # square sqrt((1 + 9) / 2) = 2.2361. Two errors are the least two degrees of freedom, whose
    # 90% quantile is 1.8856: the 80% interval is 4.2164 to each side.
    series = np.array([-1.0, 0.0, 2.0, 0.0])
    found = spread(series, np.array([[5.0], [1.0], [-1.0]]), np.array([4, 3, 2]))
    assert found.typical == pytest.approx([5**0.5])
    assert found.freedom == 2
    assert found.half_width(80) == pytest.approx([4.2164], abs=1e-4)


def test_errors_of_a_positive_series_grow_with_its_level() -> None:
    # Forecast 16 where it once was 1: a fourth root of 16, twice the width.
    series = np.array([1.0, 1.0, 2.0])
    found = spread(series, np.array([[16.0], [1.0]]), np.array([3, 2]))
    assert found.typical == pytest.approx([2.0])


def test_without_any_error_the_last_steps_decide() -> None:
    # 1, 3: one change of 2, growing as a random walk does.
    found = spread(np.array([1.0, 3.0]), np.array([[4.0, 5.0]]), np.array([2]))
    assert found.typical == pytest.approx([2.0, 2 * 2**0.5])


def test_missing_values_judge_no_forecast() -> None:
    series = np.array([-1.0, 0.0, np.nan, 0.0])
    found = spread(series, np.array([[5.0], [1.0], [-9.0]]), np.array([4, 3, 2]))
    assert found.typical == pytest.approx([1.0])


def test_width_grows_with_the_level() -> None:
    widths = [Spread(np.array([1.0]), 4).half_width(level)[0] for level in (50, 80, 95, 99)]
    assert widths == sorted(widths)
    assert widths[0] > 0
