"""A command of a fresh process: ``trueline kpi mrr``, and what no such command can do without.

    python -m benchmarks.start [TURNS]

The company is a small one, its roll-up up to date; bytecode is cached. Each turn runs every row
once: the interpreter, the libraries that a reading needs (DuckDB's engine, pydantic with one model)
and nothing of ours, then our commands. The processor's time (user and system)
is what a machine that does other things leaves trustworthy; the clock is of such a machine.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trueline

LIBRARIES = """
import decimal, _duckdb, pydantic
class Model(pydantic.BaseModel):
    amount: decimal.Decimal
Model(amount="12.50")
"""
HEAD = "event_id,subscription_id,customer_id,effective_at,status,plan,quantity,unit_amount,currency"


def company(folder: Path) -> Path:
    """A home with a subscription begun on each day of a year."""
    rows = [
        f"e{n},s{n},c{n},2025-{1 + n % 12:02}-{1 + n // 12 % 28:02}T12:00:00Z,active,Pro,1,50,USD"
        for n in range(336)
    ]
    events = folder / "events.csv"
    events.write_text("\n".join([HEAD + ",interval", *(f"{row},month" for row in rows)]))
    home = trueline.init(folder / "home")
    with trueline.open(home) as tl:
        assert tl.load("subscription_events", events, full=True).accepted == len(rows)
        assert tl.kpi("mrr").value is not None
    return home


def taken(command: list[str]) -> tuple[float, float]:
    """Seconds of the processor and of the clock that a command takes."""
    cached = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=cached)
    clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock


def main(turns: int = 15) -> None:
    """Measure, all rows taking turns; the first turn only fills caches."""
    with tempfile.TemporaryDirectory() as folder:
        home = company(Path(folder))
        ours = [sys.executable, "-m", "trueline.cli"]
        rows = {
            "python": [sys.executable, "-c", "pass"],
            "the libraries a reading needs": [sys.executable, "-c", LIBRARIES],
            "trueline --help": [*ours, "--help"],
            "trueline kpi mrr": [*ours, "kpi", "mrr", "--home", str(home)],
            "trueline kpi (all of them)": [*ours, "kpi", "--home", str(home)],
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in rows}
        for turn in range(turns + 1):
            for name, command in rows.items():
                one = taken(command)
                found[name] += [one] if turn else []
    print("| | processor, ms | least | clock, ms | least | / libraries |")
    print("|---|---:|---:|---:|---:|---:|")
    libraries = [cpu for cpu, _ in found["the libraries a reading needs"]]
    for name, times in found.items():
        cpu, clock = ([1000 * one[kind] for one in times] for kind in (0, 1))
        ratio = statistics.median(t[0] / least for t, least in zip(times, libraries, strict=True))
        print(
            f"| {name} | {statistics.median(cpu):.0f} | {min(cpu):.0f} "
            f"| {statistics.median(clock):.0f} | {min(clock):.0f} | {ratio:.2f} |"
        )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
