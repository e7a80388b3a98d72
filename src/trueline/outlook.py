"""What a company can ask about the course of its KPIs; part of its home's front door."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from trueline.core.period import parse_day

if TYPE_CHECKING:
    from trueline.engine.engine import Engine
    from trueline.insight.forecasting import Method


class Insights:
    """Forecasts, patterns and anomalies of KPIs, each from complete readings only."""

    engine: Engine

    def forecast(
        self,
        key: str,
        *,
        grain: str = "month",
        horizon: int | None = None,
        start: str | date | None = None,
        end: str | date | None = None,
        method: Method = "smoothing",
        **options: Any,
    ) -> dict[str, Any]:
        """A KPI's next buckets with 80% and 95% intervals; None with reasons where none is honest.

        ``grain``: day, week, month, quarter or year. ``method="ensemble"`` needs trueline[stats].
        """
        from trueline.insight.of_kpis import forecast_of

        return forecast_of(
            self.engine, key, grain, horizon, method=method, **_days(start, end), **options
        )

    def pattern(
        self,
        key: str,
        *,
        grain: str = "month",
        start: str | date | None = None,
        end: str | date | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """What a KPI has been doing: trend, volatility, season, lasting jumps."""
        from trueline.insight.of_kpis import pattern_of

        return pattern_of(self.engine, key, grain, **_days(start, end), **options)

    def anomalies(
        self,
        key: str,
        *,
        grain: str = "day",
        budget: float | None = None,
        start: str | date | None = None,
        end: str | date | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """The buckets of a KPI that its own past did not let expect; ``budget`` may alarm."""
        from trueline.insight.unusual import anomalies_of

        return anomalies_of(self.engine, key, grain, budget, **_days(start, end), **options)


def _days(start: str | date | None, end: str | date | None) -> dict[str, date | None]:
    return {
        "start": None if start is None else parse_day(start, "start"),
        "end": None if end is None else parse_day(end, "end"),
    }
