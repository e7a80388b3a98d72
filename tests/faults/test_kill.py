"""kill -9 at random moments: what was confirmed is there, nothing is half there, the home opens."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

import trueline

pytestmark = pytest.mark.faults
SOAK = bool(os.environ.get("TRUELINE_SOAK"))
VICTIM = Path(__file__).with_name("victim.py")


def rounds_of(tmp_path: Path, kind: str, rounds: int) -> tuple[int, list[dict[str, Any]]]:
    home = trueline.init(tmp_path / "home")
    seed = random.randrange(10**6)
    command = [sys.executable, str(VICTIM), str(home), str(tmp_path), kind, str(rounds), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (seed, done.stdout[-500:], done.stderr[-3000:])
    return seed, [json.loads(line) for line in done.stdout.splitlines()]


def check_books(seed: int, found: dict[str, Any]) -> None:
    """Every row belongs to a load of the ledger, and the roll-up counts what is there."""
    assert found["unknown loads"] == 0, (seed, found)
    assert found["accepted"] == found["kept"], (seed, found)
    assert Decimal(found["sum"]) == Decimal(found["rolled"]), (seed, found)


def test_a_load_killed_at_any_moment_is_whole_or_not_there(tmp_path: Path) -> None:
    seed, rounds = rounds_of(tmp_path, "load", 101 if SOAK else 31)
    confirmed: set[str] = set()
    for found in rounds:
        confirmed |= {f"o{n}" for n in found["confirmed"]}
        orders = {key: count for key, count in found["orders"].items() if key != "same"}
        assert set(orders.values()) <= {1499}, (seed, found)
        assert confirmed <= set(orders), (seed, found)
        check_books(seed, found)
    killed = [len(found["confirmed"]) for found in rounds[1:]]
    assert min(killed) < 3, "no process was killed while it loaded"


def test_what_was_recorded_and_confirmed_survives_a_kill(tmp_path: Path) -> None:
    seed, rounds = rounds_of(tmp_path, "record", 101 if SOAK else 9)
    confirmed: set[str] = set()
    for found in rounds:
        confirmed |= {f"k{n}" for n in found["confirmed"]}
        assert confirmed <= set(found["costs"]), (seed, found)
        assert len(found["costs"]) == len(set(found["costs"])), (seed, found)
        check_books(seed, found)


class Server:
    """``trueline serve`` as a process of its own."""

    def __init__(self, home: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "trueline.cli",
            "serve",
            "--port",
            "0",
            "--home",
            str(home),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        address = home / "server.json"
        until = time.monotonic() + 300
        while True:
            try:
                found = json.loads(address.read_text(encoding="utf-8"))
                if found["pid"] == self.process.pid:
                    break
            except (OSError, ValueError):
                pass
            assert time.monotonic() < until, "the server does not start"
            assert self.process.poll() is None, (self.process.stderr or sys.stdin).read()
            time.sleep(0.05)
        headers = {"Authorization": f"Bearer {found['token']}"}
        self.client = httpx.Client(base_url=found["url"], headers=headers, timeout=30)

    def kill(self) -> None:
        self.client.close()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()


def test_a_cost_confirmed_by_a_server_survives_its_kill_and_a_retry_makes_no_second(
    tmp_path: Path,
) -> None:
    home = trueline.init(tmp_path / "home")
    answered: list[str] = []
    last: tuple[str, dict[str, Any]] | None = None
    for turn in range(10 if SOAK else 2):
        server = Server(home)
        try:
            if last is not None:  # what became of the last request is not known: it is repeated
                key, body = last
                again = server.client.post(
                    "/api/kpi/costs", json=body, headers={"Idempotency-Key": key}
                )
                assert again.status_code in (200, 201, 409), again.text
            for n in range(1000):
                key = f"turn{turn}-{n}"
                body = {
                    "cost_type": "sales",
                    "amount": 1,
                    "cost_date": "2026-01-05",
                    "description": key,
                }
                last = key, body
                if n == 3:
                    break
                answer = server.client.post(
                    "/api/kpi/costs", json=body, headers={"Idempotency-Key": key}
                )
                assert answer.status_code in (200, 201), answer.text
                answered.append(key)
        finally:
            server.kill()
    with trueline.open(home) as tl:
        kept = [d for (d,) in tl.warehouse.rows("SELECT description FROM costs")]
    assert set(answered) <= set(kept)
    assert len(kept) == len(set(kept))
