"""Files sent by a browser or a program: streamed to disk within a cap, under our own name.

Compressed formats can hold far more than they weigh, so they are measured first in a child
process that has little memory and time.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from python_multipart.multipart import parse_options_header

from trueline.core.errors import InputError
from trueline.home import Trueline
from trueline.web import measure
from trueline.web.body import MediaTypeError
from trueline.web.context import run
from trueline.web.multipart import Form

_OURS = ("mapping", "keep_good", "full")
LARGEST_UNPACKED = 4 * 1024**3
MEASURE = (sys.executable, "-P", measure.__file__)
"""As a file, not as a module of ours: that would import all of the web for each upload."""
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

    Raises TooLargeError, MediaTypeError or InputError. A sender who goes away in the middle
    leaves nothing on the disk.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        raise MediaTypeError(
            "The body is no multipart form.", "Send the file as form field 'file'."
        )
    folder = tl.home / "uploads"
    folder.mkdir(exist_ok=True)
    form = Form(options.get(b"boundary", b""), folder, (*_OURS, *also))
    try:
        await form.read(request.stream(), tl.settings.server.max_upload_bytes)
        # Others are answered while a compressed file is measured.
        return await run(request, _received, form, also)
    except BaseException:
        form.discard()
        raise


def _received(form: Form, also: tuple[str, ...]) -> Received:
    if form.path is None:
        raise InputError("The form has no field 'file'.", "Send the file as form field 'file'.")
    fields = form.fields()
    others = {name: fields.pop(name) for name in also if name in fields}
    # What was asked, without the form's boundary: a client draws a new one for each try.
    asked = repr((form.name, sorted(fields.items()), form.content.hexdigest()))
    path = form.path
    mapping = path.with_name(f"{path.name}.toml") if "mapping" in fields else None
    found = Received(
        path, form.name, mapping, _flag(fields, "keep_good"), _flag(fields, "full"),
        hashlib.sha256(asked.encode()).hexdigest(), others,
    )  # fmt: skip
    examine(path, form.name)
    if mapping is not None:
        mapping.write_text(fields["mapping"], encoding="utf-8")
    return found


def _flag(fields: dict[str, str], name: str) -> bool:
    text = fields.get(name, "false").strip().lower()
    if text not in ("true", "false", "1", "0", "on", "off"):
        raise InputError(f"{name} is '{text[:20]}'.", "Send true or false.")
    return text in ("true", "1", "on")


def examine(path: Path, name: str) -> None:
    """Measure a compressed file, called ``name`` by its sender, in a child process.

    Raises InputError where it is not safe.
    """
    if not path.name.endswith((".gz", ".parquet")):
        return
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and file
            [*MEASURE, str(path), str(LARGEST_UNPACKED)],
            capture_output=True,
            text=True,
            timeout=_CHECK_SECONDS,
            check=False,
        )
        problem = done.stdout.strip() if done.returncode == 0 else "it breaks the reader"
    except subprocess.TimeoutExpired:
        problem = "it takes too long to unpack"
    if problem:
        raise InputError(f"{name} could not be read safely: {problem}.", "Send it as plain CSV.")
