"""Forecasts, patterns and anomalies of KPIs, from the readings that facts support.

A reading that is unknown or covered only in part is a missing step: never zero, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from trueline.catalog.kpi import NOT_MEASURED, Direction, Kpi, Unit
from trueline.catalog.kpis import kpi
from trueline.core import words
from trueline.core.errors import InputError
from trueline.core.period import Calendar, Grain, Period, add_months
from trueline.core.quality import Completeness, Quality, Reason
from trueline.core.reading import Reading
from trueline.engine.engine import Engine
from trueline.insight.forecasting import Method
from trueline.insight.patterns import Direction as GoodWay
from trueline.insight.patterns import Wording
from trueline.insight.series import written

if TYPE_CHECKING:
    from trueline.insight.prediction import Prediction

SEASONS = {Grain.DAY: 7, Grain.WEEK: 52, Grain.MONTH: 12, Grain.QUARTER: 4, Grain.YEAR: 1}
HISTORY = {Grain.DAY: 400, Grain.WEEK: 260, Grain.MONTH: 60, Grain.QUARTER: 40, Grain.YEAR: 20}
HORIZON = {Grain.DAY: 28, Grain.WEEK: 13, Grain.MONTH: 6, Grain.QUARTER: 4, Grain.YEAR: 2}
MOST_HORIZON = 120
LATE = {Grain.DAY: 3, Grain.WEEK: 1, Grain.MONTH: 1, Grain.QUARTER: 1, Grain.YEAR: 1}
"""So many buckets that are over may still wait for their facts."""

_TIME_LEFT = "immature_cohort"
_GOOD_WAYS: dict[Direction, GoodWay | None] = {
    Direction.UP: "up_is_good",
    Direction.DOWN: "down_is_good",
    Direction.NEUTRAL: None,
}

_BARE = ("count", "ratio")
FEWEST = 8
MOST_GAPS = 0.25


@dataclass(frozen=True)
class History:
    """Complete readings of a KPI, bucket by bucket, from its first known one to its last."""

    definition: type[Kpi]
    grain: Grain
    readings: tuple[Reading, ...]
    expected_end: date
    calendar: Calendar
    currency: str
    """What its amounts are in: the slice's own currency where it is cut by one."""
    waiting: int = 0
    """How many buckets after the last known one cannot be known yet, whatever is recorded."""

    def behind(self) -> Iterator[Period]:
        """The buckets that are over and of which nothing complete is known yet."""
        last = self.readings[-1].end
        if last < self.expected_end:
            yield from self.calendar.buckets(Period(last, self.expected_end), self.grain)

    @property
    def values(self) -> list[float | None]:
        """One value a bucket, None where it is missing."""
        return [_value(reading) for reading in self.readings]

    @property
    def quality(self) -> Quality:
        """The worst quality of the values: what is made of estimates is one."""
        return Quality.worst(r.quality for r in self.readings if _value(r) is not None)

    def assumed(self) -> list[str]:
        """That values are estimates, in a sentence, where any are."""
        known = [r for r in self.readings if _value(r) is not None]
        some = sum(r.quality is Quality.ESTIMATED for r in known)
        return [f"{some} of the {len(known)} values this rests on are estimates."] if some else []

    @property
    def direction(self) -> GoodWay | None:
        """Which way is good, as the insight functions take it; None where neither is."""
        return _GOOD_WAYS[self.definition.direction]

    @property
    def positive(self) -> bool:
        """Whether it is a count or an amount that cannot be negative."""
        sizes = (Unit.MONEY, Unit.MONEY_PER_MONTH, Unit.COUNT, Unit.USERS)
        return self.definition.unit in sizes and self.definition.bounds[0] == 0

    def refusal(self) -> Reason | None:
        """Why nothing can be said of what comes next; None where it can."""
        values = self.values
        known = [value for value in values if value is not None]
        unit = self.grain.value
        if len(known) < FEWEST:
            return Reason(
                "history_too_short",
                f"{number_of(len(known), unit)} known; {FEWEST} are needed.",
                f"Load earlier facts, {'' if unit == 'day' else 'choose a finer grain, '}or wait.",
            )
        gaps = 1 - len(known) / len(values)
        if gaps > MOST_GAPS:
            return Reason(
                "history_too_gappy",
                f"{len(values) - len(known)} of {len(values)} {unit}s are unknown or partial "
                f"({gaps:.0%}); at most {MOST_GAPS:.0%} may be.",
                "Load what is missing, declare coverage for it, or choose a coarser grain.",
            )
        last = self.readings[-1].end
        if len(list(self.behind())) - self.waiting > LATE[self.grain]:
            return Reason(
                "history_out_of_date",
                f"The last complete {unit} known ends on {last - timedelta(days=1)}; "
                f"by now it would be {self.expected_end - timedelta(days=1)}.",
                "Load the latest facts, or declare coverage until today.",
            )
        return None


