"""Large files are streamed: what a load holds does not grow with what it reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

LOAD = """
import json, re, sys
from pathlib import Path
import trueline
from trueline.facts.load import load_file
from trueline.home import Trueline

home, file, keep_good = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "True"
trueline.init(home)
config = home / "trueline.toml"
config.write_text(config.read_text() + '[warehouse]\\nmemory_limit = "128MB"\\nthreads = 2\\n')
with Trueline(home) as tl:
    report = load_file(
        tl.warehouse, tl.settings, "orders", file, keep_good=keep_good, rejects_folder=home / "r"
    )
# Not getrusage: its peak begins with that of the process that started this one.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(json.dumps([report.read, report.accepted, report.rejected, peak]))
"""
LIMIT = 440
"""MiB: the engine's 128, and what Python and its libraries take before the first row."""
ROWS = 120_000


def made(path: Path, form: str, wrong: bool) -> Path:
    """A file of many orders, a tenth of them wrong when asked; 60 MB as CSV."""
    amount = (
        "CASE WHEN i % 10 = 0 THEN 'x' ELSE (i % 1000)::VARCHAR || '.25' END" if wrong else "'1.25'"
    )
    file = path / f"orders.{form}"
    options = {"ndjson": "FORMAT json", "parquet": "FORMAT parquet"}.get(form, "FORMAT csv")
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'o' || i AS order_id, md5(i::VARCHAR) AS customer_id, "
            f"'2026-01-05T15:00:00Z' AS ordered_at, {amount} AS amount, 'USD' AS currency, "
            f"repeat(md5((i % 100)::VARCHAR), 14) AS channel FROM range({ROWS}) t(i)) "
            f"TO '{file}' ({options})"
        )
    return file


@pytest.mark.parametrize(
    ("form", "wrong"),
    [("csv", False), ("csv", True), ("csv.gz", True), ("ndjson", True), ("parquet", True)],
)
def test_a_load_is_streamed_within_bounded_memory(tmp_path: Path, form: str, wrong: bool) -> None:
    file = made(tmp_path, form, wrong)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path / "home"), str(file), str(wrong)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    read, accepted, rejected, peak = json.loads(done.stdout.splitlines()[-1])
    assert (read, accepted, rejected) == (
        ROWS,
        ROWS * 9 // 10 if wrong else ROWS,
        ROWS // 10 if wrong else 0,
    )
    assert peak < LIMIT, f"{peak} MiB"
