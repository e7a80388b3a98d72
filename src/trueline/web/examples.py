"""Worked examples for the API's documentation."""

from __future__ import annotations

from typing import Any

READING: dict[str, Any] = {
    "key": "nrr",
    "label": "Net revenue retention",
    "value": 104.0,
    "unit": "%",
    "currency": None,
    "start": "2026-01-01",
    "end": "2026-02-01",
    "quality": "actual",
    "completeness": "complete",
    "reasons": [],
    "inputs": [
        {
            "name": "mrr_at_beginning",
            "value": 50000,
            "quality": "actual",
            "measure": "movement_opening",
            "table": "subscription_events",
            "rows": 812,
            "first": "2024-03-02T14:11:05",
            "last": "2026-01-31T22:40:19",
        }
    ],
    "definition": "nrr@1",
    "as_of": "2026-02-01T06:10:00+00:00",
    "slice": {},
}
ROWS: dict[str, Any] = {
    "key": "refund_rate",
    "input": "refunded",
    "tables": ["refunds", "orders"],
    "table": "refunds",
    "total": 25,
    "offset": 0,
    "columns": ["refund_id", "refunded_on", "amount", "currency", "source", "recorded_at"],
    "rows": [
        {
            "refund_id": "r-101",
            "refunded_on": "2026-01-04",
            "amount": 18.5,
            "currency": "USD",
            "source": "refunds.csv",
            "recorded_at": "2026-02-01T06:00:00+00:00",
        }
    ],
}
STAGE: dict[str, Any] = {
    "success": True,
    "data": {
        "stage": "early_stage",
        "period_days": 30,
        "kpis": {
            "cac": {
                "value": 300,
                "label": "Customer acquisition cost",
                "description": "What it costs to win a customer…",
                "unit": "USD",
            }
        },
        "data_quality": {"cac": "actual", "clv": "insufficient_data"},
        "reasons": {
            "clv": [
                {
                    "code": "too_few_churn_events",
                    "message": "Fewer than 10 customers were lost in those months.",
                    "enable": "Wait until more is known.",
                }
            ]
        },
        "links": {"cac": "/api/kpi/cac/explain?start=2026-01-02&end=2026-02-01"},
    },
}
BRIDGE: dict[str, Any] = {
    "start": "2026-02-01",
    "end": "2026-03-01",
    "currency": "USD",
    "opening": 350,
    "new": 90,
    "reactivation": 30,
    "expansion": 50,
    "contraction": -80,
    "churn": -50,
    "fx": 0,
    "closing": 390,
    "quality": "actual",
    "completeness": "complete",
    "reasons": [],
    "customers": {"customers_at_start": 3, "customers_at_end": 4},
}
COHORTS: dict[str, Any] = {
    "kind": "orders",
    "by": "customers",
    "currency": "USD",
    "rows": [
        {"cohort": "2026-01-01", "size": 40, "values": [40, 18, None], "rates": [100.0, 45.0, None]}
    ],
    "average": [100.0, 45.0],
    "reasons": [],
}
PREDICTION: dict[str, Any] = {
    "metric_name": "churn_rate",
    "current_value": 3.5,
    "predictions": [3.27, 3.04, 2.82],
    "confidence_level": "medium",
    "confidence_reason": "half the 80% interval is 4.0% of the forecast, on average; but 7 values "
    "are few to measure errors on",
    "trend": "decreasing",
    "volatility": "low",
    "insights": ["Falling by 0.25 a step, improving (p = 0.0004)."],
    "intervals": {"80": [[3.18, 3.36], [2.92, 3.17], [2.66, 2.97]], "95": [[3.1, 3.45]]},
    "dates": ["2024-08-01", "2024-09-01", "2024-10-01"],
    "method": "average of Theta and damped-trend smoothing",
    "backtest": {"origins": 3, "mae": 0.1, "mape": 2.5, "naive_mae": 0.4, "skill": 0.25},
    "season_length": 12,
    "seasonality": "Not detected (…)",
    "bounds": [0, 100],
    "direction": "down_is_good",
    "missing": 0,
}
PATTERN: dict[str, Any] = {
    "metric_name": "mrr",
    "trend": "increasing",
    "slope": 3000.0,
    "p_value": 0.0085,
    "outlook": "improving",
    "volatility_level": "low",
    "volatility_value": 0.0,
    "seasonality": "Not detected (give timestamps or season_length to test for one)",
    "average": 52500.0,
    "recent_average": 57000.0,
    "insights": ["Rising by 3,000 a step, improving (p = 0.0085)."],
}
FORECAST: dict[str, Any] = {
    "key": "mrr",
    "unit": "USD",
    "grain": "month",
    "history": [{"start": "2026-01-01", "end": "2026-02-01", "value": 50000}],
    "forecast": [
        {
            "start": "2026-02-01",
            "end": "2026-03-01",
            "mean": 51200.5,
            "intervals": {"80": [50100.0, 52300.0], "95": [49400.0, 53000.0]},
        }
    ],
    "method": "average of Theta and damped-trend smoothing",
    "confidence_level": "high",
    "backtest": {"origins": 16, "mae": 610.2, "mape": 1.2, "naive_mae": 1480.0, "skill": 0.41},
    "reasons": [],
}
ERROR: dict[str, Any] = {
    "detail": "There is no KPI 'mmr'.",
    "code": "unknown_key",
    "fix": "Did you mean: mrr, arr, nrr?",
    "errors": [],
    "request_id": "5f0c7be1a4d29b30",
}


def answers(example: Any, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """A route's answers as documented: the good one with an example, and the errors' one shape."""

    def described(text: str, content: Any) -> dict[str, Any]:
        return {"description": text, "content": {"application/json": {"example": content}}}

    return {
        status: described("As asked.", example),
        400: described("The request cannot be read.", ERROR),
        401: described("No key, or a wrong one.", ERROR),
        403: described("The request names another host.", ERROR),
        404: described("There is no such thing.", ERROR),
        409: described("It contradicts what is recorded.", ERROR),
        413: described("The body is too large.", ERROR),
        415: described("The body is of another kind.", ERROR),
        422: described("It breaks a rule, named in words.", ERROR),
        503: described("Busy; try again after Retry-After seconds.", ERROR),
    }
