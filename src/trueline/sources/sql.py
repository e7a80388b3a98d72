"""Facts read from a company's databases, by the queries that ``trueline.toml`` declares.

Rows go through the very checks of a file. How far a table has been read is kept in the load's own
transaction: a refresh that dies halfway reads the same rows again, and the loader knows them.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueline.catalog.feeding import known_words
from trueline.core.errors import AwayError, HomeError, InputError, TruelineError
from trueline.facts.load import LoadReport, load_file, marked
from trueline.facts.tables import contract
from trueline.settings import Query, Settings, filled

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueline.facts.load import Warehouse

PIECE = 10_000
"""Rows fetched at once: a table is never held in memory."""

Mark = datetime | date | int | Decimal | str


def pull_all(
    warehouse: Warehouse, settings: Settings, home: Path, now: datetime
) -> list[dict[str, Any]]:
    """Read every declared table. One that cannot be read says why, and holds up no other."""
    found = []
    for table in settings.facts:
        try:
            report = pull(warehouse, settings, home, table, now)
        except TruelineError as error:
            found.append({"table": table, "status": "failed", "message": str(error)})
        else:
            nothing = {"table": table, "status": "unchanged", "message": "No new rows."}
            found.append(nothing if report is None else report.to_json())
    return found


def pull(
    warehouse: Warehouse, settings: Settings, home: Path, table: str, now: datetime
) -> LoadReport | None:
    """Read a table's new rows and load them; None where there are none.

    Raises InputError for a query that cannot be run, AwayError where the database cannot be
    reached.
    """
    query = settings.facts[table]
    name, url = _database(settings, table, query)
    contract(table)
    source = f"{name}: {table}"
    before = marked(warehouse, source) if query.by else None
    with _rows_file(home) as path:
        mark = _fetch(url, query, _parse(before), path, source, now)
        if mark is _NOTHING:
            return None
        return load_file(
            warehouse,
            settings,
            table,
            path,
            keep_good=query.keep_good,
            full=query.full,
            source=source,
            rejects_folder=home / "rejects",
            mark=None if mark is None else _written(mark),
            when_changed=not query.by,
            among=known_words(table),
            now=now,
        )


_NOTHING: Any = object()


def _database(settings: Settings, table: str, query: Query) -> tuple[str, str]:
    known = settings.databases
    name = query.database or (next(iter(known)) if len(known) == 1 else None)
    if name is None or name not in known:
        which = f"'{name}' is not among" if name else "it is not said which of"
        raise InputError(
            f"[facts.{table}] is read from a database, but {which} [databases].",
            f"Known are: {', '.join(known) or 'none'}. Add: [databases] {name or 'shop'} = "
            '"postgresql://reader:${SHOP_PASSWORD}@host/database"',
        )
    return name, filled(known[name])


@contextmanager
def _rows_file(home: Path) -> Iterator[Path]:
    folder = home / "tmp"
    folder.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".csv", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _fetch(
    url: str, query: Query, after: Mark | None, path: Path, source: str, now: datetime
) -> Any:
    """Write the query's rows as CSV; returns the largest ``by``, or that there was no row."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with _reading(url) as connection, path.open("w", encoding="utf-8", newline="") as file:
            return _write(connection, query, after, csv.writer(file), now)
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        if "OperationalError" in type(error).__name__ and "syntax" not in said:
            raise AwayError(f"{source} could not be read: {said}", "Nothing was loaded.") from error
        raise InputError(f"{source}: the query cannot be run: {said}.", "Mend its sql.") from error


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    """A session that only reads, and keeps nothing."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        place = make_url(url.replace("postgres://", "postgresql://", 1))
        if place.drivername == "postgresql":
            place = place.set(drivername="postgresql+psycopg")
        engine = create_engine(place)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise HomeError(
            f"A source database's URL cannot be used: {type(error).__name__}.",
            "Check it, and install the driver that it needs.",
        ) from error
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET TRANSACTION READ ONLY"))
                connection.execute(text("SET LOCAL timezone = 'UTC'"))
            yield connection
            connection.rollback()
    finally:
        engine.dispose()


def _write(
    connection: Connection, query: Query, after: Mark | None, out: Any, now: datetime
) -> Any:
    from sqlalchemy import text

    # Colons of casts are no parameters.
    sql = query.sql.replace("\\", "\\\\").replace(":", "\\:")
    values: dict[str, Any] = {}
    if query.by:
        sql = f"SELECT * FROM ({sql}) AS rows_of_source"
        by = connection.dialect.identifier_preparer.quote(query.by)
        if after is not None:
            # A row without a mark may be new: it is read each time.
            sql += f" WHERE {by} >= :after OR {by} IS NULL"
            values["after"] = _earlier(after, query.overlap_seconds, connection.dialect.name)
    found = connection.execution_options(stream_results=True, max_row_buffer=PIECE).execute(
        text(sql), values
    )
    names = list(found.keys())
    if query.by and query.by not in names:
        raise InputError(
            f"The query has no column {query.by}, by which it is to be read.",
            f"It has: {', '.join(names)}.",
        )
    place = names.index(query.by) if query.by else None
    largest: Any = _NOTHING
    out.writerow(names)
    while rows := found.fetchmany(PIECE):
        out.writerows([_text(value) for value in row] for row in rows)
        largest = _largest(largest, rows, place, now)
    return largest


def _largest(so_far: Any, rows: Sequence[Any], place: int | None, now: datetime) -> Any:
    """The largest mark. Raises InputError where marks are of kinds that have no order."""
    if place is None:
        return None
    values = [row[place] for row in rows if row[place] is not None and not _ahead(row[place], now)]
    if so_far is not _NOTHING and so_far is not None:
        values.append(so_far)
    kinds = sorted({type(value).__name__ for value in values})
    try:
        if not all(isinstance(value, tuple(_KINDS.values())) for value in values):
            raise TypeError
        return max(values) if values else None
    except (TypeError, ArithmeticError):
        raise InputError(
            f"The column to read by holds {' and '.join(kinds)}: no value of them is the largest.",
            "Name one of moments, days, numbers or text that grows with every change.",
        ) from None


def _ahead(mark: Any, now: datetime) -> bool:
    """A row dated ahead must not keep all that come before its day from being read."""
    if isinstance(mark, datetime):
        moment = mark if mark.tzinfo else mark.replace(tzinfo=UTC)
        return moment > now + timedelta(days=1)
    return isinstance(mark, date) and mark > now.date() + timedelta(days=1)


def _text(value: Any) -> str | None:
    """A value as a file would hold it. Raises InputError for bytes."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(sep="T")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        raise InputError("The query gives bytes, which no fact is.", "Leave that column out.")
    if isinstance(value, dict | list):
        import json

        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


_KINDS: dict[str, type] = {
    "moment": datetime, "day": date, "number": int, "decimal": Decimal, "fraction": float,
    "text": str,
}  # fmt: skip


def _written(mark: Mark) -> str:
    kind = next(name for name, of in _KINDS.items() if isinstance(mark, of))
    said = mark.isoformat() if isinstance(mark, datetime | date) else str(mark)
    return f"{kind} {said}"


def _parse(mark: str | None) -> Mark | None:
    if mark is None:
        return None
    kind, _, said = mark.partition(" ")
    if kind == "content":  # it was read as a whole, and says nothing of how far
        return None
    if kind == "moment":
        return datetime.fromisoformat(said)
    if kind == "day":
        return date.fromisoformat(said)
    found: Mark = _KINDS[kind](said)
    return found


def _earlier(mark: Mark, seconds: int, dialect: str) -> Any:
    if isinstance(mark, datetime):
        moment = mark - timedelta(seconds=seconds)
        if dialect == "sqlite":  # which keeps moments as text
            return moment.astimezone(UTC).isoformat(" ") if moment.tzinfo else moment.isoformat(" ")
        return moment
    return mark
