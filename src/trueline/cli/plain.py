"""Command lines that are written plainly, read without Typer: importing it takes longer than the
reading that is asked for.

What a command takes is declared once, as ``Option`` and ``Argument``. Typer is told the same
(``trueline.cli.app``) and reads every other line: help, mistakes, ``--name=value``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin


@dataclass(frozen=True)
class Option:
    """What is given by name. It is ``name`` or, where that is left out, the parameter's own."""

    name: str | None = None
    help: str = ""
    envvar: str | None = None


@dataclass(frozen=True)
class Argument:
    """What is given by its place."""

    help: str = ""


_READ: dict[Any, Callable[[str], Any]] = {
    str: str, str | None: str, Path: Path, int: int, int | None: int,
}  # fmt: skip
"""Kinds of options that take one word, and what makes the value of it."""
_SEVERAL = list[str] | None


def plainly(
    function: Callable[..., Any], words: Sequence[str], environment: Mapping[str, str]
) -> dict[str, Any] | None:
    """What a command is given by the words after its name; None where Typer has to read them."""
    taken = inspect.signature(function).parameters
    kinds = {name: _kind(parameter.annotation) for name, parameter in taken.items()}
    names = {
        mark.name or f"--{name.replace('_', '-')}": name
        for name, (_, mark) in kinds.items()
        if isinstance(mark, Option)
    }
    split = _split(words, names, {name: kind for name, (kind, _) in kinds.items()})
    if split is None:
        return None
    found, placed = split
    for name, (kind, mark) in kinds.items():
        if isinstance(mark, Argument):
            if kind == _SEVERAL:
                found[name], placed = placed or None, []
            elif kind in (str, str | None) and placed:
                found[name], *placed = placed
        elif mark.envvar and name not in found and environment.get(mark.envvar):
            found[name] = _READ[kind](environment[mark.envvar])
    lacking = [n for n, p in taken.items() if n not in found and p.default is p.empty]
    return None if placed or lacking else found


def _kind(annotation: Any) -> tuple[Any, Any]:
    """What kind of value it is, and how it is given; without a word on it, by its place."""
    if get_origin(annotation) is Annotated:
        kind, mark, *_ = get_args(annotation)
        return kind, mark
    return annotation, Argument()


def _split(
    words: Sequence[str], names: Mapping[str, str], kinds: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]] | None:
    """The options' values and the other words; None where something is not plain."""
    found: dict[str, Any] = {}
    placed: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") and word:
            placed.append(word)
            continue
        name = names.get(word)
        if name is None or name in found:
            return None
        kind = kinds[name]
        if kind is bool:
            found[name] = True
            continue
        value = next(rest, "")
        read = _READ.get(kind)
        if read is None or not value or value.startswith("-"):
            return None
        if read is int and not (value.isascii() and value.isdecimal() and len(value) < 10):
            return None
        found[name] = read(value)
    return found, placed
