"""Panels by the values of a dimension: a ring of shares, ranked bars, a table."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from trueline.core import words
from trueline.core.period import Period
from trueline.core.reading import Reading
from trueline.dashboards.declaration import Ranked, Ring
from trueline.dashboards.declaration import Table as TablePanel
from trueline.engine.engine import change
from trueline.web.boards.ground import (
    MOST_VALUES,
    Ground,
    is_estimated,
    label_of,
    mark_of,
    marks_of,
    missing_of,
    not_shown,
    unit_in_file,
    worth_drawing,
)
from trueline.web.boards.over_time import chosen_values
from trueline.web.boards.shown import Cell, Column, Key, Missing, Shown, Table
from trueline.web.boards.tiles import target_of
from trueline.web.charts import bars as charts
from trueline.web.pages.frame import span

MOST_ROWS = 50


def ring(ground: Ground, panel: Ring) -> Shown:
    """Each value's share of the whole. What is negative or unknown has none, and is said."""
    period = ground.period(panel.range)
    found, more = _by(ground, panel.kpi, panel.by, period, MOST_ROWS)
    shown = Shown("ring", panel.title or label_of(panel.kpi), _about(ground, panel, period))
    shown.link = f"/kpi/{panel.kpi}"
    known = [(name, r) for name, r in found if r.value]
    known.sort(key=lambda item: -(item[1].value or 0))
    if not known:
        shown.missing = _nothing(found)
        return shown
    if any((r.value or 0) < 0 for _, r in known):
        shown.missing = Missing("One of the parts is negative: it has no share of a whole.")
        return shown
    if len({r.currency for _, r in known}) > 1:
        shown.missing = Missing("The parts are in several currencies: they have no common whole.")
        return shown
    total = sum((Decimal(str(r.value)) for _, r in known), Decimal(0))
    first = known[0][1]
    rows: list[dict[str, Any]] = []
    for order, (name, value, text) in enumerate(_parts(ground, known)):
        share = words.share(value, total, ground.locale)
        row = {"name": name, "v": float(value), "order": order, "x": text, "share": share}
        rows.append(row | {"link": ground.part(panel.kpi, panel.by, name, panel.range)})
    looks = ground.colours(panel.by, [row["name"] for row in rows])
    shown.spec = charts.ring(rows, [row["name"] for row in rows], tokens=looks)
    shown.table = _ring_table(ground, panel.by, found, total)
    shown.legend = tuple(
        Key(row["name"], f"k-{look}") for row, look in zip(rows, looks, strict=True)
    )
    shown.marks = marks_of(r for _, r in found)
    shown.notes = not_shown(_unknown(found), more, panel.by)
    shown.more = {
        "rows": rows,
        "total": ("~" if "estimated" in shown.marks else "")
        + ground.amount(total, first.unit, first.currency),
        "of": "known" if _unknown(found) else "shown" if more else "total",
    }
    shown.summary = "; ".join(f"{row['name']}: {row['x']}, {row['share']}" for row in rows)
    return shown


def _parts(ground: Ground, known: list[tuple[str, Reading]]) -> list[tuple[str, Decimal, str]]:
    """The largest parts, the small ones together as the last."""
    first = known[0][1]
    parts = [(name, Decimal(str(r.value))) for name, r in known]
    if len(parts) > 6:
        rest = sum((value for _, value in parts[5:]), Decimal(0))
        parts = [*parts[:5], (f"{len(parts) - 5} others", rest)]
    values = (value for _, value in parts)
    texts = words.alike(values, first.unit, first.currency, ground.locale)
    guessed = [is_estimated(r) for _, r in known]
    return [
        (
            name,
            value,
            f"~{text}"
            if any(guessed[place:] if place == 5 else guessed[place : place + 1])
            else text,
        )
        for place, ((name, value), text) in enumerate(zip(parts, texts, strict=True))
    ]


def _ring_table(ground: Ground, by: str, found: list[tuple[str, Reading]], total: Decimal) -> Table:
    columns = (Column(by.capitalize()), Column("Value", True), Column("Share", True))
    rows = []
    cells = ground.cells([reading for _, reading in found])
    for (name, reading), cell in zip(found, cells, strict=True):
        share = None if reading.value is None else float(100 * Decimal(str(reading.value)) / total)
        text = "–" if share is None else words.amount(share, "%", None, ground.locale)
        rows.append((Cell(name, name), cell, Cell(text, share, unit="%")))
    return Table(columns, tuple(rows))


def ranked(ground: Ground, panel: Ranked) -> Shown:
    """A bar a value, with a tick where it was in the previous period."""
    period = ground.period(panel.range)
    found, more = _by(ground, panel.kpi, panel.by, period, MOST_ROWS)
    earlier = dict(_by(ground, panel.kpi, panel.by, period.previous(), MOST_ROWS)[0])
    shown = Shown("chart", panel.title or label_of(panel.kpi), _about(ground, panel, period))
    if not panel.about:
        shown.about = f"{span(period, ground.locale)}; the tick marks the period before"
    shown.link = f"/kpi/{panel.kpi}"
    known = [(name, r) for name, r in found if r.value is not None]
    able = [(n, r) for n, r in known if r.value or earlier[n].value] or known
    able.sort(key=lambda item: -(item[1].value or 0))
    drawn = able[:MOST_VALUES]
    if not drawn:
        shown.missing = _nothing(found)
        return shown
    if len({r.currency for _, r in drawn}) > 1:
        shown.missing = Missing("The values are in several currencies: their bars do not compare.")
        return shown
    texts = ground.texts([r for _, r in drawn] + [earlier[name] for name, _ in drawn])
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "v": float(r.value or 0),
            "x": texts[place],
            "before": _plain(earlier[name]),
            "before_x": texts[len(drawn) + place],
            "note": mark_of(r),
        }
        for place, (name, r) in enumerate(drawn)
    ]
    shown.spec = charts.ranked(
        rows,
        [row["name"] for row in rows],
        tokens=ground.colours(panel.by, [row["name"] for row in rows]),
        height=40 + 44 * len(rows),
    )
    shown.height = "low"
    shown.table = _ranked_table(ground, panel.by, found, earlier)
    shown.marks = marks_of(r for _, r in known)
    shown.notes = not_shown(_unknown(found), more + len(able) - len(drawn), panel.by)
    shown.summary = "; ".join(f"{r['name']}: {r['x']}, before {r['before_x']}" for r in rows)
    return shown


