"""Whether recorded facts support a value: the rules of absence and coverage, in one place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from trueline.core.period import Period
from trueline.core.quality import Completeness, Reason
from trueline.engine.cover import Covers, Span, TableCover, merged, overlapping, within
from trueline.facts.tables import contract

SUBSCRIPTION_TABLES = ("subscription_events", "subscriptions")
TABLES_OF = {
    "firsts": ("orders", "revenue", *SUBSCRIPTION_TABLES),
    "subscription_events": SUBSCRIPTION_TABLES,
}
"""Facts that stand in for one another: of these, those that the company keeps must cover."""


@dataclass(frozen=True)
class Known:
    """Whether a value may be given, and how complete it is."""

    known: bool
    completeness: Completeness = Completeness.COMPLETE
    reasons: tuple[Reason, ...] = ()

    @staticmethod
    def no(code: str, message: str, enable: str | None = None) -> Known:
        """Not known, and why."""
        return Known(False, reasons=(Reason(code, message, enable),))


def _span(period: Period) -> str:
    return f"{period.start} to {period.end - timedelta(days=1)}"


def _are(table: str) -> str:
    return "is" if table in ("spend", "revenue", "usage") else "are"


def not_kept(table: str) -> Reason:
    """Nothing was ever recorded in a table."""
    return Reason(
        f"no_{table}",
        f"No {table.replace('_', ' ')} {_are(table)} recorded.",
        f"Load {table}, or declare coverage if there really were none.",
    )


def flow(
    covers: Covers,
    table: str,
    period: Period,
    rows: int,
    today: date,
    category: str = "*",
    seen: Collection[str] = (),
) -> Known:
    """A flow: zero counts only under declared coverage; facts only in part make it partial.

    ``seen`` are tables that have rows in the period, though none of those that count.
    """
    tables = [covers[name] for name in TABLES_OF.get(table, (table,))]
    kept = [cover for cover in tables if cover.kept]
    if not kept:
        return Known(False, reasons=(not_kept(tables[0].table),))
    past = _past(period, today)
    if past is None:
        return Known(False, reasons=(future(period),))
    gaps = [c for c in kept if overlapping(past, c.gaps(category))]
    whole = [c for c in kept if _declared_whole(c, past, category)]
    inside = [c for c in kept if c in whole or within(past, c.beside(_presumed(c), category))]
    silent = [c for c in kept if c.table not in seen] if rows == 0 else []
    for cover in silent:
        if cover in gaps:
            return Known(False, reasons=(_incomplete(cover, period, category),))
    for cover in silent:
        if cover not in whole:
            return Known(False, reasons=(_unsaid(cover, period, category),))
    reasons = [
        _over(period, today),
        *(_incomplete(c, period, category) for c in gaps),
        *(
            _partly(c, period, category, c.beside(_presumed(c), category))
            for c in kept
            if c not in inside and c not in gaps
        ),
    ]
    return _known(reasons)


def _unsaid(cover: TableCover, period: Period, category: str) -> Reason:
    return Reason(
        "no_records",
        f"No {_of(cover, category)} {_are(cover.table)} recorded from {_span(period)}, and "
        "nothing says that there were none.",
        f"Load {cover.table} for these days, or declare coverage for them.",
    )


def unwatched(covers: Covers, table: str, period: Period, category: str = "*") -> Reason | None:
    """Why not every day of a period is covered; None where each is.

    Days before the first record are not looked at: nobody who is known was there to be watched.
    """
    cover = covers[table]
    start = max(period.start, cover.first_day or period.start)
    if start >= period.end:
        return None
    days = Period(start, period.end)
    if overlapping(days, cover.gaps(category)):
        return _incomplete(cover, days, category)
    spans = cover.declared(category) or cover.observed()
    return None if within(days, spans) else _partly(cover, days, category, spans)


def _of(cover: TableCover, category: str) -> str:
    table = cover.table.replace("_", " ")
    return table if category == "*" else f"{table} of {category}"


def _incomplete(cover: TableCover, period: Period, category: str) -> Reason:
    what = _of(cover, category)
    gaps = [gap for gap in merged(cover.gaps(category)) if overlapping(period, [gap])]
    days = Period(max(gaps[0][0], period.start), min(gaps[-1][1], period.end))
    some = "for days " if gaps[1:] else ""
    return Reason(
        "declared_incomplete",
        f"{what[:1].upper()}{what[1:]} {_are(cover.table)} declared incomplete {some}from "
        f"{_span(days)}.",
        "Load what is missing and declare them complete.",
    )


def _declared_whole(cover: TableCover, period: Period, category: str) -> bool:
    if within(period, cover.declared(category)):
        return True
    if cover.table in SUBSCRIPTION_TABLES and not cover.declared(category):
        return state_at(cover, period.start, category) and state_at(cover, period.end, category)
    return False


def _presumed(cover: TableCover) -> list[tuple[date, date]]:
    """Days taken to be complete without a declaration, as long as there are rows.

    A log of changes says by its silence that nothing changed, until the day it was loaded.
    """
    if cover.table in SUBSCRIPTION_TABLES and cover.first_day and cover.loaded_on:
        return [(cover.first_day, cover.loaded_on + timedelta(days=1))]
    return cover.observed()


def recorded(
    covers: Covers, table: str, period: Period, rows: int, today: date, category: str
) -> Known:
    """A cost: an entry makes it known, its absence is zero only if declared complete."""
    cover = covers[table]
    if overlapping(period, cover.gaps(category)):
        return Known.no(
            "declared_incomplete",
            f"{table} of type {category} are declared incomplete from {_span(period)}.",
            "Record what is missing and declare them complete.",
        )
    past = _past(period, today)
    if past is None:
        return Known(False, reasons=(future(period),))
    if rows == 0 and not within(past, cover.declared(category)):
        kind = f"{category} cost" if category != "*" else table
        return Known.no(
            "no_cost_recorded",
            f"No {kind} is recorded from {_span(period)}.",
            f"Record it (POST /api/kpi/costs, cost_type {category}), or declare coverage if "
            "there was none."
            if category != "*"
            else f"Load {table}.",
        )
    return _known([_over(period, today), _covered_in_part(cover, past, category)])


def _covered_in_part(cover: TableCover, period: Period, category: str) -> Reason | None:
    """Why entries are not all of a period: a declaration ends within it. Where only the whole table
    is declared, entries after it are taken for all there are until the last one, as flows' are."""
    spans = cover.declared(category)
    if not overlapping(period, spans) or within(period, spans):
        return None
    own = [(a, b) for name, a, b in cover.complete if name == category]
    if not overlapping(period, own):
        spans = cover.beside(cover.observed(), category)
    return None if within(period, spans) else _partly(cover, period, category, spans)


