"""Rejected rows that are in no number yet: a reading of their table says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from trueline.core.quality import Reason
from trueline.facts.rejected import CORRECTED, REJECTS_NAME
from trueline.warehouse.seam import Warehouse

_COLUMNS = (
    *("load_id", "table_name", "source", "full_export", "read", "accepted", "duplicate"),
    *("rejected", "updated", "first_day", "last_day", "recorded_at"),
)


@dataclass(frozen=True)
class LeftOut:
    """How many rows of a table were rejected and not corrected since, and by which loads.

    ``among`` are those and the loads of their rejects files, which may have rejected some again.
    """

    table: str
    rows: int
    loads: tuple[int, ...]
    among: frozenset[int] = frozenset()

    def reason(self) -> Reason:
        """The same as a note on a reading."""
        one = self.rows == 1
        loads = ", ".join(map(str, self.loads[:5])) + (", …" if len(self.loads) > 5 else "")
        return Reason(
            "rejected_rows",
            f"{self.rows} row{'' if one else 's'} of {self.table} {'was' if one else 'were'} "
            f"rejected and {'is' if one else 'are'} in no number "
            f"(load{'' if len(self.loads) == 1 else 's'} {loads}).",
            "Correct the rejects file and load it, load the file again once it is corrected, or "
            f"declare coverage of {self.table} if nothing is missing all the same.",
        )


@dataclass(frozen=True)
class _Load:
    load_id: int
    table_name: str
    source: str
    full_export: bool
    read: int
    accepted: int
    duplicate: int
    rejected: int
    updated: int
    first_day: date | None
    last_day: date | None
    recorded_at: datetime

    def holds(self, other: _Load) -> bool:
        """Whether this is ``other``'s file come again: what it held is here, seen before.

        A name tells nothing: a daily file, or a call of the API, has the same one every time.
        """
        good, known = other.accepted + other.duplicate, self.duplicate + self.updated
        return self.source == other.source and self.read >= other.read and known >= good > 0


def left_out(warehouse: Warehouse, as_of: datetime | None = None) -> dict[str, LeftOut]:
    """By table, the rejected rows that nothing has made good until ``as_of`` (naive UTC).

    A row counts as made good when the rejects file is loaded again without it being rejected
    (or it is corrected on its page), when the same file comes again and that row is taken, when a
    full export comes of which no row is rejected, or when coverage of the load's days is declared
    afterwards.
    """
    until = as_of or datetime.max.replace(microsecond=0)
    bad = _loads(warehouse, "rejected > 0 AND recorded_at <= ?", [until])
    if not bad:
        return {}
    since, tables = bad[0].load_id, sorted({load.table_name for load in bad})
    names = sorted({load.source.removesuffix(CORRECTED) for load in bad})
    wanted = [*names, *(name + CORRECTED for name in names)]
    good = _loads(
        warehouse,
        f"rejected = 0 AND load_id > ? AND recorded_at <= ? AND table_name IN ({_marks(tables)}) "
        f"AND (full_export OR source IN ({_marks(wanted)}) OR source LIKE 'rejects-of-load-%')",
        [since, until, *tables, *wanted],
    )
    declared = warehouse.rows(
        'SELECT table_name, from_day, to_day, recorded_at FROM coverage WHERE "complete" '
        f"AND category = '*' AND recorded_at <= ? AND table_name IN ({_marks(tables)})",
        [until, *tables],
    )
    found: dict[str, LeftOut] = {}
    for table in tables:
        theirs = [load for load in (*bad, *good) if load.table_name == table]
        spans = [span[1:] for span in declared if span[0] == table]
        left, root = _left(sorted(theirs, key=lambda load: load.load_id), spans)
        if left:
            among = frozenset(n for n, origin in root.items() if origin in left)
            found[table] = LeftOut(table, sum(left.values()), tuple(left), among)
    return found


def notes(found: dict[str, LeftOut], tables: Iterable[str]) -> list[Reason]:
    """Notes for a number that was made of these tables."""
    return [found[table].reason() for table in dict.fromkeys(tables) if table in found]


def _left(
    loads: Sequence[_Load], declared: Sequence[tuple[Any, ...]]
) -> tuple[dict[int, int], dict[int, int]]:
    """Of one table's loads in their order: how many rows each still leaves out, and of which load
    each brings rows."""
    left: dict[int, int] = {}
    seen: dict[int, _Load] = {}
    root: dict[int, int] = {}
    for load in loads:
        origin = _origin(load, seen, root)
        if origin is not None:
            root[load.load_id] = origin
            whole = not load.rejected and load.read >= left.get(origin, 0)
            left[origin] = 0 if whole else max(0, left.get(origin, 0) - load.accepted)
            continue
        for n in _made_good(load, seen, left):
            left[n] = 0
        seen[load.load_id] = load
        root[load.load_id] = load.load_id
        left[load.load_id] = load.rejected
    still = {n: rows for n, rows in left.items() if rows and not _declared(seen[n], declared)}
    return still, root


def _made_good(load: _Load, seen: dict[int, _Load], left: dict[int, int]) -> list[int]:
    """The earlier loads of which this one leaves nothing out."""
    if load.full_export and not load.rejected:
        return list(left)
    if not load.duplicate + load.updated:
        return []  # as nearly all calls of the API: those before are many, and need no look
    return [n for n, rows in left.items() if rows and n in seen and load.holds(seen[n])]


def _origin(load: _Load, seen: dict[int, _Load], root: dict[int, int]) -> int | None:
    """The load whose rejected rows this one brings, corrected."""
    name = re.split(r"[/\\]", load.source)[-1]
    if load.source.endswith(CORRECTED):
        plain = load.source.removesuffix(CORRECTED)
        same = [n for n, other in seen.items() if other.source == plain]
        if same:
            return same[-1]
        name = re.split(r"[/\\]", plain)[-1]
    named = REJECTS_NAME.fullmatch(name)
    return root.get(int(named[1])) if named else None


def _declared(load: _Load, spans: Sequence[tuple[Any, ...]]) -> bool:
    """Whether somebody who knew of the load said that its days are complete."""
    for first, end, moment in spans:
        around = load.first_day is None or load.last_day is None
        if moment > load.recorded_at and (
            around or (first <= load.first_day and load.last_day < end)
        ):
            return True
    return False


def _loads(warehouse: Warehouse, where: str, values: Sequence[Any]) -> list[_Load]:
    rows = warehouse.rows(
        f"SELECT {', '.join(_COLUMNS)} FROM loads "
        f"WHERE status = 'loaded' AND {where} ORDER BY load_id",
        values,
    )
    return [_Load(*row) for row in rows]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" for _ in values)
