"""Commands about users over time: retention, funnels, lifecycle."""

from typing import Annotated, Any

import typer

from trueline.cli import show, show_product
from trueline.cli.options import HERE, AsJson, AsOf, Days, End, Home, Start, opened, options_of
from trueline.core.reading import dumps


def _period(start: str | None, end: str | None, days: int | None, moment: str | None) -> Any:
    as_of = options_of(None, False, moment)["as_of"]
    return {"start": start, "end": end, "period_days": days, "as_of": as_of}


def retention(
    kind: Annotated[str, typer.Option(help="n_day or unbounded.")] = "n_day",
    grain: Annotated[str, typer.Option(help="A step: day, week or month.")] = "day",
    cohorts: Annotated[str | None, typer.Option(help="Users grouped by day, week...")] = None,
    steps: Annotated[int | None, typer.Option(help="How many steps after step 0.")] = None,
    starting: Annotated[str, typer.Option(help="signup, first_event, or an event.")] = "signup",
    returning: Annotated[
        list[str] | None, typer.Option(help="An event that counts as coming back; repeatable.")
    ] = None,
    start: Start = None, end: End = None, days: Days = None, as_of: AsOf = None,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Of the users who started in a period: who was back, step by step."""
    with opened(home) as tl:
        found = tl.retention(
            kind, grain=grain, cohorts=cohorts, steps=steps, starting=starting,
            returning=returning or None, **_period(start, end, days, as_of),
        )  # fmt: skip
    show.line(dumps(found, indent=2)) if as_json else show_product.retention(found)


def funnel(
    name: Annotated[str | None, typer.Argument(help="A declared funnel; else --step.")] = None,
    step: Annotated[
        list[str] | None, typer.Option(help="An event, or a|b; repeat in order.")
    ] = None,
    window_hours: Annotated[float | None, typer.Option(help="From the first step.")] = None,
    by: Annotated[str | None, typer.Option(help="channel, country or plan.")] = None,
    start: Start = None, end: End = None, days: Days = None, as_of: AsOf = None,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Of the users who took a first step: how many took the next ones, in order and in time."""
    with opened(home) as tl:
        if name is None and not step:
            declared = tl.funnels()
            if as_json:
                show.line(dumps(declared, indent=2))
            else:
                show_product.funnels(declared)
            return
        found = tl.funnel(
            name, steps=[s.split("|") for s in step] if step else None,
            window_hours=window_hours, by=by, **_period(start, end, days, as_of),
        )  # fmt: skip
    show.line(dumps(found, indent=2)) if as_json else show_product.funnel(found)


def lifecycle(
    grain: Annotated[str, typer.Option(help="day, week, month, quarter or year.")] = "week",
    start: Start = None, end: End = None, days: Days = None, as_of: AsOf = None,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """New, returning, resurrecting and dormant users, bucket by bucket."""
    with opened(home) as tl:
        found = tl.lifecycle(grain=grain, **_period(start, end, days, as_of))
    show.line(dumps(found, indent=2)) if as_json else show_product.lifecycle(found)
