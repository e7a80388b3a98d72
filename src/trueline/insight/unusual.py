"""Buckets of a KPI that its own past did not let expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trueline.core.quality import Reason
from trueline.insight.of_kpis import SEASONS, history, number_of, point_of, shared_of

if TYPE_CHECKING:
    from trueline.catalog.kpi import Kpi
    from trueline.engine.engine import Engine


def _within(definition: type[Kpi], value: float) -> float:
    """A value held to what the KPI can be: no rate is expected below 0 or above 100."""
    lower, upper = definition.bounds
    held = value if lower is None else max(value, float(lower))
    return held if upper is None else min(held, float(upper))


def anomalies_of(
    engine: Engine, key: str, grain: str = "day", budget: float | None = None, **options: Any
) -> dict[str, Any]:
    """The buckets of a KPI far from what its own past forecast, at its alarm budget.

    ``budget`` is the share of ordinary buckets that may alarm; left out, the company's setting for
    the KPI, else 1%. Silent below three seasons of history, and says so; ``judged_from`` is the
    first day of the first bucket after them.
    """
    from trueline.insight.anomaly import SILENT_STEPS, anomalies

    found = history(engine, key, grain, **options)
    given = engine.settings.alarm_budgets.get(key) if budget is None else budget
    share = float(given) if given is not None else 0.01
    season = SEASONS[found.grain]
    needed = max(SILENT_STEPS, 3 * season)
    known = [at for at, value in enumerate(found.values) if value is not None]
    shared = shared_of(found) | {
        "alarm_budget": share, "judged_from": None, "anomalies": [], "reasons": [],
    }  # fmt: skip
    if len(known) <= needed:
        reason = Reason(
            "history_too_short",
            f"{number_of(len(known), found.grain.value)} known; nothing is called unusual before "
            f"{needed + 1}.",
            "Load earlier facts, or wait.",
        )
        return shared | {"reasons": [reason.to_json()]}
    unusual = anomalies(found.values, season, share, found.positive)
    good = {"up_is_good": "above", "down_is_good": "below"}.get(found.definition.direction.value)
    return shared | {
        "judged_from": found.readings[known[needed]].start.isoformat(),
        "anomalies": [
            point_of(found.readings[item.index])
            | {
                "expected": _within(found.definition, item.expected),
                "lower": _within(found.definition, item.lower),
                "upper": _within(found.definition, item.upper),
                "side": item.side,
                "score": item.score,
                "good": None if good is None else item.side == good,
            }
            for item in unusual
        ],
    }
