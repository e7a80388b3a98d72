"""Run the benchmark, each measurement in a process of its own: ``python -m benchmarks [NAME ...]``.

    --full        full sizes, up to 10M orders, 1M customers, 3M subscription and 50M product
                  events: hours; otherwise minutes
    --to FOLDER   where ``report.md`` and ``results.json`` go (``bench-results``)

What is measured is printed as it is found; the report holds all of it, with the machine and the
versions. Named measurements are run with the sizes of the plan, others with their own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import Measurement, tables, write

QUICK: dict[str, tuple[str, ...]] = {
    "loading": ("1",),
    "postgres": ("1000000",),
    "engine": ("300000",),
    "peers": ("1000000",),
    "growth": ("10000", "100000", "1000000"),
    "start": (),
    "api": (),
}
FULL: dict[str, tuple[str, ...]] = {
    "loading": ("1", "10"),
    "postgres": ("1000000", "10000000"),
    "engine": ("300000", "3000000", "10000000"),
    "peers": ("1000000", "10000000"),
    "growth": ("100000", "1000000", "10000000"),
    "start": (),
    "api": (),
    "pages": (),
}
"""What each plan runs, with the sizes: orders, or millions of rows."""


def main(words: list[str]) -> int:
    """Run a plan, or the named measurements of it; 1 where one failed."""
    said = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    said.add_argument("names", nargs="*", metavar="NAME")
    said.add_argument("--full", action="store_true")
    said.add_argument("--to", type=Path, default=Path("bench-results"))
    asked = said.parse_args(words)
    plan = FULL if asked.full else QUICK
    started = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    found: list[Measurement] = []
    for name in asked.names or plan:
        found.append(_run(Measurement(name, list(plan.get(name, ())))))
        # After each: what a run of hours has found by then is not lost with it.
        paths = write(asked.to, "full" if asked.full else "quick", started, found)
    print(f"\n{' and '.join(map(str, paths))} written.")
    failed = [one.name for one in found if one.code]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _run(one: Measurement) -> Measurement:
    print(f"\n## {one.name}\n", flush=True)
    one.load_before, start = os.getloadavg()[0], time.monotonic()
    command = [sys.executable, "-m", f"benchmarks.{one.name}", *one.arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            one.text += line
    one.code, one.seconds = process.returncode, time.monotonic() - start
    one.load_after = os.getloadavg()[0]
    one.tables = tables(one.text)
    return one


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
