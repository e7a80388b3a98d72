"""Worked examples of product analyses for the API's documentation."""

from __future__ import annotations

from typing import Any

_KNOWN: dict[str, Any] = {"quality": "actual", "completeness": "complete", "reasons": []}

RETENTION: dict[str, Any] = {
    "kind": "n_day",
    "grain": "day",
    "step_days": 1,
    "starting": "signup",
    "returning": [],
    "start": "2026-02-02",
    "end": "2026-02-09",
    "observed_until": "2026-02-10",
    **_KNOWN,
    "cohorts": [
        {
            "start": "2026-02-02",
            "end": "2026-02-09",
            "size": 40,
            "observed": [40, 40, 35],
            "returned": [40, 12, 7],
            "rates": [100.0, 30.0, 20.0],
        }
    ],
    "overall": {
        "size": 40,
        "observed": [40, 40, 35],
        "returned": [40, 12, 7],
        "rates": [100.0, 30.0, 20.0],
        "intervals": [{"low": 91.2, "high": 100.0, "method": "Wilson", "level": 95}],
    },
}
FUNNEL: dict[str, Any] = {
    "name": "Purchase",
    "window_hours": 168,
    "start": "2026-01-01",
    "end": "2026-02-01",
    "by": None,
    **_KNOWN,
    "funnel": {
        "steps": [
            {
                "name": "visit",
                "events": ["visit"],
                "users": 1000,
                "rate": 100.0,
                "step_rate": 100.0,
                "dropped": 0,
                "median_seconds": None,
                "p90_seconds": None,
                "interval": {"low": 99.6, "high": 100.0, "method": "Wilson", "level": 95},
            },
            {
                "name": "purchase",
                "events": ["purchase"],
                "users": 250,
                "rate": 25.0,
                "step_rate": 25.0,
                "dropped": 750,
                "median_seconds": 610.0,
                "p90_seconds": 86400.0,
                "interval": {"low": 22.4, "high": 27.8, "method": "Wilson", "level": 95},
            },
        ],
        "entered": 1000,
        "converted": 250,
        "conversion_rate": 25.0,
        "interval": {"low": 22.4, "high": 27.8, "method": "Wilson", "level": 95},
        "immature": 0,
        "within": [{"seconds": 3600, "users": 180, "rate": 18.0}],
    },
    "slices": [],
}
LIFECYCLE: dict[str, Any] = {
    "grain": "week",
    "start": "2026-02-02",
    "end": "2026-02-09",
    "buckets": [
        {
            "start": "2026-02-02",
            "end": "2026-02-09",
            "active": 120,
            "new": 20,
            "returning": 90,
            "resurrecting": 10,
            "dormant": 15,
            "opening": 105,
            "quick_ratio": 2.0,
            **_KNOWN,
        }
    ],
}
