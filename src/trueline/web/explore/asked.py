"""What a KPI's page is asked for, as its address says it: a view, a grain, a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pydantic import Field

from trueline.catalog.kpi import NOT_MEASURED, Kpi, Unit
from trueline.catalog.kpis import kpi
from trueline.catalog.measure import PeriodMeasure
from trueline.catalog.measures import measure
from trueline.core.errors import InputError
from trueline.core.period import Grain, Period
from trueline.engine.daily import WHOLE, Cut
from trueline.engine.evaluate import Evaluator
from trueline.home import Trueline
from trueline.web.boards.ground import Ground, check_cut
from trueline.web.boards.view import View, ViewQuery, view_of
from trueline.web.pages.range import preset

USUAL = "90d"
MOST_POINTS = 130
_STEADY = (Unit.PERCENT, Unit.RATIO, Unit.MONTHS)


class KpiQuery(ViewQuery):
    """A KPI's page. ``as_of`` without an offset is a moment of the company's clock."""

    feature: str | None = Field(None, max_length=10_000)
    grain: str | None = Field(None, max_length=20)
    as_of: str | None = Field(None, max_length=60)
    allow_estimates: bool = False


@dataclass(frozen=True)
class Asked:
    """A KPI at a view, in buckets of ``grain``, as known at ``as_of`` (None: now)."""

    definition: type[Kpi]
    view: View
    grain: Grain
    as_of: datetime | None
    today: date

    @property
    def key(self) -> str:
        """The KPI's key."""
        return self.definition.key

    @property
    def period(self) -> Period:
        """The days it is read over."""
        return self.view.range.period

    @property
    def options(self) -> dict[str, Any]:
        """Slice, estimates and moment as the library takes them."""
        return {
            "slice": self.view.slice,
            "allow_estimates": self.view.estimates,
            "as_of": self.as_of,
        }

    @property
    def words(self) -> dict[str, str]:
        """All of it as parameters of an address."""
        out = dict(self.view.range.query) | self.view.slice | {"grain": self.grain.value}
        if self.view.estimates:
            out["estimates"] = "true"
        if self.as_of is not None:
            out["as_of"] = self.as_of.isoformat()
        return out

    @property
    def kept(self) -> dict[str, str]:
        """What a form for another range carries along."""
        return {k: v for k, v in self.words.items() if k not in ("range", "start", "end", "grain")}

    @property
    def api_query(self) -> str:
        """The same question as the API takes it."""
        words = {"start": self.period.start.isoformat(), "end": self.period.end.isoformat()}
        words |= self.view.slice
        if self.view.estimates:
            words["allow_estimates"] = "true"
        if self.as_of is not None:
            words["as_of"] = self.as_of.isoformat()
        return urlencode(words)

    def local_moment(self, zone: ZoneInfo) -> str:
        """The moment of knowledge on the company's clock, for a form; empty for now."""
        if self.as_of is None:
            return ""
        return self.as_of.astimezone(zone).strftime("%Y-%m-%dT%H:%M")

    def other(self, key: str) -> str:
        """The address of another KPI over the same days."""
        words = {k: v for k, v in self.words.items() if k not in self.view.slice}
        words.pop("grain")
        return f"/kpi/{key}?{urlencode(words)}"

    def at(self, part: str = "", **changes: str | None) -> str:
        """The address of the page, or of a part of it, with some parameters changed."""
        words = {k: v for k, v in (self.words | changes).items() if v is not None}
        if "range" in changes:
            words = {k: v for k, v in words.items() if k not in ("start", "end", "grain")}
        return f"/kpi/{self.key}{part}?{urlencode(words)}"

    def sliced(self, by: str | None, value: str = "") -> str:
        """The address of the page at a value of one dimension beside the others, or whatever its
        value; without a dimension for the whole."""
        other = replace(self, view=self.view.sliced(by, value))
        return other.at()


