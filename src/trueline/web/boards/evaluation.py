"""Dashboards evaluated once for each state of the facts, and kept until that state moves."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from trueline.catalog.kpis import kpi
from trueline.core.errors import BusyError, NotFoundError, TruelineError, UnknownKeyError
from trueline.dashboards import Entry, Panel, find
from trueline.dashboards.shelf import BUILT_IN
from trueline.engine.left_out import LeftOut, left_out
from trueline.engine.rollup import last_load
from trueline.home import Trueline
from trueline.settings import Settings
from trueline.web.boards import cohort_panels, money, over_time, plan_panel, shares, tiles
from trueline.web.boards.ground import Ground, check_cut, label_of
from trueline.web.boards.over_time import EACH
from trueline.web.boards.shown import Missing, Shown
from trueline.web.boards.view import View
from trueline.web.pages.frame import freshness
from trueline.web.pages.range import preset

log = logging.getLogger("trueline.web")
MOST_KEPT = 64
MOST_TRIES = 5
_WAITED_SECONDS = 30.0

Builder = Callable[[Ground, Any], Shown | None]
BUILDERS: dict[str, Builder] = {
    "tile": tiles.tile,
    "gauge": tiles.tile,
    "line": over_time.line,
    "bars": over_time.bars,
    "stacked": over_time.stacked,
    "ring": shares.ring,
    "ranked": shares.ranked,
    "table": shares.table,
    "cohorts": cohort_panels.panel_of_cohorts,
    "bridge": money.waterfall,
    "costs": money.costs,
    "plan": plan_panel.plan,
}
"""What makes a panel of a kind. A kind that nothing feeds yet has none, and is not shown."""


@dataclass(frozen=True)
class ShownRow:
    """A row's panels that something feeds."""

    title: str | None
    panels: tuple[Shown, ...]


@dataclass(frozen=True)
class State:
    """What a kept result depends on besides its address."""

    load: int
    today: date
    settings: str

    @property
    def version(self) -> str:
        """The state in few letters: part of the addresses of charts."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Board:
    """A dashboard with every panel's values, as of one state."""

    entry: Entry
    view: View
    state: State
    rows: tuple[ShownRow, ...]
    made: datetime
    cuts: tuple[tuple[str, tuple[str, ...], int], ...]
    """Dimensions with recorded values: name, the first values, how many more there are."""
    fresh: dict[str, Any]
    """Up to which load its numbers count, as ``freshness`` gives it."""
    left_out: tuple[LeftOut, ...]
    """Rejected rows that are in no number, by table."""
    drawn: dict[frozenset[str], str] = field(default_factory=dict)
    """Its panels as they were written for a page, by which of them stand as tables."""

    def panels(self) -> dict[str, Shown]:
        """Its panels by name."""
        return {panel.name: panel for row in self.rows for panel in row.panels}

    def panel(self, name: str) -> Shown:
        """One panel. Raises UnknownKeyError, or NotFoundError where nothing feeds it."""
        found = self.panels()
        if name in found:
            return found[name]
        declared = [n for _, named in self.entry.declared().named() for n, _ in named]
        if name in declared:
            raise NotFoundError(
                f"Nothing feeds the panel '{name}' yet.", f"See {self.entry.address}."
            )
        raise UnknownKeyError.among("panel", name, declared)

    def targets(self) -> list[dict[str, Any]]:
        """The targets that tiles show, each once, with its source."""
        found = [p.more["target"] for p in self.panels().values() if p.more.get("target")]
        return list({target["key"]: target for target in found}.values())


@dataclass
class _Making:
    lock: threading.Lock = field(default_factory=threading.Lock)
    board: Board | None = None


class Boards:
    """The evaluated dashboards of one company; safe to share by threads."""

    def __init__(self, tl: Trueline, ahead: Sequence[Callable[[Trueline], object]] = ()) -> None:
        """``ahead``: what else is evaluated whenever facts have changed, for other pages."""
        self._tl = tl
        self._ahead = ahead
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, _Making] = OrderedDict()
        self._settings: tuple[Settings, str] | None = None
        self._loaded: tuple[int | None, int] | None = None
        self._stale = threading.Event()
        self._stopping = threading.Event()
        self._warming: threading.Thread | None = None

    def schedule(self) -> None:
        """Evaluate the built-in dashboards ahead, now and whenever facts have changed.

        Whoever opens a page in the morning finds it evaluated.
        """
        self._warming = threading.Thread(target=self._keep_warm, name="trueline-warm", daemon=True)
        self._warming.start()

    def _keep_warm(self) -> None:
        stop = self._tl.warehouse.subscribe(lambda _load: self._stale.set())
        try:
            while not self._stopping.is_set():
                self._stale.clear()
                self._warm()
                self._stale.wait()
        finally:
            stop()

    def _warm(self) -> None:
        for name in BUILT_IN:
            if self._stopping.is_set():
                return
            try:
                entry = find(self._tl.home, name)
                usual = entry.declared().range
                calendar = self._tl.settings.company.calendar
                view = View(preset(usual, self._tl.engine.today(), calendar), usual)
                self.get(entry, view)
            except TruelineError as error:
                log.warning("the dashboard %s could not be evaluated ahead: %s", name, error)
        for evaluate_it in self._ahead:
            if self._stopping.is_set():
                return
            try:
                evaluate_it(self._tl)
            except TruelineError as error:
                log.warning("readings could not be evaluated ahead: %s", error)

    def stop(self) -> None:
        """Let the thread that evaluates ahead end: the files are closed next."""
        self._stopping.set()
        self._stale.set()
        if self._warming is not None:
            self._warming.join(_WAITED_SECONDS)

    def state(self) -> State:
        """The state of facts, day and settings now."""
        return State(self._last_load(), self._tl.engine.today(), self._digest())

    def _last_load(self) -> int:
        """The last load; looked up once a commit where this process makes all of them."""
        commits = self._tl.warehouse.commits  # before the look: what is found is never older
        known = self._loaded
        if commits is None or known is None or known[0] != commits:
            known = self._loaded = (commits, last_load(self._tl.warehouse))
        return known[1]

    def _digest(self) -> str:
        """A digest of the settings, made anew only for other settings."""
        now = self._tl.settings
        known = self._settings
        if known is None or known[0] is not now:
            text = hashlib.sha256(now.model_dump_json().encode()).hexdigest()
            known = self._settings = (now, text)
        return known[1]

    def get(self, entry: Entry, view: View) -> Board:
        """The dashboard at a view; evaluated once, however many ask at the same time."""
        for _ in range(MOST_TRIES):
            state = self.state()
            board = self._kept_or_made(entry, view, state)
            if board is not None:
                return board
        raise BusyError("Facts are being loaded all the time.", "Try again in a moment.")

    def _kept_or_made(self, entry: Entry, view: View, state: State) -> Board | None:
        """The board of a state; None where facts came in while it was evaluated."""
        place = (entry.name, entry.digest, state, view.range, view.cut, view.estimates)
        with self._lock:
            making = self._kept.setdefault(place, _Making())
            self._kept.move_to_end(place)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        with making.lock:
            if making.board is None:
                with self._tl.engine.one_state():
                    ground = Ground(self._tl, view)
                    board = evaluate(ground, entry, view, state)
                if ground.loads != {state.load}:
                    return None
                making.board = board
            return making.board


