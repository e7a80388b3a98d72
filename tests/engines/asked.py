"""Everything that can be asked of a company, so that engines can be compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from trueline.catalog.kpis import from_facts
from trueline.home import Trueline

PERIODS: tuple[tuple[str, str], ...] = (
    ("2026-02-01", "2026-03-01"),
    ("2025-12-15", "2026-02-20"),
    ("2025-01-01", "2026-01-01"),
)
SLICES = ("channel", "plan", "country", "currency", "feature")
TABLES = (
    "SELECT measure, day, slice_by, slice, currency, value, rows, first_fact, last_fact "
    "FROM metrics_daily",
    "SELECT customer_id, channel, country, first_order_on, first_charge_on, first_mrr_on, "
    'first_paid_on, "at" FROM customer_firsts',
    "SELECT customer_id, day FROM entry_firsts",
    'SELECT customer_id, currency, day, before, after, paid_before, paid_after, began, "at" '
    "FROM customer_levels",
    'SELECT user_id, session, day, "at", channel, seconds, events, page_views, actions, engaged '
    "FROM sessions",
    "SELECT subscription_id, customer_id, day, plan, currency, mrr, net_mrr, trial_mrr, "
    'at_risk_mrr, committed_mrr, unpriced, unpriced_quantity, assumed, "at" FROM mrr_changes',
)


def plain(value: Any) -> Any:
    """A value to compare: exact, whatever number type an engine gives."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int | Decimal):
        return str(Decimal(value).normalize() + 0)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if hasattr(value, "to_json"):
        return plain(value.to_json())
    return str(value)


def readings(
    tl: Trueline,
    periods: tuple[tuple[str, str], ...] = PERIODS,
    keys: Sequence[str] | None = None,
    **options: Any,
) -> Any:
    """KPIs (every one, if none is named) over some periods."""
    found = {}
    for start, end in periods:
        every = tl.readings(keys, start=start, end=end, allow_estimates=True, **options)
        found |= {f"{key} {start}": plain(reading) for key, reading in every.items()}
    return found


def slices(tl: Trueline) -> Any:
    """Every KPI by two values of everything it can be cut by."""
    start, end = PERIODS[1]
    found = {}
    for by in SLICES:
        keys = [k.key for k in from_facts() if by in k.slices]
        values = tl.engine.slice_values(by)
        found[by] = plain(values)
        for value in values[:2]:
            cut = tl.readings(keys, start=start, end=end, slice={by: value})
            found |= {f"{key} {by} {value}": plain(r) for key, r in cut.items()}
    return found


COMBINED: dict[tuple[str, ...], tuple[str, ...]] = {
    ("channel", "country"): ("net_revenue", "new_customers", "nrr"),
    ("plan", "currency"): ("mrr", "customers"),
    ("channel", "plan", "country", "currency"): ("arpu",),
}
"""Of each base one KPI or more, by several dimensions at once."""


def combined(tl: Trueline) -> Any:
    """KPIs by several dimensions at once, each at its largest value, and in part by part."""
    start, end = PERIODS[1]
    found = {}
    for dimensions, keys in COMBINED.items():
        cut = {by: tl.engine.slice_values(by)[0] for by in dimensions}
        some = tl.readings(keys, start=start, end=end, slice=cut)
        found |= {f"{key} {cut}": plain(reading) for key, reading in some.items()}
    channel = {"channel": tl.engine.slice_values("channel")[0]}
    parts = tl.breakdown("net_revenue", "country", start=start, end=end, slice=channel)
    return found | {"parts": plain(parts)}


_AUTUMN = {"start": "2025-10-06", "end": "2026-03-01"}


def series(tl: Trueline) -> Any:
    """Some KPIs of each kind, bucket by bucket."""
    keys = ("revenue", "mrr", "new_customers", "dau", "nrr", "cac", "session_duration")
    known = {k.key for k in from_facts()}
    return {
        f"{key} by {grain}": plain(
            tl.series(key, grain=grain, start="2025-10-06", end="2026-03-01")
        )
        for key in keys
        if key in known
        for grain in ("week", "month", "quarter")
    }


