"""Calculators against a bare FastAPI route: requests a second of the server's CPU.

    python -m benchmarks.api [SECONDS]

Two servers run beside each other, each a process with one worker: the product on an empty company,
and a FastAPI application with one route that takes the same body as a model and returns the same
six fields as a dictionary. They are asked in turns, by 1, 100 and 1,000 connections that keep open
and send the next request as soon as the last one is answered; what counts is the server's own CPU
time, so that the client's costs and the machine's other work stay out of it. Then: the CPU of a
batch of 1,000 calculations and of a forecast, warm, each the median of several.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

import trueline
from trueline.catalog.calculate import calculators
from trueline.core.reading import dumps
from trueline.home import Trueline
from trueline.web.jobs import Jobs

CONNECTIONS = (1, 100, 1000)
ROUNDS = 5
ARPU = {"total_revenue": 50000.0, "total_users": 1000, "time_frame": "monthly"}
PREDICT = {
    "metric_name": "churn_rate",
    "historical_values": [5.0, 4.8, 4.5, 4.3, 4.0, 3.8, 3.5],
    "timestamps": [f"2024-0{month}-01T00:00:00" for month in range(1, 8)],
    "periods_ahead": 3,
}
BARE = """
import sys
from datetime import UTC, datetime
from typing import Literal
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field

class Arpu(BaseModel):
    total_revenue: float
    total_users: int = Field(gt=0)
    time_frame: Literal["daily", "weekly", "monthly", "quarterly", "yearly"] = "monthly"

app = FastAPI()

@app.post("/metrics/arpu")
async def arpu(body: Arpu):
    value = body.total_revenue / body.total_users
    return {
        "metric_name": "ARPU", "value": value, "unit": "currency",
        "interpretation": f"Average revenue per user: ${value:,.2f} per {body.time_frame}",
        "benchmark": "none", "timestamp": datetime.now(UTC).isoformat(),
    }

uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
"""


def request_of(path: str, body: object) -> bytes:
    """A whole HTTP request."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


class Connection(asyncio.Protocol):
    """Sends the same request again and again; counts the answers."""

    def __init__(self, message: bytes, until: float, most: int | None = None) -> None:
        self.message, self.until, self.most = message, until, most
        self.answered = self.failed = 0
        self.data = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.message)

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, found, rest = self.data.partition(b"\r\n\r\n")
        if not found:
            return
        fields = head.lower().split(b"content-length: ", 1)[1]
        if len(rest) < int(fields.split(b"\r\n", 1)[0]):
            return
        self.answered += 1
        self.failed += not head.startswith(b"HTTP/1.1 200")
        self.data = b""
        if time.monotonic() >= self.until or self.answered == self.most:
            self.transport.close()
        else:
            self.transport.write(self.message)

    def connection_lost(self, exc: Exception | None) -> None:
        self.failed += exc is not None or bool(self.data)
        self.over.set_result(None)


async def load(port: int, message: bytes, connections: int, seconds: float) -> tuple[int, int]:
    """How many requests were answered, and how many failed."""
    loop = asyncio.get_running_loop()
    until = time.monotonic() + seconds
    made = []
    for _ in range(connections):
        _, protocol = await loop.create_connection(
            lambda: Connection(message, until), "127.0.0.1", port
        )
        made.append(protocol)
    await asyncio.gather(*(each.over for each in made))
    return sum(each.answered for each in made), sum(each.failed for each in made)


def cpu(server: psutil.Process) -> float:
    """Seconds of CPU that a process has used."""
    times = server.cpu_times()
    return float(times.user + times.system)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def settled(server: psutil.Process) -> psutil.Process:
    """The server, once it has done what it does at its start: it evaluates dashboards ahead."""
    for _ in range(300):
        before = cpu(server)
        time.sleep(1)
        if cpu(server) - before < 0.02:
            break
    return server


