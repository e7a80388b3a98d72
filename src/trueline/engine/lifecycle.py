"""Users' lifecycle: of the users of a bucket, who is new, who returns, who has come back.

*New*: never active before; *returning*: active in the bucket before as well; *resurrecting*: active
before, but not in the bucket before; *dormant*: active in the bucket before and not in this one. So
``active = new + returning + resurrecting`` and ``opening = returning + dormant``, where opening is
the active of the bucket before: every period balances exactly.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from trueline.core.errors import InputError
from trueline.core.period import Grain, Period
from trueline.core.quality import Completeness, Reason
from trueline.engine import knowledge
from trueline.engine.observed import WHOLE_EVENTS, Standing, rows_of, standing

if TYPE_CHECKING:
    from trueline.core.period import Calendar
    from trueline.engine.resolve import Resolver

MOST_BUCKETS = 1000
_EPOCH = date(1900, 1, 1)  # a Monday
_PARTS = ("new", "returning", "resurrecting", "dormant", "opening")
Counts = dict[str, int]


def bucket_number(day: Any, grain: Grain, calendar: Calendar) -> Any:
    """Consecutive whole numbers for consecutive buckets; ``day`` is a date column or expression."""
    if grain in (Grain.DAY, Grain.WEEK):
        import ibis

        days = day.delta(ibis.date(_EPOCH.isoformat()), unit="day")
        number = days if grain is Grain.DAY else (days + 7 - calendar.week_start) // 7
        return number.cast("int64")
    months = day.year().cast("int64") * 12 + day.month().cast("int64") - 1
    return ((months - _shift(grain, calendar)) // _months(grain)).cast("int64")


def _months(grain: Grain) -> int:
    return {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}[grain]


def _shift(grain: Grain, calendar: Calendar) -> int:
    return (calendar.fiscal_year_start - 1) % _months(grain)


def number_of(day: date, grain: Grain, calendar: Calendar) -> int:
    """The same number for one day."""
    if grain is Grain.DAY:
        return (day - _EPOCH).days
    if grain is Grain.WEEK:
        return ((day - _EPOCH).days + 7 - calendar.week_start) // 7
    return (day.year * 12 + day.month - 1 - _shift(grain, calendar)) // _months(grain)


def lifecycle(resolver: Resolver, period: Period, grain: Grain) -> dict[str, Any]:
    """The lifecycle of every whole bucket that touches ``period``."""
    calendar = resolver.settings.company.calendar
    buckets = list(calendar.buckets(period, grain))
    if len(buckets) > MOST_BUCKETS:
        raise InputError(
            f"{len(buckets)} buckets were asked for; at most {MOST_BUCKETS} are given.",
            "Choose a coarser grain or a shorter period.",
        )
    first = number_of(buckets[0].start, grain, calendar)
    found = _counted(resolver, grain, first - 1, first + len(buckets) - 1)
    before = calendar.bucket_start(_day_before(buckets[0].start), grain)
    earlier = Period(before, buckets[0].start)
    rows = []
    stands = [_of_bucket(resolver, earlier, found.get(first - 1, {}))]
    for place, bucket in enumerate(buckets):
        now, then = found.get(first + place, {}), found.get(first + place - 1, {})
        stands.append(_of_bucket(resolver, bucket, now))
        rows.append(_row(resolver, bucket, now, then, stands[-1], stands[-2]))
    return {
        "grain": grain.value,
        "start": buckets[0].start.isoformat(),
        "end": buckets[-1].end.isoformat(),
        "buckets": rows,
    }


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def _of_bucket(resolver: Resolver, bucket: Period, counts: Counts) -> Standing:
    return standing(resolver, "events", bucket, counts.get("active", 0))


def _row(
    resolver: Resolver, bucket: Period, now: Counts, then: Counts, stands: Standing, prior: Standing
) -> dict[str, Any]:
    row: dict[str, Any] = {"start": bucket.start.isoformat(), "end": bucket.end.isoformat()}
    row |= {"active": None} | dict.fromkeys(_PARTS) | {"quick_ratio": None}
    if not stands.known:
        return row | stands.to_json()
    row["active"] = now.get("active", 0)
    missing = _before_unknown(resolver, bucket, prior)
    if missing is not None:
        return row | stands.partial(missing).to_json()
    parts = {part: now.get(part, 0) for part in ("new", "returning", "resurrecting")}
    parts |= {"dormant": then.get("leaving", 0), "opening": then.get("active", 0)}
    if not _balances(row["active"], parts):
        return row | stands.unknown(_broken(parts)).to_json() | {"active": None}
    if prior.known and prior.completeness is Completeness.PARTIAL:
        stands = stands.partial(
            Reason(
                "opening_partial",
                "The bucket before is covered only in part: some who look new or resurrecting may "
                "have been there.",
                WHOLE_EVENTS,
            )
        )
    lost = parts["dormant"]
    ratio = (parts["new"] + parts["resurrecting"]) / lost if lost else None
    return row | parts | {"quick_ratio": ratio} | stands.to_json()


def _before_unknown(resolver: Resolver, bucket: Period, prior: Standing) -> Reason | None:
    """Why it cannot be told who was there before the bucket; None where it can."""
    cover = resolver.covers["events"]
    if not knowledge.state_at(cover, bucket.start):
        return Reason(
            "before_first_fact",
            f"Events begin on {cover.first_day}: who was there before {bucket.start} is not "
            "recorded.",
            WHOLE_EVENTS,
        )
    # Facts that reach from the beginning to here know the bucket before, even where it is empty
    # for lying before the company's first event.
    if prior.known or (cover.first_day is not None and bucket.start <= cover.first_day):
        return None
    return prior.reasons[0]


def _balances(active: int, parts: Counts) -> bool:
    inside = parts["new"] + parts["returning"] + parts["resurrecting"]
    return inside == active and parts["returning"] + parts["dormant"] == parts["opening"]


def _broken(parts: Counts) -> Reason:
    shown = ", ".join(f"{name} {n}" for name, n in parts.items())
    return Reason(
        "does_not_balance", f"The parts do not add up ({shown}).", "Please report this as a bug."
    )


def _counted(resolver: Resolver, grain: Grain, first: int, last: int) -> dict[int, Counts]:
    """Per bucket: active users by what they were before, and how many are gone in the next."""
    query = _query(resolver, grain, first, last)
    names = ("active", "new", "returning", "resurrecting", "leaving")
    rows = rows_of(resolver, query)
    return {
        int(number): {n: int(v) for n, v in zip(names, counts, strict=True)}
        for number, *counts in rows
    }


def _query(resolver: Resolver, grain: Grain, first: int, last: int) -> Any:
    import ibis

    t = resolver.view().table("events")
    t = t.filter(t.occurred_on <= resolver.today)  # what is dated ahead has not happened yet
    t = t.mutate(bucket=bucket_number(t.occurred_on, grain, resolver.settings.company.calendar))
    each = t.filter(t.bucket <= last).select("user_id", "bucket").distinct()
    own = ibis.window(group_by=each.user_id, order_by=each.bucket)
    each = each.mutate(before=each.bucket.lag().over(own), after=each.bucket.lead().over(own))
    each = each.filter(each.bucket >= first)
    stays = (each.after == each.bucket + 1).fill_null(False)
    return each.group_by("bucket").agg(
        active=each.count(),
        new=each.before.isnull().cast("int64").sum(),
        returning=(each.before == each.bucket - 1).fill_null(False).cast("int64").sum(),
        resurrecting=(each.before < each.bucket - 1).fill_null(False).cast("int64").sum(),
        leaving=(~stays).cast("int64").sum(),
    )
