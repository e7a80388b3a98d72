"""What a measure is: one aggregate over one set of facts, with a kind and a rule for absence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ibis.expr.types as ir


NO_SLICE = "(none)"
"""Slice value of rows that do not say: they belong to the whole and to no named slice."""


class MeasureKind(StrEnum):
    """How a measure rolls up."""

    FLOW = "flow"  # adds up over days
    LEVEL = "level"  # the state at a moment; stored as daily differences, so it adds up too
    DISTINCT = "distinct"  # exact distinct count, counted anew for each window
    PERIOD = "period"  # needs the whole period at once, as a closed cohort does


class Absence(StrEnum):
    """What no rows mean."""

    ZERO_IF_COVERED = "zero_if_covered"  # 0 where coverage is declared, else unknown
    RECORDED = "recorded"  # unknown without an entry, unless declared complete (costs)
    STATE = "state"  # a level: needs facts from its beginning until the moment asked for


class Facts(Protocol):
    """Where a measure takes its rows from: the facts as they are, or as they were known."""

    def table(self, name: str) -> ir.Table:
        """A fact table, without test customers where rows name a customer."""
        ...

    def derived(self, name: str) -> ir.Table:
        """What is derived from facts: ``mrr_changes``, ``customer_firsts``, ``days``."""
        ...


@dataclass(frozen=True)
class Base:
    """Rows that several measures share, so that one scan feeds them all.

    ``rows`` gives columns ``day``, ``at`` (the fact's moment), ``currency`` and the slices, beside
    what the measures add up. ``tables`` are the facts whose changes touch it; ``by_customer`` says
    that a customer's other days may change with one fact, so they are touched too.
    """

    key: str
    tables: tuple[str, ...]
    rows: Callable[[Facts], ir.Table]
    slices: tuple[str, ...] = ()
    by_customer: bool = False


@dataclass(frozen=True)
class Measure:
    """One aggregate: ``value`` over the rows of ``base`` for which ``where`` holds.

    ``unit`` is ``money`` (per currency, never added across) or ``count``. ``assumption`` names
    the declared stand-in that an estimate may use. Coverage may be declared for the ``category``
    of its table alone; within the slice ``category_slice`` for the slice's value. ``silent`` names
    the measure that counts the rows which do not say: where there is one, the sum is not known.
    ``seen_by`` names the measures that count every row of a table of which this one counts some:
    where one has any, none of these is no silence. ``told_by`` names the measure of what has to be
    told from the rest: where there never was any, it may go by another name. ``for_means``: it is
    divided by days, and those that are declared incomplete are left out.
    """

    key: str
    label: str
    unit: str
    kind: MeasureKind
    base: str
    value: Callable[[ir.Table], ir.NumericValue]
    where: Callable[[ir.Table], ir.BooleanValue] | None = None
    absence: Absence = Absence.ZERO_IF_COVERED
    table: str = ""
    category: str = "*"
    category_slice: str = ""
    silent: str = ""
    seen_by: tuple[str, ...] = ()
    told_by: str = ""
    for_means: bool = False


@dataclass(frozen=True)
class Sum:
    """Measures added up to one, with a rule for the parts that are unknown.

    ``kept``: parts whose table the company has never used are left out; of the rest all must be
    known. ``any``: known as soon as one part is (a cost group); the others are named in a note.
    ``all``: known where all parts are (groups of cost: one without any entry is not nothing).
    ``goods``: entries of costs, and without any what orders say of their own goods.
    """

    key: str
    label: str
    parts: tuple[str, ...]
    rule: str
    unit: str = "money"


@dataclass(frozen=True)
class PeriodMeasure:
    """A measure that needs the whole period at once; ``source`` computes it with its siblings."""

    key: str
    label: str
    unit: str
    source: str
    tables: tuple[str, ...]
    kind: MeasureKind = MeasureKind.PERIOD
