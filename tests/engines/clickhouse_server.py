"""A ClickHouse server of the tests' own (see ``clickhouse_http``): started, killed, restarted."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ZONE = "Asia/Kathmandu"
"""Where the server's clock is: a zone that no test company has."""


class ClickHouseServer:
    """One server on a free port, its data in a folder that outlives it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="trueline-clickhouse-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        """Start (again)."""
        program = Path(__file__).with_name("clickhouse_http.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program), str(self.folder / "data"), str(self.port)],
            stdout=subprocess.PIPE,
            env=os.environ | {"TZ": ZONE},
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        """As if the power went."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def url(self, database: str, user: str = "owner:secret") -> str:
        """Where a database of it is."""
        return f"clickhouse://{user}@127.0.0.1:{self.port}/{database}"

    def close(self) -> None:
        """Stop it and take its files away."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
