"""What is to come of a KPI, how far to believe it, and which buckets were unusual."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from trueline.core import words
from trueline.core.errors import InputError
from trueline.core.period import Period
from trueline.home import Trueline
from trueline.web.boards.files import csv_of
from trueline.web.boards.ground import unit_in_file
from trueline.web.boards.shown import Cell, Column, Table
from trueline.web.explore.asked import Asked

WATCHED = ("day", "week", "month")
"""Grains at which unusual buckets are looked for."""


@dataclass(frozen=True)
class Step:
    """One bucket to come: what is expected, and within what 80 and 95 of 100 cases fall."""

    period: Period
    when: str
    mean: float
    low80: float
    high80: float
    low95: float
    high95: float
    text: str
    band80: str
    band95: str


@dataclass(frozen=True)
class Unusual:
    """A bucket that its own past did not let expect. ``kind``: better, worse, other."""

    period: Period
    when: str
    number: float
    text: str
    expected: str
    band: str
    side: str
    kind: str


@dataclass(frozen=True)
class Outlook:
    """A forecast, or why there is none; unusual buckets, or why none is called so."""

    steps: tuple[Step, ...]
    reasons: tuple[dict[str, Any], ...]
    facts: tuple[tuple[str, str], ...]
    insights: tuple[str, ...]
    unusual: tuple[Unusual, ...]
    silent: tuple[dict[str, Any], ...]
    budget: str
    since: date | None
    """The first day that was judged by what came before: the buckets until then teach alone."""
    unit: str = ""

    def table(self) -> Table:
        """The forecast as a table."""
        names = ("Expected", "80% from", "80% to", "95% from", "95% to")
        columns = (Column("Period"), *(Column(name, number=True) for name in names))
        rows = tuple(
            (
                Cell(step.when, step.period.start),
                Cell(step.text, step.mean, unit=self.unit),
                *(
                    Cell(f"{edge}", edge, unit=self.unit)
                    for edge in (step.low80, step.high80, step.low95, step.high95)
                ),
            )
            for step in self.steps
        )
        return Table(columns, rows)

    def csv(self) -> str:
        """The forecast as a file."""
        return csv_of(self.table())


def outlook_of(tl: Trueline, asked: Asked) -> Outlook:
    """The outlook at the page's grain, from all complete buckets until now."""
    grain = asked.grain.value
    options = asked.options | {"end": asked.today}
    try:
        found = tl.forecast(asked.key, grain=grain, **options)
    except InputError as error:  # no complete bucket at all
        found = {"forecast": None, "reasons": [_said(error)]}
    unusual: list[Unusual] = []
    silent: list[dict[str, Any]] = []
    budget = ""
    since: date | None = None
    if grain in WATCHED:
        try:
            seen = tl.anomalies(asked.key, grain=grain, **options)
        except InputError as error:
            seen = {"anomalies": [], "reasons": [_said(error)], "alarm_budget": None}
        unusual = [_unusual(tl, seen, item) for item in reversed(seen["anomalies"])]
        silent = list(seen["reasons"])
        judged = seen.get("judged_from")
        since = date.fromisoformat(judged) if judged else None
        if seen["alarm_budget"] is not None:
            budget = words.amount(100 * seen["alarm_budget"], "%", None, tl.settings.company.locale)
    else:
        message = "What is unusual is looked for by day, week or month."
        silent = [{"code": "coarse_grain", "message": message, "enable": "Choose a finer grain."}]
    return Outlook(
        tuple(_step(tl, found, step) for step in found["forecast"] or ()),
        tuple(found["reasons"]),
        tuple(_facts(tl, found)) if found["forecast"] else (),
        tuple(found.get("insights", ())),
        tuple(unusual),
        tuple(silent),
        budget,
        since,
        unit_in_file(found["unit"]),
    )


def _said(error: InputError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "enable": error.fix}


def _period(item: dict[str, Any]) -> Period:
    start, end = (date.fromisoformat(str(item[name])) for name in ("start", "end"))
    return Period(start, end)


def _text(tl: Trueline, found: dict[str, Any], number: float) -> str:
    return words.amount(number, found["unit"], found["currency"], tl.settings.company.locale)


def _between(low: str, high: str, found: dict[str, Any]) -> str:
    """Two edges with their unit said once where it is a word: "15.5 to 16.2 months"."""
    unit = found["unit"]
    after = "/month" if unit.endswith("/month") else f" {unit}"
    return f"{low.removesuffix(after)} to {high}"


def _error(tl: Trueline, found: dict[str, Any], size: float) -> str:
    """By how much a forecast was off: in points where the KPI is a percentage or a score."""
    points = words.POINTS.get(found["unit"])
    if points is None:
        return _text(tl, found, size)
    return f"{words.amount(size, 'score', None, tl.settings.company.locale)} {points}"


def _percent(tl: Trueline, number: float) -> str:
    return words.amount(number, "%", None, tl.settings.company.locale)


def _step(tl: Trueline, found: dict[str, Any], step: dict[str, Any]) -> Step:
    from trueline.web.pages.frame import span

    period = _period(step)
    (low80, high80), (low95, high95) = (
        (float(low), float(high)) for low, high in (step["intervals"][n] for n in ("80", "95"))
    )
    said = [_text(tl, found, edge) for edge in (low80, high80, low95, high95)]
    return Step(
        period,
        span(period, tl.settings.company.locale),
        float(step["mean"]),
        low80,
        high80,
        low95,
        high95,
        _text(tl, found, step["mean"]),
        _between(said[0], said[1], found),
        _between(said[2], said[3], found),
    )


def _unusual(tl: Trueline, found: dict[str, Any], item: dict[str, Any]) -> Unusual:
    from trueline.web.pages.frame import span

    period = _period(item)
    low, high = (_text(tl, found, item[name]) for name in ("lower", "upper"))
    return Unusual(
        period,
        span(period, tl.settings.company.locale),
        float(item["value"]),
        _text(tl, found, item["value"]),
        _text(tl, found, item["expected"]),
        _between(low, high, found),
        item["side"],
        {True: "better", False: "worse", None: "other"}[item["good"]],
    )


def _facts(tl: Trueline, found: dict[str, Any]) -> list[tuple[str, str]]:
    """The method and how it did on the past, for people."""
    backtest = found["backtest"]
    out = [
        ("Method", f"{found['method'][:1].upper()}{found['method'][1:]}"),
        ("Confidence", f"{found['confidence_level'].capitalize()}: {found['confidence_reason']}"),
        ("Season", str(found["seasonality"])[:1].upper() + str(found["seasonality"])[1:]),
        ("Trend", str(found["trend"]).replace("_", " ").capitalize()),
        ("Volatility", str(found["volatility"]).replace("_", " ").capitalize()),
    ]
    if backtest["mae"] is None:
        return [*out, ("Backtest", "The history is too short to forecast it again.")]
    error = _error(tl, found, backtest["mae"])
    share = f" ({_percent(tl, backtest['mape'])})" if _telling(found, backtest["mape"]) else ""
    told = f"Off by {error}{share} on average, forecast again from {backtest['origins']} origins"
    if backtest["naive_mae"] is not None:
        told += f"; repeating the last value is off by {_error(tl, found, backtest['naive_mae'])}"
    return [*out, ("Backtest", told + ".")]


def _telling(found: dict[str, Any], share: float | None) -> bool:
    """Whether an error in percent says something: not of percentages, nor of values near 0."""
    return share is not None and share < 1000 and found["unit"] not in words.POINTS
