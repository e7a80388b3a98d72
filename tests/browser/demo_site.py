"""The demo company's server, started and stopped by tests; and another person who writes to it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import demo_server


class Served:
    """A company's server in a process of its own; it can go away and come back."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Serve, at the same address as before."""
        script = str(Path(demo_server.__file__))
        self._process = subprocess.Popen(
            [sys.executable, script, str(self.home), str(self.port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.base = self._process.stdout.readline().strip()
        assert self.base.startswith("http://"), "The server did not start; see above."
        self.port = int(self.base.rpartition(":")[2])

    def stop(self) -> None:
        """Go away."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None


def record_cost(site: Served, amount: float, **words: str) -> None:
    """Record a cost, as another person would."""
    body = {"cost_type": "marketing", "amount": amount, "cost_date": "2026-11-20", **words}
    request = urllib.request.Request(
        f"{site.base}/api/kpi/costs",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201
