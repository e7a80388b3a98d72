"""Everything that is wrong with one row, where a load tells the first rule that it breaks."""

from __future__ import annotations

from typing import Any

from trueline.core.errors import Fault
from trueline.facts.load.checks import literal
from trueline.facts.load.mapping import Mapping, match
from trueline.facts.load.sources import json_rows
from trueline.facts.load.stage import Staging
from trueline.facts.tables import contract as contract_named
from trueline.settings import Settings


def faults_of(settings: Settings, table: str, row: dict[str, Any]) -> tuple[Fault, ...]:
    """Each column of the row that breaks a rule of its own table, with the first it breaks.

    Nothing is recorded or looked up. Raises InputError where a column is missing.
    """
    import duckdb

    contract = contract_named(table)
    rows = json_rows([row])
    matched = match(contract, rows.header, Mapping())
    staging = Staging(contract, matched, settings.company.currency, settings.company.timezone)
    _, values, shape = next(rows.rows())
    cells = ", ".join(f"CAST({literal(v)} AS VARCHAR) AS c{i}" for i, v in enumerate(values))
    relation = f"(SELECT 1 AS line, CAST({literal(shape)} AS VARCHAR) AS shape, {cells})"
    with duckdb.connect() as connection:
        broken = connection.execute(staging.judged(relation)).fetchone() or ()
    faults: dict[str | None, Fault] = {}
    for check, is_broken in zip(staging.checks, broken, strict=True):
        if is_broken:
            place = matched.places.get(check.column or "")
            value = None if place is None else values[place]
            fault = Fault(check.rule, check.column, value and value[:200], check.fix)
            faults.setdefault(check.column, fault)
    return tuple(faults.values())
