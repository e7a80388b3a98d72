"""Users over time as the product page shows them: a funnel, retention, lifecycle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from trueline.core import words
from trueline.core.errors import InputError
from trueline.core.period import Grain, Period
from trueline.home import Trueline
from trueline.web.api import product as product_api
from trueline.web.boards.ground import bucket_label
from trueline.web.boards.shown import Cell, Column, Key, Table
from trueline.web.charts.axis import Scale, Spec, scale_for
from trueline.web.charts.bars import stacked
from trueline.web.charts.curves import curves
from trueline.web.charts.heat import look
from trueline.web.pages.range import Range

MOST_STEPS = 6
CURVES = 5
PARTS = ("returning", "resurrecting", "new", "dormant")
LOOKS = ("c1", "c2", "c5", "bad-mark")
LIFECYCLE_KEYS = tuple(
    Key(part.capitalize(), f"k-{look.removesuffix('-mark')}")
    for part, look in zip(PARTS, LOOKS, strict=True)
)
RETENTION_KEYS = (
    Key("All", "k-c1"),
    Key("95% interval", "k-soft"),
    Key("Latest cohorts watched to the end", "k-faint"),
)
MEANINGS = {
    "new": "never active before",
    "returning": "active in the bucket before as well",
    "resurrecting": "active before, but not in the bucket before",
    "dormant": "active in the bucket before, and not in this one",
}
_STEP = {"day": "D", "week": "W", "month": "M"}


@dataclass(frozen=True)
class Users:
    """What the page is asked for: days, a funnel, how to count who came back, buckets."""

    range: Range
    funnel: str
    steps: tuple[str, ...]
    window: float | None
    cut: str
    kind: str
    step: str
    bucket: str
    as_of: datetime | None

    @property
    def words(self) -> dict[str, str]:
        """All of it as parameters of an address."""
        out = dict(self.range.query) | {"kind": self.kind, "step": self.step, "bucket": self.bucket}
        if self.steps:
            out |= {f"step{n}": name for n, name in enumerate(self.steps, 1)}
        elif self.funnel:
            out["funnel"] = self.funnel
        out |= {"window": f"{self.window:g}"} if self.window is not None and self.steps else {}
        out |= {"cut": self.cut} if self.cut else {}
        return out | ({"as_of": self.as_of.isoformat()} if self.as_of else {})

    def kept(self, *without: str) -> dict[str, str]:
        """What a form carries along besides its own fields."""
        return {
            k: v for k, v in self.words.items() if not any(k.startswith(name) for name in without)
        }

    def at(self, part: str = "", **changes: str | None) -> str:
        """The address of the page, or of a part of it, with some parameters changed."""
        given = self.words
        if "range" in changes:
            given = {k: v for k, v in given.items() if k not in ("start", "end")}
        if "funnel" in changes:
            given = {
                k: v for k, v in given.items() if k == "step" or not k.startswith(("step", "wind"))
            }
        found = {k: v for k, v in (given | changes).items() if v is not None}
        return f"/product{part}?{urlencode(found)}"

    @property
    def days(self) -> dict[str, Any]:
        """The days and the moment as the library takes them."""
        period = self.range.period
        return {"start": period.start, "end": period.end, "as_of": self.as_of}


def took(seconds: float | None, locale: str) -> str:
    """A time as people say it."""
    if seconds is None:
        return ""
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "min")):
        if seconds >= size:
            return f"{words.amount(seconds / size, 'score', None, locale)} {name}"
    return f"{words.amount(round(seconds), 'count', None, locale)} s"


def percent(tl: Trueline, rate: float | None) -> str:
    """A rate as people read it; nothing for what is not known."""
    return "" if rate is None else words.amount(rate, "%", None, tl.settings.company.locale)


def count(tl: Trueline, number: Any) -> str:
    """A count as people read it; a dash for what is not known."""
    if number is None:
        return words.UNKNOWN
    return words.amount(number, "count", None, tl.settings.company.locale)


# -- funnel ---------------------------------------------------------------------------------------


def funnel_of(tl: Trueline, asked: Users) -> dict[str, Any]:
    """The funnel that is asked for: a declared one, or steps."""
    cut = asked.cut or None
    if asked.steps:
        if len(asked.steps) == 1:
            raise InputError("One step is no funnel.", "Choose a second step, taken after it.")
        steps = [product_api.names(step, "steps", "|") for step in asked.steps]
        return tl.funnel(steps=steps, window_hours=asked.window, by=cut, **asked.days)
    return tl.funnel(asked.funnel, by=cut, **asked.days)


def funnel_table(tl: Trueline, asked: Users) -> Table:
    """Steps with users, rates and times; for each slice too where it is cut."""
    found = funnel_of(tl, asked)
    heads = ("Users", "Of the first %", "Of the step before %", "Left", "Median s", "p90 s")
    columns = [Column("Slice")] if asked.cut else []
    columns += [Column("Step"), *(Column(name, number=True) for name in heads)]
    whole = [] if found["funnel"] is None else [{"slice": "All"} | found["funnel"]]
    rows = []
    for part in [*whole, *found["slices"]]:
        name = part["slice"] if part["slice"] is not None else "(none)"
        for step in part["steps"]:
            values = [step[k] for k in ("users", "rate", "step_rate", "dropped")]
            values += [step["median_seconds"], step["p90_seconds"]]
            lead = [Cell(name, name)] if asked.cut else []
            rows.append((*lead, Cell(step["name"], step["name"]),
                         *(Cell(str(v), v) for v in values)))  # fmt: skip
    return Table(tuple(columns), tuple(rows))


# -- retention ------------------------------------------------------------------------------------


def retention_of(tl: Trueline, asked: Users) -> dict[str, Any]:
    """Who of those who signed up in the days was back, step by step, with words."""
    found = tl.retention(asked.kind, grain=asked.step, **asked.days)
    rows = [_cohort(tl, cohort) for cohort in found["cohorts"] if cohort["size"]]
    return found | {"rows": rows, "whole": _cohort(tl, found["overall"])}


def _cohort(tl: Trueline, cohort: dict[str, Any] | None) -> dict[str, Any] | None:
    from trueline.web.pages.frame import span

    if cohort is None:
        return None
    name = "All"
    if "start" in cohort:
        days = Period.parse(cohort["start"], cohort["end"])
        name = span(days, tl.settings.company.locale)
    cells = [
        None
        if rate is None
        else {
            "text": f"{rate:.0f}",
            "look": look(rate),
            "partial": seen < cohort["size"],
            "said": f"{percent(tl, rate)}: {count(tl, back)} of {count(tl, seen)} watched",
        }
        for rate, back, seen in zip(
            cohort["rates"], cohort["returned"], cohort["observed"], strict=True
        )
    ]
    return {"name": name, "size": count(tl, cohort["size"]), "cells": cells} | {
        "rates": cohort["rates"], "observed": cohort["observed"], "people": cohort["size"],
    }  # fmt: skip


def retention_spec(tl: Trueline, asked: Users) -> Spec | None:
    """All users as a curve with its 95% interval; thin, the latest cohorts watched to the end."""
    found = retention_of(tl, asked)
    if found["whole"] is None:
        return None
    drawn = [row for row in found["rows"] if row["observed"][-1] == row["people"]][-CURVES:]
    points = [
        {"name": row["name"], "age": age, "v": rate, "x": row["cells"][age]["said"]}
        for row in (found["whole"], *drawn)
        for age, rate in enumerate(row["rates"])
        if rate is not None
    ]
    spread = [
        {"age": age, "lo": item["low"], "hi": item["high"]}
        for age, item in enumerate(found["overall"]["intervals"])
        if item is not None
    ]
    names = ["All", *(row["name"] for row in drawn)]
    colours = ["@c1", *["@faint"] * len(drawn)]
    scale = scale_for("%", None, tl.settings.company.locale)
    step = _STEP[asked.step]
    return curves(points, names, colours, spread=spread, step=step, scale=scale, height=260)


def retention_table(tl: Trueline, asked: Users) -> Table:
    """Rates with how many were watched, a row a cohort."""
    found = retention_of(tl, asked)
    rows = [*([found["whole"]] if found["whole"] else []), *found["rows"]]
    ages = max((len(row["rates"]) for row in rows), default=0)
    mark = _STEP[asked.step]
    columns = [Column("Started"), Column("Users", number=True)]
    for age in range(ages):
        columns += [Column(f"{mark}{age} %", number=True), Column(f"{mark}{age} watched", True)]
    return Table(
        tuple(columns),
        tuple(
            (Cell(row["name"], row["name"]), Cell(row["size"], row["people"]),
             *(cell for rate, seen in zip(row["rates"], row["observed"], strict=True)
               for cell in (Cell(percent(tl, rate), rate), Cell(str(seen), seen))))
            for row in rows
        ),
    )  # fmt: skip


# -- lifecycle ------------------------------------------------------------------------------------


def lifecycle_of(tl: Trueline, asked: Users) -> dict[str, Any]:
    """New, returning, resurrecting and dormant users of each bucket, with words."""
    from trueline.web.pages.frame import span

    found = tl.lifecycle(grain=asked.bucket, **asked.days)
    locale = tl.settings.company.locale
    for row in found["buckets"]:
        period = Period(date.fromisoformat(row["start"]), date.fromisoformat(row["end"]))
        row["when"] = span(period, locale)
        row["label"] = bucket_label(period, Grain(asked.bucket), locale)
        row["partial"] = row["completeness"] == "partial"
    return found


def lifecycle_spec(tl: Trueline, asked: Users) -> Spec | None:
    """Stacked bars: who is there above zero, who is gone below it."""
    rows = [
        {
            "label": row["label"], "when": row["when"], "name": part.capitalize(), "order": order,
            "v": -row[part] if part == "dormant" else row[part], "x": count(tl, row[part]),
            "partial": row["partial"], "note": "partial" if row["partial"] else "",
        }
        for row in lifecycle_of(tl, asked)["buckets"]
        for order, part in enumerate(PARTS)
        if row[part] is not None
    ]  # fmt: skip
    if not rows:
        return None
    names = [part.capitalize() for part in PARTS]
    return stacked(rows, names, Scale(), tokens=list(LOOKS), height=260)


def lifecycle_table(tl: Trueline, asked: Users) -> Table:
    """The buckets, newest first."""
    names = ("active", "opening", *PARTS, "quick_ratio")
    columns = (Column("Period"), *(Column(n.replace("_", " ").capitalize(), True) for n in names))
    rows = tuple(
        (
            Cell(row["when"], row["start"]),
            *(
                Cell(_ratio(tl, row[n]) if n == "quick_ratio" else count(tl, row[n]), row[n],
                     "partial" if row["partial"] and n == "active" else "")
                for n in names
            ),
        )
        for row in reversed(lifecycle_of(tl, asked)["buckets"])
    )  # fmt: skip
    return Table(columns, rows)


def _ratio(tl: Trueline, value: float | None) -> str:
    locale = tl.settings.company.locale
    return words.UNKNOWN if value is None else words.amount(value, "ratio", None, locale)
