"""Panels over time: lines and bars, and the tables beside them."""

from __future__ import annotations

from typing import Any

from trueline.core.period import Grain
from trueline.core.reading import Reading
from trueline.dashboards.declaration import Bars, Line, Stacked
from trueline.web.boards.ahead import forecast_rows
from trueline.web.boards.ground import (
    COLOURS,
    MOST_VALUES,
    Bucket,
    Ground,
    days_of,
    is_estimated,
    is_loose,
    is_partial,
    label_of,
    mark_of,
    marks_of,
    missing_of,
    not_shown,
    worth_drawing,
)
from trueline.web.boards.shown import Cell, Column, Key, Missing, Shown, Table
from trueline.web.charts import bars as bar_charts
from trueline.web.charts.axis import Spec, scale_for
from trueline.web.charts.lines import Line as Drawn
from trueline.web.charts.lines import lines
from trueline.web.charts.marked import named_by

MOST_POINTS, MOST_BARS, MOST_STACKS = 130, 40, 20
Named = tuple[str, list[Reading]]
EACH = {"day": "Daily", "week": "Weekly", "month": "Monthly", "quarter": "Quarterly",
        "year": "Yearly"}  # fmt: skip


def line(ground: Ground, panel: Line) -> Shown:
    """KPIs, or one KPI's slices, over time; with what came before and what is to come."""
    period = ground.period(panel.range)
    grain = ground.grain(period, panel.grain, MOST_POINTS)
    buckets = ground.buckets(period, grain)
    series, lacking = _series(ground, panel, buckets)
    title = panel.title or ", ".join(label_of(key) for key in panel.kpis)
    shown = Shown(body="chart", title=title, about=_about(ground, panel, grain, buckets))
    shown.link = f"/kpi/{panel.kpis[0]}"
    shown.notes = lacking
    if (missing := _undrawn(series)) is not None:
        shown.missing = missing
        return shown
    goals = ground.goals(
        panel.kpis if not panel.by or panel.target is not None else (), grain, panel.target
    )
    before = _before(ground, panel, buckets, grain) if panel.previous else None
    ahead: list[dict[str, Any]] = []
    why = ""
    if panel.forecast:
        ahead, why = forecast_rows(ground, panel.kpis[0], grain, buckets, series[0][1], period)
    looks = [ground.colour(panel.by, name) for name, _ in series] if panel.by else list(COLOURS)
    earlier = [before] if before else []
    shown.table = sheet(ground, buckets, [*series, *earlier], ahead)
    shown.notes += tuple(_not_drawn(item) for item in series if not _any([item]))
    able = [(item, look) for item, look in zip(series, looks, strict=False) if _any([item])]
    series = [item for item, _ in able]
    looks = [look for _, look in able] + ["faint"] * len(earlier)
    shown.spec = course(ground, [*series, *earlier], buckets, goals, ahead=ahead, looks=looks)
    shown.marks = marks_of(r for _, readings in series for r in readings)
    shown.legend = _legend(series, looks, before, ahead, shown.marks)
    shown.legend += target_key(ground, goals, series[0][1][0])
    shown.notes += (why,) if why else ()
    shown.summary = _summary(ground, series)
    shown.height = "tall" if panel.columns >= 7 else ""
    return shown


def bars(ground: Ground, panel: Bars) -> Shown:
    """A bar a bucket, whole buckets; one that is covered only in part is hatched."""
    period = ground.period(panel.range)
    grain = ground.grain(period, panel.grain, MOST_BARS)
    buckets = ground.buckets(period, grain)
    readings = ground.series(panel.kpi, buckets)
    title = panel.title or label_of(panel.kpi)
    shown = Shown(body="chart", title=title, about=_about(ground, panel, grain, buckets))
    shown.link = f"/kpi/{panel.kpi}"
    if not _any([(title, readings)]):
        shown.missing = _nothing([(title, readings)])
        return shown
    rows = [
        _bar(ground, bucket, reading) for bucket, reading in zip(buckets, readings, strict=True)
    ]
    goals = ground.goals((panel.kpi,), grain, panel.target)
    scale = scale_for(readings[0].unit, readings[0].currency, ground.locale)
    shown.spec = bar_charts.bars(rows, scale, targets=goals)
    shown.table = sheet(ground, buckets, [(title, readings)])
    shown.marks = marks_of(readings)
    shown.legend = mark_keys(shown.marks) + target_key(ground, goals, readings[0])
    shown.summary = _summary(ground, [(title, readings)])
    return shown


