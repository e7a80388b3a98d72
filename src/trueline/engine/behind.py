"""The recorded rows behind a KPI's input: what its queries counted, row by row.

Rows are given as they were loaded, with their keys, source and time of recording. They are those
of one table, dated in the days that the input is read over; for a state (as recurring revenue is)
all rows up to the moment it is read at, as each of them made it what it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from trueline.catalog.bases import BASES
from trueline.catalog.inputs import NOT_MEASURED
from trueline.catalog.kpis import kpi
from trueline.catalog.measure import Measure, MeasureKind, PeriodMeasure, Sum
from trueline.catalog.measures import measure
from trueline.core.errors import InputError, UnknownKeyError
from trueline.core.period import Period
from trueline.core.reading import ReadingInput
from trueline.engine.evaluate import source_of, window
from trueline.facts.contract import Contract, Kind
from trueline.facts.tables import contract

if TYPE_CHECKING:
    from trueline.engine.engine import Engine
    from trueline.engine.evaluate import Evaluator
    from trueline.engine.resolve import Resolver
    from trueline.engine.view import FactsView

MOST_ROWS = 1000
_TABLES = {base.key: base.tables for base in BASES}


class _Since(StrEnum):
    """From when on a table's rows matter to an input."""

    WINDOW = "window"  # those dated in its days
    FIRST = "first"  # those since the first one it used, which may lie before its days
    USED = "used"  # from the first one it used alone: an account's last balance, say
    BEGINNING = "beginning"  # all of them: each made the state what it is


@dataclass(frozen=True)
class _Part:
    """One fact table that an input counts: of which categories (all if none), and since when."""

    table: str
    categories: tuple[str, ...]
    since: _Since


def rows_behind(
    engine: Engine,
    key: str,
    name: str,
    period: Period,
    *,
    table: str | None = None,
    offset: int = 0,
    limit: int = 50,
    **options: Any,
) -> dict[str, Any]:
    """A page of the fact rows behind input ``name`` of a KPI, oldest first.

    ``tables`` are those that the input counts; ``table`` chooses one (the first if left out).
    Rows of test customers are left out, as they are of every number. ``kpi`` names the KPI where
    the input is one: its own inputs have the rows. Raises UnknownKeyError, InputError.
    """
    if not 1 <= limit <= MOST_ROWS or offset < 0:
        raise InputError(
            f"A page of {limit} rows from {offset} cannot be given.",
            f"limit is 1 to {MOST_ROWS}, offset 0 or more.",
        )
    definition = kpi(key)
    if name not in definition.origins():
        raise UnknownKeyError.among(f"input of {definition.label}", name, definition.origins())
    where = (table, offset, limit)
    return engine.settled(lambda found: _page_of(found, key, name, period, where), **options)


def _page_of(
    evaluator: Evaluator, key: str, name: str, period: Period, where: tuple[str | None, int, int]
) -> dict[str, Any]:
    definition = kpi(key)
    table, offset, limit = where
    reading = evaluator.reading(key, period)
    resolver = evaluator.resolver
    origin = definition.origins()[name]
    source = source_of(origin, resolver.cut)
    item = next(found for found in reading.inputs if found.name == name)
    parts = {part.table: part for part in _kept(resolver, _counted(source, item))}
    answer = {
        "key": key,
        "input": name,
        "description": definition.model_fields[name].description,
        "source": source,
        "kpi": source.removeprefix("kpi:") if source.startswith("kpi:") else None,
        "tables": list(parts),
        "table": None,
        "offset": offset,
        "limit": limit,
        "total": 0,
        "columns": [],
        "rows": [],
    }
    if table is not None and table not in parts:
        raise UnknownKeyError.among(f"table behind {name}", table, parts)
    if not parts:
        return answer
    part = parts[table] if table else next(iter(parts.values()))
    days = _days(resolver, part, window(period, origin.window, resolver.today), item, origin.at)
    return answer | _page(resolver, part, days, offset, limit)


def _parts(source: str) -> Iterable[_Part]:
    if source.startswith("kpi:") or source in NOT_MEASURED:
        return
    item = measure(source)
    if isinstance(item, Sum):
        for part in item.parts:
            yield from _parts(part)
    elif isinstance(item, PeriodMeasure):
        since = _SINCE.get(item.source, _Since.FIRST)
        yield from (_Part(t, _categories(t, item.source), since) for t in item.tables)
    else:
        yield from _daily_parts(item)


def _counted(source: str, item: ReadingInput) -> Iterable[_Part]:
    """The parts of a source; of facts that stand in for one another, those that were counted."""
    parts = list(_parts(source))
    either = source not in NOT_MEASURED and not source.startswith("kpi:")
    if either and getattr(measure(source), "rule", "") == "goods" and item.table:
        return [part for part in parts if part.table in item.table.split(", ")]
    return parts