def number_of(known: int, unit: str) -> str:
    """How many complete buckets there are, in words that fit one."""
    return f"{known} complete {unit} is" if known == 1 else f"{known} complete {unit}s are"


def _value(reading: Reading) -> float | None:
    if reading.value is None or reading.completeness is Completeness.PARTIAL:
        return None
    return float(reading.value)


def history(
    engine: Engine,
    key: str,
    grain: str = "month",
    *,
    start: date | None = None,
    end: date | None = None,
    **options: Any,
) -> History:
    """The complete buckets of a KPI until ``end`` (default: the last that is over)."""
    definition = kpi(key)
    size = Grain.parse(grain)
    calendar = engine.settings.company.calendar
    company, today = engine.settings.company, engine.today()
    if (moment := options.get("as_of")) is not None:
        today = min(today, moment.astimezone(company.zone).date())
    until = calendar.bucket_start(min(end or today, today), size)
    first = start or _back(until, size)
    if first >= until:
        raise InputError(f"There is no complete {size.value} from {first} until {until}.")
    readings = engine.series(key, size.value, Period(first, until), **options)
    currency = (options.get("slice") or {}).get("currency", company.currency)
    waiting = _waiting(readings)
    return History(definition, size, _begun(readings), until, calendar, currency, waiting)


def _waiting(readings: Sequence[Reading]) -> int:
    """The buckets since the last known one whose people still have time: to order again, say."""
    since = takewhile(lambda reading: _value(reading) is None, reversed(readings))
    return sum(any(reason.code == _TIME_LEFT for reason in reading.reasons) for reading in since)


def _begun(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """From the first known reading to the last; zeros of before there was anything are left out.

    A full export covers the company from its beginning, so that those zeros are known; but nothing
    is to be learnt from them of what comes next. Nobody lost of ten customers is a 0 of something.
    """
    known = [at for at, reading in enumerate(readings) if _value(reading) is not None]
    some = [at for at in known if _of_something(readings[at])]
    if not known:
        return ()
    return tuple(readings[(some or known)[0] : known[-1] + 1])


def _of_something(reading: Reading) -> bool:
    """Whether there was anything to count: the value, or what it is a part of."""
    counted = (item.value for item in reading.inputs if item.measure not in NOT_MEASURED)
    return bool(reading.value) or any(counted)


def _back(until: date, grain: Grain) -> date:
    steps = HISTORY[grain]
    if grain is Grain.DAY:
        return until - timedelta(days=steps)
    if grain is Grain.WEEK:
        return until - timedelta(weeks=steps)
    months = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}[grain]
    return add_months(until, -steps * months)


def shared_of(found: History) -> dict[str, Any]:
    """What every answer about a history begins with."""
    definition, currency = found.definition, found.currency
    return {
        "key": definition.key,
        "label": definition.label,
        "unit": definition.unit.written(currency),
        "currency": currency if definition.unit.is_money else None,
        "direction": definition.direction.value,
        "grain": found.grain.value,
        "history": [point_of(reading) for reading in found.readings],
        "missing": sum(1 for value in found.values if value is None),
        "quality": found.quality.value,
    }


def _wording(found: History, engine: Engine) -> Wording:
    """Sentences in the KPI's unit and its grain's buckets; days are written as in JSON."""
    kind = found.definition.unit
    company = engine.settings.company
    currency = found.currency if kind.is_money else None
    unit = kind.written(found.currency)

    def number(value: float) -> str:
        return words.amount(value, unit, currency, company.locale)

    def change(value: float) -> str:
        if currency is not None and abs(value) >= 0.01:
            return words.amount(value, currency, currency, company.locale)
        counted_in = currency or words.POINTS.get(unit, "" if unit in _BARE else unit)
        return f"{written(value)} {counted_in}".rstrip()

    def place(index: int) -> str:
        return f"from {found.readings[index].start} on"

    return Wording(number, change, found.grain.value, place, "complete value")


