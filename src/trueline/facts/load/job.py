"""One load, from rows of text to a committed load: staged, checked, written in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueline.core.period import FIRST_DAY
from trueline.facts.contract import Contract, Kind
from trueline.facts.load import apply, ledger
from trueline.facts.load.apply import Sifted, Stamp
from trueline.facts.load.checks import quoted
from trueline.facts.load.ledger import Warehouse
from trueline.facts.load.mapping import Mapping, Matched, match
from trueline.facts.load.report import SHOWN, LoadReport, Progress, Reject, original, write_rejects
from trueline.facts.load.sources import TextRows
from trueline.facts.load.stage import SHAPE_FAULT, Staging
from trueline.facts.tables import COVERAGE
from trueline.settings import Settings

if TYPE_CHECKING:
    import duckdb

BATCH = 20_000


@dataclass(frozen=True)
class Job:
    """What is to be loaded, where to, and under which rules."""

    warehouse: Warehouse
    settings: Settings
    contract: Contract
    source: str
    rejects_folder: Path
    mapping: Mapping = field(default_factory=Mapping)
    keep_good: bool = False
    full: bool = False
    digest: str = ""
    progress: Callable[[Progress], None] | None = None
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.monotonic)

    @property
    def recorded_at(self) -> datetime:
        """The moment, as it is stored: UTC without a zone."""
        aware = self.moment if self.moment.tzinfo else self.moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(tzinfo=None)

    @property
    def today(self) -> date:
        """The company's local day."""
        local = self.recorded_at.replace(tzinfo=UTC).astimezone(self.settings.company.zone)
        return local.date()


def run(job: Job, rows: TextRows) -> LoadReport:
    """Stage, check and write the rows; the load's row is part of the same transaction."""
    matched = match(job.contract, rows.header, job.mapping)
    company = job.settings.company
    staging = Staging(job.contract, matched, company.currency, company.timezone)
    with job.warehouse.writing() as connection:
        try:
            _stage(job, connection, staging, rows)
            return _settle(job, connection, staging)
        finally:
            _clear(connection)


def _clear(connection: duckdb.DuckDBPyConnection) -> None:
    import duckdb

    try:
        for name in ("load_raw", "load_stage", "load_drop", "load_hits"):
            connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
    except duckdb.Error:
        return  # the transaction is broken already: its rollback takes the tables along


def _stage(
    job: Job, connection: duckdb.DuckDBPyConnection, staging: Staging, rows: TextRows
) -> None:
    width = len(rows.header)
    columns = ", ".join(f"c{i} VARCHAR" for i in range(width))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE load_raw (line BIGINT, shape VARCHAR, {columns})"
    )
    clean = original if staging.matched.corrected else None
    done = 0
    for batch in _batches(rows.rows(), width, clean):
        connection.register("load_batch", batch)
        connection.execute("INSERT INTO load_raw SELECT * FROM load_batch")
        connection.unregister("load_batch")
        done += batch.num_rows
        if job.progress:
            job.progress(Progress("reading", done, 0, "rows"))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE load_stage AS {staging.typed('load_raw')}")


def _batches(
    rows: Iterator[tuple[int, list[str | None], str | None]],
    width: int,
    clean: Callable[[str], str] | None,
) -> Iterator[Any]:
    import pyarrow as pa

    names = ["line", "shape", *(f"c{i}" for i in range(width))]
    while chunk := list(islice(rows, BATCH)):
        lines = pa.array([row[0] for row in chunk], pa.int64())
        shapes = pa.array([row[2] for row in chunk], pa.string())
        texts = []
        for values in zip(*(row[1] for row in chunk), strict=True):
            cells = [clean(v) if v else v for v in values] if clean else list(values)
            texts.append(pa.array(cells, pa.string()))
        yield pa.Table.from_arrays([lines, shapes, *texts], names)


