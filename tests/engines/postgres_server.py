"""A real PostgreSQL of the tests' own: started in a temporary folder, stopped at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path


def binaries() -> Path | None:
    """The folder with ``initdb`` and ``pg_ctl``; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if found:
        return found[-1].parent
    beside = shutil.which("pg_ctl")
    return Path(beside).parent if beside else None


class Server:
    """One cluster on a free port; its time zone is none that a test company uses."""

    def __init__(self) -> None:
        folder = binaries()
        assert folder is not None
        self._bin = folder
        self.folder = Path(tempfile.mkdtemp(prefix="trueline-postgres-"))
        self._as: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = ["runuser", "-u", "postgres", "--"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        data = str(self.folder / "data")
        secret = self.folder / "secret"
        secret.write_text("secret")
        secret.chmod(0o644)
        self._run(
            "initdb", "-D", data, "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}",
            "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        self.start()

    def _run(self, tool: str, *words: str) -> None:
        # To files: a server that inherits a pipe would keep it open.
        with (self.folder / "said").open("w") as said:
            done = subprocess.run(
                [*self._as, str(self._bin / tool), *words],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                check=False,
            )
        assert done.returncode == 0, (self.folder / "said").read_text()

    def start(self) -> None:
        """Start (again)."""
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off "
            "-c timezone=Asia/Kathmandu -c shared_buffers=64MB -c synchronous_commit=off "
            "-c full_page_writes=off"
        )
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-t", "60",
            "-l", str(self.folder / "log"), "-o", options, "start",
        )  # fmt: skip

    def stop(self, how: str = "immediate") -> None:
        """Stop, without waiting for anybody."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", how, "-w", "stop")

    def url(self, schema: str = "trueline", user: str = "owner:secret") -> str:
        """Where it is."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/postgres?schema={schema}"

    def close(self) -> None:
        """Stop it and take its files away."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
