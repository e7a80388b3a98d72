"""A multipart form as it comes in: its one file goes to the disk, its few texts are kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from trueline.core.errors import InputError
from trueline.facts.load.scan import FORMS, unknown_form
from trueline.web.body import TooLargeError

SUFFIXES = tuple(FORMS)
FILE = "file"
LONGEST_TEXT = 1024 * 1024
"""Bytes of a field that is no file: they are held in memory."""


class Form:
    """The form's parts, taken one by one. What is wrong with it is told once all of it is here:
    a sender that is broken off seldom reads why."""

    def __init__(self, boundary: bytes, folder: Path, known: Collection[str]) -> None:
        """``known`` are the fields that the form may have beside its file. Raises InputError."""
        if not boundary:
            raise InputError("The form has no boundary.", "Send multipart/form-data.")
        self.texts: dict[str, bytearray] = {}
        self.path: Path | None = None
        self.name = ""
        self.content = hashlib.sha256()
        self._folder, self._known = folder, known
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value = bytearray(), bytearray()
        self._out: BinaryIO | None = None
        self._text: bytearray | None = None
        self._whole = False
        self._parser = _parser_of(self, boundary)

    async def read(self, stream: AsyncIterator[bytes], most: int) -> None:
        """Take the whole form. Raises TooLargeError, or InputError once it was sent."""
        size = 0
        problem: InputError | None = None
        async for chunk in stream:
            size += len(chunk)
            if size > most:
                raise TooLargeError(f"The upload is larger than {most:,} bytes.", "Split the file.")
            if problem is None:
                problem = self._take(chunk)
        if problem is None and not self._whole:
            problem = InputError("The form ends before its last boundary.", "Send it whole.")
        if problem is not None:
            raise problem

    def _take(self, chunk: bytes) -> InputError | None:
        try:
            self._parser.write(chunk)
        except (FormParserError, UnicodeDecodeError) as error:
            return InputError(f"The form cannot be read: {error}.", "Send multipart/form-data.")
        except InputError as error:
            return error
        return None

    def fields(self) -> dict[str, str]:
        """The texts. Raises InputError where one is not UTF-8."""
        found = {}
        for name, text in self.texts.items():
            try:
                found[name] = text.decode()
            except UnicodeDecodeError as error:
                raise InputError(f"{name} is not UTF-8 at byte {error.start}.") from None
        return found

    def close(self) -> None:
        """Close the file that was written."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def discard(self) -> None:
        """Leave nothing on the disk."""
        self.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    # -- what the parser tells ----------------------------------------------------------------

    def on_part_begin(self) -> None:
        self._headers = {}

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value).strip()
        self._header, self._value = bytearray(), bytearray()

    def on_headers_finished(self) -> None:
        """Decide where a part goes, before any of it is taken."""
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode()
        coding = self._headers.get(b"content-transfer-encoding", b"binary").lower()
        if coding not in (b"binary", b"8bit", b"7bit"):
            raise InputError(
                f"The field {name[:80]} is encoded as {coding[:40].decode('latin-1')}.",
                "Send it as it is.",
            )
        if name == FILE:
            self._open(options.get(b"filename"))
        elif name not in self._known:
            raise InputError(
                f"The form has an unknown field '{name[:80]}'.",
                f"Its fields are: {', '.join((FILE, *self._known))}.",
            )
        elif name in self.texts:
            raise _twice(name)
        else:
            self._text = self.texts[name] = bytearray()

    def _open(self, named: bytes | None) -> None:
        if self.path is not None:
            raise _twice(FILE)
        if named is None:
            raise InputError(
                "The field 'file' is a text without a file name.", "Send it as a file: orders.csv."
            )
        name = named.decode("utf-8", "replace").replace("\\", "/").rsplit("/", 1)[-1]
        if not name:
            raise InputError("No file was chosen.", "Choose the file to send.")
        suffix = next((s for s in _LONGEST_FIRST if name.lower().endswith(s)), None)
        if suffix is None:
            raise unknown_form(name, SUFFIXES)
        self.name = name[:200]
        self.path = self._folder / f"{secrets.token_hex(12)}{suffix}"
        self._out = self.path.open("wb")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """A piece of the part that is being read."""
        if self._text is None:
            assert self._out is not None  # noqa: S101  headers come first
            self.content.update(data[start:end])
            self._out.write(data[start:end])
        elif len(self._text) + end - start > LONGEST_TEXT:
            raise InputError(f"A field is longer than {LONGEST_TEXT:,} bytes.", "Shorten it.")
        else:
            self._text += data[start:end]

    def on_part_end(self) -> None:
        if self._text is None:
            self.close()
        self._text = None

    def on_end(self) -> None:
        self._whole = True


_LONGEST_FIRST = sorted(SUFFIXES, key=len, reverse=True)


def _parser_of(form: Form, boundary: bytes) -> MultipartParser:
    try:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": form.on_part_begin,
                "on_part_data": form.on_part_data,
                "on_part_end": form.on_part_end,
                "on_header_field": form.on_header_field,
                "on_header_value": form.on_header_value,
                "on_header_end": form.on_header_end,
                "on_headers_finished": form.on_headers_finished,
                "on_end": form.on_end,
            },
        )
    except FormParserError as error:
        raise InputError(
            f"The form cannot be read: {error}.", "Send multipart/form-data."
        ) from None


def _twice(name: str) -> InputError:
    return InputError(f"The form gives '{name}' more than once.", "Give it once.")
