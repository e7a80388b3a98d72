"""What the embedded engine says when it cannot go on, in words that help."""

from __future__ import annotations

import re

from trueline.core.errors import AwayError, TruelineError
from trueline.warehouse.duckdb_core import core

_FULL = re.compile(
    r"No space left|max_temp_directory_size|File too large|Disk quota", re.IGNORECASE
)
_ENDED = re.compile(r"database has been invalidated|Connection already closed", re.IGNORECASE)


def fatal(error: BaseException) -> bool:
    """Whether the database answers nothing any more until its file is opened again."""
    return isinstance(error, core.FatalException) or (
        isinstance(error, core.Error) and bool(_ENDED.search(str(error)))
    )


def in_words(error: BaseException, address: str) -> TruelineError | None:
    """The error for a person; None where it has no better words than its own.

    After a fatal error what was being written may or may not have been kept: loading it again
    settles it, as what is there already is known by its content.
    """
    if not isinstance(error, core.Error):
        return None
    said = str(error).splitlines()[0][:200]
    if _FULL.search(str(error)):
        return AwayError(
            f"There is no room on the disk of {address}: {said}.",
            "Make room and do it again: what was confirmed is kept.",
        )
    if fatal(error):
        return AwayError(
            f"The warehouse {address} failed and is opened again: {said}.",
            "Try again; `trueline doctor` says whether all is well.",
        )
    return None
