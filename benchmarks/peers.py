"""Readings against other semantic layers on the same DuckDB file, in one run.

    python -m benchmarks.peers [ORDERS ...]      1,000,000 where none is given

A shop (orders, a tenth as many customers, three years) is asked for a year of revenue by day, new
customers by month and average order value by month, by Trueline, by MetricFlow (dbt's, with
dbt-duckdb), by sidemantic and by SQL written by hand. Each has its own copy of the same file, and
each peer its own environment, made from the pinned requirements in ``contenders``. All answers
must be equal before any time is taken.

*Warm*: asked again in a process that is up, through the library (for MetricFlow, the engine behind
its command line). *Fresh*: a new process from the command line. All take turns; medians.
Processor time is of all threads of the process, memory its peak. Trueline and sidemantic
serve from roll-ups made before, MetricFlow and SQL compute from the facts, but both peers find
customers' first orders in a table made before. Trueline's answers are readings, with quality,
completeness, reasons, inputs and rows, and are kept in memory until the next load; *afresh* is the
first after one. The others' are rows.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

SIZES = (1_000_000,)
WARM, FRESH = 15, 3
HERE = Path(__file__).parent / "contenders"
ROOT = Path(__file__).parents[1]
QUESTIONS = ("revenue by day", "new customers by month", "AOV by month")
AFRESH, FROM_FACTS = "Trueline, afresh", "sidemantic, from facts"
WAYS = {
    "Trueline": ("Trueline", ""),
    AFRESH: ("Trueline", ", afresh"),
    "MetricFlow": ("MetricFlow", ""),
    "sidemantic": ("sidemantic", ""),
    FROM_FACTS: ("sidemantic", ", from facts"),
    "SQL": ("SQL", ""),
}
"""How each line of the warm table is asked: which process, and what is added to a question."""
SAME = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "PYTHONDONTWRITEBYTECODE": "",
}
"""What all processes are told: nothing is reported, and bytecode is kept, as where it is used."""


def environment(name: str) -> Path:
    """The folder of a peer's programs: an environment of its own, made once for its pins."""
    pins = HERE / f"{name}.txt"
    place = ROOT / ".peers" / f"{name}-{hashlib.sha256(pins.read_bytes()).hexdigest()[:12]}"
    if not (place / "ready").exists():
        uv = str(ROOT / ".uv" / "bin" / "uv")
        python = ["--python", sys.executable]
        install = ["--python", str(place), "--compile-bytecode", "-r", str(pins)]
        subprocess.run([uv, "venv", "--quiet", "--clear", *python, str(place)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", *install], check=True)
        (place / "ready").touch()
    return place / "bin"


def shop(home: str, orders: str) -> None:
    """Write the company, count it, and say which year is asked for: its first whole one."""
    import trueline
    from benchmarks.company import write
    from trueline.core.period import add_months
    from trueline.home import Trueline

    with Trueline(trueline.init(home)) as tl:
        write(tl, int(orders), ("customers", "orders"))
        today = tl.engine.today()
        first = today.fromordinal(today.toordinal() - 1100)
        tl.declare_coverage("subscriptions", start=first, end=today)
        tl.engine.refresh()
        start = add_months(first.replace(day=1), 1)
        print(start, add_months(start, 12))


class Shop:
    """The same facts for each contender, where each wants them."""

    def __init__(self, folder: Path, orders: int) -> None:
        self.home = folder / "home"
        made = [sys.executable, "-m", "benchmarks.peers", "--shop", str(self.home), str(orders)]
        said = subprocess.run(made, check=True, capture_output=True, text=True).stdout
        self.start, self.end = said.split()
        self.last = str(date.fromisoformat(self.end) - timedelta(days=1))
        self.files = {name: folder / f"{name}.duckdb" for name in ("dbt", "sidemantic", "hand")}
        for file in self.files.values():
            shutil.copy(self.home / "warehouse.duckdb", file)
        self.dbt, self.models = folder / "dbt_shop", folder / "sidemantic_shop"
        for project in (self.dbt, self.models):
            shutil.copytree(HERE / project.name, project)
        self.bin = {name: environment(name) for name in ("metricflow", "sidemantic")}
        self.env = {**os.environ, **SAME, "PEER_DATABASE": str(self.files["dbt"])}
        self._run(self.bin["metricflow"] / "dbt", "build", "--quiet", cwd=self.dbt)
        self._run(
            *(self.bin["sidemantic"] / "sidemantic", "preagg", "refresh", self.models),
            *("--db", self.files["sidemantic"]),
        )

    def _run(self, *command: str | Path, cwd: Path | None = None) -> None:
        done = subprocess.run(
            command, cwd=cwd, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

    def workers(self) -> dict[str, list[str | Path]]:
        """The commands of the processes that are asked again and again."""
        days = [self.start, self.end]
        metricflow, sidemantic = (
            self.bin[n] / "python" for n in ("metricflow", "sidemantic")
        )  # fmt: skip
        file = self.files["sidemantic"]
        return {
            "Trueline": [sys.executable, HERE / "ask_trueline.py", self.home, *days],
            "MetricFlow": [
                *(metricflow, HERE / "ask_metricflow.py", self.dbt),
                *(self.start, self.last),
            ],
            "sidemantic": [sidemantic, HERE / "ask_sidemantic.py", self.models, file, *days],
            "SQL": [sys.executable, HERE / "ask_by_hand.py", self.files["hand"], *days],
        }

    def commands(self, question: str) -> dict[str, list[str | Path]]:
        """The command lines that answer a question, each in a fresh process."""
        key, grain = {
            "revenue by day": ("revenue", "day"),
            "new customers by month": ("new_customers", "month"),
            "AOV by month": ("aov", "month"),
        }[question]
        model = "first_orders" if key == "new_customers" else "orders"
        by = f"{model}.first_on" if key == "new_customers" else f"{model}.ordered_on"
        trueline = Path(sys.executable).parent / "trueline"
        return {
            "Trueline": [
                *(trueline, "series", key, "--grain", grain, "--start", self.start),
                *("--end", self.end, "--home", self.home, "--json"),
            ],
            "MetricFlow": [
                *(self.bin["metricflow"] / "mf", "query", "--metrics", key, "--quiet"),
                *("--group-by", f"metric_time__{grain}", "--order", f"metric_time__{grain}"),
                *("--start-time", self.start, "--end-time", self.last),
                *("--csv", self.dbt / "answer.csv"),
            ],
            "sidemantic": [
                *(self.bin["sidemantic"] / "sidemantic", "query", "--use-preaggregations"),
                *("--models", self.models, "--db", self.files["sidemantic"]),
                *("--metric", f"{model}.{key}", "--dimension", f"{by}__{grain}"),
                *("--filter", f"{by} >= '{self.start}'"),
                *("--filter", f"{by} < '{self.end}'", "--order-by", f"{by}__{grain}"),
            ],
            "SQL": [
                *(sys.executable, HERE / "ask_by_hand.py", self.files["hand"]),
                *(self.start, self.end, question),
            ],
        }

    def once(self, name: str, command: list[str | Path]) -> dict[str, Any]:
        """Run a command in a process of its own: what it took, and its answer."""
        said, errors = self.dbt / "said", self.dbt / "errors"
        wall = time.perf_counter()
        with said.open("w") as out, errors.open("w") as err:
            process = subprocess.Popen(command, cwd=self.dbt, env=self.env, stdout=out, stderr=err)
            _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - wall
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{name} failed:\n{errors.read_text()}")
        answer = self.dbt / "answer.csv" if name == "MetricFlow" else said
        return {
            "wall": wall,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak": usage.ru_maxrss / 1024,
            "rows": _answered(name, answer.read_text()),
        }


def _answered(name: str, text: str) -> list[list[str]]:
    """The rows of a command's answer, as pairs of a day and a value."""
    if name == "Trueline":
        found = json.loads(text, parse_float=Decimal)
        return [[reading["start"], str(reading["value"])] for reading in found]
    lines = list(csv.reader(text.splitlines()))
    return [[day[:10], value] for day, value in (lines if name == "SQL" else lines[1:])]


class Worker:
    """A process that is asked again and again."""

    def __init__(self, command: list[str | Path], where: Shop) -> None:
        self._process = subprocess.Popen(
            command, cwd=where.dbt, env=where.env, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._heard()

    def _heard(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._process.args} stopped without an answer.")
        return line

    def ask(self, question: str) -> dict[str, Any]:
        """What the answer took, and its rows."""
        assert self._process.stdin
        print(question, file=self._process.stdin, flush=True)
        found: dict[str, Any] = json.loads(self._heard())
        return found

    def close(self) -> None:
        """End it, as its questions end."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)


@contextmanager
def asked(where: Shop) -> Iterator[dict[str, Worker]]:
    """The processes, up and ready."""
    with ExitStack() as stack:
        found = {}
        for name, command in where.workers().items():
            found[name] = Worker(command, where)
            stack.callback(found[name].close)
        yield found


def same(question: str, answers: dict[str, list[list[str]]]) -> None:
    """Stop unless all answers are the same: to the cent and the customer, and an average to the
    ninth decimal (a reading shows ten; the peers divide in floating point)."""
    basis = answers["SQL"]
    for name, rows in answers.items():
        if len(rows) != len(basis):
            raise SystemExit(f"{question}: {name} gave {len(rows)} rows, SQL {len(basis)}")
        for (day, value), (its_day, its_value) in zip(rows, basis, strict=True):
            if day != its_day or abs(Decimal(value) - Decimal(its_value)) > Decimal("1e-9"):
                raise SystemExit(
                    f"{question}: {name} says {value} for {day}, SQL {its_value} for {its_day}"
                )


def turns(
    question: str, times: int, ways: dict[str, Callable[[], dict[str, Any]]]
) -> dict[str, dict[str, float]]:
    """Medians of ways that take turns; in a first turn that does not count they must agree."""
    same(question, {name: way()["rows"] for name, way in ways.items()})
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in ways}
    for _ in range(times):
        for name, way in ways.items():
            taken[name].append(way())
    return {
        name: {unit: median(turn[unit] for turn in found) for unit in ("wall", "cpu", "peak")}
        for name, found in taken.items()
    }


def warm(where: Shop) -> dict[str, dict[str, dict[str, float]]]:
    """Each question, asked again of processes that are up."""
    out = {}
    with asked(where) as processes:
        for question in QUESTIONS:
            ways = {
                way: lambda name=name, text=question + more: processes[name].ask(text)
                for way, (name, more) in WAYS.items()
            }
            out[question] = turns(question, WARM, ways)
    return out


def fresh(where: Shop) -> dict[str, dict[str, dict[str, float]]]:
    """Each question, asked by a command in a process of its own."""
    out = {}
    for question in QUESTIONS:
        ways = {
            name: lambda name=name, command=command: where.once(name, command)
            for name, command in where.commands(question).items()
        }
        out[question] = turns(question, FRESH, ways)
    return out


def _table(title: str, found: dict[str, dict[str, dict[str, float]]]) -> None:
    print(f"\n| {title} | | processor time, times ours | clock, times ours | CPU ms | ms | MiB |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for question, ways in found.items():
        ours = ways["Trueline"]
        for name, took in ways.items():
            ratios = (f"{took[unit] / ours[unit]:.1f}" for unit in ("cpu", "wall"))
            times = (f"{took[unit] * 1000:,.1f}" for unit in ("cpu", "wall"))
            print(f"| {' | '.join((question, name, *ratios, *times))} | {took['peak']:,.0f} |")
    sys.stdout.flush()


def measured(orders: int) -> None:
    """Make the shop, and print both tables."""
    with tempfile.TemporaryDirectory() as folder:
        where = Shop(Path(folder), orders)
        print(f"\n{orders:,} orders, {where.start} to {where.last}.")
        _table("warm", warm(where))
        _table("fresh", fresh(where))
        print("\nAll answers were equal.", flush=True)


def main(words: list[str]) -> None:
    """Measure each size."""
    if words[:1] == ["--shop"]:
        shop(*words[1:])
        return
    pins = (HERE / f"{name}.txt" for name in ("metricflow", "sidemantic"))
    lines = {line for pinned in pins for line in pinned.read_text().splitlines()}
    shown = ("dbt-core", "dbt-duckdb", "dbt-metricflow", "metricflow", "sidemantic", "duckdb")
    print(", ".join(sorted(line for line in lines if line.split("==")[0] in shown)))
    for orders in [int(word) for word in words] or SIZES:
        measured(orders)


if __name__ == "__main__":
    main(sys.argv[1:])