def state_at(cover: TableCover, moment: date, category: str = "*") -> bool:
    """Whether the state at the start of a day is known from this table."""
    declared = merged(cover.declared(category))
    if declared:
        first = cover.first_day or moment
        # Where old rows are forgotten, days covered from the first row on say nothing of before.
        cut = moment <= first and contract(cover.table).often_cut
        return any(
            a <= min(first, moment) and moment <= b and not (cut and a == first)
            for a, b in declared
        )
    if cover.first_day is None or cover.loaded_on is None:
        return False
    return cover.first_day < moment <= cover.loaded_on + timedelta(days=1)


def running(today: date) -> Reason:
    """Why a period that is not over is partial."""
    return Reason("period_not_over", f"The period ends after today ({today}).")


def future(period: Period) -> Reason:
    """Why nothing is known of a period that lies ahead."""
    return Reason("not_yet", f"{_span(period)} has not begun.")


def present(covers: Covers, table: str, moment: date, today: date) -> date:
    """The moment at which a state is read: ``moment``, but never after the present.

    In a period that is not over that is the end of today, or its start where the facts reach no
    further (a full export loaded today is complete until today).
    """
    if moment <= today:
        return moment
    tomorrow = today + timedelta(days=1)
    kept = [c for c in (covers[name] for name in TABLES_OF.get(table, (table,))) if c.kept]
    return tomorrow if all(state_at(cover, tomorrow) for cover in kept) else today


def level(covers: Covers, table: str, moment: date, today: date, category: str = "*") -> Known:
    """A state: known where the facts reach from their beginning to the moment."""
    tables = [covers[name] for name in TABLES_OF.get(table, (table,))]
    kept = [cover for cover in tables if cover.kept]
    if not kept:
        return Known(False, reasons=(not_kept(tables[0].table),))
    late = moment > today
    at = present(covers, table, moment, today)
    for cover in kept:
        begins = cover.first_day or at
        if begins < at and overlapping(Period(begins, at), cover.gaps(category)):
            return Known.no(
                "declared_incomplete",
                f"{cover.table} are declared incomplete before {at}.",
                "Load what is missing and declare them complete.",
            )
    lacking = [c for c in kept if not state_at(c, at, category)]
    # A table that begins only later adds nothing to an earlier state that another one covers.
    if lacking and len(lacking) == len(kept):
        return _state_unknown(lacking[0], at)
    stale = [c for c in lacking if c.first_day is not None and c.first_day < at]
    if stale:
        return _state_unknown(stale[0], at)
    return _known([running(today) if late else None])


def _state_unknown(cover: TableCover, moment: date) -> Known:
    if cover.first_day is not None and moment <= cover.first_day:
        return Known.no(
            "before_first_fact",
            f"{cover.table} begin on {cover.first_day}: what was there before is not recorded.",
            f"Declare coverage of {cover.table} from your company's first day "
            "(or load them with --full).",
        )
    spans = merged(cover.declared())
    # A later stretch says nothing of what changed in the days before it.
    begun = [b for a, b in spans if a <= (cover.first_day or a)] or [b for _, b in spans]
    until = max(begun, default=None) or cover.loaded_on
    return Known.no(
        "facts_end_earlier",
        f"{cover.table} are complete only until {until}.",
        f"Load {cover.table} up to {moment}, or declare them complete.",
    )


def _past(period: Period, today: date) -> Period | None:
    """The part of the period that is over or running."""
    end = min(period.end, today)
    if end <= period.start:
        return period if period.start <= today else None
    return Period(period.start, end)


def _over(period: Period, today: date) -> Reason | None:
    if period.end <= today:
        return None
    return running(today)


def _partly(cover: TableCover, period: Period, category: str, spans: Sequence[Span]) -> Reason:
    said = [f"{a} to {b - timedelta(days=1)}" for a, b in merged(spans)]
    covered = ", ".join(said) or "no day"
    return Reason(
        "partial_coverage",
        f"{_of(cover, category)} cover {covered}, not all of {_span(period)}.",
        f"Load {cover.table} for the other days, or declare coverage for them.",
    )


def _known(reasons: Sequence[Reason | None]) -> Known:
    given = tuple(reason for reason in reasons if reason is not None)
    return Known(True, Completeness.PARTIAL if given else Completeness.COMPLETE, given)
