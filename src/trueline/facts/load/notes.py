"""What a person should know of a load beside its counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from trueline.facts.contract import Kind
from trueline.facts.load import relations
from trueline.facts.load.checks import quoted
from trueline.facts.load.job import Job, Outcome
from trueline.facts.load.removal import command, key_word
from trueline.facts.load.stage import Staging

if TYPE_CHECKING:
    import duckdb

ALIKE = 0.8
"""From here on two names are taken for one, misspelt."""


def notes(
    connection: duckdb.DuckDBPyConnection,
    job: Job,
    staging: Staging,
    outcome: Outcome,
    load_id: int,
) -> Iterator[str]:
    """Sentences on what was ignored, assumed by default, doubtful, or not done."""
    if outcome.refused:
        bad = f"{outcome.rejected} of {outcome.read} rows break a rule"
        yield f"Nothing was loaded: {bad}. Correct them, or load the good rows with keep_good."
    if job.before is not None and not outcome.refused:
        yield (
            f"This very file was loaded before, as load {job.before}. Recorded rows were updated "
            "or removed since, so it was loaded again; it covers no more days than it did."
        )
    yield from _columns(job, staging)
    if outcome.sifted.older:
        yield (
            f"{outcome.sifted.older} rows are earlier versions of others in the file "
            f"(by {job.mapping.order_by}): counted as duplicates."
        )
    if job.full and outcome.rejected:
        yield "Rows were rejected, so the file is not taken to cover the table."
    elif job.full and not outcome.first:
        yield "The file has no rows, so it says nothing of the days it covers."
    elif job.full and job.contract.often_cut and job.before is None:
        yield (
            f"{job.contract.name} count as complete from their first row, {outcome.first}: declare "
            "coverage for the days before if there was nothing."
        )
    if outcome.left:
        yield _left(job, outcome)
    if outcome.refused or not outcome.accepted:
        return
    yield from _doubts(connection, job, outcome, load_id)
    if outcome.updated:
        yield from _narrower(connection, job, staging, load_id)


def _left(job: Job, outcome: Outcome) -> str:
    rows = "1 recorded row" if outcome.left == 1 else f"{outcome.left:,} recorded rows"
    is_are, count = ("is", "counts") if outcome.left == 1 else ("are", "count")
    table, key = job.contract, outcome.first_left
    return (
        f"{rows} of {table.name} {is_are} not in this file and still {count}, whatever the source "
        f"(first: {key_word(table, key)}). Remove what is wrong: {command(table, key)}"
    )


def _in_utc(job: Job, staging: Staging) -> Iterator[str]:
    """A column that says UTC of itself, where the file's zone was not said."""
    matched = staging.matched
    if matched.timezone is not None or staging.timezone == "UTC":
        return
    for column in job.contract.columns:
        place = matched.places.get(column.name)
        if column.kind is not Kind.MOMENT or place is None:
            continue
        name = matched.header[place]
        if re.search(r"\b(utc|gmt)\b", name.replace("_", " "), re.IGNORECASE):
            yield (
                f"{column.name} comes from '{name[:60]}': its times without an offset were read as "
                f'{staging.timezone}. If they are UTC, write timezone = "UTC" in the mapping '
                "and load the file again."
            )


def _columns(job: Job, staging: Staging) -> Iterator[str]:
    matched = staging.matched
    if matched.ignored:
        yield f"Columns ignored: {', '.join(matched.ignored)[:500]}."
    yield from _in_utc(job, staging)
    for column in job.contract.columns:
        if column.name in matched.places or column.name in matched.constants:
            continue
        for name in matched.ignored:
            if _meant(name, column.name):
                yield f"Is {name} the {column.name}? Then rename it, or map it, and load again."
        if column.default is not None:
            yield f"The file has no column {column.name}: {column.default} holds for every row."
        if column.kind is Kind.CURRENCY and column.required:
            yield (
                f"The file has no column {column.name}: the company's currency "
                f"{job.settings.company.currency} holds for every row."
            )


def _meant(given: str, name: str) -> bool:
    """Whether an ignored column may be ours: misspelt, or cut short as qty is of quantity."""
    word = given.strip().lower()
    letters = iter(name)
    short = len(word) > 2 and word[0] == name[0] and all(letter in letters for letter in word)
    return short or SequenceMatcher(None, word, name).ratio() >= ALIKE


def _doubts(
    connection: duckdb.DuckDBPyConnection, job: Job, outcome: Outcome, load_id: int
) -> Iterator[str]:
    contract = job.contract
    if outcome.ahead:
        yield (
            f"{outcome.ahead} rows lie in the future (after {job.today}): they count when their "
            "day has come."
        )
    for column, table, rows in relations.orphans(connection, contract, load_id):
        yield f"{rows} rows name a {column} that {table} does not have (yet)."


def _narrower(
    connection: duckdb.DuckDBPyConnection, job: Job, staging: Staging, load_id: int
) -> Iterator[str]:
    """A row states all of itself: what a narrower file leaves out is no longer known."""
    given = set(staging.matched.places) | set(staging.matched.constants)
    absent = [c.name for c in job.contract.columns if c.name not in given and not c.required]
    if not absent:
        return
    counts = ", ".join(f"count({quoted(name)})" for name in absent)
    found = connection.execute(
        f"SELECT {counts} FROM {quoted(job.contract.name + '_history')} WHERE superseded_by = ?",
        [load_id],
    ).fetchone()
    for name, count in zip(absent, found or (), strict=False):
        if count:
            yield f"{count} updated rows had a {name}, which this file has no column for."
