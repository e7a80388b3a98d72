"""What a fact table looks like: its columns, their kinds and rules. Contracts, not storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property


class Kind(StrEnum):
    """What a column holds, and so how its text is read and stored."""

    KEY = "key"  # identifying text, never empty
    TEXT = "text"
    CHOICE = "choice"  # one of a closed set of words
    MONEY = "money"  # DECIMAL(18,4), at most the currency's decimals where it was charged
    PRICE = "price"  # DECIMAL(18,4), may be finer than the currency (a unit price)
    NUMBER = "number"  # DECIMAL(28,10)
    COUNT = "count"  # BIGINT, not negative
    CURRENCY = "currency"  # ISO 4217
    MOMENT = "moment"  # an instant, stored in UTC, with its local day beside it
    DAY = "day"  # a local day
    FLAG = "flag"  # true or false
    JSON = "json"


SQL_TYPES: dict[Kind, str] = {
    Kind.KEY: "VARCHAR",
    Kind.TEXT: "VARCHAR",
    Kind.CHOICE: "VARCHAR",
    Kind.MONEY: "DECIMAL(18,4)",
    Kind.PRICE: "DECIMAL(18,4)",
    Kind.NUMBER: "DECIMAL(28,10)",
    Kind.COUNT: "BIGINT",
    Kind.CURRENCY: "VARCHAR",
    Kind.MOMENT: "TIMESTAMP",
    Kind.DAY: "DATE",
    Kind.FLAG: "BOOLEAN",
    Kind.JSON: "VARCHAR",
}


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    ``least`` and ``most`` bound numbers (inclusive). ``aliases`` are other names that files use
    for it. ``spellings`` maps accepted words to the word stored. ``advice`` says how to write what
    none of the ``choices`` says.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = True
    default: str | None = None
    choices: tuple[str, ...] = ()
    spellings: dict[str, str] = field(default_factory=dict, hash=False)
    least: int | None = None
    most: int | None = None
    aliases: tuple[str, ...] = ()
    advice: str | None = None

    @property
    def day_name(self) -> str:
        """Name of the local day beside a moment: ``ordered_at`` gives ``ordered_on``."""
        return f"{self.name.removesuffix('_at')}_on"


@dataclass(frozen=True)
class Computed:
    """A column worked out once, at load, so that every engine only adds it up."""

    name: str
    sql_type: str
    meaning: str


@dataclass(frozen=True)
class Rule:
    """A rule between columns of one row, in words; ``test`` is SQL over typed columns.

    A row for which ``test`` is false is rejected (null passes: the columns' own rules decide).
    """

    column: str
    test: str
    message: str
    fix: str


@dataclass(frozen=True)
class Contract:
    """One fact table: what a row is, its key, its columns, the day it belongs to.

    ``often_cut`` says that the systems which keep it forget old rows: a full export then says
    nothing of the days before its first row. Of books that are kept for ever it says that there
    was nothing.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    day: str
    aliases: tuple[str, ...] = ()
    computed: tuple[Computed, ...] = ()
    rules: tuple[Rule, ...] = ()
    category: str | None = None
    often_cut: bool = False

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Columns by their name."""
        return {column.name: column for column in self.columns}

    def among(self, choices: Mapping[str, tuple[str, ...]]) -> Contract:
        """The same where columns are one of these words each, which facts alone do not know."""
        if not choices:
            return self
        columns = (replace(c, choices=choices.get(c.name, c.choices)) for c in self.columns)
        return replace(self, columns=tuple(columns))

    @cached_property
    def stored(self) -> dict[str, str]:
        """Every stored column with its SQL type, in order; bookkeeping columns last."""
        shape: dict[str, str] = {}
        for column in self.columns:
            shape[column.name] = SQL_TYPES[column.kind]
            if column.kind is Kind.MOMENT:
                shape[column.day_name] = "DATE"
        shape |= {item.name: item.sql_type for item in self.computed}
        return shape | BOOKKEEPING

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The columns that say what the row states: all but key, computed and bookkeeping."""
        return tuple(c.name for c in self.columns if c.name not in self.key)


BOOKKEEPING: dict[str, str] = {
    "source": "VARCHAR",  # the file's name, "api", "stripe"...
    "load_id": "BIGINT",  # the load that brought this version; loads are numbered from 1
    "recorded_at": "TIMESTAMP",  # when it was learnt, UTC
}

HISTORY: dict[str, str] = {
    "superseded_at": "TIMESTAMP",  # from when on this version no longer held, UTC
    "superseded_by": "BIGINT",  # the load that superseded or removed it
}
"""What a history table has beyond its fact table's columns."""
