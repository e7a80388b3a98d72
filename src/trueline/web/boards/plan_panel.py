"""What was planned: a KPI month by month beside the finance model, and what is ahead."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from trueline.core import words
from trueline.core.period import Grain, Period, add_months
from trueline.core.reading import Reading
from trueline.dashboards.declaration import Plan
from trueline.engine.plan import planned
from trueline.web.boards.ahead import FRESH, forecast_rows
from trueline.web.boards.ground import (
    Bucket,
    Ground,
    check_cut,
    label_of,
    marks_of,
    missing_of,
    unit_in_file,
)
from trueline.web.boards.over_time import AHEAD, ahead_cells, course, dotted
from trueline.web.boards.shown import Cell, Column, Key, Missing, Shown, Table
from trueline.web.charts.axis import MINUTE
from trueline.web.charts.marked import named_by, with_plan

MONTHS_BACK, MONTHS_AHEAD = 12, 12


def plan(ground: Ground, panel: Plan) -> Shown | None:
    """A KPI month by month beside the finance model; None where no plan is loaded for it."""
    goals = planned(ground.tl.warehouse, panel.kpi, panel.scenario)
    if not goals:
        return None
    check_cut("The plan", (), ground.view.cut)
    months, last = _shown_months(ground, panel, goals)
    shown = Shown("chart", panel.title or f"{label_of(panel.kpi)} against the plan")
    said = panel.about or f"By month, with the finance model's scenario '{panel.scenario}'"
    shown.about = f"{said}, {_months_span(months, ground.locale)}"
    shown.link = f"/kpi/{panel.kpi}"
    if not any(month in goals for month in months):
        shown.missing = _not_planned(ground, goals, months)
        return shown
    actual = ground.buckets(Period(months[0], add_months(last, 1)), Grain.MONTH)
    readings = ground.series(panel.kpi, actual)
    if all(reading.value is None for reading in readings):
        shown.missing = missing_of(readings[-1].reasons, readings[-1])
        return shown
    asked = Period(months[0], ground.period(panel.range).end)
    ahead, why = forecast_rows(ground, panel.kpi, Grain.MONTH, actual, readings, asked)
    if ahead:  # what is forecast may reach beyond what is planned
        months = _months(months[0], max(months[-1], date.fromisoformat(ahead[-1]["t"][:10])))
        shown.about = f"{said}, {_months_span(months, ground.locale)}"
    shown.spec = _plan_spec(ground, panel, readings, actual, goals, months, ahead)
    shown.table = _plan_table(ground, readings, goals, months, ahead)
    shown.marks = marks_of(readings)
    shown.legend = (Key("Actual", "k-c1"), Key("Plan", "k-c3"))
    shown.legend += (Key("Forecast", "k-dash"),) if ahead else ()
    shown.legend += dotted(shown.marks)
    shown.notes = (why,) if why else ()
    shown.summary = _plan_summary(ground, readings, goals)
    shown.height = "tall"
    return shown


def _shown_months(
    ground: Ground, panel: Plan, goals: dict[date, Decimal]
) -> tuple[list[date], date]:
    """The months shown, and the last of them that may have an actual value.

    They are those of the range, with the year before its end; where the range reaches today, those
    that are planned ahead as well.
    """
    period = ground.period(panel.range)
    reaches = period.end >= ground.today - FRESH
    last = ground.today if reaches else period.end - timedelta(days=1)
    last = last.replace(day=1)
    first = min(add_months(last, -MONTHS_BACK), period.start.replace(day=1))
    first = min(max(min(goals), first), last)
    until = min(max(max(goals), last), add_months(last, MONTHS_AHEAD)) if reaches else last
    return _months(first, until), last


def _months_span(months: list[date], locale: str) -> str:
    from babel.dates import format_interval

    if len(months) == 1:
        return _month_name(months[0], locale)
    return str(format_interval(months[0], months[-1], "yMMM", locale=locale))


def _not_planned(ground: Ground, goals: dict[date, Decimal], months: list[date]) -> Missing:
    """The finance model speaks of other months."""
    planned_for = _months_span([min(goals), max(goals)], ground.locale)
    shown = _months_span(months, ground.locale)
    return Missing(f"The finance model plans {planned_for}, not {shown}.", title="Not planned")


def _months(first: date, last: date) -> list[date]:
    out = [first]
    while out[-1] < last:
        out.append(add_months(out[-1], 1))
    return out


def _plan_spec(
    ground: Ground, panel: Plan, readings: list[Reading], actual: list[Bucket],
    goals: dict[date, Decimal], months: list[date], ahead: list[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    spec = course(ground, [(label_of(panel.kpi), readings)], actual, [], ahead=ahead)
    unit, currency = readings[0].unit, readings[0].currency
    goal_rows: list[dict[str, Any]] = [
        {"t": f"{month}{MINUTE}", "when": _month_name(month, ground.locale),
         "v": None if goal is None else float(goal),
         "x": words.UNKNOWN if goal is None else ground.amount(goal, unit, currency)}
        for month in months
        for goal in (goals.get(month),)
    ]  # fmt: skip
    return named_by(with_plan(spec, goal_rows), actual[0].whole, actual[-1].whole, ground.locale)


def _plan_table(
    ground: Ground, readings: list[Reading], goals: dict[date, Decimal], months: list[date],
    ahead: list[dict[str, Any]],
) -> Table:  # fmt: skip
    by_month = {reading.start: reading for reading in readings}
    coming = {row["t"][:10]: row for row in ahead if row["x"]}
    names = ("Actual", "Plan", "Difference", *AHEAD)
    unit, currency = readings[0].unit, readings[0].currency
    counted, nothing = unit_in_file(unit), Cell("", None)
    rows = []
    for month in reversed(months):
        reading, goal = by_month.get(month), goals.get(month)
        row = coming.get(month.isoformat())
        rows.append(
            (
                Cell(_month_name(month, ground.locale), month),
                ground.cell(reading) if reading else nothing,
                Cell(
                    "–" if goal is None else ground.amount(goal, unit, currency), goal, unit=counted
                ),
                _difference(reading, goal, ground.locale),
                *(ahead_cells(row, counted) if row else [nothing] * len(AHEAD)),
            )
        )
    return Table((Column("Month"), *(Column(name, True) for name in names)), tuple(rows))


def _month_name(month: date, locale: str) -> str:
    from babel.dates import format_date

    return str(format_date(month, "MMM yyyy", locale=locale))


def _difference(reading: Reading | None, goal: Decimal | None, locale: str) -> Cell:
    """Of whole months only: a part of one is not compared with a whole month's plan. A percentage
    of a plan below 0 would turn worse into more; what is a percentage differs in points."""
    if reading is None or reading.value is None or goal is None:
        return Cell("", None)
    points = reading.unit in words.POINTS
    if reading.completeness.value == "partial" or (goal <= 0 and not points):
        return Cell(words.UNKNOWN, None)
    more = Decimal(str(reading.value)) - goal
    raw = float(more if points else 100 * more / goal)
    moved = {"absolute": more, "percent": None if points else raw}
    text = words.changed(moved, reading.unit, locale)
    return Cell(text, raw, unit=words.POINTS.get(reading.unit, "%"))


def _plan_summary(ground: Ground, readings: list[Reading], goals: dict[date, Decimal]) -> str:
    whole = [r for r in readings if r.value is not None and r.completeness.value == "complete"]
    whole = [r for r in whole if r.start in goals]
    if not whole:
        return "No whole month has both an actual and a planned value."
    last = whole[-1]
    goal = ground.amount(goals[last.start], last.unit, last.currency)
    return f"{_month_name(last.start, ground.locale)}: {ground.text(last)}, planned {goal}"
