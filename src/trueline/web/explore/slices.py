"""A KPI cut by its dimensions: a reading a recorded value, beside the period before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trueline.core import words
from trueline.core.reading import Reading
from trueline.engine.engine import Asked as One
from trueline.engine.engine import change
from trueline.home import Trueline
from trueline.web.boards.ground import mark_of, texts_of, unit_in_file
from trueline.web.boards.shown import Cell, Column, Table
from trueline.web.charts.axis import Spec
from trueline.web.charts.bars import ranked
from trueline.web.explore.asked import Asked

MOST_VALUES = 60
BARS = 12


@dataclass(frozen=True)
class Part:
    """One value of a dimension: its reading, how long its bar is (0 to 100), and where on it the
    period before was."""

    name: str
    reading: Reading
    text: str
    before: Reading
    before_text: str
    change: dict[str, Any]
    moved: str
    bar: float | None
    tick: float | None
    link: str
    mark: str


def _moved_in(unit: str) -> str:
    return words.POINTS.get(unit, unit_in_file(unit))


@dataclass(frozen=True)
class Slices:
    """A KPI by one dimension; ``more`` values are not shown, ``estimated`` bars look so."""

    by: str
    parts: tuple[Part, ...]
    more: int
    whole: str

    def table(self) -> Table:
        """The values, the period before and the change."""
        columns = (
            Column(self.by.capitalize()),
            Column("Value", number=True),
            Column("Period before", number=True),
            Column("Change", number=True),
        )
        rows = tuple(
            (
                Cell(part.name, part.name),
                Cell(
                    part.text, part.reading.value, part.mark, unit=unit_in_file(part.reading.unit)
                ),
                Cell(part.before_text, part.before.value, unit=unit_in_file(part.before.unit)),
                Cell(part.moved, part.change["absolute"], unit=_moved_in(part.reading.unit)),
            )
            for part in self.parts
        )
        return Table(columns, rows)

    def spec(self) -> Spec | None:
        """The largest as bars; None where nothing is known, something is below zero, or amounts are
        in several currencies, so that their lengths would not compare."""
        known = [p for p in self.parts if p.reading.value is not None][:BARS]
        if len({p.reading.currency for p in known}) > 1:
            return None
        if not known or any((p.reading.value or 0) < 0 for p in known):
            return None
        rows = [
            {
                "name": part.name,
                "v": float(part.reading.value or 0),
                "x": part.text,
                "before": None if part.before.value is None else float(part.before.value),
                "before_x": part.before_text,
                "note": part.mark,
            }
            for part in known
        ]
        return ranked(rows, [part.name for part in known], height=34 * len(known) + 24)


def slices_of(tl: Trueline, asked: Asked, by: str) -> Slices:
    """The KPI by one dimension, the largest first. Raises InputError where it cannot be cut so."""
    estimates, as_of = asked.view.estimates, asked.as_of
    if by not in asked.definition.slices:
        tl.engine.breakdown(asked.key, by, asked.period)  # raises, naming what it can be cut by
    own = asked.view.cut.value(by)
    values = tl.engine.slice_values(by) if own is None else [own]
    chosen = values[:MOST_VALUES]
    periods = (asked.period, asked.period.previous())
    cuts = [asked.view.slice | {by: value} for value in chosen]
    wanted = [One(asked.key, period, cut) for period in periods for cut in cuts]
    found = tl.engine.many(wanted, allow_estimates=estimates, as_of=as_of)
    pairs = list(zip(chosen, found[: len(chosen)], found[len(chosen) :], strict=True))
    pairs.sort(key=lambda pair: (pair[1].value is None, -(pair[1].value or 0)))
    most = max((float(r.value or 0) for _, *both in pairs for r in both), default=0.0)
    if len({now.currency for _, now, _ in pairs}) > 1:  # their lengths would not compare
        most = 0.0
    whole = tl.engine.reading(asked.key, asked.period, **asked.options)
    locale = tl.settings.company.locale
    texts = texts_of([now for _, now, _ in pairs] + [then for _, _, then in pairs], locale)
    written = zip(texts, texts[len(pairs) :], strict=False)
    return Slices(
        by,
        tuple(
            _part(asked, by, *pair, most, said, locale)
            for pair, said in zip(pairs, written, strict=True)
        ),
        len(values) - len(chosen),
        words.value(whole, locale),
    )


def _part(
    asked: Asked,
    by: str,
    name: str,
    now: Reading,
    before: Reading,
    most: float,
    texts: tuple[str, str],
    locale: str,
) -> Part:
    moved = change(now, before)
    return Part(
        name,
        now,
        texts[0],
        before,
        texts[1],
        moved,
        words.changed(moved, now.unit, locale),
        _length(now, most),
        _length(before, most),
        asked.sliced(by, name),
        mark_of(now),
    )


def _length(reading: Reading, most: float) -> float | None:
    """A bar's length in percent of the longest; none for what is unknown or below zero."""
    if reading.value is None or reading.value < 0 or most <= 0:
        return None
    return round(100 * float(reading.value) / most, 1)
