"""Loading a file, or rows given as JSON, and taking rows away."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from trueline.core.errors import InputError, nearest
from trueline.facts.contract import Contract, Kind
from trueline.facts.load import ledger
from trueline.facts.load.apply import Stamp, cover
from trueline.facts.load.job import Job
from trueline.facts.load.jsonlines import ndjson_rows
from trueline.facts.load.ledger import Warehouse
from trueline.facts.load.mapping import Mapping as Renames
from trueline.facts.load.mapping import mapping_beside
from trueline.facts.load.parquet import parquet_rows
from trueline.facts.load.report import LoadReport, Progress
from trueline.facts.load.scan import form_of, scan
from trueline.facts.load.sources import TextRows, csv_rows, json_rows
from trueline.facts.load.ways import run
from trueline.facts.rejected import REJECTS_NAME
from trueline.facts.tables import contract as contract_named
from trueline.settings import Settings


def load_file(
    warehouse: Warehouse,
    settings: Settings,
    table: str,
    path: Path,
    *,
    mapping: Path | dict[str, str] | None = None,
    keep_good: bool = False,
    full: bool = False,
    source: str | None = None,
    rejects_folder: Path,
    progress: Callable[[Progress], None] | None = None,
    mark: str | None = None,
    when_changed: bool = False,
    among: Mapping[str, tuple[str, ...]] | None = None,
    now: datetime | None = None,
) -> LoadReport:
    """Load a CSV, NDJSON or Parquet file into a fact table, all or nothing unless ``keep_good``.

    ``full`` says that the file holds all there is, and so covers the table until today. The
    file is known by its content: loading it again changes nothing, unless recorded rows were
    updated or removed since. ``when_changed`` says that ``source`` is read again and again: while
    it holds what it held, what others changed or removed stays so. ``among`` are the words that
    columns can be, where facts alone do not know them. Raises InputError where the file as a whole
    cannot be read; a row that breaks a rule is rejected, in the report.
    """
    contract = contract_named(table).among(among or {})
    more: dict[str, Any] = {} if now is None else {"moment": now}
    job = Job(
        warehouse, settings, contract, (source or path.name)[:200], rejects_folder,
        mapping=Renames.read(mapping), keep_good=keep_good, full=full, progress=progress,
        mark=mark, when_changed=when_changed, **more,
    )  # fmt: skip
    try:
        return _load(_as_before(job, path), path)
    except InputError as error:
        # An upload has a name of the server's on the disk: people know it by their own.
        error.message = error.message.replace(path.name, Path(job.source).name)
        _enter_refusal(job, error)
        raise


def _as_before(job: Job, path: Path) -> Job:
    """Rows of a rejects file that come back without a mapping are read by the one they had: their
    times without an offset are of the same clock, what every row has is the same."""
    name = Path(job.source).name
    kept = mapping_beside(job.rejects_folder / name)
    if job.mapping != Renames() or not REJECTS_NAME.fullmatch(name) or not kept.is_file():
        return job
    header = columns_of(job.warehouse, job.contract.name, path)
    return replace(job, mapping=Renames.read(kept).fitting(header, job.contract))


def _load(job: Job, path: Path) -> LoadReport:
    form = form_of(path)
    before = _stamp(path)
    found = scan(path, text=form != "parquet", progress=job.progress)
    digest = _digest(found.digest, job)
    job = replace(job, digest=digest, mark=f"content {digest}" if job.when_changed else job.mark)
    known = _known(job)
    if isinstance(known, LoadReport):
        return known
    job = replace(job, before=known)
    return run(job, _rows(job, path, form), check=lambda: _check_still(path, before))


def _stamp(path: Path) -> tuple[int, int]:
    held = path.stat()
    return held.st_size, held.st_mtime_ns


def _check_still(path: Path, before: tuple[int, int]) -> None:
    if _stamp(path) != before:
        raise InputError(f"{path.name} was changed while it was read.", "Load it again.")


def _enter_refusal(job: Job, error: InputError) -> None:
    """A file that cannot be read at all leaves a row among the loads, too."""
    with job.warehouse.loading(job.contract.name) as connection:
        report = LoadReport(
            load_id=ledger.next_id(connection),
            table=job.contract.name,
            source=job.source,
            status="refused",
            notes=(str(error).replace("\n", " ")[:1000],),
            seconds=round(time.monotonic() - job.began, 3),
        )
        ledger.enter(connection, report, digest="", full=job.full, moment=job.recorded_at)


def _rows(job: Job, path: Path, form: str) -> TextRows:
    return _read_as(form, job.warehouse, job.contract, path)


def _read_as(form: str, warehouse: Warehouse, contract: Contract, path: Path) -> TextRows:
    if form == "parquet":
        return parquet_rows(warehouse.bench, path)
    if form == "ndjson":
        return ndjson_rows(path, _nested(contract))
    return csv_rows(path)


def columns_of(warehouse: Warehouse, table: str, path: Path) -> tuple[str, ...]:
    """The names of a file's columns. Raises InputError where they cannot be read."""
    form = form_of(path)
    scan(path, text=form != "parquet", progress=None)
    return _read_as(form, warehouse, contract_named(table), path).header


