"""Commands about numbers: read, explained, and as they were reported."""

from typing import Annotated

from trueline.cli import show
from trueline.cli.options import (
    HERE,
    AsJson,
    AsOf,
    By,
    Days,
    End,
    Estimates,
    Home,
    Start,
    cut_of,
    opened,
    options_of,
)  # fmt: skip
from trueline.cli.plain import Argument, Option
from trueline.core.reading import dumps


def kpi(
    keys: Annotated[list[str] | None, Argument(help="Which KPIs; all when left out.")] = None,
    start: Start = None,
    end: End = None,
    days: Days = None,
    channel: By = None,
    plan: By = None,
    country: By = None,
    currency: By = None,
    feature: By = None,
    allow_estimates: Estimates = False,
    as_of: AsOf = None,
    compare: Annotated[bool, Option("--compare", help="Beside the period before.")] = False,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Read KPIs: value, quality, and what is missing where there is no value."""
    cut = cut_of(channel=channel, plan=plan, country=country, currency=currency, feature=feature)
    options = options_of(cut, allow_estimates, as_of)
    period = {"start": start, "end": end, "period_days": days}
    with opened(home) as tl:
        locale = tl.settings.company.locale
        if compare:
            wanted = keys or list(tl.readings(None, **period, **options))
            found = {key: tl.compare(key, **period, **options) for key in wanted}
            readings = {key: c["reading"] for key, c in found.items()}
            changes = {key: c["change_previous"] for key, c in found.items()}
        elif keys and len(keys) == 1:
            readings, changes = {keys[0]: tl.kpi(keys[0], **period, **options)}, {}
        else:
            readings, changes = tl.readings(keys or None, **period, **options), {}
    if as_json:
        out = [
            r.to_json() | ({"change": changes[k]} if k in changes else {})
            for k, r in readings.items()
        ]
        show.line(dumps(out[0] if keys and len(keys) == 1 else out, indent=2))
    else:
        show.readings(list(readings.values()), locale, changes)


def series(
    key: str,
    grain: Annotated[str, Option(help="day, week, month, quarter or year.")] = "month",
    start: Start = None,
    end: End = None,
    channel: By = None,
    plan: By = None,
    country: By = None,
    currency: By = None,
    feature: By = None,
    allow_estimates: Estimates = False,
    as_of: AsOf = None,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Read a KPI bucket by bucket, with a sparkline."""
    cut = cut_of(channel=channel, plan=plan, country=country, currency=currency, feature=feature)
    options = options_of(cut, allow_estimates, as_of)
    with opened(home) as tl:
        locale = tl.settings.company.locale
        found = tl.series(key, grain=grain, start=start, end=end, **options)
    if as_json:
        show.line(dumps([reading.to_json() for reading in found], indent=2))
    else:
        show.series(found, locale)


def bridge(
    start: Start = None, end: End = None, days: Days = None,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """The MRR bridge: opening, movements, closing."""
    with opened(home) as tl:
        locale = tl.settings.company.locale
        found = tl.bridge(start=start, end=end, period_days=days)
    show.line(dumps(found.to_json(), indent=2)) if as_json else show.bridge(found, locale)


def cohorts(
    kind: Annotated[str, Option(help="subscriptions or orders.")] = "subscriptions",
    by: Annotated[str, Option(help="customers or revenue.")] = "customers",
    start: Start = None, end: End = None, home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Retention by first paid month."""
    with opened(home) as tl:
        found = tl.cohorts(kind, by, start=start, end=end)
    show.line(dumps(found.to_json(), indent=2)) if as_json else show.cohorts(found)


def explain(
    key: str, start: Start = None, end: End = None, days: Days = None, channel: By = None,
    plan: By = None, country: By = None, currency: By = None, feature: By = None,
    allow_estimates: Estimates = False, as_of: AsOf = None,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """How a number came about: formula, inputs, facts and SQL."""
    cut = cut_of(channel=channel, plan=plan, country=country, currency=currency, feature=feature)
    options = options_of(cut, allow_estimates, as_of)
    with opened(home) as tl:
        found = tl.explain(key, start=start, end=end, period_days=days, **options)
        locale = tl.settings.company.locale
    show.line(dumps(found, indent=2)) if as_json else show.explanation(found, locale)


def snapshot(
    day: Annotated[str | None, Option(help="Of which day; today when left out.")] = None,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Keep today's readings as reported."""
    with opened(home) as tl:
        found = tl.snapshot(day) if day else tl.snapshot()
    if as_json:
        show.line(dumps(found, indent=2))
        return
    show.line(
        f"Snapshot of {found['snapshot_date']}: revision {found['revision']}, "
        f"{found['stored']} readings new, {len(found['restated'])} restated."
    )


def history(
    key: Annotated[str | None, Argument(help="Which KPI; all when left out.")] = None,
    days: Annotated[int, Option(help="How far back.")] = 90,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """What was reported, restatements beside what they were."""
    with opened(home) as tl:
        rows, _ = tl.history(key, days=days)
        company = tl.settings.company
    show.line(dumps(rows, indent=2)) if as_json else show.history(rows, company)
