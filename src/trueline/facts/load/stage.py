"""From text columns to typed columns with a fault number: SQL generated from a contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from trueline.facts.contract import BOOKKEEPING, Column, Contract, Kind
from trueline.facts.load import amounts, zone
from trueline.facts.load.checks import (
    FIRST,
    LAST,
    Check,
    clock_value,
    column_checks,
    exponent_check,
    literal,
    offset_value,
    quoted,
    text_of,
    value_sql,
)
from trueline.facts.load.mapping import Matched
from trueline.facts.load.relations import RELATED

ALL_YEARS = (1899, 2201)
YEARS_FAULT = -1
"""Not the row's fault: it lies outside the years that offsets were generated for."""

LATER = Column("later", Kind.MOMENT, "says which of two rows with one key is later")
"""The order column, where it holds moments."""

SHAPE_FAULT = 1
"""The fault of a row that has too few or too many values; rules are numbered from 2."""


@dataclass(frozen=True)
class Staging:
    """How one file's text becomes rows of one contract.

    ``matched`` says where each column stands; ``currency`` is the company's default where the
    file names none; ``timezone`` is the company's.
    """

    contract: Contract
    matched: Matched
    currency: str
    timezone: str
    years: tuple[int, int] = ALL_YEARS
    """Moments lie after the first day of the first year and before that of the last."""

    @cached_property
    def given(self) -> dict[str, str]:
        """SQL of each column's text: a column of the file, a constant, a default, or NULL."""
        return {column.name: self._given(column) for column in self.contract.columns}

    def _given(self, column: Column) -> str:
        place = self.matched.places.get(column.name)
        if place is not None:
            text = f"nullif(c{place}, '')"
            keyed = column.name in self.contract.key and column.default is not None
            return f"coalesce({text}, {literal(column.default)})" if keyed else text
        if column.name in self.matched.constants:
            return literal(self.matched.constants[column.name])
        if column.kind is Kind.CURRENCY and column.required:
            return literal(self.currency)
        return f"CAST({literal(column.default)} AS VARCHAR)"

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """Every rule a row must pass, in the order in which the first broken one is told."""
        return tuple(self._checks())

    @cached_property
    def related(self) -> tuple[Check, ...]:
        """Rules that look at other tables, told after the row's own."""
        return RELATED.get(self.contract.name, ())

    @property
    def first_related(self) -> int:
        """The fault number of the first of ``related``."""
        return SHAPE_FAULT + 1 + len(self.checks)

    def broken(self, fault: int) -> Check:
        """The rule that a fault number stands for."""
        return (*self.checks, *self.related)[fault - SHAPE_FAULT - 1]

    def _checks(self) -> Iterator[Check]:
        for column in self.contract.columns:
            if column.name in self._said:
                yield from column_checks(column)
        for column in self.contract.columns:
            if column.kind is Kind.MONEY and column.name in self._said:
                yield exponent_check(column)
        for rule in self.contract.rules:
            yield Check(rule.column, rule.test, rule.message, rule.fix)
        if "mrr" in self._computed:
            yield Check(
                "unit_amount",
                amounts.fits_rule(),
                "times quantity is too large",
                "Check unit_amount and quantity.",
            )
        if self.matched.order_place is not None:
            yield Check(
                self.matched.header[self.matched.order_place],
                f"{self._order_value()} IS NOT NULL",
                "does not say which row is later",
                "Give a moment or a number.",
            )

    @cached_property
    def _said(self) -> frozenset[str]:
        """Columns that can hold anything at all."""
        return frozenset(
            c.name
            for c in self.contract.columns
            if c.required
            or c.default
            or c.name in self.matched.places
            or c.name in self.matched.constants
        )

    @cached_property
    def _computed(self) -> dict[str, str]:
        names = {item.name for item in self.contract.computed}
        found: dict[str, str] = {}
        if "mrr" in names:
            found |= amounts.monthly("discount" in self._said)
        if "daily_amount" in names:
            found |= amounts.spread()
        return found

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The stored columns, without bookkeeping."""
        return tuple(name for name in self.contract.stored if name not in BOOKKEEPING)

    def typed(self, relation: str) -> str:
        """SELECT of line, fault, order and every stored column from a relation of text columns.

        ``relation`` has ``line``, ``shape`` (text, null when right) and ``c0``, ``c1``...
        """
        stored = ", ".join(
            f"{self._computed.get(name, quoted(name))} AS {quoted(name)}" for name in self.columns
        )
        order = f'{self._order_value()} AS "order"'
        layer = self._values(relation)
        return f"SELECT line, {self._fault()} AS fault, {order}, {stored} FROM ({layer})"

    def judged(self, relation: str) -> str:
        """SELECT of each rule of ``checks``, in order: whether a row breaks it."""
        broken = ", ".join(f"coalesce(NOT ({check.test}), false)" for check in self.checks)
        return f"SELECT {broken} FROM ({self._values(relation)})"

    def _values(self, relation: str) -> str:
        """SELECT of every column's text and typed value from a relation of text columns."""
        plain = [c for c in self.contract.columns if c.kind is not Kind.MOMENT]
        texts = ", ".join(f"{sql} AS {text_of_name(name)}" for name, sql in self.given.items())
        texts = f"{texts}, {self.order_text} AS {text_of(LATER)}"
        layer = f"SELECT line, shape, {texts} FROM {relation}"
        values = [f"{value_sql(c)} AS {quoted(c.name)}" for c in plain]
        values += self._silent()
        values += [part for c in self._moments for part in self._clock(c)]
        layer = f"SELECT *, {', '.join(values)} FROM ({layer})"
        if self._moments:
            for step in (self._offset, self._instant, self._day):
                layer = f"SELECT *, {', '.join(map(step, self._moments))} FROM ({layer})"
        return layer

    @cached_property
    def _moments(self) -> tuple[Column, ...]:
        """The moments that the file says anything of; what says which row is later may be one."""
        columns = self.contract.columns
        said = tuple(c for c in columns if c.kind is Kind.MOMENT and c.name in self._said)
        return said if self.matched.order_place is None else (*said, LATER)

    def _silent(self) -> list[str]:
        """Moments that the file says nothing of: unknown, without looking for an offset."""
        silent = [
            c for c in self.contract.columns if c.kind is Kind.MOMENT and c.name not in self._said
        ]
        return [
            f"CAST(NULL AS TIMESTAMP) AS {quoted(c.name)}, "
            f"CAST(NULL AS DATE) AS {quoted(c.day_name)}"
            for c in silent
        ]

    @property
    def _elsewhere(self) -> str | None:
        """The zone of the file's own times, where that is not the company's."""
        theirs = self.matched.timezone
        return None if theirs == self.timezone else theirs

    @staticmethod
    def _clock(column: Column) -> tuple[str, str]:
        clock, offset = quoted("s_" + column.name), quoted("z_" + column.name)
        return f"{clock_value(column)} AS {clock}", f"{offset_value(column)} AS {offset}"

    def _offset(self, column: Column) -> str:
        """The offset of a moment: its own, or the one that the zone has at that clock time.

        A day without a time is the company's day, whatever zone the file's times are in.
        """
        clock, offset = quoted("s_" + column.name), quoted("z_" + column.name)
        local = zone.offset_sql(clock, zone.within(zone.clock(self.timezone), self.years))
        if self._elsewhere is not None:
            theirs = zone.offset_sql(clock, zone.within(zone.clock(self._elsewhere), self.years))
            local = f"CASE WHEN {_bare(column)} THEN {local} ELSE {theirs} END"
        return f"CAST(coalesce({offset}, {local}) AS BIGINT) AS {quoted('o_' + column.name)}"

    def _instant(self, column: Column) -> str:
        clock, offset = quoted("s_" + column.name), quoted("o_" + column.name)
        midnight = zone.midnight_sql(f"(epoch_us({clock}) // 1000000)", self.timezone)
        bare = f"CASE WHEN {_bare(column)} THEN {midnight} END"
        return (
            f"coalesce(make_timestamp(epoch_us({clock}) - 1000000 * {offset}), "
            f"make_timestamp(1000000 * CAST({bare} AS BIGINT))) AS {quoted(column.name)}"
        )

    def _day(self, column: Column) -> str:
        clock, offset = quoted("s_" + column.name), quoted("z_" + column.name)
        instant = quoted(column.name)
        shift = zone.offset_sql(instant, zone.within(zone.instants(self.timezone), self.years))
        local = f"make_timestamp(epoch_us({instant}) + 1000000 * CAST({shift} AS BIGINT))"
        as_written = f"{offset} IS NULL"
        if self._elsewhere is not None:
            as_written += f" AND {_bare(column)}"
        return (
            f"CAST(CASE WHEN {as_written} THEN {clock} ELSE {local} END AS DATE) "
            f"AS {quoted(column.day_name)}"
        )

    def _known_years(self, column: Column) -> str:
        """SQL: the moment lies in the years that offsets are there for, or in no year taken."""
        clock = quoted("s_" + column.name)
        first, last = (date(year, 1, 2) for year in self.years)
        inside = f"{clock} >= DATE '{first}' AND {clock} < DATE '{last}'"
        never = f"{clock} < DATE '{FIRST}' OR {clock} >= DATE '{LAST}'"
        return f"coalesce(({inside}) OR {never}, true)"

    @property
    def order_text(self) -> str:
        """SQL of the order column's text."""
        place = self.matched.order_place
        return "CAST(NULL AS VARCHAR)" if place is None else f"nullif(c{place}, '')"

    def _order_value(self) -> str:
        """SQL: a number as it stands, else the instant; the row that has more of it is later."""
        if self.matched.order_place is None:
            return "CAST(NULL AS DECIMAL(28,10))"
        text = text_of(LATER)
        return (
            f"coalesce(CASE WHEN regexp_full_match({text}, '[+-]?\\d{{1,18}}(\\.\\d{{1,10}})?') "
            f"THEN CAST({text} AS DECIMAL(28,10)) END, "
            f"CAST(epoch_us({quoted(LATER.name)}) AS DECIMAL(28,10)))"
        )

    def _fault(self) -> str:
        known = " AND ".join(self._known_years(c) for c in self._moments)
        outside = (
            f"WHEN NOT ({known}) THEN {YEARS_FAULT}" if known and self.years != ALL_YEARS else ""
        )
        cases = " ".join(
            f"WHEN NOT ({check.test}) THEN {number}"
            for number, check in enumerate(self.checks, SHAPE_FAULT + 1)
        )
        return f"CASE WHEN shape IS NOT NULL THEN {SHAPE_FAULT} {outside} {cases} ELSE 0 END"


def text_of_name(name: str) -> str:
    """Name of a column's text."""
    return quoted(f"t_{name}")


def _bare(column: Column) -> str:
    """SQL: the moment is written as a day alone."""
    return f"length({text_of(column)}) = 10"