def stacked(ground: Ground, panel: Stacked) -> Shown:
    """Bars of parts on one another. A bucket with an unknown part is left out of the chart."""
    period = ground.period(panel.range)
    grain = ground.grain(period, panel.grain, MOST_STACKS)
    buckets = ground.buckets(period, grain)
    series, lacking = _series(ground, panel, buckets)
    title = panel.title or ", ".join(label_of(key) for key in panel.kpis)
    shown = Shown(body="chart", title=title, about=_about(ground, panel, grain, buckets))
    shown.link = f"/kpi/{panel.kpis[0]}"
    shown.notes = lacking
    if (missing := _undrawn(series)) is not None:
        shown.missing = missing
        return shown
    rows = [
        _bar(ground, bucket, readings[place]) | {"name": name, "order": order}
        for place, bucket in enumerate(buckets)
        if all(readings[place].value is not None for _, readings in series)
        for order, (name, readings) in enumerate(series)
    ]
    tokens = ["c1", "c1soft"] if len(series) == 2 else list(COLOURS)
    if panel.by:
        tokens = [ground.colour(panel.by, name) for name, _ in series]
    if not rows:
        shown.missing = _nothing([item for item in series if not _any([item])] or series)
        return shown
    left_out = len(buckets) - len({row["label"] for row in rows})
    if left_out:
        is_are = "is" if left_out == 1 else "are"
        shown.notes += (
            f"{left_out} of {len(buckets)} bars {is_are} left out: a part is not known.",
        )
    first = series[0][1][0]
    scale = scale_for(first.unit, first.currency, ground.locale)
    names = [name for name, _ in series]
    narrow = panel.columns <= 4
    shown.height = "mid" if narrow else ""
    height = {"height": 200} if narrow else {}
    shown.spec = bar_charts.stacked(rows, names, scale, tokens=tokens, **height)
    shown.table = sheet(ground, buckets, series)
    shown.marks = marks_of(r for _, readings in series for r in readings)
    looks = [f"k-{look.replace('c1soft', 'soft')}" for look in tokens]
    shown.legend = tuple(Key(n, look) for n, look in zip(names, looks, strict=False))
    shown.legend += mark_keys(shown.marks)
    shown.summary = _summary(ground, series)
    return shown


def _series(
    ground: Ground, panel: Line | Stacked, buckets: list[Bucket]
) -> tuple[list[Named], tuple[str, ...]]:
    """The panel's series, a KPI each, or a recorded value each; and what is not among them."""
    if not panel.by:
        return [(label_of(key), ground.series(key, buckets)) for key in panel.kpis], ()
    key, by = panel.kpis[0], panel.by
    values = chosen_values(ground, by)
    ground.prefetch_each([key], by, values[:MOST_VALUES])
    found = [(value, ground.series(key, buckets, (by, value))) for value in values[:MOST_VALUES]]
    unknown = [name for name, readings in found if all(r.value is None for r in readings)]
    series = worth_drawing(found)
    if not series:
        return found, ()
    return series, not_shown(unknown, max(0, len(values) - MOST_VALUES), by)


def chosen_values(ground: Ground, by: str) -> list[str]:
    """The values of a dimension that the page's slice leaves."""
    own = ground.view.cut.value(by)
    return ground.values(by) if own is None else [own]


def target_key(ground: Ground, goals: list[float], reading: Reading) -> tuple[Key, ...]:
    """What the lines across are, with their values: nothing else says which is which."""
    if not goals:
        return ()
    texts = [ground.amount(goal, reading.unit, reading.currency) for goal in goals]
    return (Key(f"Target {', '.join(texts)}", "k-rule"),)


def _any(series: list[Named]) -> bool:
    return any(reading.value is not None for _, readings in series for reading in readings)


def _undrawn(series: list[Named]) -> Missing | None:
    """Why series are no chart: nothing is known of them, or no axis fits them all."""
    if not _any(series):
        return _nothing(series)
    if len({readings[0].currency for _, readings in series}) > 1:
        return Missing("The values are in several currencies: one axis cannot show them.")
    return None


def _not_drawn(item: Named) -> str:
    """A KPI that has no line, for nothing is known of it, and why."""
    return f"{item[0]} is not known: {_nothing([item]).message}"


def _nothing(series: list[Named]) -> Missing:
    for _, readings in series:
        for reading in reversed(readings):
            if reading.reasons:
                return missing_of(reading.reasons, reading)
    return Missing("Nothing is recorded for this in the range.")


def _before(ground: Ground, panel: Line, buckets: list[Bucket], grain: Grain) -> Named | None:
    earlier = ground.before(buckets, grain)
    readings = ground.series(panel.kpis[0], earlier)
    known = any(reading.value is not None for reading in readings)
    return ("Previous period", readings) if known and len(earlier) == len(buckets) else None


def _about(
    ground: Ground, panel: Line | Bars | Stacked, grain: Grain, buckets: list[Bucket]
) -> str:
    """What the panel is about, and which days its buckets hold where they are not the page's."""
    said = panel.about or EACH[grain.value]
    if panel.about and panel.kind != "bars":
        said = f"{panel.about}, {EACH[grain.value].lower()}"
    return f"{said}, {days_of(buckets, ground.locale)}" if panel.range and buckets else said


# -- charts ---------------------------------------------------------------------------------------


