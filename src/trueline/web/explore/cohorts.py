"""Cohorts: who of each first month came back, as a table, as curves, as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from trueline.core import words
from trueline.core.errors import InputError, UnknownKeyError
from trueline.core.period import add_months, parse_day
from trueline.engine.cohort import KINDS, MEASURED, CohortRow, Cohorts
from trueline.home import Trueline
from trueline.web.boards.empty_cells import Months, no_cell
from trueline.web.boards.shown import Cell, Column, Key, Table
from trueline.web.charts.axis import Spec, scale_for
from trueline.web.charts.curves import curves
from trueline.web.charts.heat import heat, look

LASTS = {"6": "6 months", "12": "12 months", "24": "24 months", "all": "All"}
CURVES = 6
COLOURS = ("c2", "c3", "c4", "c5", "c6", "faint")
ABOUT = {
    ("orders", "customers"): "Of the customers of each first month: how many ordered in each month "
    "after it, in percent",
    ("orders", "revenue"): "What customers of each first month ordered in each month after it, in "
    "percent of the first month",
    ("subscriptions", "customers"): "Of the customers of each first paid month: how many still "
    "paid at the end of each month after it, in percent",
    ("subscriptions", "revenue"): "Recurring revenue of each first paid month's customers at the "
    "end of each month after it, in percent of the first month",
}


@dataclass(frozen=True)
class Chosen:
    """Which cohorts: of what, measured how, since when, as known when; rates or amounts."""

    kind: str
    by: str
    last: str
    start: date | None
    end: date | None
    as_of: datetime | None
    amounts: bool

    @property
    def about(self) -> str:
        """What a cell means."""
        return ABOUT[self.kind, self.by]

    def at(self, path: str = "/cohorts", **changes: str | None) -> str:
        """An address with some parameters changed."""
        given: dict[str, str | None] = {"kind": self.kind, "by": self.by}
        if self.start or self.end:
            given["start"] = self.start.isoformat() if self.start else None
            given["end"] = self.end.isoformat() if self.end else None
        else:
            given["last"] = self.last
        given["as_of"] = self.as_of.isoformat() if self.as_of else None
        given["show"] = "amounts" if self.amounts else None
        if "last" in changes:
            given |= {"start": None, "end": None}
        return f"{path}?{urlencode({k: v for k, v in (given | changes).items() if v is not None})}"


def chosen(
    kind: str, by: str, last: str, start: str | None, end: str | None, as_of: datetime | None,
    show: str,
) -> Chosen:  # fmt: skip
    """What is asked for. Raises UnknownKeyError, InputError."""
    if kind not in KINDS:
        raise UnknownKeyError.among("kind of cohort", kind, KINDS)
    if by not in MEASURED:
        raise UnknownKeyError.among("cohort measure", by, MEASURED)
    if last not in LASTS:
        raise UnknownKeyError.among("number of months", last, LASTS)
    if show not in ("rates", "amounts"):
        raise UnknownKeyError.among("way to show cohorts", show, ("rates", "amounts"))
    first = parse_day(start, "start") if start else None
    until = parse_day(end, "end") if end else None
    if first and until and first >= until:
        raise InputError(
            f"The cohorts from {first} to {until} are none.", "end must be later than start."
        )
    return Chosen(kind, by, last, first, until, as_of, show == "amounts")


class Shown:
    """Cohorts with the words of the company's locale."""

    def __init__(self, tl: Trueline, asked: Chosen) -> None:
        self.asked = asked
        self.locale = tl.settings.company.locale
        present = asked.as_of.astimezone(tl.settings.company.zone).date() if asked.as_of else None
        self.months = Months((present or tl.engine.today()).replace(day=1))
        first = asked.start
        if first is None and asked.end is None and asked.last != "all":
            first = add_months(self.months.running, -int(asked.last))
        self.found: Cohorts = tl.cohorts(
            asked.kind, asked.by, start=first, end=asked.end, as_of=asked.as_of
        )

    @property
    def rows(self) -> tuple[CohortRow, ...]:
        """The cohorts, oldest first."""
        return self.found.rows

    @property
    def ages(self) -> int:
        """How many months the oldest cohort has been watched."""
        return max((len(row.values) for row in self.rows), default=0)

    # -- words --------------------------------------------------------------------------------

    def name(self, month: date) -> str:
        """A cohort's month."""
        from babel.dates import format_date

        return str(format_date(month, "MMM yyyy", locale=self.locale))

    def percent(self, rate: float | None) -> str:
        """A rate as people read it."""
        return "" if rate is None else words.amount(rate, "%", None, self.locale)

    def amount(self, value: Any) -> str:
        """A cell's customers, or its money."""
        if value is None:
            return ""
        money = self.asked.by == "revenue"
        return words.amount(
            value, "money" if money else "count", self.found.currency if money else None,
            self.locale,
        )  # fmt: skip

    # -- what is shown --------------------------------------------------------------------------

    def cells(self) -> list[dict[str, Any]]:
        """Rows of the heat map: rates in whole percent, shaded in ten steps."""
        return [
            {
                "name": self.name(row.cohort),
                "size": words.amount(row.size, "count", None, self.locale),
                "cells": [self._cell(row, age) for age in range(self.ages)],
            }
            for row in self.rows
        ]

    def _cell(self, row: CohortRow, age: int) -> dict[str, str]:
        rate = row.rates[age] if age < len(row.rates) else None
        value = row.values[age] if age < len(row.values) else None
        month = self.name(add_months(row.cohort, age))
        if value is None or (rate is None and not self.asked.amounts):
            return no_cell(self.months.why(row, age), month)
        text = self.amount(value) if self.asked.amounts else f"{rate or 0:.0f}"
        said = self.amount(value) if rate is None else f"{self.percent(rate)}, {self.amount(value)}"
        return {"text": text, "look": look(rate or 0), "said": f"{month}: {said}", "why": ""}

    def empty(self) -> str:
        """Why cells are empty, in a sentence."""
        return self.months.said(self.rows, self.ages, rates=not self.asked.amounts)

    def average(self) -> list[dict[str, str] | None]:
        """The average of the cohorts that were watched so long, weighted by their size."""
        rates = [*self.found.average, *([None] * self.ages)][: self.ages]
        return [
            None if rate is None else {"text": f"{rate:.0f}", "look": look(rate),
                                       "said": self.percent(rate)}
            for rate in rates
        ]  # fmt: skip

    def spread(self) -> list[dict[str, Any]]:
        """Least and greatest rate at each age, with how many cohorts are in it."""
        out = []
        for age in range(self.ages):
            known = [
                rate for row in self.rows
                if age < len(row.rates) and (rate := row.rates[age]) is not None
            ]  # fmt: skip
            if len(known) > 1:
                band = f"{self.percent(min(known))} to {self.percent(max(known))}"
                out.append({"age": age, "lo": min(known), "hi": max(known), "band": band,
                            "of": f"{len(known)} cohorts"})  # fmt: skip
        return out

    def table(self) -> Table:
        """Rates and what they are made of, a row a cohort."""
        columns = [Column("Cohort"), Column("Size", number=True)]
        for age in range(self.ages):
            what = "customers" if self.asked.by == "customers" else self.found.currency
            columns += [Column(f"M{age} %", number=True), Column(f"M{age} {what}", number=True)]
        rows = []
        for row in self.rows:
            cells = [Cell(self.name(row.cohort), row.cohort), Cell(str(row.size), row.size)]
            for age in range(self.ages):
                rate = row.rates[age] if age < len(row.rates) else None
                value = row.values[age] if age < len(row.values) else None
                cells += [Cell(self.percent(rate), rate), Cell(self.amount(value), value)]
            rows.append(tuple(cells))
        averages = [Cell("Average", "Average"), Cell("", None)]
        for age in range(self.ages):
            rate = self.found.average[age] if age < len(self.found.average) else None
            averages += [Cell(self.percent(rate), rate), Cell("", None)]
        return Table(tuple(columns), (*rows, tuple(averages)) if rows else ())

    def heat_spec(self) -> Spec | None:
        """The table as a drawing."""
        cells = [
            {"cohort": self.name(row.cohort), "age": f"M{age}", "v": rate, "x": f"{rate:.0f}"}
            for row in self.rows
            for age, rate in enumerate(row.rates)
            if rate is not None
        ]
        return heat(cells, height=26 * len(self.rows)) if cells else None

    def drawn(self) -> list[CohortRow]:
        """The cohorts with a curve of their own: from the oldest to the latest that has one."""
        able = [row for row in self.rows if len(row.rates) > 2]
        if len(able) <= CURVES:
            return able
        return [able[round(n * (len(able) - 1) / (CURVES - 1))] for n in range(CURVES)]

    def keys(self) -> list[Key]:
        """What the curves' legend says."""
        keys = [Key(name, f"k-{colour}") for name, colour in self.looks()]
        return [*keys, Key("Least to greatest", "k-soft")]

    def looks(self) -> list[tuple[str, str]]:
        """The curves' names and colours, the average first."""
        names = ["Average", *(self.name(row.cohort) for row in self.drawn())]
        return list(zip(names, ("c1", *COLOURS), strict=False))

    def curve_spec(self) -> Spec | None:
        """The average with the spread of all cohorts, and some of them thin."""
        points = [
            {"name": "Average", "age": age, "v": rate, "x": self.percent(rate)}
            for age, rate in enumerate(self.found.average)
            if rate is not None
        ]
        if len(points) < 2:
            return None
        points += [
            {"name": self.name(row.cohort), "age": age, "v": rate, "x": self.percent(rate)}
            for row in self.drawn()
            for age, rate in enumerate(row.rates)
            if rate is not None
        ]
        looks = self.looks()
        return curves(
            points, [name for name, _ in looks], [f"@{colour}" for _, colour in looks],
            spread=self.spread(), scale=scale_for("%", None, self.locale), height=280,
        )  # fmt: skip
