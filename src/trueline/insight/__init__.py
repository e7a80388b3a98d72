"""What a series says: its forecast, its pattern, its anomalies. Numpy only; knows no HTTP."""

from trueline.insight.anomaly import Anomaly, anomalies
from trueline.insight.changes import ChangePoint
from trueline.insight.forecasting import forecast
from trueline.insight.patterns import Pattern, pattern
from trueline.insight.series import MAX_HORIZON, MAX_POINTS, MAX_SEASON, SeriesError

__all__ = [
    "MAX_HORIZON",
    "MAX_POINTS",
    "MAX_SEASON",
    "Anomaly",
    "ChangePoint",
    "Pattern",
    "SeriesError",
    "anomalies",
    "forecast",
    "pattern",
]
