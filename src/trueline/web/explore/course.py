"""A KPI over time: its buckets, what came before, what is unusual, what is to come."""

from __future__ import annotations

from datetime import date
from typing import Any

from trueline.core.errors import InputError
from trueline.core.period import Grain
from trueline.home import Trueline
from trueline.web.boards.ground import Bucket, marks_of, missing_of
from trueline.web.boards.over_time import EACH, course, dotted, sheet, target_key
from trueline.web.boards.shown import Cell, Column, Key, Missing, Shown, Table
from trueline.web.charts.axis import MINUTE
from trueline.web.charts.marked import marked, named_by
from trueline.web.explore.asked import Asked, KnownGround
from trueline.web.explore.outlook import Outlook, outlook_of

MOST_BUCKETS = 1500


def course_of(tl: Trueline, asked: Asked) -> Shown:
    """The KPI bucket by bucket, as a chart and as a table."""
    with tl.engine.one_state():
        return _course(tl, asked)


def _course(tl: Trueline, asked: Asked) -> Shown:
    ground = KnownGround(tl, asked)
    buckets = _buckets(ground, asked)
    readings = ground.series(asked.key, buckets) if buckets else []
    shown = Shown("chart", asked.definition.label, EACH[asked.grain.value], height="tall")
    if not any(reading.known for reading in readings):
        last = next((r for r in reversed(readings) if r.reasons), None)
        none = "Nothing is recorded." if buckets else "These days have not come yet."
        shown.missing = missing_of(last.reasons, last) if last else Missing(none)
        shown.table = sheet(ground, buckets, [(shown.title, readings)])
        return shown
    earlier = ground.before(buckets, asked.grain)
    before = ground.series(asked.key, earlier) if len(earlier) == len(buckets) else []
    named = [(shown.title, readings)]
    if any(reading.known for reading in before):
        named.append(("Period before", before))
    ahead = outlook_of(tl, asked) if _reaches_now(asked) else None
    rows = _forecast(ground, ahead, buckets, readings)
    unusual = _unusual(ahead, buckets)
    goals = ground.goals((asked.key,), asked.grain)
    spec = course(ground, named, buckets, goals, ahead=rows, looks=["c1", "faint"])
    spec = marked(spec, list(unusual.values())) if unusual else spec
    shown.spec = named_by(spec, buckets[0].whole, buckets[-1].whole, ground.locale)
    shown.table = _table(ground, buckets, named, unusual)
    shown.marks = marks_of(readings)
    aim = target_key(ground, goals, readings[0])
    shown.legend = _legend(len(named) > 1, bool(rows), bool(unusual), aim, shown.marks)
    shown.summary = f"{len(buckets)} {asked.grain.value}s, {len(unusual)} of them unusual"
    return shown


def _buckets(ground: KnownGround, asked: Asked) -> list[Bucket]:
    size = {Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 30, Grain.QUARTER: 91, Grain.YEAR: 365}
    if asked.period.days / size[asked.grain] > MOST_BUCKETS:
        raise InputError(
            f"The range has some {asked.period.days // size[asked.grain]} {asked.grain.value}s; "
            f"at most {MOST_BUCKETS} are drawn.",
            "Choose a coarser grain or a shorter range.",
        )
    return ground.buckets(asked.period, asked.grain)


def _reaches_now(asked: Asked) -> bool:
    """Whether the range ends where what is to come begins."""
    return (asked.today - asked.period.end).days <= 3


def _forecast(
    ground: KnownGround, ahead: Outlook | None, buckets: list[Bucket], readings: list[Any]
) -> list[dict[str, Any]]:
    """The forecast's rows for a line, joined to the last whole value."""
    if ahead is None or not ahead.steps:
        return []
    share = max(3, len(buckets) // 3)
    rows = [
        {
            "t": f"{step.period.start}{MINUTE}", "when": step.when, "v": step.mean,
            "lo": step.low80, "hi": step.high80, "lo95": step.low95, "hi95": step.high95,
            "x": step.text, "band": step.band80, "band95": step.band95,
        }
        for step in ahead.steps[:share]
    ]  # fmt: skip
    first = ahead.steps[0].period.start
    for bucket, reading in zip(reversed(buckets), reversed(readings), strict=True):
        if bucket.whole.end == first and reading.value is not None:
            value = float(reading.value)
            edges = dict.fromkeys(("v", "lo", "hi", "lo95", "hi95"), value)
            texts = {"x": ground.text(reading), "band": "", "band95": ""}
            return [{"t": bucket.at, "when": bucket.when} | edges | texts, *rows]
    return rows


def _unusual(ahead: Outlook | None, buckets: list[Bucket]) -> dict[date, dict[str, Any]]:
    """Marks at the unusual buckets that are shown, by their first day."""
    shown = {bucket.whole.start for bucket in buckets}
    found = ahead.unusual if ahead else ()
    return {
        item.period.start: {
            "t": f"{item.period.start}{MINUTE}",
            "v": item.number,
            "when": item.when,
            "x": item.text,
            "expected": item.band,
            "kind": item.kind,
        }
        for item in found
        if item.period.start in shown
    }


def _table(
    ground: KnownGround,
    buckets: list[Bucket],
    named: list[tuple[str, Any]],
    unusual: dict[date, dict[str, Any]],
) -> Table:
    """The values newest first; what is unusual says what was expected."""
    plain = sheet(ground, buckets, named)
    if not unusual:
        return plain
    rows = []
    for row in plain.rows:
        raw = row[0].raw
        found = unusual.get(raw) if isinstance(raw, date) else None
        rows.append((*row, Cell(f"expected {found['expected']}" if found else "", None)))
    return Table((*plain.columns, Column("Unusual")), tuple(rows))


def _legend(
    before: bool, ahead: bool, unusual: bool, goal: tuple[Key, ...], marks: tuple[str, ...]
) -> tuple[Key, ...]:
    keys = [Key("Actual", "k-c1")] if before or ahead or unusual or goal or marks else []
    if before:
        keys.append(Key("Period before", "k-faint"))
    if ahead:
        keys.append(Key("Forecast, 80% and 95%", "k-dash"))
    if unusual:
        keys.append(Key("Unusual", "k-unusual"))
    return (*keys, *goal, *dotted(marks))