class KnownGround(Ground):
    """The ground of a KPI's page: readings as known at the moment asked for."""

    def __init__(self, tl: Trueline, asked: Asked) -> None:
        super().__init__(tl, asked.view)
        self.as_of = asked.as_of
        self.today = asked.today

    def evaluator(self, cut: Cut = WHOLE) -> Evaluator:
        """The evaluator of a slice. Raises UnknownKeyError for a value that is not recorded."""
        if cut not in self._evaluators:
            self._evaluators[cut] = self.tl.engine.evaluator(
                slice=cut.as_dict(),
                allow_estimates=self.view.estimates,
                as_of=self.as_of,
            )
        return self._evaluators[cut]


def asked_of(tl: Trueline, key: str, query: KpiQuery) -> Asked:
    """What is asked for. Raises UnknownKeyError, InputError."""
    definition = kpi(key)
    company = tl.settings.company
    as_of = moment_of(query.as_of, company.zone, tl.clock())
    today = tl.engine.today() if as_of is None else as_of.astimezone(company.zone).date()
    view = view_of(query, USUAL, today, company.calendar, frozenset())
    check_cut(definition.label, definition.slices, view.cut)
    if query.allow_estimates:
        view = view.estimated(True)
    if query.grain:
        grain = Grain.parse(query.grain)
    else:
        finest = "week" if _slow(definition) else None
        grain = Ground(tl, view).grain(view.range.period, finest, MOST_POINTS)
    return Asked(definition, view, grain, as_of, today)


def ranges_of(asked: Asked, tl: Trueline) -> list[tuple[str, str, str]]:
    """Every named range with its label and the page's address over it."""
    from trueline.dashboards.ranges import PRESETS

    for name in PRESETS:  # each of them must be one
        preset(name, asked.today, tl.settings.company.calendar)
    return [(name, label, asked.at(range=name)) for name, label in PRESETS.items()]


def moment_of(text: str | None, zone: ZoneInfo, now: datetime) -> datetime | None:
    """A moment from ISO 8601 text, of the company's clock where it names no offset.

    Raises InputError for what is none, lies ahead, or names an hour that the clocks skip or repeat.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise InputError(
            f"'{text[:40]}' is no moment (as_of).", "Write it as 2026-01-31T12:00."
        ) from None
    if found.tzinfo is None:
        offsets = {found.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
        if len(offsets) > 1:
            raise InputError(
                f"The clocks skip or repeat {text[:40]}: it could be two moments.",
                "Add the offset from UTC, as in 2026-03-08T02:30:00-05:00.",
            )
        found = found.replace(tzinfo=zone)
    if not 1900 < found.year < 2200:
        raise InputError(f"'{text[:40]}' is out of range (as_of).", "Give a moment since 1901.")
    if found > now:
        raise InputError(
            f"{text[:40]} has not come yet (as_of).", "Give an earlier moment, or none."
        )
    return found.astimezone(UTC)


def _slow(definition: type[Kpi]) -> bool:
    """Whether a day of it says little: a quotient, or what needs a whole period at once."""
    return definition.unit in _STEADY or any(
        _whole(origin.source) for origin in definition.origins().values()
    )


def _whole(source: str) -> bool:
    if source in NOT_MEASURED:
        return False
    if source.startswith("kpi:"):
        return _slow(kpi(source.removeprefix("kpi:")))
    return isinstance(measure(source), PeriodMeasure)


def near(key: str) -> list[tuple[str, str]]:
    """KPIs whose key or name is like an unknown one: (key, label)."""
    from difflib import get_close_matches

    from trueline.catalog.kpis import KPIS

    wanted = key.lower().replace("-", "_").replace(" ", "_")
    names = {k.key: k for k in KPIS} | {k.label.lower().replace(" ", "_"): k for k in KPIS}
    found = get_close_matches(wanted, names, n=8, cutoff=0.45)
    inside = [name for name in names if wanted and (wanted in name or name in wanted)]
    chosen = dict.fromkeys(names[name] for name in (*found, *inside))
    return [(k.key, k.label) for k in list(chosen)[:8]]
