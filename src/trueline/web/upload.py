"""Files sent by a browser or a program: streamed to disk within a cap, under our own name.

Compressed formats can hold far more than they weigh, so they are measured first in a child
process that has little memory and time.
"""

from __future__ import annotations

import hashlib
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import File, parse_options_header

from trueline.core.errors import InputError
from trueline.facts.load.scan import unknown_form
from trueline.home import Trueline
from trueline.web.body import MediaTypeError, TooLargeError

SUFFIXES = (".csv", ".csv.gz", ".ndjson", ".jsonl", ".ndjson.gz", ".parquet")
LARGEST_UNPACKED = 4 * 1024**3
_CHECK_SECONDS = 60

UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "mapping": {"type": "string", "description": "a mapping, as TOML"},
                        "keep_good": {"type": "boolean", "default": False},
                        "full": {"type": "boolean", "default": False},
                    },
                }
            }
        },
    }
}


@dataclass
class Received:
    """An upload on disk, under a name made here; ``name`` is what the sender called it."""

    path: Path
    name: str
    mapping: Path | None
    keep_good: bool
    full: bool
    digest: str
    fields: dict[str, str]
    """The form's other fields, where some were expected."""

    def discard(self) -> None:
        """Remove what was received."""
        self.path.unlink(missing_ok=True)
        if self.mapping is not None:
            self.mapping.unlink(missing_ok=True)


async def receive(request: Request, tl: Trueline, also: tuple[str, ...] = ()) -> Received:
    """Take a multipart upload; ``also`` are fields that its form has beside the file's own.

    Raises TooLargeError, MediaTypeError or InputError.
    """
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        raise MediaTypeError(
            "The body is no multipart form.", "Send the file as form field 'file'."
        )
    folder = tl.home / "uploads"
    folder.mkdir(exist_ok=True)
    fields, file = await _parsed(request, folder, tl.settings.server.max_upload_bytes)
    try:
        others = {name: fields.pop(name) for name in also if name in fields}
        found = _received(fields, file, folder)
        found.fields = others
        return found
    finally:
        if file is not None:
            file.close()


async def _parsed(request: Request, folder: Path, most: int) -> tuple[dict[str, str], File | None]:
    fields: dict[str, str] = {}
    files: list[File] = []

    def on_field(field: Any) -> None:
        fields[field.field_name.decode()] = (field.value or b"").decode()

    config = {"UPLOAD_DIR": str(folder), "UPLOAD_KEEP_FILENAME": False, "MAX_MEMORY_FILE_SIZE": 0}
    _, options = parse_options_header(request.headers["content-type"])
    try:
        parser = FormParser(
            "multipart/form-data", on_field, files.append, boundary=options.get(b"boundary"),
            config=config,
        )  # fmt: skip
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise TooLargeError(f"The upload is larger than {most:,} bytes.", "Split the file.")
            parser.write(chunk)
        parser.finalize()
    except (FormParserError, UnicodeDecodeError) as error:
        raise InputError(
            f"The form cannot be read: {error}.", "Send multipart/form-data."
        ) from None
    named = next((f for f in files if f.field_name == b"file"), None)
    for other in files:
        if other is not named:
            other.close()
    return fields, named


def _received(fields: dict[str, str], file: File | None, folder: Path) -> Received:
    unknown = sorted(set(fields) - {"mapping", "keep_good", "full"})
    if unknown:
        raise InputError(f"The form has unknown fields: {', '.join(unknown)[:200]}.")
    if file is None:
        raise InputError("The form has no field 'file'.", "Send the file as form field 'file'.")
    keep_good, full = _flag(fields, "keep_good"), _flag(fields, "full")
    name = (file.file_name or b"upload.csv").decode("utf-8", "replace").replace("\\", "/")
    name = name.rsplit("/", 1)[-1]
    suffix = next(
        (s for s in sorted(SUFFIXES, key=len, reverse=True) if name.lower().endswith(s)), None
    )
    if suffix is None:
        raise unknown_form(name, SUFFIXES)
    name = name[:200]
    path = folder / f"{secrets.token_hex(12)}{suffix}"
    mapping = path.with_name(f"{path.name}.toml") if "mapping" in fields else None
    # What was asked, without the form's boundary: a client draws a new one for each try.
    digest = hashlib.sha256(repr((name, sorted(fields.items()))).encode())
    found = Received(path, name, mapping, keep_good, full, "", {})
    try:
        _keep(file, path, digest)
        examine(path)
        if mapping is not None:
            mapping.write_text(fields["mapping"], encoding="utf-8")
    except BaseException:  # whatever it is, nothing is left on the disk
        found.discard()
        raise
    found.digest = digest.hexdigest()
    return found


def _keep(file: File, path: Path, digest: Any) -> None:
    file.file_object.seek(0)
    with path.open("wb") as out:
        while block := file.file_object.read(1 << 20):
            digest.update(block)
            out.write(block)


def _flag(fields: dict[str, str], name: str) -> bool:
    text = fields.get(name, "false").strip().lower()
    if text not in ("true", "false", "1", "0", "on", "off"):
        raise InputError(f"{name} is '{text[:20]}'.", "Send true or false.")
    return text in ("true", "1", "on")


def examine(path: Path) -> None:
    """Measure a compressed file in a child process. Raises InputError where it is not safe."""
    if not path.name.endswith((".gz", ".parquet")):
        return
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            [sys.executable, "-m", "trueline.web.measure", str(path), str(LARGEST_UNPACKED)],
            capture_output=True,
            text=True,
            timeout=_CHECK_SECONDS,
            check=False,
        )
        problem = done.stdout.strip() if done.returncode == 0 else "it breaks the reader"
    except subprocess.TimeoutExpired:
        problem = "it takes too long to unpack"
    if problem:
        path.unlink(missing_ok=True)
        raise InputError(f"The file could not be read safely: {problem}.", "Send it as plain CSV.")
