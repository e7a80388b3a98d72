"""Three ways from a file to facts: straight, staged, and numbered line by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from trueline.core.errors import InputError
from trueline.facts.contract import Kind
from trueline.facts.load import apply, ledger
from trueline.facts.load.apply import Stamp
from trueline.facts.load.checks import quoted
from trueline.facts.load.job import Job, Outcome
from trueline.facts.load.mapping import match
from trueline.facts.load.report import LoadReport, Progress, original
from trueline.facts.load.settle import UnusualFile, finish, settle
from trueline.facts.load.sources import TextRows
from trueline.facts.load.stage import ALL_YEARS, Staging

if TYPE_CHECKING:
    import duckdb

BATCH = 20_000
_FAULTY = "load fault"
_ONLY_GOOD = f"CASE WHEN fault = 0 THEN true ELSE error('{_FAULTY}') END"


def run(job: Job, rows: TextRows, check: Callable[[], None] = lambda: None) -> LoadReport:
    """Load the rows in one transaction, in the fastest way that fits them.

    A file without a fault is read by the engine straight into an empty table, or by way of a
    staging table. Only where something is wrong are its lines numbered and looked at closely.
    ``check`` runs before the load is committed: what it raises undoes all.
    """
    matched = match(job.contract, rows.header, job.mapping)
    name, company = job.contract.name, job.settings.company
    staging = Staging(job.contract, matched, company.currency, company.timezone)
    # Where lines are numbered at no cost, staging them without numbers gains nothing.
    for way in (_straight,) if rows.numbered else (_straight, _staged):
        if rows.relation is None or matched.corrected:
            break
        narrow = replace(staging, years=rows.years or staging.years)
        try:
            with (
                job.warehouse.loading(name) as connection,
                _cleared(connection, quick=True, numbered=rows.numbered),
            ):
                report = way(job, connection, narrow, rows)
                check()
                return report
        except UnusualFile:
            continue
    with (
        job.warehouse.loading(name) as connection,
        _cleared(connection, numbered=rows.numbered),
    ):
        report = _numbered(job, connection, staging, rows)
        check()
        return report


@contextmanager
def _cleared(
    connection: duckdb.DuckDBPyConnection, *, quick: bool = False, numbered: bool = False
) -> Iterator[None]:
    """Leave no staging table behind. What a quick way cannot read is left to the slow one."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        said = str(error)
        broken = numbered and _BROKEN.search(said) and "No space left" not in said
        if quick and (broken or _UNREADABLE.search(said)):
            raise UnusualFile from error
        if broken:
            raise InputError(
                f"The file could not be read safely: {said.splitlines()[0][:200]}",
                "Write the file anew.",
            ) from None
        raise
    for name in ("load_stage", "load_drop", "load_hits"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{name}")
    kind = "VIEW" if numbered else "TABLE"
    connection.execute(f"DROP {kind} IF EXISTS temp.load_raw")


_UNREADABLE = re.compile(
    f"{_FAULTY}|CSV Error|CSV Parser|Permission Error|file system operations are disabled"
)
_BROKEN = re.compile("decompression|Parquet|parquet|corrupt|Out of Memory|Failed to read")
"""What the engine says of a Parquet file whose pages are not what its footer promises."""


def _straight(
    job: Job, connection: duckdb.DuckDBPyConnection, staging: Staging, rows: TextRows
) -> LoadReport:
    """One pass from the file into a table that is empty; repeated keys are looked for after."""
    table = quoted(job.contract.name)
    if job.warehouse.bench is not job.warehouse:
        raise UnusualFile
    if connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
        raise UnusualFile
    if staging.related or staging.matched.order_place is not None:
        raise UnusualFile
    stamp = Stamp(job.source, ledger.next_id(connection), job.recorded_at)
    if rows.numbered:
        staging = replace(staging, years=_years(connection, staging, rows.relation or ""))
    columns = apply.names(staging.columns)
    sql = (
        f"INSERT INTO {table} ({columns}, source, load_id, recorded_at) "
        f"SELECT {columns}, ?, ?, ? FROM ({staging.typed(rows.relation or '')}) "
        f"WHERE {_ONLY_GOOD}"
    )
    _tell(job)
    connection.execute(sql, [stamp.source, stamp.load_id, stamp.recorded_at])
    if apply.repeats(connection, job.contract):
        raise UnusualFile
    found = connection.execute(
        f"SELECT count(*), {apply.spanned(job.contract, job.today)} FROM {table}"
    ).fetchone()
    read, first, last, ahead = found or (0, None, None, 0)
    outcome = Outcome(read, read, first=first, last=last, ahead=ahead)
    return finish(job, connection, staging, stamp, outcome)


def _staged(
    job: Job, connection: duckdb.DuckDBPyConnection, staging: Staging, rows: TextRows
) -> LoadReport:
    """By way of a staging table, without line numbers: no row may be wrong."""
    sql = (
        f"CREATE OR REPLACE TEMP TABLE load_stage AS "
        f"SELECT * FROM ({staging.typed(rows.relation or '')}) WHERE {_ONLY_GOOD}"
    )
    _tell(job)
    connection.execute(sql)
    return settle(job, connection, staging)


def _tell(job: Job) -> None:
    if job.progress:
        job.progress(Progress("loading", 0, 0, "rows"))


def _numbered(
    job: Job, connection: duckdb.DuckDBPyConnection, staging: Staging, rows: TextRows
) -> LoadReport:
    """Row by row with its line number, so that every fault can be told."""
    if rows.numbered:
        _tell(job)
        connection.execute(f"CREATE OR REPLACE TEMP VIEW load_raw AS SELECT * FROM {rows.relation}")
    else:
        _read_raw(job, connection, staging, rows)
    staging = replace(staging, years=_years(connection, staging, "load_raw"))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE load_stage AS {staging.typed('load_raw')}")
    return settle(job, connection, staging, numbered=True)


def _read_raw(
    job: Job, connection: duckdb.DuckDBPyConnection, staging: Staging, rows: TextRows
) -> None:
    """One statement over a stream: the engine keeps what a transaction's statements were given."""
    import pyarrow as pa

    names = ["line", "shape", *(f"c{i}" for i in range(len(rows.header)))]
    schema = pa.schema([(n, pa.int64() if n == "line" else pa.string()) for n in names])
    clean = original if staging.matched.corrected else None

    def told() -> Iterator[Any]:
        done = 0
        for batch in _batches(rows.rows(), schema, clean):
            yield batch
            done += batch.num_rows
            if job.progress:
                job.progress(Progress("reading", done, 0, "rows"))

    connection.register("load_batches", pa.RecordBatchReader.from_batches(schema, told()))
    connection.execute("CREATE OR REPLACE TEMP TABLE load_raw AS SELECT * FROM load_batches")
    connection.unregister("load_batches")


def _years(
    connection: duckdb.DuckDBPyConnection, staging: Staging, relation: str
) -> tuple[int, int]:
    """The years that moments in the rows lie in, so that only their offsets are looked at."""
    texts = [staging.given[c.name] for c in staging.contract.columns if c.kind is Kind.MOMENT]
    if staging.matched.order_place is not None:
        texts.append(staging.order_text)
    if not texts:
        return ALL_YEARS
    year = ", ".join(f"TRY_CAST(left({text}, 4) AS INTEGER)" for text in texts)
    found = connection.execute(
        f"SELECT min(least({year})), max(greatest({year})) FROM {relation}"
    ).fetchone()
    if not found or found[0] is None:
        return ALL_YEARS
    first, last = ALL_YEARS
    return max(first, min(found[0] - 1, last - 2)), max(first + 2, min(found[1] + 2, last))


def _batches(
    rows: Iterator[tuple[int, list[str | None], str | None]],
    schema: Any,
    clean: Callable[[str], str] | None,
) -> Iterator[Any]:
    import pyarrow as pa

    while chunk := list(islice(rows, BATCH)):
        lines = pa.array([row[0] for row in chunk], pa.int64())
        shapes = pa.array([row[2] for row in chunk], pa.string())
        texts = []
        for values in zip(*(row[1] for row in chunk), strict=True):
            cells = [clean(v) if v else v for v in values] if clean else list(values)
            texts.append(pa.array(cells, pa.string()))
        yield pa.RecordBatch.from_arrays([lines, shapes, *texts], schema=schema)
