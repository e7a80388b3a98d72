"""What a dashboard's file may say. Every kind of panel is a model of its own."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, get_args
from unicodedata import category

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)
from pydantic_core import PydanticCustomError

from trueline.catalog.formula import adds_up
from trueline.catalog.kpis import from_facts, kpi, unknown
from trueline.core.errors import UnknownKeyError
from trueline.core.period import Grain
from trueline.dashboards.ranges import PRESETS

DIMENSIONS = ("channel", "plan", "country", "currency")
WIDTHS = (3, 4, 5, 6, 7, 8, 9, 12)


def _broken(said: str, *path: str | int) -> PydanticCustomError:
    """A rule between keys is broken; ``path`` leads from here to the one to mend."""
    return PydanticCustomError("rule", "{said}", {"said": said, "path": path})


def _among(kind: str, key: str, known: Any) -> str:
    if key not in known:
        raise ValueError(str(UnknownKeyError.among(kind, key, known)))
    return key


def _known_kpi(key: str) -> str:
    if key not in {definition.key for definition in from_facts()}:
        raise ValueError(str(unknown(key, from_facts())))
    return key


def _known_width(width: int) -> int:
    if width not in WIDTHS:
        raise ValueError(f"{width} is no width. It is one of {', '.join(map(str, WIDTHS))} of 12.")
    return width


def _line_of_text(text: str) -> str:
    line = " ".join(text.split())
    kinds = {category(letter) for letter in line}
    if "Cc" in kinds or all(kind[0] in "CZ" for kind in kinds):
        raise ValueError("This is a line of text that can be seen, without control characters.")
    return line


def _different(keys: tuple[str, ...]) -> tuple[str, ...]:
    for key, times in Counter(keys).items():
        if times > 1:
            raise ValueError(f"{key} is named {times} times. Name each KPI once.")
    return keys


KpiKey = Annotated[str, AfterValidator(_known_kpi)]
Several = Annotated[
    tuple[KpiKey, ...], Field(min_length=1, max_length=6), AfterValidator(_different)
]
Dimension = Annotated[str, AfterValidator(lambda key: _among("dimension", key, DIMENSIONS))]
RangeName = Annotated[str, AfterValidator(lambda key: _among("range", key, PRESETS))]
GrainName = Annotated[
    str, AfterValidator(lambda key: _among("grain", key, [grain.value for grain in Grain]))
]
Width = Annotated[StrictInt, AfterValidator(_known_width)]
Title = Annotated[str, Field(max_length=120), AfterValidator(_line_of_text)]
About = Annotated[str, Field(max_length=300), AfterValidator(_line_of_text)]
Target = Annotated[Decimal, Field(ge=-(10**15), le=10**15, decimal_places=10)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Panel(_Part):
    """What every panel may say. ``width`` is in twelfths; ``range`` fixes one of its own."""

    usual_width: ClassVar[int] = 6

    title: Title | None = None
    about: About | None = None
    width: Width | None = None
    range: RangeName | None = None
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")] | None = None

    @property
    def columns(self) -> int:
        """Its width in twelfths."""
        return self.width or self.usual_width

    @property
    def subject(self) -> str:
        """What tells it from others of its kind: part of its name where it gives none."""
        return ""

    def cut_by(self) -> tuple[tuple[str, ...], str] | None:
        """The KPIs that it cuts, and by what."""
        return None

    @model_validator(mode="after")
    def _can_be_cut(self) -> _Panel:
        keys, by = self.cut_by() or ((), "")
        for key in keys:
            can = kpi(key).slices
            if by not in can:
                named = ", ".join(name for name in DIMENSIONS if name in can)
                fix = f"It can be cut by: {named}." if named else "Nothing cuts it: leave by out."
                raise _broken(f"{key} cannot be cut by {by}. {fix}", "by")
        return self


class _OfOne(_Panel):
    kpi: KpiKey

    @property
    def subject(self) -> str:
        return self.kpi


class Tile(_OfOne):
    """A value, its course, its changes, its target."""

    usual_width = 3
    kind: Literal["tile"]
    target: Target | None = None
    grain: GrainName | None = None


class Gauge(_OfOne):
    """A tile with its value on a half circle, the target marked."""

    usual_width = 3
    kind: Literal["gauge"]
    target: Target | None = None
    grain: GrainName | None = None


class _OfSeveral(_Panel):
    kpis: Several
    by: Dimension | None = None
    grain: GrainName | None = None

    @property
    def subject(self) -> str:
        return "-".join((*self.kpis[:3], *([self.by] if self.by else ())))

    def cut_by(self) -> tuple[tuple[str, ...], str] | None:
        return (self.kpis, self.by) if self.by else None


def _of_one_unit(keys: tuple[str, ...]) -> None:
    units = {kpi(key).unit for key in keys}
    if len(units) > 1:
        named = ", ".join(sorted(unit.value for unit in units))
        raise _broken(f"One axis has one unit; these KPIs have {named}.", "kpis")


class Line(_OfSeveral):
    """KPIs over time, or one KPI by the values of a dimension."""

    usual_width = 8
    kind: Literal["line"]
    previous: StrictBool = False
    forecast: StrictBool = False
    target: Target | None = None

    @model_validator(mode="after")
    def _one_thing_at_a_time(self) -> Line:
        if self.by and len(self.kpis) > 1:
            raise _broken("by cuts one KPI: name one in kpis, or leave by out.", "by")
        if (self.previous or self.forecast) and (self.by or len(self.kpis) > 1):
            wrong = "previous" if self.previous else "forecast"
            raise _broken("previous and forecast are drawn for one KPI, without by.", wrong)
        _of_one_unit(self.kpis)
        return self


class Bars(_OfOne):
    """A bar a bucket; whole buckets, the last one perhaps partial."""

    usual_width = 4
    kind: Literal["bars"]
    grain: GrainName | None = None
    target: Target | None = None


class Stacked(_OfSeveral):
    """Bars of several KPIs on one another, or of one KPI by a dimension."""

    usual_width = 4
    kind: Literal["stacked"]

    @model_validator(mode="after")
    def _adds_up(self) -> Stacked:
        if self.by and len(self.kpis) > 1:
            raise _broken("by cuts one KPI: name one in kpis, or leave by out.", "by")
        for key in self.kpis:
            if not adds_up(kpi(key)):
                said = f"{key} does not add up: no bars of it stand on one another."
                raise _broken(said, "kpis")
        _of_one_unit(self.kpis)
        return self


class Ring(_OfOne):
    """Shares of a whole, with a legend."""

    usual_width = 4
    kind: Literal["ring"]
    by: Dimension

    def cut_by(self) -> tuple[tuple[str, ...], str] | None:
        return (self.kpi,), self.by

    @model_validator(mode="after")
    def _adds_up(self) -> Ring:
        if not adds_up(kpi(self.kpi)):
            raise _broken(f"{self.kpi} does not add up, so it has no shares.", "kpi")
        return self


class Ranked(_OfOne):
    """A bar for each value of a dimension, the previous period marked."""

    usual_width = 4
    kind: Literal["ranked"]
    by: Dimension

    def cut_by(self) -> tuple[tuple[str, ...], str] | None:
        return (self.kpi,), self.by


class Table(_Panel):
    """KPIs beside their earlier values; with ``by``, a row for each value of a dimension."""

    usual_width = 12
    kind: Literal["table"]
    kpis: Annotated[
        tuple[KpiKey, ...], Field(min_length=1, max_length=40), AfterValidator(_different)
    ]
    by: Dimension | None = None

    @property
    def subject(self) -> str:
        return self.by or self.kpis[0]

    def cut_by(self) -> tuple[tuple[str, ...], str] | None:
        return (self.kpis, self.by) if self.by else None


class Cohorts(_Panel):
    """Retention by first month: a heat map, or curves."""

    usual_width = 8
    kind: Literal["cohorts"]
    of: Literal["orders", "subscriptions"] = "orders"
    measure: Literal["customers", "revenue"] = "customers"
    view: Literal["heat", "curves"] = "heat"
    months: StrictInt = Field(12, ge=2, le=36)

    @property
    def subject(self) -> str:
        return f"{self.of}-{self.view}"


class Bridge(_Panel):
    """From the opening MRR to the closing: a waterfall."""

    usual_width = 8
    kind: Literal["bridge"]


class Plan(_OfOne):
    """A KPI month by month against the finance model, with a forecast."""

    usual_width = 12
    kind: Literal["plan"]
    scenario: Annotated[str, Field(min_length=1, max_length=200)] = "base"


class Costs(_Panel):
    """What was spent, by cost type: month by month, or as shares."""

    usual_width = 8
    kind: Literal["costs"]
    view: Literal["stacked", "ring"] = "stacked"

    @property
    def subject(self) -> str:
        return self.view


class Experiments(_Panel):
    """Experiments and their results."""

    usual_width = 12
    kind: Literal["experiments"]


class Alerts(_Panel):
    """What has to be looked at."""

    usual_width = 4
    kind: Literal["alerts"]


Panel = (
    Tile | Gauge | Line | Bars | Stacked | Ring | Ranked | Table | Cohorts | Bridge | Plan | Costs
    | Experiments | Alerts
)  # fmt: skip
KINDS: dict[str, type[BaseModel]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(Panel)
}


class Row(_Part):
    """Panels beside one another; they wrap where they are wider than the page."""

    title: Title | None = None
    panel: tuple[Annotated[Panel, Field(discriminator="kind")], ...] = Field(
        min_length=1, max_length=12
    )


class Dashboard(_Part):
    """A page of panels. ``range`` is what it shows until a reader chooses."""

    title: Title
    about: About | None = None
    range: RangeName = "90d"
    row: tuple[Row, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _each_name_once(self) -> Dashboard:
        taken: set[str] = set()
        for n, row in enumerate(self.row):
            for m, panel in enumerate(row.panel):
                if panel.name in taken:
                    said = f"Another panel has the name '{panel.name}'. Give this one its own."
                    raise _broken(said, "row", n, "panel", m, "name")
                taken |= {panel.name} if panel.name else set()
        return self

    def named(self) -> tuple[tuple[Row, tuple[tuple[str, Panel], ...]], ...]:
        """Its rows, each panel with the name by which an address calls it.

        A name that is given is kept; one that is made gives way to it.
        """
        taken = {panel.name for row in self.row for panel in row.panel if panel.name}
        return tuple(
            (row, tuple((_name(panel, taken), panel) for panel in row.panel)) for row in self.row
        )


def _name(panel: Panel, taken: set[str]) -> str:
    if panel.name:
        return panel.name
    wanted = f"{panel.kind}-{panel.subject}".strip("-").replace("_", "-")
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    taken.add(name)
    return name
