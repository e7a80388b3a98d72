"""Loading into a warehouse that lies in memory: what a test gives, what it got, what is kept."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from trueline.facts.load import LoadReport, load_file, load_rows
from trueline.settings import Settings
from trueline.warehouse.duckdb import DuckDBWarehouse

NOW = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)
Row = dict[str, Any]
ORDER = {
    "order_id": "o1",
    "customer_id": "c1",
    "ordered_at": "2026-01-05T15:00:00Z",
    "amount": "25.50",
    "currency": "USD",
}
FORMS = ("csv", "csv.gz", "ndjson", "parquet", "rows")


def order(order_id: str = "o1", **words: Any) -> Row:
    """A good order, but for what is said otherwise."""
    return ORDER | {"order_id": order_id} | words


def csv_of(rows: Sequence[Row]) -> bytes:
    """The rows as CSV, every cell quoted; None is an empty cell."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    lines = [[*header], *([row.get(name) for name in header] for row in rows)]
    quoted = [
        ",".join("" if v is None else '"' + str(v).replace('"', '""') + '"' for v in line)
        for line in lines
    ]
    return ("\n".join(quoted) + "\n").encode()


def ndjson_of(rows: Sequence[Row]) -> bytes:
    """The rows as one JSON object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def parquet_of(rows: Sequence[Row]) -> bytes:
    """The rows as Parquet."""
    out = io.BytesIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    pq.write_table(pa.Table.from_pylist([{n: r.get(n) for n in names} for r in rows]), out)
    return out.getvalue()


class Loader:
    """A company's warehouse, and files for it."""

    def __init__(self, folder: Path, timezone: str = "America/Toronto", currency: str = "USD"):
        self.folder = folder
        self.warehouse = DuckDBWarehouse(None, memory_limit="512MB", threads=2)
        self.settings = Settings.parse(
            f'[company]\ntimezone = "{timezone}"\ncurrency = "{currency}"\n'
        )
        self.now = NOW
        self._files = 0

    def file(self, content: str | bytes, name: str = "file.csv") -> Path:
        """Write a file; two of one name lie in different folders."""
        self._files += 1
        path = self.folder / f"{self._files}" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(
        self, content: str | bytes | Path, table: str = "orders", name: str = "file.csv", **how: Any
    ) -> LoadReport:
        """Load a file of that content and name. Its counts always add up."""
        path = content if isinstance(content, Path) else self.file(content, name)
        report = load_file(
            self.warehouse,
            self.settings,
            table,
            path,
            rejects_folder=self.folder / "rejects",
            now=self.now,
            **how,
        )
        assert report.read == report.accepted + report.duplicate + report.rejected, report
        return report

    def load_as(
        self, form: str, rows: Sequence[Row], table: str = "orders", **how: Any
    ) -> LoadReport:
        """Load rows in one of the forms they can come in."""
        if form == "rows":
            report = load_rows(
                self.warehouse,
                self.settings,
                table,
                list(rows),
                rejects_folder=self.folder / "rejects",
                now=self.now,
                **how,
            )
            assert report.read == report.accepted + report.duplicate + report.rejected, report
            return report
        made = {"ndjson": ndjson_of, "parquet": parquet_of}.get(form, csv_of)(rows)
        content = gzip.compress(made) if form.endswith(".gz") else made
        return self.load(content, table, f"file.{form}", **how)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self.warehouse.rows(sql)

    def count(self, table: str = "orders") -> int:
        """How many rows a table has."""
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def clear(self) -> None:
        """Forget all facts and loads."""
        with self.warehouse.writing() as connection:
            for table in ("orders", "orders_history", "refunds", "loads", "coverage"):
                connection.execute(f"DELETE FROM {table}")
