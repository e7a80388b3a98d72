"""What becomes of staged rows: rejected, set aside, or written; and the load's own row."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trueline.core.errors import nearest
from trueline.core.period import FIRST_DAY
from trueline.facts.contract import Kind
from trueline.facts.load import apply, ledger, relations
from trueline.facts.load.apply import Stamp, cover
from trueline.facts.load.checks import Check
from trueline.facts.load.job import Job, Outcome
from trueline.facts.load.mapping import Matched
from trueline.facts.load.notes import notes
from trueline.facts.load.report import SHOWN, LoadReport, Reject, write_rejects
from trueline.facts.load.stage import SHAPE_FAULT, Staging
from trueline.facts.rejected import rejects_name
from trueline.facts.tables import COVERAGE

if TYPE_CHECKING:
    import duckdb


class UnusualFile(Exception):  # noqa: N818 - no error: the next, slower way is taken
    """Something in the file that this way of loading does not handle."""


def settle(
    job: Job, connection: duckdb.DuckDBPyConnection, staging: Staging, *, numbered: bool = False
) -> LoadReport:
    """Decide what becomes of the staged rows, write it, and enter the load."""
    contract = job.contract
    stamp = Stamp(job.source, ledger.next_id(connection), job.recorded_at)
    sifted = apply.sift(connection, contract)
    relations.recall(job.warehouse, connection, contract)
    relations.judge(connection, contract, staging.first_related)
    read, bad = _one(connection, "SELECT count(*), count(*) FILTER (fault <> 0) FROM load_stage")
    rejected = bad + sifted.conflicts
    if rejected and not numbered:
        raise UnusualFile
    outcome = Outcome(read, rejected=rejected, sifted=sifted)
    if rejected:
        path = job.rejects_folder / rejects_name(stamp.load_id)
        outcome = replace(outcome, path=path, shown=write_faults(connection, staging, path))
        job.mapping.keep(path)
    if rejected and not job.keep_good:
        return finish(job, connection, staging, stamp, replace(outcome, refused=True))
    same, updates = apply.classify(connection, contract)
    first, last, ahead = apply.span(connection, contract, job.today)
    if job.full and first and not rejected and contract is not COVERAGE:
        known = same + updates
        left, first_left = apply.left_out(job.warehouse, connection, contract, known)
        outcome = replace(outcome, left=left, first_left=first_left)
    apply.write(connection, contract, stamp, updates)
    accepted = read - rejected - sifted.older - sifted.repeats - same
    outcome = replace(
        outcome, accepted=accepted, updated=updates, first=first, last=last, ahead=ahead
    )
    return finish(job, connection, staging, stamp, outcome)


def finish(
    job: Job,
    connection: duckdb.DuckDBPyConnection,
    staging: Staging,
    stamp: Stamp,
    outcome: Outcome,
) -> LoadReport:
    """Record what a full export covers, and enter the load.

    An export of before, loaded again, says nothing of the days since.
    """
    covers = job.full and job.before is None and not outcome.rejected
    if covers and outcome.first and outcome.last:
        until = max(job.today, outcome.last + timedelta(days=1))
        # Of books that are kept for ever, nothing is missing before the first row either.
        start = outcome.first if job.contract.often_cut else min(outcome.first, FIRST_DAY)
        cover(connection, stamp, job.contract.name, "*", start, until, complete=True)
    rejected = outcome.read if outcome.refused else outcome.rejected
    report = LoadReport(
        load_id=stamp.load_id,
        table=job.contract.name,
        source=job.source,
        status="refused" if outcome.refused else "loaded",
        read=outcome.read,
        accepted=outcome.accepted,
        duplicate=outcome.read - outcome.accepted - rejected,
        rejected=rejected,
        updated=outcome.updated,
        first_day=outcome.first,
        last_day=outcome.last,
        rejects=outcome.shown,
        rejects_path=outcome.path,
        notes=tuple(notes(connection, job, staging, outcome, stamp.load_id)),
        seconds=round(time.monotonic() - job.began, 3),
    )
    ledger.enter(connection, report, digest=job.digest, full=job.full, moment=job.recorded_at)
    if job.mark is not None and not outcome.refused:
        ledger.mark(connection, report, job.mark)
    return report


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    found = connection.execute(sql).fetchone()
    return tuple(found) if found else ()


def write_faults(
    connection: duckdb.DuckDBPyConnection, staging: Staging, path: Path
) -> tuple[Reject, ...]:
    header = staging.matched.header
    cells = ", ".join(f"c{i}" for i in range(len(header)))
    found = connection.execute(
        f"SELECT r.line, s.fault, r.shape, {cells} FROM load_stage s JOIN load_raw r USING (line) "
        "LEFT JOIN load_drop d ON d.rid = s.rowid AND d.why = 'conflict' "
        "WHERE s.fault <> 0 OR d.rid IS NOT NULL ORDER BY r.line"
    )
    shown: list[Reject] = []

    def rows() -> Iterator[tuple[Sequence[str | None], Reject]]:
        while batch := found.fetchmany(10_000):
            for line, fault, shape, *values in batch:
                reject = _explain(staging, line, fault, shape, values)
                if len(shown) < SHOWN:
                    shown.append(reject)
                yield values, reject

    write_rejects(path, header, rows())
    return tuple(shown)


def _explain(
    staging: Staging, line: int, fault: int, shape: str | None, values: list[str | None]
) -> Reject:
    matched = staging.matched
    if fault == SHAPE_FAULT:
        return Reject(line, None, None, shape or "", "Correct the row.")
    if fault == 0:
        key = staging.contract.key
        cells = [_value(matched, name, values) or "" for name in key]
        return Reject(
            line,
            ", ".join(key),
            " / ".join(cells),
            "comes more than once in the file, with different content",
            "Keep one of them, or name in a mapping file the column that says which is later "
            '(order_by = "updated_at").',
        )
    check = staging.broken(fault)
    value = _value(matched, check.column or "", values)
    return Reject(line, check.column, value, check.rule, _fix(staging, check, value))


def _fix(staging: Staging, check: Check, value: str | None) -> str:
    """A rule's fix; for a key that is not among the known ones, those near it."""
    column = staging.contract.by_name.get(check.column or "")
    if column is None or column.kind is not Kind.KEY or value is None:
        return check.fix
    near = nearest(value, column.choices)
    return f"Did you mean: {', '.join(near)}?" if near else check.fix


def _value(matched: Matched, name: str, values: list[str | None]) -> str | None:
    place = matched.places.get(name)
    if place is None and name in matched.header:
        place = matched.header.index(name)
    value = values[place] if place is not None else matched.constants.get(name)
    return value if value is None or len(value) <= 200 else value[:200] + "…"