def bridges(tl: Trueline) -> Any:
    """The MRR bridge over every period, and cut."""
    found = {start: plain(tl.bridge(start=start, end=end)) for start, end in PERIODS}
    for plan in tl.engine.slice_values("plan"):
        found[plan] = plain(tl.bridge(start="2026-01-01", end="2026-03-01", slice={"plan": plan}))
    return found


def cohorts(tl: Trueline) -> Any:
    """Cohorts of customers, by number and by revenue."""
    return {
        f"{kind} {by}": plain(tl.cohorts(kind, by))
        for kind in ("subscriptions", "orders")
        for by in ("customers", "revenue")
    }


def usage(tl: Trueline) -> Any:
    """Users followed over time: retention, funnels, lifecycle, and which events there are."""
    days = {"start": "2025-12-15", "end": "2026-02-20"}
    steps = ["page_view", ["purchase", "created_project"]]
    found: dict[str, Any] = {"events": plain(tl.event_names())}
    for grain in ("day", "week"):
        for kind in ("n_day", "unbounded"):
            found[f"{kind} {grain}"] = plain(tl.retention(kind, grain=grain, steps=6, **days))
        found[f"lifecycle {grain}"] = plain(tl.lifecycle(grain=grain, **days))
    for by in (None, "channel", "country"):
        found[f"funnel by {by}"] = plain(tl.funnel(steps=steps, by=by, **days))
    return found


def tables(tl: Trueline) -> Any:
    """What is counted and derived, row by row."""
    return {sql: sorted((plain(row) for row in tl.warehouse.rows(sql)), key=str) for sql in TABLES}


def facts(tl: Trueline) -> Any:
    """What is recorded: counts, days, coverage; every column of every row and of the history."""
    from trueline.facts.tables import CONTRACTS

    found = {"overview": [plain(t) for t in tl.facts()]}
    for contract in CONTRACTS:
        for name in (contract.name, f"{contract.name}_history"):
            columns = ", ".join(f'"{c}"' for c in contract.stored)
            found[name] = sorted(
                (plain(row) for row in tl.warehouse.rows(f'SELECT {columns} FROM "{name}"')),
                key=str,
            )
    return found


def checks(tl: Trueline) -> Any:
    """What the home's own checks say of the warehouse, and the rows behind some inputs."""
    start, end = PERIODS[1]
    found = {
        c["check"]: plain(c) for c in tl.doctor() if c["check"] in ("roll-up", "keys", "loads")
    }
    for key in ("aov", "cac", "nrr", "gross_margin"):
        for item in tl.kpi(key, start=start, end=end).inputs:
            behind = tl.rows_behind(key, item.name, start=start, end=end, limit=20)
            found[f"{key} {item.name}"] = plain(without_sql(behind))
    return found


def without_sql(found: Any) -> Any:
    """The same without the queries, which are each engine's own."""
    if isinstance(found, dict):
        return {k: without_sql(v) for k, v in found.items() if k != "sql"}
    return [without_sql(v) for v in found] if isinstance(found, list) else found


def earlier(moment: datetime, keys: Sequence[str] | None = None) -> Callable[[Trueline], Any]:
    """KPIs (every one, if none is named) as they would have been read at a moment."""

    def ask(tl: Trueline) -> Any:
        return readings(tl, PERIODS[:1], keys, as_of=moment)

    return ask


def difference(mine: Any, theirs: Any) -> str:
    """Where two answers differ first, for a person."""
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for key in mine | theirs:
            if mine.get(key) != theirs.get(key):
                return f"{key}: {difference(mine.get(key), theirs.get(key))}"
    if isinstance(mine, list) and isinstance(theirs, list):
        for number, (a, b) in enumerate(zip(mine, theirs, strict=False)):
            if a != b:
                return f"[{number}] {difference(a, b)}"
        return f"{len(mine)} and {len(theirs)} items"
    return f"{mine!r} is not {theirs!r}"
