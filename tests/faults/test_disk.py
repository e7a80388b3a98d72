"""A full disk: a plain message, nothing confirmed is lost, and it goes on when there is room."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import trueline

pytestmark = pytest.mark.faults
PROGRAM = Path(__file__).with_name("full_disk.py")
MiB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MiB; skipped where none can be mounted (the limit on files is tested there)."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(home: Path, folder: Path, ballast: Path, limit: int) -> None:
    folder.mkdir()
    command = [sys.executable, str(PROGRAM), str(home), str(folder), str(ballast), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["said"].startswith("There is no room on the disk"), found
    assert "Make room" in found["said"]
    assert found["again"] in ("loaded", "unchanged")
    assert found["confirmed"], "the disk was too small to begin with"
    with trueline.open(home) as tl:
        kept = dict(
            tl.warehouse.rows(
                "SELECT split_part(order_id, '-', 1), count(*) FROM orders GROUP BY 1"
            )
        )
        assert set(kept.values()) == {20_000}
        assert set(found["confirmed"]) < set(kept)


def test_a_full_disk_loses_nothing_that_was_confirmed(tmp_path: Path, small_disk: Path) -> None:
    home = trueline.init(small_disk / "home")
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 12 * MiB)
    fill(home, tmp_path / "files", ballast, 0)


def test_a_file_that_may_not_grow_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    home = trueline.init(tmp_path / "home")
    fill(home, tmp_path / "files", tmp_path / "none", 5 * MiB)
