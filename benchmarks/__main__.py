"""Run the measurements, each in a process of its own: ``python -m benchmarks [NAME ...]``."""

from __future__ import annotations

import subprocess
import sys

MEASUREMENTS = ("loading", "engine", "api")
"""What ``make bench`` runs. The others take minutes or a file of their own: run them by name."""


def main(names: list[str]) -> int:
    """Run the named measurements (all of them where none is named); 1 where one failed."""
    failed = [name for name in names or MEASUREMENTS if not _runs(name)]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _runs(name: str) -> bool:
    print(f"\n## {name}\n", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
