"""Tiles and gauges: a value, its course, its changes, its target."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trueline.catalog.kpi import Direction, Unit
from trueline.catalog.kpis import kpi
from trueline.catalog.target import MONTH, fits, stand
from trueline.core import words
from trueline.core.period import Period
from trueline.core.reading import Reading
from trueline.dashboards.declaration import Gauge, Tile
from trueline.engine.engine import change
from trueline.web.boards.ground import Ground, is_loose, marks_of
from trueline.web.boards.over_time import course, sheet
from trueline.web.boards.shown import Shown
from trueline.web.pages import figures
from trueline.web.pages.frame import span

MOST_BUCKETS = 31
_STEADY = (Unit.PERCENT, Unit.RATIO, Unit.MONTHS)
"""Units of quotients: a day of them is noise, so a week is their finest bucket."""


def tile(ground: Ground, panel: Tile | Gauge) -> Shown:
    """The panel's reading, with what it is compared with."""
    key = panel.kpi
    definition = kpi(key)
    period = ground.period(panel.range)
    reading = ground.reading(key, period)
    finest = panel.grain or ("week" if definition.unit in _STEADY else None)
    grain = ground.grain(period, finest, MOST_BUCKETS)
    buckets = ground.buckets(period, grain)
    readings = ground.series(key, buckets) if len(buckets) > 1 else []
    target = target_of(ground, key, panel.target, reading)
    number, unit = figures.parted(ground.text(reading).removeprefix("~"))
    more: dict[str, Any] = {
        "value": number,
        "unit": unit,
        "reading": reading,
        "changes": _changes(ground, reading),
        "spark": _spark(readings),
        "target": target,
        "gauge": None,
        "restated": ground.reported(reading),
        "per": grain.value,
    }
    if panel.kind == "gauge" and reading.value is not None:
        more["gauge"] = _gauge(reading, target)
    shown = Shown(
        body="tile",
        title=panel.title or definition.label,
        about=_about(ground, panel, period),
        missing=None if reading.known else ground.missing(reading),
        marks=marks_of([reading]),
        notes=tuple(reason.message for reason in reading.reasons) if reading.known else (),
        link=f"/kpi/{key}",
        more=more,
    )
    if readings:
        goals = ground.goals((key,), grain, panel.target)
        shown.spec = course(ground, [(shown.title, readings)], buckets, goals)
        shown.table = sheet(ground, buckets, [(shown.title, readings)])
    elif reading.known:  # in one bucket there is no course: the value itself is the table
        shown.table = sheet(ground, [ground.whole(period)], [(shown.title, [reading])])
    return shown


def _about(ground: Ground, panel: Tile | Gauge, period: Period) -> str:
    """What the file says of it, and its days where they are not the page's."""
    days = span(period, ground.locale) if panel.range else ""
    return ", ".join(part for part in (panel.about, days) if part)


def _changes(ground: Ground, reading: Reading) -> list[dict[str, Any]]:
    """Against the previous period and a year ago, each with the earlier value."""
    period = Period(reading.start, reading.end)
    out = []
    for name, earlier in (("previous period", period.previous()), ("a year ago", _year(period))):
        if earlier is None:
            continue
        other = ground.reading(reading.key, earlier)
        found = change(reading, other)
        out.append(
            {
                "against": name,
                "change": found,
                "text": words.changed(found, reading.unit, ground.locale),
                "earlier": ground.text(other),
                "reason": found["reason"],
            }
        )
    return out


def _year(period: Any) -> Any:
    return None if period.days > 366 else period.year_earlier()


def _spark(readings: list[Reading]) -> dict[str, Any] | None:
    values = [None if r.value is None else float(r.value) for r in readings]
    return figures.spark(values, [n for n, r in enumerate(readings) if is_loose(r)])


def target_of(ground: Ground, key: str, own: Decimal | None, reading: Reading) -> Any:
    """A target with its sign, its text, its source, and how the reading stands to it."""
    found = ground.target(key, own)
    if found is None:
        return None
    number = Decimal(found["value"])
    direction, unit, currency = kpi(key).direction, kpi(key).unit, ground.company.currency
    text = ground.amount(number, unit.written(currency), currency if unit.is_money else None)
    if found["per"] == MONTH:
        text += " a month"
    sign = {Direction.UP: "≥ ", Direction.DOWN: "≤ ", Direction.NEUTRAL: ""}[direction]
    met, why = stand(reading, found)
    state, said = "", ""
    if met is not None:
        state = "ok" if met else "warn"
        said = "On target" if met else "Below" if direction is Direction.UP else "Above"
    source = str(found["source"])
    if "dated" in found:
        source += f", {found['dated']}"
    return {
        "key": key, "label": kpi(key).label, "number": float(number), "text": sign + text,
        "state": state, "said": said, "why": why, "source": source,
        "fits": fits(reading, found),
    }  # fmt: skip


def _gauge(reading: Reading, target: Any) -> dict[str, Any]:
    """The half circle: to twice the target, or to the most that is possible."""
    value = float(reading.value or 0)
    high = kpi(reading.key).bounds[1]
    goal = target["number"] if target and target["fits"] else None
    most = high if high is not None else 2 * goal if goal else max(value, 1.0)
    if goal and most > 2.5 * goal:
        most = 2 * goal
    most = max(most, goal or 0)
    drawn = figures.gauge(value, most, goal)
    drawn["state"] = target["state"] if target else ""
    return drawn