@contextmanager
def serving(command: list[str], port: int) -> Iterator[psutil.Process]:
    """A server as a process of its own, once it answers."""
    quiet = {**os.environ, "LOG_LEVEL": "warning"}  # as the bare route, which logs nothing
    process = subprocess.Popen(command, env=quiet, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the server stopped"
            time.sleep(0.1)
        yield settled(psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(30)


def compared(servers: dict[str, tuple[psutil.Process, int]], seconds: float) -> None:
    """The table of both servers, asked in turns."""
    message = request_of("/metrics/arpu", ARPU)
    for _, port in servers.values():
        asyncio.run(load(port, message, 10, 1))
    print("| connections | bare route, requests a CPU s | calculator | ratio | failed |")
    print("|---:|---:|---:|---:|---:|")
    for connections in CONNECTIONS:
        rates: dict[str, list[float]] = {name: [] for name in servers}
        failed = 0
        for _ in range(ROUNDS):
            for name, (process, port) in servers.items():
                before = cpu(process)
                answered, wrong = asyncio.run(load(port, message, connections, seconds))
                rates[name].append(answered / (cpu(process) - before))
                failed += wrong
        bare, ours = (statistics.median(rates[name]) for name in ("bare", "trueline"))
        ratio = statistics.median(
            b / a for a, b in zip(rates["bare"], rates["trueline"], strict=True)
        )
        print(f"| {connections:,} | {bare:,.0f} | {ours:,.0f} | {ratio:.2f} | {failed} |")


def spent(process: psutil.Process, port: int, path: str, body: object, times: int) -> float:
    """Milliseconds of the server's CPU a request, warm."""
    message = request_of(path, body)

    async def ask() -> None:
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(
            lambda: Connection(message, float("inf"), times), "127.0.0.1", port
        )
        await protocol.over
        assert not protocol.failed, path

    asyncio.run(ask())
    taken = []
    for _ in range(ROUNDS):
        before = cpu(process)
        asyncio.run(ask())
        taken.append(1000 * (cpu(process) - before) / times)
    return statistics.median(taken)


def batches() -> dict[str, dict[str, object]]:
    """Batches of 1,000: of one calculator, of one with an interval, and of all in turn."""
    nps = {"promoters": 500, "passives": 300, "detractors": 200}
    every = [
        {"metric": name, "inputs": of.calculators()[0].example}
        for name, of in calculators().items()
    ]
    return {
        "ARPU": {"calculations": [{"metric": "arpu", "inputs": ARPU}] * 1000},
        "NPS": {"calculations": [{"metric": "nps", "inputs": nps}] * 1000},
        f"{len(every)} calculators in turn": {
            "calculations": [every[n % len(every)] for n in range(1000)]
        },
    }


def errors_in(port: int, batch: dict[str, object]) -> list[object]:
    """What a batch's calculations are refused for: a refusal is no calculation."""
    url = f"http://127.0.0.1:{port}/metrics/batch"
    head = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, dumps(batch).encode(), head)
    with urllib.request.urlopen(request) as answer:
        return [one["error"] for one in json.load(answer)["results"] if one["error"]]


def main(seconds: float = 2) -> None:
    """Run both servers and measure."""
    with tempfile.TemporaryDirectory() as folder:
        home = trueline.init(Path(folder) / "home")
        with Trueline(home) as tl:  # the daily job is due: done before, not while measuring
            Jobs(tl).run_due(datetime.now(UTC))
        ports = {"bare": free_port(), "trueline": free_port()}
        serve = ["-m", "trueline.cli", "serve", "--home", str(home), "--port"]
        with (
            serving([sys.executable, "-c", BARE, str(ports["bare"])], ports["bare"]) as bare,
            serving([sys.executable, *serve, str(ports["trueline"])], ports["trueline"]) as ours,
        ):
            servers = {"bare": (bare, ports["bare"]), "trueline": (ours, ports["trueline"])}
            compared(servers, seconds)
            print()
            for name, batch in batches().items():
                refused = errors_in(ports["trueline"], batch)
                assert not refused, refused[:3]
                found = spent(*servers["trueline"], "/metrics/batch", batch, 20)
                print(f"1,000 calculations in a batch, {name}: {found:.0f} ms of CPU")
            found = spent(*servers["trueline"], "/predict/metric", PREDICT, 50)
            print(f"a forecast (seven points): {found:.1f} ms of CPU")
            year = {"metric_name": "mrr", "periods_ahead": 12, "season_length": 12}
            long = year | {"historical_values": [100 + n + 9 * (n % 12) for n in range(60)]}
            found = spent(*servers["trueline"], "/predict/metric", long, 20)
            print(f"a forecast (60 months, a season, 12 ahead): {found:.1f} ms of CPU")


if __name__ == "__main__":
    main(*(float(word) for word in sys.argv[1:]))
