"""What a series has been doing: trend, volatility, season, jumps, in numbers and in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trueline.insight.changes import ChangePoint, change_points
from trueline.insight.seasonal import Season, SeasonTest, season_test
from trueline.insight.series import (
    MAX_SEASON,
    Floats,
    SeriesError,
    Values,
    checked,
    size,
    whole,
    written,
)
from trueline.insight.timeline import Timestamps, on_equal_steps
from trueline.insight.trend import Trend, fit_trend

Direction = Literal["up_is_good", "down_is_good"]
Level = Literal["low", "moderate", "high", "undefined"]

SIGNIFICANT = 0.05  #: a trend is one if chance alone would show it less often than this
#: A forecast may use a season tested at 80%, where it helps on average; saying to a person that
#: there is one takes 95% (one-sided).
_SEASON_Z = 1.645
_RECENT = 3  #: values in the recent average
_FEWEST = 5  #: with fewer values no order of them is rarer than 5%
_LINE = 2  #: so many values lie on one line, whatever they are: none is off it
_LEVELS: tuple[tuple[float, Level], ...] = ((0.10, "low"), (0.25, "moderate"))


def _numbered(index: int) -> str:
    return f"at value {index + 1}"


@dataclass(frozen=True)
class Wording:
    """How sentences name what a series holds: its values, by how much they change, its steps.

    Without more knowledge a value is a bare number and a step is a step; who knows the unit and
    the calendar says "$4.39 a day" and "from 2026-09-01 on".
    """

    number: Callable[[float], str] = written
    change: Callable[[float], str] = written
    step: str = "step"
    place: Callable[[int], str] = _numbered
    value: str = "value"

    def steps(self, count: int) -> str:
        """So many steps."""
        return f"{count} {self.step}{'' if count == 1 else 's'}"


PLAIN = Wording()


@dataclass(frozen=True)
class Pattern:
    """The pattern of a series; money, rates and slopes in the series' own unit."""

    trend: Literal["increasing", "decreasing", "stable"]
    slope: float  #: a step; the median over pairs of values
    p_value: float  #: how often chance alone would show such a trend
    outlook: Literal["improving", "worsening", "steady"] | None  #: None without a direction
    volatility_level: Level  #: low below 0.10, moderate below 0.25, then high
    volatility_value: float | None  #: spread about trend and season over the average's size
    seasonality: str  #: the season found, or why none was
    season_length: int | None  #: steps, when a season was found
    change_points: tuple[ChangePoint, ...]
    average: float
    recent_average: float  #: of the last three known values
    known: int  #: values the pattern rests on
    missing: int  #: steps without a value, left out
    insights: tuple[str, ...]


def pattern(
    values: Values,
    timestamps: Timestamps | None = None,
    season_length: int | None = None,
    direction: Direction | None = None,
    wording: Wording = PLAIN,
) -> Pattern:
    """Describe a series, oldest first; NaN or None where missing (never read as zero).

    ``timestamps``: dates, datetimes or ISO text, one a value; skipped steps count as missing, and
    the season to test follows from them (7 for days, 12 for months...) unless ``season_length``
    says it. ``direction`` decides whether a trend is improving or worsening. The trend is tested
    on the series without its season. Raises :class:`~trueline.insight.series.SeriesError`.
    """
    if direction not in (None, "up_is_good", "down_is_good"):
        raise SeriesError(
            f"There is no direction {direction!r:.40}.", "Use 'up_is_good' or 'down_is_good'."
        )
    if season_length is not None:
        season_length = whole("season_length", season_length, 1, MAX_SEASON)
    given = checked(values)
    places = len(values) - given.size + np.flatnonzero(~np.isnan(given))
    if timestamps is not None:
        values, implied = on_equal_steps(values, timestamps)
        season_length = season_length or implied
    series = checked(values)
    unit = size(series)
    tested = _season(series, season_length)
    adjusted = _adjusted(series / unit, tested)
    known = np.flatnonzero(~np.isnan(series))
    steps = known.astype(float)
    scaled = fit_trend(steps, adjusted[known])
    jumps = tuple(
        ChangePoint(int(places[jump.index]), jump.size * unit)
        for jump in change_points(steps, adjusted[known])
    )
    residuals = (adjusted[known] - scaled.line(steps)) * unit
    trend = Trend(scaled.slope * unit, scaled.p_value, scaled.intercept * unit)
    return _described(series, residuals, trend, tested, jumps, direction, wording)


def _season(series: Floats, season_length: int | None) -> SeasonTest:
    if season_length is None:
        return SeasonTest(0, False, "give timestamps or season_length to test for one")
    return season_test(series / size(series), season_length, _SEASON_Z)