def course(
    ground: Ground,
    series: list[Named],
    buckets: list[Bucket],
    goals: list[float],
    *,
    ahead: list[dict[str, Any]] | None = None,
    looks: list[str] | None = None,
) -> Spec:
    """Lines of readings; a faint one is thin, for it is only compared with."""
    rows = [{"t": bucket.at, "when": bucket.when} for bucket in buckets]
    drawn = []
    for number, (name, readings) in enumerate(series):
        look = (looks or COLOURS)[number]
        drawn.append(Drawn(name, look, look == "faint"))
        _fill(ground, rows, number, readings)
    first = series[0][1][0]
    scale = scale_for(first.unit, first.currency, ground.locale)
    spec = lines(drawn, rows, scale, forecast=ahead or None, targets=goals or None)
    return named_by(spec, buckets[0].whole, buckets[-1].whole, ground.locale)


def _fill(ground: Ground, rows: list[dict[str, Any]], number: int, readings: list[Reading]) -> None:
    """Whole, actual values as a line; the way to and from others as dashes."""
    values = [None if r.value is None else float(r.value) for r in readings]
    loose = [is_loose(r) for r in readings]
    for place, reading in enumerate(readings):
        near = loose[place] or any(0 <= n < len(loose) and loose[n] for n in (place - 1, place + 1))
        mark = "" if reading.value is None else mark_of(reading)
        rows[place][f"v{number}"] = None if loose[place] else values[place]
        rows[place][f"d{number}"] = values[place] if near else None
        rows[place][f"x{number}"] = ground.text(reading) + (f", {mark}" if mark else "")


def _bar(ground: Ground, bucket: Bucket, reading: Reading) -> dict[str, Any]:
    return {
        "label": bucket.label,
        "when": bucket.when,
        "v": None if reading.value is None else float(reading.value),
        "x": ground.text(reading),
        "partial": is_partial(reading),
        "e": is_estimated(reading),
        "note": mark_of(reading),
    }


def _legend(
    series: list[Named],
    looks: list[str],
    before: Named | None,
    ahead: list[Any],
    marks: tuple[str, ...],
) -> tuple[Key, ...]:
    several = len(series) > 1 or before or ahead
    keys = [Key(name, f"k-{look}") for (name, _), look in zip(series, looks, strict=False)]
    if not several:
        keys = []
    elif len(series) == 1:
        keys = [Key("Actual", "k-c1")]
    if before:
        keys.append(Key("Previous", "k-faint"))
    if ahead:
        keys.append(Key("Forecast", "k-dash"))
    return tuple(keys) + dotted(marks)


def dotted(marks: tuple[str, ...]) -> tuple[Key, ...]:
    """What a legend of lines says of marks that occur: both are dots, so both are one entry."""
    return (Key(" or ".join(marks).capitalize(), "k-dots"),) if marks else ()


def mark_keys(marks: tuple[str, ...]) -> tuple[Key, ...]:
    """What a legend says of marks that occur."""
    looks = {"partial": "k-partial", "estimated": "k-pale"}
    return tuple(Key(mark.capitalize(), looks[mark]) for mark in marks)


def _summary(ground: Ground, series: list[Named]) -> str:
    """The chart in a sentence: each line's last known value, its lowest and its highest."""
    said = []
    for name, readings in series:
        known = [r for r in readings if r.value is not None]
        if not known:
            continue
        low = min(known, key=lambda r: r.value or 0)
        high = max(known, key=lambda r: r.value or 0)
        last = f"{name}: last {ground.text(known[-1])}"
        said.append(f"{last}, from {ground.text(low)} to {ground.text(high)}")
    return "; ".join(said)


# -- tables ---------------------------------------------------------------------------------------


AHEAD = ("Forecast", "80% from", "80% to")


def ahead_cells(row: dict[str, Any], unit: str) -> tuple[Cell, ...]:
    """What is forecast, and between what it lies in 80% of cases."""
    pairs = ((row["x"], row["v"]), (row["lo_x"], row["lo"]), (row["hi_x"], row["hi"]))
    return tuple(Cell(text, raw, unit=unit) for text, raw in pairs)


def sheet(
    ground: Ground,
    buckets: list[Bucket],
    series: list[Named],
    ahead: list[dict[str, Any]] | None = None,
) -> Table:
    """The same values, newest first; what is forecast stands below them, soonest first."""
    columns = (Column("Period"), *(Column(name, number=True) for name, _ in series))
    cells = [ground.cells(readings) for _, readings in series]
    rows = [
        (Cell(bucket.when, bucket.whole.start), *(column[place] for column in cells))
        for place, bucket in enumerate(buckets)
    ]
    rows.reverse()
    if not ahead:
        return Table(columns, tuple(rows))
    empty = Cell("", None)
    ours = [
        (Cell(row["when"], row["t"][:10]), *([empty] * len(series)),
         *ahead_cells(row, cells[0][0].unit))
        for row in ahead
        if row["x"]
    ]  # fmt: skip
    more = tuple(Column(name, number=True) for name in AHEAD)
    return Table((*columns, *more), (*((*row, empty, empty, empty) for row in rows), *ours))
