"""One pass over a file's bytes before anything is parsed: its hash, and what no parser forgives."""

from __future__ import annotations

import codecs
import hashlib
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from trueline.core.errors import InputError
from trueline.facts.load.report import Progress
from trueline.facts.load.sources import CHUNK, LONGEST_LINE, not_text, open_bytes

MOST_BYTES = 200 * 1024**3
"""Decompressed bytes a file may hold."""


FORMS = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".ndjson.gz": "ndjson",
    ".jsonl.gz": "ndjson",
    ".parquet": "parquet",
}

_AS_CSV = "Save its sheet as CSV UTF-8 (File, Save As), and load that file."
_SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers")
_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet", _AS_CSV),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet", _AS_CSV),
    (b"%PDF", "a PDF", "Save the table as CSV."),
    (b"PAR1", "a Parquet file", "Give it the ending .parquet."),
    (b"\x1f\x8b", "compressed by gzip", "Give it the ending .gz."),
)


def form_of(path: Path) -> str:
    """csv, ndjson or parquet, by the file's ending. Raises InputError where it is another."""
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty.", "Its first line names the columns.")
    name = path.name.lower()
    form = next((form for ending, form in FORMS.items() if name.endswith(ending)), None)
    if form is None:
        raise unknown_form(path.name, FORMS)
    with path.open("rb") as stream:
        start = stream.read(4)
    if form == "parquet":
        if start != b"PAR1":
            raise InputError(f"{path.name} is not a Parquet file.", "Give it its right ending.")
    else:
        _check_magic(path, start, packed=name.endswith(".gz"))
    return form


def unknown_form(name: str, known: Iterable[str]) -> InputError:
    """The error of a file whose ending is none of those known."""
    if name.lower().endswith(_SPREADSHEETS):
        return InputError(f"{name[:80]} is a spreadsheet.", _AS_CSV)
    return InputError(
        f"{name[:80]} has no known ending.", f"Files end in one of: {', '.join(known)}."
    )


def _check_magic(path: Path, start: bytes, *, packed: bool) -> None:
    if packed:
        if start[:2] != b"\x1f\x8b":
            raise InputError(f"{path.name} is not compressed by gzip.", "Take .gz off its name.")
        return
    for magic, what, fix in _MAGIC:
        if start.startswith(magic):
            raise InputError(f"{path.name} is {what}.", fix)


@dataclass(frozen=True)
class Scan:
    """What the pass found: sha256 of the content as parsed, and its size in bytes."""

    digest: str
    size: int


class _Text:
    """Checks bytes for UTF-8, NUL and endless lines, chunk by chunk."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._seen = 0
        self._line = 0

    def take(self, chunk: bytes, final: bool = False) -> None:
        if not chunk.isascii() or final or self._decoder.getstate()[0]:
            self._decode(chunk, final)
        if b"\0" in chunk:
            at = self._seen + chunk.index(b"\0")
            raise InputError(
                f"The file holds a NUL at byte {at}: it is no text.", "Save it as UTF-8."
            )
        self._measure(chunk)
        self._seen += len(chunk)

    def _decode(self, chunk: bytes, final: bool) -> None:
        held = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            raise not_text(self._seen - held + error.start) from None

    def _measure(self, chunk: bytes) -> None:
        first = chunk.find(b"\n")
        if first < 0:
            first = chunk.find(b"\r")
        length = self._line + (len(chunk) if first < 0 else first)
        if length > LONGEST_LINE:
            raise InputError("A line is longer than 1 MiB.", "Check the file's line endings.")
        last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        self._line = length if last < 0 else len(chunk) - last - 1


def scan(path: Path, *, text: bool, progress: Callable[[Progress], None] | None) -> Scan:
    """Read the file once. Raises InputError where it is not UTF-8 text (when ``text``)."""
    total = path.stat().st_size
    digest = hashlib.sha256()
    checks = _Text() if text else None
    size = 0
    try:
        with open_bytes(path) as stream:
            while chunk := stream.read(CHUNK):
                if size == 0 and checks and chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
                    raise not_text(0)
                digest.update(chunk)
                size += len(chunk)
                if size > MOST_BYTES:
                    raise InputError("The file is too large once decompressed.", "Split it.")
                if checks:
                    checks.take(chunk)
                if progress:
                    progress(Progress("checking", min(size, total) if total else 0, total, "bytes"))
        if checks:
            checks.take(b"", final=True)
    except (EOFError, zlib.error, OSError) as error:
        raise InputError(f"{path.name} could not be read safely: {error}.") from None
    return Scan(digest.hexdigest(), size)
