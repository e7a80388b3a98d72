"""Loading into a PostgreSQL warehouse against COPY of the same file into the same table.

    python -m benchmarks.postgres [ROWS ...]      1,000,000 where none is given

A PostgreSQL server of its own is started, with its defaults (a commit is on the disk) but for
256 MB of shared buffers. Each load and each copy is a process of its own, into a schema of its
own with the same typed, keyed and indexed table; they take turns, and the median counts. *Bare*
is the same COPY into the table's columns without a key or an index. Processor time is the
client's (all threads) and the server's (every process of it); memory is the client's.
"""

from __future__ import annotations

import json
import os
import platform
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.loading import ORDERS, Watch

if TYPE_CHECKING:
    import psycopg

SIZES = (1_000_000,)
TURNS = 3
COLUMNS = "order_id, customer_id, ordered_at, amount, tax, currency, channel"
OPTIONS = ("shared_buffers=256MB", "max_wal_size=4GB", "listen_addresses=127.0.0.1")


def binaries() -> Path:
    """The folder with ``initdb`` and ``pg_ctl``."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    beside = shutil.which("pg_ctl")
    if not found and not beside:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent if found else Path(str(beside)).parent


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """A server that is gone afterwards: its URL, and the process that is the parent of its own."""
    with tempfile.TemporaryDirectory(prefix="trueline-bench-") as name:
        folder, user = Path(name), []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
            user = ["runuser", "-u", "postgres", "--"]
        data = folder / "data"

        def run(tool: str, *words: str | Path) -> None:
            command = [*user, str(binaries() / tool), "-D", str(data), *map(str, words)]
            with (folder / "said").open("w") as said:
                subprocess.run(command, check=True, cwd="/", stdout=said, stderr=said)

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = " ".join(f"-c {option}" for option in (f"port={port}", *OPTIONS))
        run("initdb", "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        run("pg_ctl", "-w", "-l", folder / "log", "-o", f"{options} -k {folder}", "start")
        try:
            process = int((data / "postmaster.pid").read_text().split()[0])
            yield f"postgresql://owner@127.0.0.1:{port}/postgres", process
        finally:
            run("pg_ctl", "-m", "fast", "-w", "stop")


def served(process: int) -> float:
    """Processor seconds of a server's processes: those that run, and those that have ended."""
    import psutil

    parent = psutil.Process(process)
    own = parent.cpu_times()
    total: float = own.user + own.system + own.children_user + own.children_system
    return total + sum(sum(child.cpu_times()[:2]) for child in parent.children())


def load(url: str, folder: Path, file: Path) -> dict[str, float]:
    """Load the file; what it took this process."""
    import trueline
    from trueline.facts.load import load_file
    from trueline.home import Trueline

    home = trueline.init(folder / "home")
    with (home / "trueline.toml").open("a") as settings:
        settings.write(f"\n[warehouse]\nurl = {json.dumps(url)}\n")
    with Trueline(home) as tl:
        with Watch() as watch:
            report = load_file(tl.warehouse, tl.settings, "orders", file, rejects_folder=folder)
        assert report.read == report.accepted, report
        return {**watch.took, "rows": report.accepted}


def copy(url: str, folder: Path, file: Path) -> dict[str, float]:
    """COPY the file into the table that a load fills."""
    return _copied(url, folder, file, "orders")


def bare(url: str, folder: Path, file: Path) -> dict[str, float]:
    """COPY the file into a table of the same types with no key and no index."""
    return _copied(url, folder, file, "bare")


def _copied(url: str, folder: Path, file: Path, table: str) -> dict[str, float]:
    from trueline.settings import WarehouseSettings
    from trueline.warehouse.postgres import PostgresWarehouse

    warehouse = PostgresWarehouse(url, WarehouseSettings(), folder)
    with warehouse.connect() as session:
        if table == "bare":
            session.execute("CREATE TABLE bare (LIKE orders)")
        statement = f"COPY {table} ({COLUMNS}) FROM STDIN (FORMAT csv, HEADER true)"
        with Watch() as watch:
            _sent(session, statement, file)
        found = session.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    warehouse.close()
    return {**watch.took, "rows": found[0] if found else 0}


def _sent(session: psycopg.Connection[Any], statement: str, file: Path) -> None:
    with (
        session.transaction(),
        session.cursor().copy(statement.encode()) as sent,
        file.open("rb") as rows,
    ):
        while piece := rows.read(1 << 20):
            sent.write(piece)


WAYS: dict[str, Callable[[str, Path, Path], dict[str, float]]] = {
    way.__name__: way for way in (bare, copy, load)
}


def turn(way: str, number: int, address: str, process: int, file: Path) -> dict[str, float]:
    """One way in a process of its own, into a schema of its own: both sides' processor time."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as session:
        session.execute("CHECKPOINT")
    url = f"{address}?schema={way}_{number}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.postgres", "--child", way, url, folder]
        with (Path(folder) / "said").open("w+") as said:
            client = subprocess.Popen([*command, str(file), str(process)], stdout=said)
            _, status, usage = os.wait4(client.pid, 0)
            client.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            text = said.read()
        assert client.returncode == 0, text
    with psycopg.connect(address, autocommit=True) as session:
        session.execute(f"DROP SCHEMA {way}_{number} CASCADE".encode())
    found: dict[str, float] = json.loads(text)
    return {**found, "peak": usage.ru_maxrss / 1024}


def child(way: str, url: str, folder: str, file: str, process: str) -> None:
    """Run one way here and print what it took; the server's part is what it spent meanwhile."""
    before = served(int(process))
    found = WAYS[way](url, Path(folder), Path(file))
    print(json.dumps({**found, "server": served(int(process)) - before}), flush=True)


def measure(rows: int, folder: Path) -> None:
    """Print the table's rows for one size."""
    import duckdb

    file = folder / f"orders-{rows}.csv"
    with duckdb.connect() as connection:
        connection.execute(ORDERS.format(rows=rows, path=file, format="csv"))
    taken: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    with server() as (address, process):
        for number in range(TURNS):
            for way, found in taken.items():
                found.append(turn(way, number, address, process, file))
                assert found[-1]["rows"] == rows, (way, found)
    for way, found in taken.items():
        both = [f["cpu"] + f["server"] for f in found]
        basis = [f["cpu"] + f["server"] for f in taken["copy"]]
        ratio = median(a / b for a, b in zip(both, basis, strict=True))
        clock = median(
            a["seconds"] / b["seconds"] for a, b in zip(found, taken["copy"], strict=True)
        )
        client, service, seconds = (
            median(f[unit] for f in found) for unit in ("cpu", "server", "seconds")
        )
        peak = max(f["peak"] for f in found)
        print(
            f"| {rows:,} | {way} | {ratio:.2f} | {clock:.2f} | {client:.2f} | {service:.2f} "
            f"| {seconds:.2f} | {rows / seconds / 1e6:.2f} | {peak:,.0f} |",
            flush=True,
        )


def main(words: list[str]) -> None:
    """Measure each size and print a table."""
    if words[:1] == ["--child"]:
        child(*words[1:])
        return
    version = subprocess.run([binaries() / "postgres", "--version"], capture_output=True, text=True)
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"{version.stdout.strip()}\n"
    )
    heads = (
        *("rows", "way", "CPU of both, times COPY", "clock, times COPY", "client CPU s"),
        *("server CPU s", "seconds", "million rows/s", "client peak MiB"),
    )
    print(f"| {' | '.join(heads)} |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    for rows in [int(word) for word in words] or SIZES:
        with tempfile.TemporaryDirectory() as folder:
            measure(rows, Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
