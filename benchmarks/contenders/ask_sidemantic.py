"""The questions through sidemantic's library: ``ask_sidemantic.py MODELS FILE START END``.

Served from its pre-aggregations alone, its fastest documented way; ``..., from facts`` without.
Days are filtered by the plain dimension: filtered by ``__day``, its rollups are silently not used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from answering import serve
from sidemantic import SemanticLayer, load_from_directory

METRICS = {
    "revenue by day": ("orders.revenue", "orders.ordered_on", "day"),
    "new customers by month": ("first_orders.new_customers", "first_orders.first_on", "month"),
    "AOV by month": ("orders.aov", "orders.ordered_on", "month"),
}


def _layer(models: str, file: str, rolled_up: bool) -> SemanticLayer:
    layer = SemanticLayer(
        connection=f"duckdb:///{file}", use_preaggregations=rolled_up, preagg_strict=rolled_up
    )
    load_from_directory(layer, models)
    return layer


def _asked(
    layer: SemanticLayer, days: tuple[str, str], metric: str, by: str, grain: str
) -> Callable[[], Any]:
    query = {
        "metrics": [metric],
        "dimensions": [f"{by}__{grain}"],
        "filters": [f"{by} >= '{days[0]}'", f"{by} < '{days[1]}'"],
        "order_by": [f"{by}__{grain}"],
    }
    return lambda: layer.query(**query).fetchall()


if __name__ == "__main__":
    models, file, start, end = sys.argv[1:]
    ways = {"": True, ", from facts": False}
    questions = {}
    for way, rolled_up in ways.items():
        layer = _layer(models, file, rolled_up)
        for name, asked in METRICS.items():
            questions[name + way] = _asked(layer, (start, end), *asked)
    serve(questions)
