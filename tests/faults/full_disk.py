"""Run as a program: load into a home until its disk is full, then make room and go on.

    full_disk.py HOME FOLDER BALLAST LIMIT

BALLAST is a file on the home's disk that takes room until it is removed; LIMIT is the largest
file in bytes (0: none), for machines where no small disk can be mounted. Prints JSON.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from trueline.core.errors import TruelineError
from trueline.home import Trueline

ROWS = 20_000


def file_of(folder: Path, number: int) -> Path:
    """A file of orders that do not compress well."""
    file = folder / f"{number}.csv"
    lines = (
        f"o{number}-{n},c{hash((number, n))},2026-01-05T15:00:00Z,{n % 997}.25,USD"
        for n in range(ROWS)
    )
    file.write_text("order_id,customer_id,ordered_at,amount,currency\n" + "\n".join(lines) + "\n")
    return file


def main() -> None:
    """Fill, make room, go on."""
    home, folder, ballast = map(Path, sys.argv[1:4])
    limit = int(sys.argv[4])
    confirmed, said = [], ""
    with Trueline(home) as tl:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        for number in range(60):
            file = file_of(folder, number)
            try:
                tl.load("orders", file)
            except TruelineError as error:
                said = str(error)
                break
            confirmed.append(f"o{number}")
        if limit:
            whole = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.setrlimit(resource.RLIMIT_FSIZE, whole)
        ballast.unlink(missing_ok=True)
        again = tl.load("orders", file)
        print(json.dumps({"confirmed": confirmed, "said": said, "again": again.status}))


if __name__ == "__main__":
    main()
