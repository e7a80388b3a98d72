"""The loads table: every load leaves a row, also the refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from trueline.core.errors import NotFoundError
from trueline.facts.load.checks import quoted
from trueline.facts.load.report import LoadReport, rejects

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    import duckdb
    import pyarrow as pa


class Warehouse(Protocol):
    """What a load needs of a warehouse."""

    @property
    def bench(self) -> Any:
        """The embedded engine that reads files."""
        ...

    def loading(self, table: str) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """The one writer, in a transaction, for a load into ``table``."""
        ...

    def recall(
        self, connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], keys: str
    ) -> None:
        """Bring to the connection recorded rows whose ``columns`` are among those of ``keys``."""
        ...

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        ...

    def arrow(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The rows of a query as an Arrow table."""
        ...


def next_id(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the load that is being written (there is one writer)."""
    found = connection.execute("SELECT coalesce(max(load_id), 0) + 1 FROM loads").fetchone()
    return int(found[0]) if found else 1


def enter(
    connection: duckdb.DuckDBPyConnection,
    report: LoadReport,
    *,
    digest: str,
    full: bool,
    moment: datetime,
) -> None:
    """Write the load's row."""
    row = {
        "load_id": report.load_id,
        "table_name": report.table,
        "source": report.source,
        "content_hash": digest,
        "status": report.status,
        "full_export": full,
        "read": report.read,
        "accepted": report.accepted,
        "duplicate": report.duplicate,
        "rejected": report.rejected,
        "updated": report.updated,
        "first_day": report.first_day,
        "last_day": report.last_day,
        "rejects_path": str(report.rejects_path) if report.rejects_path else None,
        "note": "\n".join(report.notes) or None,
        "recorded_at": moment,
        "seconds": report.seconds,
    }
    connection.execute(
        f"INSERT INTO loads ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})",
        list(row.values()),
    )


def mark(connection: duckdb.DuckDBPyConnection, report: LoadReport, upto: str) -> None:
    """Keep how far the load's source has been read."""
    connection.execute(
        "INSERT INTO source_marks VALUES (?, ?, ?)", [report.source, upto, report.load_id]
    )


def marked(warehouse: Warehouse, source: str) -> str | None:
    """How far a source has been read; None before the first time."""
    found = warehouse.rows(
        "SELECT mark FROM source_marks WHERE source = ? ORDER BY load_id DESC LIMIT 1", [source]
    )
    return str(found[0][0]) if found else None


_SHOWN = (
    *("load_id", "table_name", "source", "status", "read", "accepted", "duplicate", "rejected"),
    *("updated", "first_day", "last_day", "rejects_path", "note", "seconds"),
)
_REPORT = f"SELECT {', '.join(_SHOWN)} FROM loads"


def load_report(warehouse: Warehouse, load_id: int, rejects_folder: Path) -> LoadReport:
    """The report of an earlier load. Raises NotFoundError.

    A home may have been moved, or restored elsewhere, since: its rejects are in ``rejects_folder``.
    """
    found = warehouse.rows(f"{_REPORT} WHERE load_id = ?", [load_id])
    if not found:
        raise NotFoundError(f"There is no load {load_id}.")
    return _report(found[0], rejects_folder)


def _report(row: tuple[Any, ...], rejects_folder: Path) -> LoadReport:
    shape = dict(zip(_SHOWN, row, strict=True))
    path, note = shape.pop("rejects_path"), shape.pop("note")
    where = rejects_folder / Path(path).name if path else None
    return LoadReport(
        table=shape.pop("table_name"),
        rejects=tuple(rejects(where)) if where else (),
        rejects_path=where,
        notes=tuple(note.split("\n")) if note else (),
        **shape,
    )


def earlier(
    warehouse: Warehouse, table: str, digest: str, rejects_folder: Path
) -> LoadReport | None:
    """The last load that brought this very content, in whole, if there was one."""
    found = warehouse.rows(
        f"{_REPORT} WHERE table_name = ? AND content_hash = ? AND status = 'loaded' "
        "AND rejected = 0 ORDER BY load_id DESC LIMIT 1",
        [table, digest],
    )
    return _report(found[0], rejects_folder) if found else None


def overtaken(warehouse: Warehouse, table: str, load_id: int) -> bool:
    """Whether a row that was there after a load was updated or removed since."""
    found = warehouse.rows(
        f"SELECT 1 FROM {quoted(f'{table}_history')} "
        "WHERE load_id <= ? AND superseded_by > ? LIMIT 1",
        [load_id, load_id],
    )
    return bool(found)
