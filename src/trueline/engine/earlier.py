"""Facts as they were known at an earlier moment: the same queries, over other rows.

A query asks tables by name. Put a WITH clause before it that holds, under names of their own, the
rows known at the moment, and let it ask those: nothing has to be compiled anew, and what is
derived from facts is derived from the rows known then.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from trueline.engine import derive
from trueline.engine.view import FactsView, bound, compiled, sql, with_table
from trueline.facts.tables import CONTRACTS, contract
from trueline.warehouse.schema import SYSTEM_TABLES, history_shape

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ASKED = re.compile(r'(?<=\b(?:FROM|JOIN) )"(\w+)"')
_MOMENT = datetime(1902, 3, 4, 5, 6, 7, 891234)
"""Stands for the moment in what is compiled."""
_FACTS = {c.name for c in CONTRACTS}


def as_known(text: str, view: FactsView, moment: datetime, dialect: str) -> str:
    """The query, asked of the facts as they were known at ``moment`` (naive UTC)."""
    needed: dict[str, str] = {}
    _define(text, view, dialect, needed)
    if not needed:
        return text
    asked = _renamed(text)
    for name, body in reversed(needed.items()):
        asked = with_table(asked, _then(name), body)
    return _dated(asked, moment)


def _then(name: str) -> str:
    return f"{name}_as_known"


def _stands_in(name: str) -> bool:
    return name in derive.DERIVED or name.removesuffix("_history") in _FACTS


def _renamed(text: str) -> str:
    return _ASKED.sub(lambda m: f'"{_then(m[1])}"' if _stands_in(m[1]) else m[0], text)


def _define(text: str, view: FactsView, dialect: str, needed: dict[str, str]) -> None:
    """Add what the query's tables were then, each after what it is made of."""
    for name in dict.fromkeys(_ASKED.findall(text)):
        if name in needed or not _stands_in(name):
            continue
        if name in derive.DERIVED:
            body = derived_sql(view, name, dialect)
            _define(body, view, dialect, needed)
            needed[name] = _renamed(body)
        else:
            needed[name] = _known_sql(name, dialect)


def derived_sql(view: FactsView, name: str, dialect: str) -> str:
    """The query that derives the whole of a derived table."""
    columns = list(SYSTEM_TABLES[name])
    return compiled(
        view, ("derive", name, "all"), lambda: derive.DERIVED[name](view).select(*columns), dialect
    )


@cache
def _known_sql(name: str, dialect: str) -> str:
    """Rows of a fact table (or of its history) as they were at the placeholder's moment."""
    return sql(_known(name), dialect)


def _known(name: str) -> ir.Table:
    import ibis

    moment = ibis.timestamp(_MOMENT)
    facts = name.removesuffix("_history")
    shape = contract(facts).stored
    past = bound(f"{facts}_history", history_shape(contract(facts)))
    past = past.filter(past.recorded_at <= moment)
    if name != facts:
        return past.filter(past.superseded_at <= moment)
    now = bound(facts, shape)
    held = past.filter(past.superseded_at > moment)
    return ibis.union(now.filter(now.recorded_at <= moment), held.select(*shape))


def _dated(text: str, moment: datetime) -> str:
    """The moment in place of its placeholder, however the engine writes moments."""
    m, p = moment, _MOMENT
    seconds = f"{m.second}.{m.microsecond:06d}"
    parts = f"{m.year}, {m.month}, {m.day}, {m.hour}, {m.minute}, {seconds}"
    old = f"{p.year}, {p.month}, {p.day}, {p.hour}, {p.minute}, {p.second}.{p.microsecond:06d}"
    iso = m.isoformat(timespec="microseconds")
    return text.replace(old, parts).replace(p.isoformat(), iso)