def _adjusted(series: Floats, tested: SeasonTest) -> Floats:
    if not tested.found:
        return series
    season = Season.of(series, tested.length)
    return season.remove(series, season.at(np.arange(series.size), series.size))


def _described(
    series: Floats,
    residuals: Floats,
    trend: Trend,
    tested: SeasonTest,
    jumps: tuple[ChangePoint, ...],
    direction: Direction | None,
    wording: Wording,
) -> Pattern:
    raw = series[~np.isnan(series)]
    course: Literal["increasing", "decreasing", "stable"] = "stable"
    if trend.p_value < SIGNIFICANT and trend.slope != 0:
        course = "increasing" if trend.slope > 0 else "decreasing"
    average, recent = float(raw.mean()), float(raw[-_RECENT:].mean())
    value, level = _volatility(residuals, average)
    outlook = _outlook(course, direction)
    return Pattern(
        trend=course,
        slope=trend.slope,
        p_value=trend.p_value,
        outlook=outlook,
        volatility_level=level,
        volatility_value=value,
        seasonality=_season_words(tested),
        season_length=tested.length if tested.found else None,
        change_points=jumps,
        average=average,
        recent_average=recent,
        known=raw.size,
        missing=series.size - raw.size,
        insights=tuple(
            _trend_words(course, trend, outlook, raw.size, wording)
            + _volatility_words(level, value, raw.size)
            + _recent_words(average, recent, raw.size)
            + [_jump_words(jump, wording) for jump in jumps]
            + _missing_words(series.size - raw.size, series.size, wording)
        ),
    )


def _volatility(residuals: Floats, average: float) -> tuple[float | None, Level]:
    if residuals.size <= _LINE:
        return None, "undefined"
    unit = size(residuals)
    spread = float(np.std(residuals / unit, ddof=1)) * unit
    if spread <= 1e-12 * abs(average) or spread == 0:
        return 0.0, "low"
    if abs(average) <= 1e-12 * spread:
        return None, "undefined"
    value = spread / abs(average)
    return value, next((name for bound, name in _LEVELS if value < bound), "high")


def _outlook(
    course: str, direction: Direction | None
) -> Literal["improving", "worsening", "steady"] | None:
    if direction is None:
        return None
    if course == "stable":
        return "steady"
    good = "increasing" if direction == "up_is_good" else "decreasing"
    return "improving" if course == good else "worsening"


def _season_words(tested: SeasonTest) -> str:
    if tested.found:
        return f"Every {tested.length} steps ({tested.reason})"
    return f"Not detected ({tested.reason})"


def _trend_words(
    course: str, trend: Trend, outlook: str | None, known: int, wording: Wording
) -> list[str]:
    if course == "stable":
        if known < _FEWEST:
            return [f"No trend can be told from {known} values; {_FEWEST} are needed."]
        chance = _chance(trend.p_value)
        if trend.p_value < SIGNIFICANT:  # the slope, a median, is 0: many values are the same
            return [f"Values drift ({chance}), but the middle one of all changes is 0: no slope."]
        return [f"No trend beyond chance ({chance})."]
    verb = "Rising" if course == "increasing" else "Falling"
    judged = f", {outlook}" if outlook else ""
    each = f"{wording.change(abs(trend.slope))} a {wording.step}"
    return [f"{verb} by {each}{judged} ({_chance(trend.p_value)})."]


def _chance(p_value: float) -> str:
    """A p-value as people read it."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def _volatility_words(level: Level, value: float | None, known: int) -> list[str]:
    if known <= _LINE:
        return [f"Volatility cannot be told from {known} values; {_LINE + 1} are needed."]
    if value is None:
        return ["Volatility has no answer: the average is zero."]
    return [f"Volatility is {level}: values lie {value:.1%} of the average about their trend."]


def _recent_words(average: float, recent: float, known: int) -> list[str]:
    if known <= _RECENT or average == 0:
        return []
    gap = (recent - average) / abs(average)
    if abs(gap) < 0.005:
        return [f"The last {_RECENT} values are at the average."]
    side = "above" if gap > 0 else "below"
    return [f"The last {_RECENT} values are {abs(gap):.1%} {side} the average."]


def _jump_words(jump: ChangePoint, wording: Wording) -> str:
    moved = "rose" if jump.size > 0 else "fell"
    return f"The level {moved} by {wording.change(abs(jump.size))} {wording.place(jump.index)}."


def _missing_words(missing: int, steps: int, wording: Wording) -> list[str]:
    if not missing:
        return []
    have, were = ("has", "was") if missing == 1 else ("have", "were")
    return [f"{missing} of {wording.steps(steps)} {have} no {wording.value} and {were} left out."]
