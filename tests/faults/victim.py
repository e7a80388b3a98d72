"""Run as a program: processes that load and record, killed at random moments, then looked at.

    victim.py HOME FOLDER KIND ROUNDS SEED

The program itself never opens the warehouse: each round is a forked process of its own, and so is
each look at what is left. Prints one JSON line a round: what was confirmed, what is there.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What a process needs before its first row is there before the forks: a kill meets its work.
import ibis.backends.duckdb  # noqa: F401
import pandas  # noqa: F401

import trueline.warehouse.duckdb  # noqa: F401
from trueline.facts.load import zone
from trueline.home import Trueline

zone.clock("America/Toronto")
ROWS = 1500

ROLLED = (
    "SELECT coalesce(sum(value), 0) FROM metrics_daily "
    "WHERE measure = 'order_revenue' AND slice_by = ''"
)


def load(tl: Trueline, folder: Path, number: int) -> None:
    """Load a file of many rows, of which the first says something new of a known order."""
    file = folder / f"{number}.csv"
    lines = [f"o{number}-{n},c{n % 50},2026-01-05T15:00:00Z,1.25,USD" for n in range(ROWS - 1)]
    lines.append(f"same,c1,2026-01-05T15:00:00Z,{number}.00,USD")
    file.write_text("order_id,customer_id,ordered_at,amount,currency\n" + "\n".join(lines) + "\n")
    tl.load("orders", file)


def record(tl: Trueline, folder: Path, number: int) -> None:
    """Record one cost."""
    cost = {"cost_id": f"k{number}", "cost_date": "2026-01-05", "cost_type": "sales", "amount": 2}
    tl.load_rows("costs", [cost])


def look(tl: Trueline, last: bool) -> dict[str, Any]:
    """What is there: orders by file, costs, and whether ledger, history and roll-up agree."""
    rows = tl.warehouse.rows
    if last:
        tl.engine.refresh()
    return {
        "orders": dict(
            rows("SELECT split_part(order_id, '-', 1), count(*) FROM orders GROUP BY 1 ORDER BY 1")
        ),
        "costs": [key for (key,) in rows("SELECT cost_id FROM costs")],
        "loads": rows("SELECT count(*) FROM loads")[0][0],
        "unknown loads": rows(
            "SELECT count(*) FROM (SELECT load_id FROM orders UNION SELECT load_id FROM costs) "
            "WHERE load_id NOT IN (SELECT load_id FROM loads)"
        )[0][0],
        "accepted": int(rows("SELECT coalesce(sum(accepted), 0) FROM loads")[0][0]),
        "kept": rows(
            "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM orders_history) "
            "+ (SELECT count(*) FROM costs)"
        )[0][0],
        "sum": str(rows("SELECT coalesce(sum(amount), 0) FROM orders")[0][0]) if last else "0",
        "rolled": str(rows(ROLLED)[0][0]) if last else "0",
    }


def forked(work: Callable[[int], None]) -> tuple[int, int]:
    """A child that does ``work`` with the end of a pipe; its id and our end."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child:
        os.close(theirs)
        return child, ours
    os.close(ours)
    code = 1
    try:
        work(theirs)
        code = 0
    finally:
        os._exit(code)


def read(end: int) -> str:
    """All that a child said."""
    with os.fdopen(end) as stream:
        return stream.read()


def looked(home: Path, last: bool) -> dict[str, Any]:
    """What a process that opens the home afresh finds."""

    def work(end: int) -> None:
        with Trueline(home) as tl:
            os.write(end, json.dumps(look(tl, last)).encode())

    child, end = forked(work)
    found = read(end)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError("the home cannot be opened")
    return dict(json.loads(found))


def main() -> None:
    """Kill and look, round after round."""
    home, folder, kind, rounds, seed = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]
    step = {"load": load, "record": record}[kind]
    moments = random.Random(int(seed))
    number, longest = 0, 1.0
    for turn in range(int(rounds)):
        start, most = number, 3 if turn else 1

        def work(end: int, start: int = start, most: int = most) -> None:
            with Trueline(home) as tl:
                for n in range(start, start + most):
                    step(tl, folder, n)
                    os.write(end, f"{n}\n".encode())

        began = time.monotonic()
        child, end = forked(work)
        if turn:  # the first is let live, to know how long it takes
            time.sleep(moments.uniform(0, longest))
            os.kill(child, signal.SIGKILL)
        said = read(end)
        os.waitpid(child, 0)
        if not turn:
            longest = 1.5 * (time.monotonic() - began)
        number = start + most
        print(
            json.dumps(
                {"turn": turn, "confirmed": said.split(), **looked(home, turn == int(rounds) - 1)}
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
