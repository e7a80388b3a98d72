"""Local time and instants of one zone, as SQL: which offset holds, which local times do not exist.

The offsets come from the zone's own transitions (zoneinfo), as a balanced CASE over their
instants, so that every engine answers alike and no engine's timezone functions are used.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

_FIRST = datetime(1899, 12, 30, tzinfo=UTC)
_LAST = datetime(2200, 1, 3, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)

Piece = tuple[int, int | None]
"""From this second on (since 1970), this offset in seconds; None: no such time, or twice."""


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


@cache
def transitions(name: str) -> tuple[tuple[int, int], ...]:
    """``(instant, offset from then on)`` in seconds, from 1899 to 2200; the first is the start."""
    zone = ZoneInfo(name)
    moment, holds = _FIRST, _offset(zone, _FIRST)
    found = [(moment, holds)]
    while moment < _LAST:
        following = moment + _DAY
        while _offset(zone, following) != holds:
            moment = _first_without(zone, holds, moment, following)
            holds = _offset(zone, moment)
            found.append((moment, holds))
        moment = following
    return tuple((_seconds(instant), int(shift.total_seconds())) for instant, shift in found)


def _first_without(zone: ZoneInfo, shift: timedelta, low: datetime, high: datetime) -> datetime:
    """The first second at which an offset that holds at ``low`` and not at ``high`` is over."""
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        low, high = (middle, high) if _offset(zone, middle) == shift else (low, middle)
    return high


def _seconds(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds())


@cache
def instants(name: str) -> tuple[Piece, ...]:
    """The offset by instant."""
    return transitions(name)


@cache
def clock(name: str) -> tuple[Piece, ...]:
    """The offset by local clock time; None in a gap and in an overlap."""
    steps = transitions(name)
    pieces: list[Piece] = [(steps[0][0], steps[0][1])]
    for (_, before), (instant, after) in pairwise(steps):
        low, high = sorted((instant + before, instant + after))
        pieces += [(low, None), (high, after)]
    return tuple(pieces)


@cache
def first_instants(name: str) -> tuple[tuple[int, int], ...]:
    """Local midnights that do not exist or come twice, each with its day's first instant."""
    steps = transitions(name)
    found = []
    for (_, before), (instant, after) in pairwise(steps):
        low, high = sorted((instant + before, instant + after))
        midnight = -(-low // 86400) * 86400
        while midnight < high:
            found.append((midnight, instant if after > before else midnight - before))
            midnight += 86400
    return tuple(found)


def within(pieces: tuple[Piece, ...], years: tuple[int, int]) -> tuple[Piece, ...]:
    """The pieces that reach into the years from the first to the last of ``years``."""
    low, high = (int((datetime(year, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()) for year in years)
    ends = [second for second, _ in pieces[1:]] + [high + 1]
    return tuple(
        piece for piece, end in zip(pieces, ends, strict=True) if end > low and piece[0] < high
    )


def offset_sql(column: str, pieces: tuple[Piece, ...]) -> str:
    """SQL for the offset in seconds that holds at ``column``, a TIMESTAMP; NULL where none."""
    if len(pieces) == 1:
        return "NULL" if pieces[0][1] is None else str(pieces[0][1])
    middle = len(pieces) // 2
    edge = (_EPOCH + timedelta(seconds=pieces[middle][0])).strftime("%Y-%m-%d %H:%M:%S")
    low, high = offset_sql(column, pieces[:middle]), offset_sql(column, pieces[middle:])
    return f"CASE WHEN {column} < TIMESTAMP '{edge}' THEN {low} ELSE {high} END"


def midnight_sql(seconds: str, name: str) -> str:
    """SQL for the first instant, in seconds, of a day whose local midnight is not one instant."""
    found = first_instants(name)
    if not found:
        return "NULL"
    cases = " ".join(f"WHEN {midnight} THEN {instant}" for midnight, instant in found)
    return f"CASE {seconds} {cases} END"
