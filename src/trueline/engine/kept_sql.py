"""Compiled queries, kept between processes: compiling one costs more than running it.

What is kept holds for one state of the code that makes queries. A query is named by all that
shapes it, as within a process.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from trueline.core.kept import KeptTexts, kept_in, release

_MADE_BY = ("catalog", "engine", "facts", "warehouse")
_WRITERS = (("ibis", "ibis-framework"), ("sqlglot", "sqlglot"))


def kept() -> KeptTexts:
    """The queries kept for this state of the code."""
    return kept_in("queries", made_by())


@cache
def made_by() -> str:
    """A digest of all that makes queries: our own code, and the libraries that write SQL."""
    digest = hashlib.sha256()
    for module, name in _WRITERS:
        digest.update(release(module, name).encode())
    root = Path(__file__).parent.parent
    for folder in _MADE_BY:
        for place, folders, files in os.walk(root / folder):
            folders.sort()
            for file in sorted(files):
                if file.endswith(".py"):
                    path = os.path.join(place, file)  # noqa: PTH118  a hundred paths take longer
                    digest.update(path[len(str(root)) :].replace(os.sep, "/").encode())
                    digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16]
