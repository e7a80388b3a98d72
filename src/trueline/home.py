"""A company's home: a folder with its settings, warehouse and store. The library's front door."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueline.catalog.kpis import MODULE_OF, kpi
from trueline.core.errors import (
    ConflictError,
    Fault,
    HomeError,
    InputError,
    TruelineError,
    existing,
)
from trueline.core.period import parse_day
from trueline.engine.engine import Engine
from trueline.evidence import Evidence
from trueline.numbers import Day, Numbers, Series
from trueline.outlook import Insights
from trueline.product import ProductAnalyses
from trueline.settings import FILE_NAME, Settings
from trueline.warehouse.choose import open_warehouse

if TYPE_CHECKING:
    from trueline.facts.load import LoadReport
    from trueline.store import Store

__all__ = ["Series", "Trueline", "init", "open_home"]


def init(
    path: str | Path,
    *,
    name: str = "My company",
    timezone: str = "America/Toronto",
    currency: str = "USD",
    **company: Any,
) -> Path:
    """Make a home: the folder and its ``trueline.toml``. Raises ConflictError if there is one.

    ``company`` may hold ``locale``, ``week_start`` (a day's name) and ``fiscal_year_start``.
    """
    home = Path(path)
    words = {"name": name, "timezone": timezone, "currency": currency, **company}
    text = "[company]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in words.items())
    Settings.parse(text)
    home.mkdir(parents=True, exist_ok=True)
    path = home / FILE_NAME
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConflictError(
            f"{home} is a Trueline home already.", f"Its settings are in {path}."
        ) from None
    except OSError as error:
        # Half of a file would be a home of another zone and currency than was asked for.
        path.unlink(missing_ok=True)
        raise HomeError(
            f"{path} cannot be written: {error.strerror}.", "Make room, or choose another folder."
        ) from None
    return home


def _toml(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def open_home(path: str | Path) -> Trueline:
    """Open a home. Raises HomeError where there is none, HomeOwnedError where a process has it."""
    return Trueline(Path(path))


def check_keys(settings: Settings) -> None:
    """Raises InputError for a target, or a budget of alarms, of a KPI that there is none of."""
    for section, keys in (("targets", settings.targets), ("alarm_budgets", settings.alarm_budgets)):
        for key in keys:
            if key in MODULE_OF:
                continue
            try:
                kpi(key)
            except InputError as error:
                fault = Fault(error.message, f"{section}.{key}", key, error.fix)
                words = f"{FILE_NAME}: {section}.{key}: {error.message}"
                raise InputError(words, error.fix, (fault,)) from None


class Trueline(Numbers, Evidence, Insights, ProductAnalyses):
    """One company's facts and numbers. Use as a context manager: it owns the warehouse file."""

    def __init__(
        self, home: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        # Where it is said to be must hold for whoever is told: another process stands elsewhere.
        self.home = home = home.absolute()
        self.clock = clock
        self.settings = Settings.read(home)
        check_keys(self.settings)
        self.warehouse = open_warehouse(self.settings.warehouse_url, self.settings.warehouse, home)
        self.engine = Engine(self.warehouse, self.settings, clock)
        self._told = threading.local()
        self.warehouse.counting(self._count)

    def _count(self) -> None:
        """Count what a load brought, before it is seen; its caller is told how far that is."""
        if getattr(self._told, "later", False):
            return
        self.engine.refresh(progress=getattr(self._told, "progress", None))

    @cached_property
    def store(self) -> Store:
        """Snapshots, idempotency keys and scheduled slots."""
        from trueline.store import Store

        url = self.settings.store_url
        if url.startswith("sqlite://"):
            return Store(self.home / url.removeprefix("sqlite://"))
        return Store(url)

    def close(self) -> None:
        """Let go of the files."""
        if "store" in self.__dict__:
            self.store.close()
        self.warehouse.close()

    def use(self, settings: Settings) -> None:
        """Go on with other settings; what the address and the server's start need waits for the
        next one. Raises ConflictError where recorded facts forbid it."""
        from trueline.settings_file import refuse_fixed

        refuse_fixed(self.settings, settings, self.warehouse)
        # The engine first: what is made with it meanwhile is kept under the old settings' name.
        self.engine = Engine(self.warehouse, settings, self.clock)
        self.settings = settings

    def __enter__(self) -> Trueline:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- facts ------------------------------------------------------------------------------

    def load(
        self,
        table: str,
        path: str | Path,
        *,
        mapping: str | Path | dict[str, str] | None = None,
        keep_good: bool = False,
        full: bool = False,
        source: str | None = None,
        when_changed: bool = False,
        progress: Callable[[Any], None] | None = None,
    ) -> LoadReport:
        """Load a file into a table: all of it, or (``keep_good``) its good rows.

        ``full`` says that the file is a full export: the table is complete until today.
        ``when_changed`` is for a source that is read again and again: while it holds what it held,
        what others changed or removed since stays so. Raises InputError where the file cannot be
        read at all; rows that break a rule are in the report.
        """
        from trueline.catalog.feeding import known_words
        from trueline.facts.load import load_file

        file = existing(path)
        with self._telling(progress):
            return load_file(
                self.warehouse,
                self.settings,
                table,
                file,
                mapping=Path(mapping) if isinstance(mapping, str) else mapping,
                keep_good=keep_good,
                full=full,
                source=source,
                when_changed=when_changed,
                among=known_words(table),
                rejects_folder=self.home / "rejects",
                progress=progress,
                now=self.clock(),
            )

    @contextmanager
    def counting_later(self) -> Iterator[None]:
        """Leave what is loaded inside uncounted: for many files before anybody reads.

        ``refresh`` counts it; whoever reads before that counts first, and waits for it.
        """
        self._told.later = True
        try:
            yield
        finally:
            self._told.later = False

    @contextmanager
    def _telling(self, progress: Callable[[Any], None] | None) -> Iterator[None]:
        """Tell a load's progress of the counting at its end, too."""
        from trueline.facts.load import Progress

        def tell(step: str, done: int, of: int) -> None:
            if progress is not None:
                progress(Progress(f"counting {step}", done, of, "steps"))

        self._told.progress = tell
        try:
            yield
        finally:
            self._told.progress = None

    def load_rows(
        self,
        table: str,
        rows: Sequence[dict[str, Any]],
        *,
        keep_good: bool = False,
        source: str = "api",
    ) -> LoadReport:
        """Record rows given as dictionaries, by the same rules as a file's."""
        from trueline.catalog.feeding import known_words
        from trueline.facts.load import load_rows

        return load_rows(
            self.warehouse,
            self.settings,
            table,
            list(rows),
            source=source,
            keep_good=keep_good,
            among=known_words(table),
            rejects_folder=self.home / "rejects",
            now=self.clock(),
        )

    def remove(
        self, table: str, rows: Sequence[Mapping[str, Any]], *, source: str = "removal"
    ) -> int:
        """Take the rows with these keys out of every number from now on; history keeps them.

        Each of ``rows`` has the table's key columns and no others. Returns how many there were; a
        key that names nothing recorded is none. Raises InputError for a key of other columns.
        """
        from trueline.facts.load import remove_rows

        return remove_rows(self.warehouse, table, rows, source=source, now=self.clock())

    def load_report(self, load_id: int) -> LoadReport:
        """What an earlier load did. Raises NotFoundError."""
        from trueline.facts.load import load_report

        return load_report(self.warehouse, load_id, self.home / "rejects")

    def facts(self) -> list[dict[str, Any]]:
        """Every table: rows, first and last day, coverage, last load, and how many rejected rows
        are in no number (``left_out``), by which loads."""
        from trueline.engine.left_out import left_out
        from trueline.facts.load import facts_overview

        lacking = left_out(self.warehouse)
        found = facts_overview(self.warehouse, self.settings)
        for table in found:
            out = lacking.get(table["table"])
            table["left_out"] = {"rows": out.rows, "loads": list(out.loads)} if out else None
        return found

    def declare_coverage(
        self,
        table: str,
        *,
        category: str = "*",
        start: str | date,
        end: str | date,
        complete: bool = True,
    ) -> None:
        """Say that a table (or one cost type) is complete from ``start`` until before ``end``."""
        from trueline.facts.load import declare_coverage

        declare_coverage(
            self.warehouse,
            self.settings,
            table,
            category=category,
            start=parse_day(start, "start"),
            end=parse_day(end, "end"),
            complete=complete,
            now=self.clock(),
        )

    # -- what was reported --------------------------------------------------------------------

    def snapshot(self, day: Day = None, *, period_days: int = 30) -> dict[str, Any]:
        """Keep every reading of the ``period_days`` before ``day`` (default: today) as reported.

        The same values again change nothing; changed ones make a new revision, marked restated.
        """
        from trueline.catalog.kpis import from_facts
        from trueline.engine.rollup import last_load

        on = self.engine.today() if day is None else parse_day(day, "day")
        if on > self.engine.today():
            raise InputError(f"{on} has not come yet.", "A snapshot is of today or earlier.")
        readings = self.readings(start=on - timedelta(days=period_days), end=on)
        result = self.store.save_snapshot(
            on,
            list(readings.values()),
            stages={k.key: k.stage or "all" for k in from_facts()},
            watermark=last_load(self.warehouse),
            moment=self.clock(),
        )
        return {
            "snapshot_date": on.isoformat(),
            "revision": result.revision,
            "stored": result.stored,
            "restated": list(result.restated),
        }

    def history(
        self,
        key: str | None = None,
        *,
        days: int = 90,
        stage: str | None = None,
        limit: int = 1000,
        cursor: str | None = None,
    ) -> Any:
        """Snapshots of the last ``days`` days, newest first, restatements beside what they were."""
        if key is not None:
            kpi(key)
        today = self.engine.today()
        return self.store.history(
            key=key,
            stage=stage,
            start=today - timedelta(days=days),
            end=today + timedelta(days=1),
            limit=limit,
            cursor=cursor,
        )

    def refresh(self, progress: Callable[[str, int, int], None] | None = None) -> dict[str, Any]:
        """The daily job: load changed sources, count what they touched, keep a snapshot.

        Safe to repeat. A source that cannot be read says why, and holds up no other.
        """
        from trueline.sources.sql import pull_all

        loads = [self._tried(source) for source in self.settings.sources]
        loads += pull_all(self.warehouse, self.settings, self.home, self.clock())
        counted = self.engine.refresh(progress=progress)
        return {"loads": loads, "rollup": counted, "snapshot": self.snapshot()}

    def _tried(self, source: Any) -> dict[str, Any]:
        try:
            return self._pull(source)
        except TruelineError as error:
            return {
                "table": source.table, "source": source.path, "status": "failed",
                "message": str(error),
            }  # fmt: skip

    def _pull(self, source: Any) -> dict[str, Any]:
        path = Path(source.path)
        path = path if path.is_absolute() else self.home / path
        mapping = None if source.map is None else self.home / source.map
        report = self.load(
            source.table,
            path,
            mapping=mapping,
            keep_good=source.keep_good,
            full=source.full,
            source=source.path,
            when_changed=True,
        )
        return report.to_json()

    def backup(
        self, target: str | Path, progress: Callable[[str, int, int], None] | None = None
    ) -> dict[str, Any]:
        """Write the whole company into one new file. Returns path, bytes, rows, readings."""
        from trueline.backup import backup

        return backup(self, Path(target), progress)

    def doctor(self) -> list[dict[str, Any]]:
        """Checks of the home, each with what to do where it fails."""
        from trueline.doctor import examine

        return examine(self)
