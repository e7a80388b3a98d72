"""Counting and reading against hand-written SQL on the same facts, in one run.

python -m benchmarks.engine [ORDERS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import trueline
from trueline.demo import generate
from trueline.home import Trueline

BY_HAND = {
    "order_revenue": "SELECT ordered_on, currency, sum(amount), count(*), min(ordered_at), "
    "max(ordered_at) FROM orders GROUP BY ALL",
    "orders by channel": "SELECT ordered_on, coalesce(o.channel, c.channel), currency, "
    "sum(amount), count(*), min(ordered_at), max(ordered_at) FROM orders o "
    "LEFT JOIN customers c USING (customer_id) WHERE c.is_test IS NOT TRUE GROUP BY ALL",
    "orders by country": "SELECT ordered_on, c.country, currency, sum(amount), count(*), "
    "min(ordered_at), max(ordered_at) FROM orders o LEFT JOIN customers c USING (customer_id) "
    "WHERE c.is_test IS NOT TRUE GROUP BY ALL",
    "first orders": "SELECT first_on, count(*) FROM (SELECT customer_id, min(ordered_on) AS "
    "first_on FROM orders GROUP BY 1) GROUP BY 1",
    "refunds": "SELECT refunded_on, r.currency, sum(r.amount), count(*) FROM refunds r "
    "LEFT JOIN orders o USING (order_id) GROUP BY ALL",
    "revenue": "SELECT revenue_date, currency, sum(amount), count(*) FROM revenue GROUP BY ALL",
    "spend": "SELECT spend_date, channel, sum(amount), sum(impressions), sum(clicks), "
    "sum(conversions) FROM spend GROUP BY ALL",
    "costs": "SELECT day, cost_type, sum(daily_amount) FROM costs JOIN days ON day >= "
    "service_start AND day < service_end GROUP BY ALL",
    "mrr": "SELECT effective_on, sum(mrr - before) FROM (SELECT *, coalesce(lag(mrr) OVER "
    "(PARTITION BY subscription_id ORDER BY effective_at), 0) AS before FROM "
    "subscription_events) GROUP BY 1",
}
ONE_READING = (
    "SELECT sum(amount) FROM orders WHERE ordered_on >= ? AND ordered_on < ? AND currency = 'USD'"
)


def timed(action: Callable[[], object], times: int) -> float:
    """Median seconds of an action."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main(orders: int = 1_000_000) -> None:
    """Load a demo company of that size, then measure."""
    with tempfile.TemporaryDirectory() as folder:
        home = trueline.init(Path(folder) / "home")
        files = Path(folder) / "files"
        files.mkdir()
        made = generate(files, size=orders)
        with Trueline(home) as tl:
            start = time.perf_counter()
            for file in made:
                tl.load(
                    file.table,
                    file.path,
                    mapping=file.mapping,
                    keep_good=file.keep_good,
                    full=file.full,
                )
            print(f"loaded {orders:,} orders and the rest in {time.perf_counter() - start:.1f} s")
            _measure(tl)
        _fresh(home)


def _measure(tl: Trueline) -> None:
    by_hand = timed(lambda: [tl.warehouse.rows(q) for q in BY_HAND.values()], 3)
    rebuild = timed(lambda: tl.engine.refresh(rebuild=True), 3)
    print(f"rebuild / one query a measure by hand: {rebuild / by_hand:.2f} ({rebuild:.2f} s)")
    today = tl.engine.today()
    counter = iter(range(1000))

    def one_day() -> None:
        number = next(counter)
        rows = [
            {
                "order_id": f"new{number}-{n}",
                "customer_id": f"c{n:07d}",
                "ordered_at": (today - timedelta(days=1)).isoformat(),
                "amount": 20,
                "currency": "USD",
            }
            for n in range(200)
        ]
        tl.load_rows("orders", rows)

    print(f"200 new orders of one day, loaded and counted: {timed(one_day, 5) * 1000:.0f} ms")
    start, end = today - timedelta(days=365), today
    sql = timed(lambda: tl.warehouse.rows(ONE_READING, [start, end]), 30)
    tl.kpi("revenue", start=start, end=end)
    for key in ("revenue", "mrr", "nrr", "cac"):
        warm = timed(lambda key=key: tl.kpi(key, start=start, end=end), 30)  # type: ignore[misc]
        print(f"warm {key}: {warm * 1000:.1f} ms (revenue by hand: {sql * 1000:.1f} ms)")
    year = {"start": date(today.year - 1, 1, 1), "end": date(today.year, 1, 1)}
    print(f"bridge of a year: {timed(lambda: tl.bridge(**year), 5) * 1000:.0f} ms")  # type: ignore[arg-type]
    everything = timed(lambda: tl.readings(period_days=30), 5)
    print(f"all readings of a period: {everything * 1000:.0f} ms")


def _fresh(home: Path) -> None:
    command = [sys.executable, "-m", "trueline.cli", "kpi", "mrr", "--home", str(home)]
    fresh = timed(lambda: subprocess.run(command, check=True, capture_output=True), 7)
    print(f"fresh `trueline kpi mrr`: {fresh * 1000:.0f} ms")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