def _nested(contract: Contract) -> list[str]:
    return [c.name for c in contract.columns if c.kind is Kind.JSON]


def _digest(content: str, job: Job) -> str:
    """What makes a load the same: the bytes, and everything that says how they are read."""
    company = job.settings.company
    how = [job.contract.name, job.mapping.to_json(), company.currency, company.timezone, job.full]
    return hashlib.sha256((content + json.dumps(how, sort_keys=True)).encode()).hexdigest()


def _known(job: Job) -> LoadReport | int | None:
    """What there is to say of a file that was loaded before, in whole: nothing is written but its
    row. Where it is to be loaded again, the number of that load; None where it is new."""
    with job.warehouse.loading(job.contract.name) as connection:
        before = ledger.earlier(job.warehouse, job.contract.name, job.digest, job.rejects_folder)
        if before is None:
            return None
        held = job.when_changed and ledger.marked(job.warehouse, job.source) == job.mark
        if not held and ledger.overtaken(job.warehouse, before.table, before.load_id):
            return before.load_id
        report = LoadReport(
            load_id=ledger.next_id(connection),
            table=job.contract.name,
            source=job.source,
            status="unchanged",
            read=before.read,
            duplicate=before.read,
            first_day=before.first_day,
            last_day=before.last_day,
            notes=(f"This very file was loaded before, as load {before.load_id}.",),
        )
        ledger.enter(connection, report, digest=job.digest, full=job.full, moment=job.recorded_at)
        if job.when_changed and job.mark and not held:
            ledger.mark(connection, report, job.mark)
        return report


def load_rows(
    warehouse: Warehouse,
    settings: Settings,
    table: str,
    rows: list[dict[str, Any]],
    *,
    source: str = "api",
    keep_good: bool = False,
    rejects_folder: Path,
    among: Mapping[str, tuple[str, ...]] | None = None,
    now: datetime | None = None,
) -> LoadReport:
    """Load rows given as JSON objects: the rules of a file; a reject's line is the row's number."""
    contract = contract_named(table).among(among or {})
    more: dict[str, Any] = {} if now is None else {"moment": now}
    job = Job(
        warehouse,
        settings,
        contract,
        source[:200],
        rejects_folder,
        keep_good=keep_good,
        **more,
    )
    return run(job, json_rows(rows, _nested(contract)))


def declare_coverage(
    warehouse: Warehouse,
    settings: Settings,
    table: str,
    *,
    category: str = "*",
    start: date,
    end: date,
    complete: bool = True,
    now: datetime | None = None,
) -> None:
    """Record that a table (or a category of it) is complete, or is not, in ``[start, end)``."""
    contract = contract_named(table)
    if end <= start:
        raise InputError(
            "The coverage's end is not after its start.", "end is the day after the last."
        )
    _check_category(contract, category)
    more: dict[str, Any] = {} if now is None else {"moment": now}
    job = Job(warehouse, settings, contract, "declared", Path(), **more)
    if complete and contract.name != "plan" and end > job.today + timedelta(days=1):
        raise InputError(
            f"{end - timedelta(days=1)} lies ahead: today is {job.today}.",
            f"end, the day after the last, is at most {job.today + timedelta(days=1)}: what is to "
            "come cannot be complete.",
        )
    with warehouse.loading(contract.name) as connection:
        stamp = Stamp("declared", ledger.next_id(connection), job.recorded_at)
        cover(connection, stamp, contract.name, category, start, end, complete=complete)
        report = LoadReport(
            load_id=stamp.load_id,
            table="coverage",
            source="declared",
            status="loaded",
            read=1,
            accepted=1,
            first_day=start,
            last_day=end,
        )
        ledger.enter(connection, report, digest="", full=False, moment=job.recorded_at)


def _check_category(contract: Contract, category: str) -> None:
    """A category is one of a closed list, any text (a channel), or * where there is none."""
    if category == "*":
        return
    if contract.category is None:
        raise InputError(
            f"{contract.name} is not split into categories.", "Leave the category out, or give *."
        )
    choices = contract.by_name[contract.category].choices
    if choices and category not in choices:
        near = nearest(category, choices)
        raise InputError(
            f"'{category[:60]}' is no {contract.category} of {contract.name}.",
            f"Did you mean: {', '.join(near)}?" if near else f"Known are: {', '.join(choices)}.",
        )
