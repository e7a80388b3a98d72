"""Loading against DuckDB's own COPY of the same file into the same typed table, in one run.

    python -m benchmarks.loading [MILLIONS ...]      1 and 10 where none is given

Each load and each copy runs in a process of its own, on a new home, under the same memory limit
and threads; they take turns, and the median counts. Both end when the commit is on disk. COPY
parses and casts; a load also hashes the file, checks every cell, finds the local day, looks for
repeated keys and leaves a report. Ratios are of processor time (all threads; what a busy machine
leaves alone) and of the clock. Peak memory is the process's own (``ru_maxrss``).
"""

from __future__ import annotations

import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TURNS = {1: 5, 10: 3}
"""How often each is measured, by millions of rows."""

ORDERS = """
COPY (
    SELECT 'o' || lpad(i::VARCHAR, 9, '0') AS order_id,
        'c' || lpad((hash(i) % 250000)::VARCHAR, 7, '0') AS customer_id,
        strftime(TIMESTAMP '2023-01-01' + to_seconds((hash(i + 1) % 94608000)::BIGINT),
            '%Y-%m-%dT%H:%M:%SZ') AS ordered_at,
        ((hash(i + 2) % 50000) / 100)::DECIMAL(18, 2) AS amount,
        ((hash(i + 3) % 1000) / 100)::DECIMAL(18, 2) AS tax,
        'USD' AS currency,
        ['web', 'shop', 'phone'][1 + (hash(i + 4) % 3)::BIGINT] AS channel
    FROM range({rows}) t(i)
) TO '{path}' (FORMAT {format})
"""


class Watch:
    """What a block took: seconds by the clock, and of processor time."""

    def __enter__(self) -> Watch:
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        wall, cpu = time.perf_counter() - self._start[0], time.process_time() - self._start[1]
        self.took = {"seconds": wall, "cpu": cpu}


def _home(folder: Path) -> Path:
    import trueline

    return trueline.init(folder / "home")


def load(folder: Path, file: Path) -> dict[str, Any]:
    """Load the file into a new home; what it took."""
    from trueline.facts.load import load_file
    from trueline.home import Trueline

    home = _home(folder)
    with Trueline(home) as tl:
        with Watch() as watch:
            report = load_file(tl.warehouse, tl.settings, "orders", file, rejects_folder=folder)
        assert report.read == report.accepted, report
        return {**watch.took, "rows": report.accepted}


def copy(folder: Path, file: Path) -> dict[str, Any]:
    """COPY the file into the orders table of a new home; what it took."""
    from trueline.home import Trueline

    home = _home(folder)
    with Trueline(home) as tl:
        columns = "order_id, customer_id, ordered_at, amount, tax, currency, channel"
        connection = tl.warehouse._connection
        with Watch() as watch:
            connection.execute("BEGIN")
            connection.execute(f"COPY orders ({columns}) FROM '{file}'")
            connection.execute("COMMIT")
        found = connection.execute("SELECT count(*) FROM orders").fetchone()
        return {**watch.took, "rows": found[0] if found else 0}


def counted(folder: Path, file: Path) -> dict[str, Any]:
    """Load the file and count every measure, as ``trueline load`` does."""
    from trueline.home import Trueline

    with Trueline(_home(folder)) as tl:
        with Watch() as watch:
            report = tl.load("orders", file)
        return {**watch.took, "rows": report.accepted}


def killed(folder: Path, file: Path) -> dict[str, Any]:
    """Load the file, say so, and die by kill -9 before anything can be tidied."""
    from trueline.home import Trueline

    tl = Trueline(_home(folder))
    from trueline.facts.load import load_file

    with Watch() as watch:
        report = load_file(tl.warehouse, tl.settings, "orders", file, rejects_folder=folder)
    found = {**watch.took, "rows": report.accepted}
    print(json.dumps(found), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
    return found


WAYS: dict[str, Callable[[Path, Path], dict[str, Any]]] = {
    way.__name__: way for way in (load, copy, counted, killed)
}


def child(way: str, folder: Path, file: Path) -> dict[str, Any]:
    """One way in a process of its own: seconds, rows and peak memory in MiB."""
    command = [sys.executable, "-m", "benchmarks.loading", "--child", way, str(folder), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, -signal.SIGKILL), said
    return {**json.loads(said), "peak": usage.ru_maxrss / 1024}


def reopened(folder: Path) -> tuple[int, float]:
    """How many orders a home has when it is opened again, and how long opening took."""
    from trueline.home import Trueline

    start = time.perf_counter()
    with Trueline(folder / "home") as tl:
        seconds = time.perf_counter() - start
        return tl.warehouse.rows("SELECT count(*) FROM orders")[0][0], seconds


def measure(millions: int, folder: Path) -> list[str]:
    """Rows of the table for one size."""
    import duckdb

    rows = millions * 1_000_000
    files = {}
    for form in ("csv", "parquet"):
        files[form] = folder / f"orders-{millions}.{form}"
        with duckdb.connect() as connection:
            connection.execute(ORDERS.format(rows=rows, path=files[form], format=form))
    taken: dict[str, list[dict[str, Any]]] = {}
    for turn in range(TURNS.get(millions, 3)):
        for way, form in (
            ("copy", "csv"),
            ("load", "csv"),
            ("copy", "parquet"),
            ("load", "parquet"),
        ):
            with tempfile.TemporaryDirectory(dir=folder) as place:
                found = child(way, Path(place), files[form])
            assert found["rows"] == rows, (way, form, found)
            taken.setdefault(f"{way} {form}", []).append(found)
        if turn == 0:
            with tempfile.TemporaryDirectory(dir=folder) as place:
                taken["counted csv"] = [child("counted", Path(place), files["csv"])]
            with tempfile.TemporaryDirectory(dir=folder) as place:
                taken["killed csv"] = [child("killed", Path(place), files["csv"])]
                there, opening = reopened(Path(place))
    lines = [_line(rows, name, found, taken) for name, found in taken.items()]
    lines.append("")
    lines.append(
        f"Killed by SIGKILL right after its report: {there:,} of {rows:,} rows there when opened "
        f"again, in {opening:.2f} s."
    )
    return lines


def _line(
    rows: int, name: str, found: list[dict[str, Any]], taken: dict[str, list[dict[str, Any]]]
) -> str:
    basis = taken["copy parquet" if name.endswith("parquet") else "copy csv"]
    ratios = (
        statistics.median(f[unit] / b[unit] for f, b in zip(found, basis, strict=False))
        for unit in ("cpu", "seconds")
    )
    seconds = statistics.median(f["seconds"] for f in found)
    peak = max(f["peak"] for f in found)
    return (
        f"| {rows:,} | {name} | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} | {seconds:.2f} "
        f"| {rows / seconds / 1e6:.2f} | {peak:,.0f} |"
    )


def main(words: list[str]) -> None:
    """Measure and print the table."""
    if words[:1] == ["--child"]:
        print(json.dumps(WAYS[words[1]](Path(words[2]), Path(words[3]))), flush=True)
        return
    import duckdb

    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"DuckDB {duckdb.__version__}\n"
    )
    print(
        "| rows | way | CPU, times COPY | clock, times COPY | seconds | million rows/s | peak MiB |"
    )
    print("|---:|---|---:|---:|---:|---:|---:|")
    for millions in [int(word) for word in words] or [1, 10]:
        with tempfile.TemporaryDirectory() as folder:
            print("\n".join(measure(millions, Path(folder))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