def point_of(reading: Reading) -> dict[str, Any]:
    """A reading as a point of a series."""
    return {
        "start": reading.start.isoformat(),
        "end": reading.end.isoformat(),
        "value": reading.value,
        "quality": reading.quality.value,
        "completeness": reading.completeness.value,
    }


def forecast_of(
    engine: Engine,
    key: str,
    grain: str = "month",
    horizon: int | None = None,
    *,
    method: Method = "smoothing",
    **options: Any,
) -> dict[str, Any]:
    """A KPI's next buckets with 80% and 95% intervals, held to what the KPI can be.

    ``forecast`` is None, with reasons, on a history too short, too gappy or out of date.
    """
    from trueline.insight.prediction import predict

    found = history(engine, key, grain, **options)
    steps = HORIZON[found.grain] if horizon is None else horizon
    if not 1 <= steps <= MOST_HORIZON:
        raise InputError(f"horizon is {steps}; it must be 1 to {MOST_HORIZON}.")
    shared = shared_of(found) | {"horizon": steps, "forecast": None, "reasons": []}
    refused = found.refusal()
    if refused is not None:
        return shared | {"reasons": [refused.to_json()]}
    lower, upper = found.definition.bounds
    answer = predict(
        found.values,
        SEASONS[found.grain],
        steps,
        lower=lower,
        upper=upper,
        direction=found.direction,
        method=method,
        wording=_wording(found, engine),
    )
    buckets = _buckets(engine, found, steps)
    return shared | {
        "forecast": [_step(answer, bucket, at) for at, bucket in enumerate(buckets)],
        "method": answer.method,
        "confidence_level": answer.confidence_level,
        "confidence_reason": answer.confidence_reason,
        "backtest": answer.backtest.to_json(),
        "trend": answer.pattern.trend,
        "volatility": answer.pattern.volatility_level,
        "seasonality": answer.pattern.seasonality,
        "insights": [*found.assumed(), *answer.insights],
    }


def _step(answer: Prediction, bucket: Period, at: int) -> dict[str, Any]:
    return {
        "start": bucket.start.isoformat(),
        "end": bucket.end.isoformat(),
        "mean": float(answer.mean[at]),
        "intervals": {
            str(level): [float(low[at]), float(high[at])]
            for level, (low, high) in answer.intervals.items()
        },
    }


def _buckets(engine: Engine, found: History, steps: int) -> Sequence[Period]:
    calendar = engine.settings.company.calendar
    out: list[Period] = []
    start = found.readings[-1].end
    for _ in range(steps):
        out.append(Period(start, calendar.bucket_end(start, found.grain)))
        start = out[-1].end
    return out


def pattern_of(engine: Engine, key: str, grain: str = "month", **options: Any) -> dict[str, Any]:
    """What a KPI has been doing: trend, volatility, season, lasting jumps."""
    from trueline.insight.patterns import pattern

    found = history(engine, key, grain, **options)
    shared = shared_of(found) | {"pattern": None, "reasons": []}
    known = [value for value in found.values if value is not None]
    if len(known) < 2:
        reason = Reason(
            "history_too_short",
            f"{number_of(len(known), found.grain.value)} known; 2 are needed.",
            "Load earlier facts, choose a finer grain, or wait.",
        )
        return shared | {"reasons": [reason.to_json()]}
    seen = pattern(
        found.values,
        season_length=SEASONS[found.grain],
        direction=found.direction,
        wording=_wording(found, engine),
    )
    told = described(seen)
    return shared | {"pattern": told | {"insights": [*found.assumed(), *told["insights"]]}}


def described(seen: Any) -> dict[str, Any]:
    """A pattern as a JSON object."""
    return {
        "trend": seen.trend,
        "slope": seen.slope,
        "p_value": seen.p_value,
        "outlook": seen.outlook,
        "volatility_level": seen.volatility_level,
        "volatility_value": seen.volatility_value,
        "seasonality": seen.seasonality,
        "season_length": seen.season_length,
        "change_points": [{"index": c.index, "size": c.size} for c in seen.change_points],
        "average": seen.average,
        "recent_average": seen.recent_average,
        "known": seen.known,
        "missing": seen.missing,
        "insights": list(seen.insights),
    }
