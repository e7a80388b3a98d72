"""What a printed page holds, read from the PDF that Chromium makes of it."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\b(.*?)\bendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


@dataclass(frozen=True)
class Sheet:
    """One page: its size in points, and what is drawn on it."""

    width: float
    height: float
    drawing: bytes

    @property
    def texts(self) -> int:
        """How many pieces of text it has."""
        return len(re.findall(rb"T[jJ]\b", self.drawing))

    @property
    def shapes(self) -> int:
        """How many lines and areas it has."""
        return len(re.findall(rb"\s[fSB]\*?\s", self.drawing))


def sheets(pdf: bytes) -> list[Sheet]:
    """The pages of a PDF whose objects are not packed, as Chromium writes them."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    pages = [body for body in objects.values() if re.search(rb"/Type\s*/Page\b", body)]
    return [_sheet(body, objects) for body in pages]


def _sheet(body: bytes, objects: dict[int, bytes]) -> Sheet:
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", body)
    contents = re.search(rb"/Contents (\d+) 0 R", body)
    assert box is not None
    assert contents is not None
    stream = _STREAM.search(objects[int(contents[1])])
    assert stream is not None
    return Sheet(float(box[1]), float(box[2]), zlib.decompress(stream[1]))
