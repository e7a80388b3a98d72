"""What a panel shows: texts and values in one table, from which page, chart and files are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from trueline.web.charts.axis import Spec

Raw = str | int | float | Decimal | date | None


@dataclass(frozen=True)
class Column:
    """A column's name; ``number`` ones stand to the right."""

    label: str
    number: bool = False


@dataclass(frozen=True)
class Cell:
    """A value as people read it, and as a file gives it. ``mark`` says what it is worth, ``why``
    for what reason there is none, ``unit`` what a file counts it in."""

    text: str
    raw: Raw
    mark: str = ""
    look: str = ""
    link: str | None = None
    why: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """The values of a panel; the first column names the row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Key:
    """An entry of a legend: its text and its mark's class."""

    text: str
    look: str
    link: str | None = None


@dataclass(frozen=True)
class Missing:
    """Why there is no value, and where that can be mended."""

    message: str
    fix: str = ""
    title: str = "Not known"
    link: str | None = None
    link_text: str = ""


@dataclass
class Shown:
    """One panel, evaluated. ``body`` names its template; ``missing`` is set where nothing is known.

    ``more`` holds what only one kind of body needs.
    """

    body: str
    title: str
    about: str = ""
    spec: Spec | None = None
    table: Table | None = None
    legend: tuple[Key, ...] = ()
    missing: Missing | None = None
    notes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    summary: str = ""
    link: str | None = None
    height: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    kind: str = ""
    columns: int = 6
    again: int = 0
    """Which of the panels of this title it is, from the second on: tells their regions apart."""
    own_days: bool = False
    """Its days are not the page's: ``about`` says which they are."""