def evaluate(ground: Ground, entry: Entry, view: View, state: State) -> Board:
    """Every panel of a dashboard. Raises UnknownKeyError for a slice that is not recorded."""
    declared = entry.declared()
    ground.evaluator(view.cut)
    keys = {key for row in declared.row for panel in row.panel for key in _keys(panel)}
    ground.prefetch(sorted(keys), view.range.period)
    rows = []
    for row, named in declared.named():
        panels = [_shown(ground, name, panel) for name, panel in named]
        found = [panel for panel in panels if panel is not None]
        if found:
            rows.append(ShownRow(row.title, tuple(_filled(found, len(panels)))))
    _tell_apart(panel for row in rows for panel in row.panels)
    warehouse = ground.tl.warehouse
    return Board(
        entry, view, state, tuple(rows), datetime.now(UTC), tuple(_cuts(ground)),
        fresh=freshness(ground.tl), left_out=tuple(left_out(warehouse).values()),
    )  # fmt: skip


def _tell_apart(panels: Iterable[Shown]) -> None:
    seen: Counter[str] = Counter()
    for panel in panels:
        seen[panel.title] += 1
        panel.again = seen[panel.title] if seen[panel.title] > 1 else 0


def _keys(panel: Panel) -> Iterable[str]:
    one = getattr(panel, "kpi", None)
    return getattr(panel, "kpis", ()) if one is None else (one,)


def _shown(ground: Ground, name: str, panel: Panel) -> Shown | None:
    """One panel; what is wrong with it is said in its place, the others stand."""
    build = BUILDERS.get(panel.kind)
    if build is None:
        return None
    title = panel.title or _title(panel)
    try:
        _check_filter(ground, panel)
        made = build(ground, panel)
    except TruelineError as error:
        missing = Missing(error.message, error.fix or "", "Not shown")
        made = Shown("none", title, _about(panel), missing=missing)
    except Exception:  # the other panels stand
        log.exception("panel %s failed", name)
        made = Shown(
            "none",
            title,
            _about(panel),
            missing=Missing("This panel failed; see the server's log.", title="Not shown"),
        )
    if made is not None:
        made.name, made.kind, made.columns = name, panel.kind, panel.columns
        made.link = ground.linked(made.link, panel.range) if made.link else None
        made.own_days = panel.range is not None or panel.kind in ("cohorts", "plan")
    return made


def _about(panel: Panel) -> str:
    """What tells a panel that is not shown from a tile of the same title."""
    over_time = panel.kind in ("line", "bars", "stacked")
    return panel.about or (EACH.get(getattr(panel, "grain", None) or "", "") if over_time else "")


def _check_filter(ground: Ground, panel: Panel) -> None:
    """Raises InputError, once for a panel, where the page's filter is none of its KPIs'."""
    if panel.kind == "plan":  # a plan is of the company alone
        return
    for key in _keys(panel):
        check_cut(label_of(key), kpi(key).slices, ground.view.cut)


def _title(panel: Panel) -> str:
    keys = list(_keys(panel))
    return ", ".join(label_of(key) for key in keys[:3]) or panel.kind.capitalize()


def _filled(panels: list[Shown], declared: int) -> list[Shown]:
    """Where a panel of the row is not shown, the last one takes its place."""
    if len(panels) < declared:
        rest = 12 - sum(panel.columns for panel in panels) % 12
        if rest < 12:
            panels[-1].columns += rest
    return panels


MOST_CUTS = 40


def _cuts(ground: Ground) -> Iterable[tuple[str, tuple[str, ...], int]]:
    from trueline.dashboards.declaration import DIMENSIONS

    for by in DIMENSIONS:
        values = ground.values(by)
        if len(values) > 1:
            yield by, tuple(values[:MOST_CUTS]), max(0, len(values) - MOST_CUTS)