def _settle(job: Job, connection: duckdb.DuckDBPyConnection, staging: Staging) -> LoadReport:
    """Decide what becomes of the staged rows, write it, and enter the load."""
    contract = job.contract
    read, bad = _one(connection, "SELECT count(*), count(*) FILTER (fault <> 0) FROM load_stage")
    sifted = apply.sift(connection, contract)
    rejected = bad + sifted.conflicts
    stamp = Stamp(job.source, ledger.next_id(connection), job.recorded_at)
    shown: tuple[Reject, ...] = ()
    path = None
    if rejected:
        path = job.rejects_folder / f"{contract.name}-{stamp.load_id}.csv"
        shown = _write_rejects(connection, staging, path)
    same = updates = accepted = 0
    first, last = None, None
    refused = bool(rejected) and not job.keep_good
    if not refused:
        same, updates = apply.classify(connection, contract)
        first, last = apply.span(connection, contract)
        apply.write(connection, contract, stamp, updates)
        accepted = read - rejected - sifted.older - sifted.repeats - same
        if job.full and not rejected and first and last:
            _cover(job, connection, stamp, first, last)
    else:
        rejected, accepted = read, 0
    report = LoadReport(
        load_id=stamp.load_id,
        table=contract.name,
        source=job.source,
        status="refused" if refused else "loaded",
        read=read,
        accepted=accepted,
        duplicate=read - accepted - rejected,
        rejected=rejected,
        updated=updates,
        first_day=first,
        last_day=last,
        rejects=shown,
        rejects_path=path,
        notes=tuple(_notes(job, staging, sifted)),
        seconds=round(time.monotonic() - job.began, 3),
    )
    ledger.enter(connection, report, digest=job.digest, full=job.full, moment=job.recorded_at)
    return report


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    found = connection.execute(sql).fetchone()
    return tuple(found) if found else ()


def _write_rejects(
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
    check = staging.checks[fault - SHAPE_FAULT - 1]
    return Reject(
        line, check.column, _value(matched, check.column or "", values), check.rule, check.fix
    )


def _value(matched: Matched, name: str, values: list[str | None]) -> str | None:
    place = matched.places.get(name)
    if place is None and name in matched.header:
        place = matched.header.index(name)
    value = values[place] if place is not None else matched.constants.get(name)
    return value if value is None or len(value) <= 200 else value[:200] + "…"


def _cover(
    job: Job, connection: duckdb.DuckDBPyConnection, stamp: Stamp, first: date, last: date
) -> None:
    """A full export says that nothing is missing: not before its first row either, until today."""
    until = max(job.today, last + timedelta(days=1))
    start = min(first, FIRST_DAY)
    cover(connection, stamp, job.contract.name, "*", start, until, complete=True)


def cover(
    connection: duckdb.DuckDBPyConnection,
    stamp: Stamp,
    table: str,
    category: str,
    start: date,
    end: date,
    *,
    complete: bool,
) -> None:
    """Record that a table is complete (or is not) in ``[start, end)``."""
    held = "SELECT rowid FROM coverage WHERE table_name = ? AND category = ? AND from_day = ?"
    found = connection.execute(held, [table, category, start]).fetchall()
    if found:
        apply.supersede(connection, COVERAGE, stamp, ", ".join(str(row[0]) for row in found))
    values = {
        "table_name": table,
        "category": category,
        "from_day": start,
        "to_day": end,
        "complete": complete,
        "source": stamp.source,
        "load_id": stamp.load_id,
        "recorded_at": stamp.recorded_at,
    }
    columns = ", ".join(map(quoted, values))
    connection.execute(
        f"INSERT INTO coverage ({columns}) VALUES ({', '.join('?' for _ in values)})",
        list(values.values()),
    )


def _notes(job: Job, staging: Staging, sifted: Sifted) -> Iterator[str]:
    matched = staging.matched
    if matched.ignored:
        yield f"Columns ignored: {', '.join(matched.ignored)[:500]}."
    for column in job.contract.columns:
        absent = column.name not in matched.places and column.name not in matched.constants
        if column.kind is Kind.CURRENCY and column.required and absent:
            yield (
                f"The file has no column {column.name}: the company's currency "
                f"{job.settings.company.currency} holds for every row."
            )
    if sifted.older:
        yield (
            f"{sifted.older} rows are earlier versions of others in the file "
            f"(by {job.mapping.order_by}): counted as duplicates."
        )