def _ranked_table(
    ground: Ground, by: str, found: list[tuple[str, Reading]], earlier: dict[str, Reading]
) -> Table:
    columns = (
        Column(by.capitalize()),
        *(Column(n, number=True) for n in ("Value", "Previous period", "Change")),
    )
    rows = []
    now = [reading for _, reading in found]
    then = [earlier[name] for name, _ in found]
    cells = ground.cells([*now, *then])
    for place, (name, reading) in enumerate(found):
        moved = _moved(reading, then[place], ground.locale)
        rows.append((Cell(name, name), cells[place], cells[len(found) + place], moved))
    return Table(columns, tuple(rows))


def table(ground: Ground, panel: TablePanel) -> Shown:
    """KPIs beside their earlier values; or a dimension's values, a KPI a column."""
    period = ground.period(panel.range)
    days = span(period, ground.locale) if panel.range else ""
    about = ", ".join(part for part in (panel.about, days) if part)
    shown = Shown("table", panel.title or "KPIs", about)
    if panel.by:
        shown.table, shown.notes = _cross(ground, panel.kpis, panel.by, period)
        if not shown.table.rows:
            shown.missing = Missing("Nothing is recorded for this in the range.")
    else:
        shown.table = _listed(ground, panel.kpis, period)
    return shown


def _cross(
    ground: Ground, keys: tuple[str, ...], by: str, period: Period
) -> tuple[Table, tuple[str, ...]]:
    columns = (Column(by.capitalize()), *(Column(label_of(key), number=True) for key in keys))
    values = chosen_values(ground, by)
    ground.prefetch_each(keys, by, values[:MOST_ROWS])
    found = [
        (value, [ground.reading(key, period, (by, value)) for key in keys])
        for value in values[:MOST_ROWS]
    ]
    found = worth_drawing(found)
    cells = [ground.cells([readings[n] for _, readings in found]) for n in range(len(keys))]
    rows = [
        (
            Cell(value, value),
            *(
                replace(column[place], link=ground.part(key, by, value))
                for key, column in zip(keys, cells, strict=True)
            ),
        )
        for place, (value, _) in enumerate(found)
    ]
    return Table(columns, tuple(rows)), not_shown((), max(0, len(values) - MOST_ROWS), by)


def _listed(ground: Ground, keys: tuple[str, ...], period: Period) -> Table:
    names = ("Value", "Previous period", "Change", "A year ago", "Change in a year", "Target")
    columns = (Column("KPI"), *(Column(name, number=True) for name in names))
    rows = []
    for key in keys:
        now = ground.reading(key, period)
        then, year = (ground.reading(key, p) for p in (period.previous(), period.year_earlier()))
        target = target_of(ground, key, None, now)
        goal = Cell("", None)
        if target:
            goal = Cell(target["text"], target["number"], unit=unit_in_file(now.unit))
        rows.append(
            (
                Cell(label_of(key), label_of(key), link=f"/kpi/{key}"),
                ground.cell(now), ground.cell(then), _moved(now, then, ground.locale),
                ground.cell(year), _moved(now, year, ground.locale), goal,
            )
        )  # fmt: skip
    return Table(columns, tuple(rows))


def _moved(now: Reading, then: Reading, locale: str) -> Cell:
    found = change(now, then)
    raw = found["absolute"] if now.unit in words.POINTS else found["percent"]
    look = "" if found["good"] is None else "pos" if found["good"] else "neg"
    text = words.changed(found, now.unit, locale) or "–"
    return Cell(text, raw, look=look, unit="% or points")


def _by(
    ground: Ground, key: str, by: str, period: Period, most: int
) -> tuple[list[tuple[str, Reading]], int]:
    values = chosen_values(ground, by)
    ground.prefetch_each([key], by, values[:most])
    found = [(value, ground.reading(key, period, (by, value))) for value in values[:most]]
    return found, max(0, len(values) - most)


def _plain(reading: Reading) -> float | None:
    return None if reading.value is None else float(reading.value)


def _nothing(found: list[tuple[str, Reading]]) -> Missing:
    if any(reading.value is not None for _, reading in found):
        return Missing("Every part that is known is 0: none has a share.", title="All 0")
    for _, reading in found:
        return missing_of(reading.reasons, reading)
    return Missing("Nothing is recorded for this in the range.")


def _unknown(found: list[tuple[str, Reading]]) -> list[str]:
    return [name for name, reading in found if reading.value is None]


def _about(ground: Ground, panel: Any, period: Period) -> str:
    said = panel.about or f"By {panel.by}"
    own = panel.range or not panel.about
    return f"{said}, {span(period, ground.locale)}" if own else said
