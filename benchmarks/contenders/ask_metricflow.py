"""The questions through MetricFlow's engine: ``ask_metricflow.py PROJECT START LAST``.

It has no documented library; this is what its command line does once it has set itself up.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from answering import serve
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

METRICS = {
    "revenue by day": ("revenue", "metric_time__day"),
    "new customers by month": ("new_customers", "metric_time__month"),
    "AOV by month": ("aov", "metric_time__month"),
}

if __name__ == "__main__":
    project, start, last = sys.argv[1:]
    configured = CLIConfiguration()
    configured.setup(Path(project), Path(project), configure_file_logging=False)

    def ask(metric: str, by: str) -> object:
        request = MetricFlowQueryRequest.create(
            metric_names=[metric],
            group_by_names=[by],
            order_by_names=[by],
            time_constraint_start=datetime.fromisoformat(start),
            time_constraint_end=datetime.fromisoformat(last),
        )
        return configured.mf.query(request).result_df

    serve(
        {name: lambda asked=asked: ask(*asked) for name, asked in METRICS.items()},
        lambda found: found.rows,
    )
