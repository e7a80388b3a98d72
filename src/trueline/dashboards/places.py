"""Where in a TOML file a key stands: its parser tells only of errors of grammar."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
_LIST = re.compile(r"\s*\[\[\s*([A-Za-z0-9_.\"' -]+?)\s*\]\]")
_TABLE = re.compile(r"\s*\[\s*([A-Za-z0-9_.\"' -]+?)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=")
_QUOTES = ('"""', "'''")


def places(text: str) -> dict[Path, int]:
    """The line (from 1) of every header and of every key, by its path; lists count from 0."""
    found: dict[Path, int] = {}
    counts: dict[tuple[str, ...], int] = {}
    here: Path = ()
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if inside:
            inside = "" if inside in line else inside
            continue
        if header := _LIST.match(line):
            names = _names(header[1])
            counts[names] = counts.get(names, -1) + 1
            counts = {key: n for key, n in counts.items() if not _below(key, names)}
            here = _path(names, counts)
            found.setdefault(here, number)
        elif header := _TABLE.match(line):
            here = _path(_names(header[1]), counts)
            found.setdefault(here, number)
        elif key := _KEY.match(line):
            found.setdefault((*here, key[1].strip("\"'")), number)
            inside = next((q for q in _QUOTES if line.count(q) == 1), "")
    return found


def _below(key: tuple[str, ...], above: tuple[str, ...]) -> bool:
    return len(key) > len(above) and key[: len(above)] == above


def _names(header: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in header.split("."))


def _path(names: tuple[str, ...], counts: dict[tuple[str, ...], int]) -> Path:
    out: list[str | int] = []
    for depth in range(1, len(names) + 1):
        out.append(names[depth - 1])
        if names[:depth] in counts:
            out.append(counts[names[:depth]])
    return tuple(out)


def line_of(path: Path, found: dict[Path, int]) -> int | None:
    """The line of a path, or of the nearest thing that holds it."""
    for depth in range(len(path), 0, -1):
        for place in (path[:depth], (*path[:depth], 0)):  # a list stands where its first part does
            if place in found:
                return found[place]
    return None
