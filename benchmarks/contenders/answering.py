"""A process that is asked one question a line, and says what the answer took and what it was.

Standard library only: it runs in each contender's own environment.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Ask = Callable[[], Any]
Rows = Callable[[Any], Iterable[tuple[Any, Any]]]


def serve(questions: dict[str, Ask], rows: Rows = lambda found: found) -> None:
    """Answer the questions that standard input names; ``rows`` reads an answer as pairs of a day
    and a value, outside the measured time."""
    out, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is no answer
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        ask = questions[line.strip()]
        wall, cpu = time.perf_counter(), time.process_time()
        found = ask()
        took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        pairs = [[str(day)[:10], str(value)] for day, value in rows(found)]
        print(json.dumps({**took, "peak": peak(), "rows": pairs}), file=out, flush=True)


def peak() -> float:
    """The most memory that this process has had, in MiB: its own, not its parent's before it. Not
    known where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