_SINCE = {
    "movements": _Since.BEGINNING,
    "churn_history": _Since.BEGINNING,
    "cash": _Since.USED,
}


def _categories(table: str, source: str) -> tuple[str, ...]:
    """The category of rows that a source counts, where it is named for one (as surveys are)."""
    of, kind = contract(table), source.partition("_")[0]
    return (kind,) if of.category and kind in of.by_name[of.category].choices else ()


def _daily_parts(item: Measure) -> Iterable[_Part]:
    since = _Since.BEGINNING if item.kind is MeasureKind.LEVEL else _Since.WINDOW
    for table in dict.fromkeys(t for t in (item.table, *_TABLES[item.base]) if t):
        if table != "firsts":
            named = table == item.table and item.category != "*"
            yield _Part(table, (item.category,) if named else (), since)


def _kept(resolver: Resolver, parts: Iterable[_Part]) -> Iterable[_Part]:
    """The parts whose tables hold anything, each table once with all its categories."""
    found: dict[str, _Part] = {}
    for part in parts:
        if not resolver.covers[part.table].kept:
            continue
        other = found.setdefault(part.table, part)
        if other.categories != part.categories:
            both = (*other.categories, *part.categories)
            every = not other.categories or not part.categories
            named = () if every else tuple(dict.fromkeys(both))
            found[part.table] = _Part(part.table, named, part.since)
    return found.values()


def _days(resolver: Resolver, part: _Part, over: Period, item: ReadingInput, side: str) -> Period:
    """The days whose rows matter to an input that is read over ``over``."""
    over = over.begun(resolver.today)
    if part.since is _Since.WINDOW:
        return over
    if part.since in (_Since.FIRST, _Since.USED):
        of = contract(part.table)
        first = over.start if item.first is None else _day(resolver, of, item.first)
        return Period(first if part.since is _Since.USED else min(first, over.start), over.end)
    end = over.start if side == "opening" else over.end
    first = resolver.covers[part.table].first_day or end
    return Period(min(first, end - timedelta(days=1)), end)


def _day(resolver: Resolver, of: Contract, moment: datetime) -> date:
    """The local day of a fact's moment; of a table of days the moment is the day itself."""
    if of.day in of.by_name and of.by_name[of.day].kind is Kind.DAY:
        return moment.date()
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(resolver.settings.company.zone).date()


def _page(resolver: Resolver, part: _Part, days: Period, offset: int, limit: int) -> dict[str, Any]:
    of = contract(part.table)
    columns = _columns(of)
    currency = resolver.cut.value("currency")
    build = partial(_rows, resolver.view(), of, columns, part.categories, currency)
    key = ("rows behind", of.name, part.categories, currency)
    counted = resolver.query(key, build, days)
    order = ", ".join(f'"{name}"' for name in dict.fromkeys((of.day, *of.key)))
    rows = resolver.warehouse.rows(
        f"SELECT * FROM ({counted}) AS counted ORDER BY {order} LIMIT {limit} OFFSET {offset}"
    )
    total = resolver.warehouse.rows(f"SELECT count(*) FROM ({counted}) AS counted")
    return {
        "table": of.name,
        "start": days.start.isoformat(),
        "end": days.end.isoformat(),
        "category": ", ".join(part.categories) or None,
        "sliced": all(by == "currency" and by in of.by_name for by in resolver.cut.by),
        "total": int(total[0][0]),
        "columns": columns,
        "rows": [dict(zip(columns, map(_written, row), strict=True)) for row in rows],
        "sql": counted,
    }


def _columns(of: Contract) -> list[str]:
    """Key, day, what the row states, and where it comes from."""
    content = [c.name for c in of.columns if c.name not in of.key]
    named = (*of.key, of.day, *content, "source", "load_id", "recorded_at")
    return list(dict.fromkeys(named))


def _rows(
    view: FactsView,
    of: Contract,
    columns: list[str],
    categories: tuple[str, ...],
    currency: str | None,
    days: Period,
) -> Any:
    import ibis

    t = view.table(of.name)
    inside = (t[of.day] >= days.start) & (t[of.day] < days.end)
    if "service_start" in of.by_name:  # spread over the days it pays for, whenever it is dated
        spread = (t.service_start < days.end) & (t.service_end > days.start)
        inside = ibis.ifelse(t.service_start.isnull(), inside, spread)
    t = t.filter(inside)
    if of.category and categories:
        t = t.filter(t[of.category].isin(categories))
    if currency is not None and "currency" in of.by_name:
        t = t.filter(t.currency == currency)
    return t.select(*columns)


def _written(value: Any) -> Any:
    """A moment with its offset; everything else as it is."""
    return value.replace(tzinfo=UTC).isoformat() if isinstance(value, datetime) else value
