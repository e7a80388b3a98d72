"""Retention by first month: a heat map that is a table, or curves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from trueline.core import words
from trueline.core.period import Period, add_months
from trueline.dashboards.declaration import Cohorts as CohortsPanel
from trueline.engine.cohort import CohortRow, average, cohorts
from trueline.web.boards.empty_cells import Months, no_cell
from trueline.web.boards.ground import Ground, check_cut, missing_of
from trueline.web.boards.shown import Cell, Column, Key, Missing, Shown, Table
from trueline.web.charts.axis import scale_for
from trueline.web.charts.curves import curves
from trueline.web.charts.heat import heat, look

WHAT = {
    ("orders", "customers"): "Percent of customers who ordered again, by months since their first",
    ("orders", "revenue"): "Percent of the first month's revenue, by months since the first order",
    ("subscriptions", "customers"): "Percent of customers still paying, by months since the first",
    ("subscriptions", "revenue"): "Percent of recurring revenue kept, by months since the first",
}
CURVES = 5


def panel_of_cohorts(ground: Ground, panel: CohortsPanel) -> Shown:
    """The last cohorts whose first month is over when the page's range ends, until then."""
    from trueline.web.pages.frame import span

    shown = Shown("heat", panel.title or "Cohort retention")
    what = shown.about = panel.about or WHAT[panel.of, panel.measure]
    shown.link = f"/cohorts?kind={panel.of}&by={panel.measure}"
    check_cut("Cohorts", (), ground.view.cut)
    end = ground.view.range.period.end.replace(day=1)
    resolver = ground.evaluator().resolver
    found = cohorts(resolver, panel.of, panel.measure, end=end, before=end)
    rows = found.rows[-panel.months :]
    if not rows:
        shown.missing = missing_of(found.reasons) if found.reasons else _none(ground, end)
        return shown
    if end < ground.today.replace(day=1):  # the page then begins with the same cohorts
        shown.link += f"&start={rows[0].cohort}&end={end}"
    ages = min(panel.months, max(len(row.rates) for row in rows))
    last = add_months(rows[0].cohort, len(rows[0].rates))
    shown.about = f"{what}, {span(Period(rows[0].cohort, last), ground.locale)}"
    months = Months(ground.today.replace(day=1), end)
    shown.table = _table(ground, rows, ages, months)
    # Rejected rows are told of at the head of the page.
    shown.notes = tuple(r.message for r in found.reasons if r.code != "rejected_rows")
    mean = average(rows, panel.measure)
    shown.summary = f"{len(rows)} cohorts; on average " + ", ".join(
        f"{_percent(ground, rate)} after {age} {'month' if age == 1 else 'months'}"
        for age, rate in enumerate(mean[:ages])
        if rate is not None and age in (1, 3, 6)
    )
    if panel.view == "curves":
        return _as_curves(ground, shown, mean, rows, ages)
    shown.spec = _heat_spec(ground, rows, ages)
    shown.more = {"ages": list(range(ages)), "rows": _cells(ground, rows, ages, months)}
    empty = months.said(rows, ages)
    shown.notes = (*((empty,) if empty else ()), *shown.notes)
    return shown


def _none(ground: Ground, end: date) -> Missing:
    from trueline.web.pages.frame import day

    return Missing(f"No cohort's first month was over by {day(end, ground.locale)}.")


def _name(month: date, locale: str) -> str:
    from babel.dates import format_date

    return str(format_date(month, "MMM yyyy", locale=locale))


def _rate(row: CohortRow, age: int) -> float | None:
    return row.rates[age] if age < len(row.rates) else None


def _table(ground: Ground, rows: Sequence[CohortRow], ages: int, months: Months) -> Table:
    columns = (
        Column("Cohort"),
        Column("Size", True),
        *(Column(f"Month {age}", True) for age in range(ages)),
    )
    out = []
    for row in rows:
        cells = [
            Cell(_percent(ground, rate) or words.UNKNOWN, rate, why=months.why(row, age), unit="%")
            for age in range(ages)
            for rate in (_rate(row, age),)
        ]
        out.append(
            (
                Cell(_name(row.cohort, ground.locale), row.cohort),
                Cell(words.amount(row.size, "count", None, ground.locale), row.size),
                *cells,
            )
        )
    return Table(columns, tuple(out))


def _percent(ground: Ground, rate: float | None) -> str:
    return "" if rate is None else words.amount(rate, "%", None, ground.locale)


def _cells(
    ground: Ground, rows: Sequence[CohortRow], ages: int, months: Months
) -> list[dict[str, Any]]:
    """Cells of the heat map: whole percents, shaded in ten steps, or why there is none."""

    def cell(row: CohortRow, age: int) -> dict[str, str]:
        rate, month = _rate(row, age), _name(add_months(row.cohort, age), ground.locale)
        if rate is None:
            return no_cell(months.why(row, age), month)
        said = f"{month}: {_percent(ground, rate)}"
        return {"text": f"{rate:.0f}", "look": look(rate), "said": said, "why": ""}

    return [
        {
            "name": _name(row.cohort, ground.locale),
            "size": words.amount(row.size, "count", None, ground.locale),
            "cells": [cell(row, age) for age in range(ages)],
        }
        for row in rows
    ]


def _heat_spec(ground: Ground, rows: Sequence[CohortRow], ages: int) -> dict[str, Any]:
    cells = [
        {"cohort": _name(row.cohort, ground.locale), "age": f"M{age}", "v": rate,
         "x": f"{rate:.0f}"}
        for row in rows
        for age in range(ages)
        if (rate := _rate(row, age)) is not None
    ]  # fmt: skip
    return heat(cells, height=24 * len(rows))


def _as_curves(
    ground: Ground, shown: Shown, mean: Sequence[float | None], rows: Sequence[CohortRow], ages: int
) -> Shown:
    """The average of the cohorts, and those that have a course, thin."""
    able = [row for row in rows if len(row.rates) > 2]
    drawn = able[:: max(1, -(-len(able) // CURVES))]
    points = [
        {"name": "Average", "age": age, "v": rate, "x": _percent(ground, rate)}
        for age, rate in enumerate(mean[:ages])
        if rate is not None
    ]
    names = ["Average"]
    for row in drawn:
        names.append(_name(row.cohort, ground.locale))
        points += [
            {"name": names[-1], "age": age, "v": rate, "x": _percent(ground, rate)}
            for age in range(ages)
            if (rate := _rate(row, age)) is not None
        ]
    looks = ["c1", "c6", "c5", "c2", "c3", "c4"]
    shown.body = "chart"
    scale = scale_for("%", None, ground.locale)
    shown.spec = curves(points, names, [f"@{look}" for look in looks], scale=scale)
    shown.legend = tuple(Key(n, f"k-{look}") for n, look in zip(names, looks, strict=False))
    return shown
