"""Theta, simple and damped smoothing, worked by hand on series small enough to follow."""

from __future__ import annotations

import numpy as np
import pytest

from trueline.insight import smoothing
from trueline.insight.smoothing import Rows, damped, simple_smoothing, theta


def rows(*series: list[float]) -> Rows:
    longest = max(len(s) for s in series)
    table = np.full((len(series), longest), np.nan)
    for at, values in enumerate(series):
        table[at, : len(values)] = values
    return Rows.of(table, np.array([len(s) for s in series]))


def test_simple_smoothing_by_hand() -> None:
    # Values 10, 12, 11 with alpha 0.5, level starting at 10:
    #   10: error 0            level 10
    #   12: error 2            level 10 + 0.5 * 2 = 11
    #   11: error 11 - 11 = 0  level 11
    squared, level = simple_smoothing(rows([10, 12, 11]), np.array([0.5]), np.array([10.0]))
    assert squared == pytest.approx(np.array([[4.0]]))
    assert level == pytest.approx(np.array([[11.0]]))


def test_a_missing_value_is_no_error_and_moves_no_level() -> None:
    # 10, missing, 14 with alpha 0.5: the level waits at 10, then 10 + 0.5 * 4 = 12. Read as zero,
    # the gap would have cost an error of 100 and left the level at 9.5.
    gap = rows([10, np.nan, 14])
    squared, level = simple_smoothing(gap, np.array([0.5]), np.array([10.0]))
    assert squared == pytest.approx(np.array([[16.0]]))
    assert level == pytest.approx(np.array([[12.0]]))


def test_the_line_of_each_row_by_hand() -> None:
    # 1, 3, 5 is 1 + 2 t. 1, missing, 5, 7 is the same line seen at 0, 2, 3.
    level, slope = rows([1, 3, 5], [1, np.nan, 5, 7]).line()
    assert level == pytest.approx([1, 1])
    assert slope == pytest.approx([2, 2])


def test_theta_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    # Values 1, 2, 6: mean 3, slope ((-1)(1) + (0)(2) + (1)(6)) / 2 = 2.5, so the line is
    # 0.5, 3, 5.5 and goes on 8, 10.5. Doubled curvature, 2 * value - line: 1.5, 1, 6.5.
    # Simple smoothing with alpha 0.5 from 1.5: 1.5, then 1.25, then 1.25 + 0.5 * 5.25 = 3.875.
    # Theta: the mean of 3.875 and the line: 5.9375, 7.1875.
    monkeypatch.setattr(smoothing, "_ALPHA", np.array([0.5]))
    assert theta(rows([1, 2, 6]), 2) == pytest.approx(np.array([[5.9375, 7.1875]]))


def test_damped_trend_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    # One member: alpha 0.5, alpha * beta 0.1, phi 0.8. Values 2, 4, 7: the starting line has
    # slope 2.5 and level 4.333 - 2.5 = 1.8333 at step 0, so -0.6667 the step before.
    #   slope 2.0   level 1.33333  error 0.66667  level 1.66667  slope 2.06667
    #   slope 1.65333  level 3.32  error 0.68     level 3.66     slope 1.72133
    #   slope 1.37707  level 5.03707  error 1.96293  level 6.01853  slope 1.57336
    # Ahead: 6.01853 + 0.8 * 1.57336 = 7.27722, then + 0.64 * 1.57336 = 8.28417.
    monkeypatch.setattr(smoothing, "_GRID", np.array([(0.5, 0.1, 0.8)]))
    assert damped(rows([2, 4, 7]), 2) == pytest.approx(np.array([[7.27722, 8.28417]]), abs=1e-4)


@pytest.mark.parametrize("model", [theta, damped])
def test_a_straight_line_is_continued_or_damped_never_overshot(model) -> None:
    path = model(rows([float(10 + 3 * t) for t in range(30)]), 5)[0]
    assert (path <= 97 + 3 * np.arange(1, 6) + 1e-9).all()
    assert (np.diff(path) > 0).all()


@pytest.mark.parametrize("model", [theta, damped])
def test_many_origins_at_once_equal_one_at_a_time(model) -> None:
    values = (100 + np.cumsum(np.random.default_rng(3).normal(size=40))).tolist()
    together = model(rows(values, values[:25], values[:11]), 6)
    alone = [model(rows(values[:end]), 6)[0] for end in (40, 25, 11)]
    assert together == pytest.approx(np.array(alone), rel=1e-12)
