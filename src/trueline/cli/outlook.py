"""Commands about what comes next, what is unusual, and what given inputs make."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from trueline.cli import show, show_outlook
from trueline.cli.options import (
    HERE,
    AsJson,
    By,
    End,
    Estimates,
    Home,
    Start,
    cut_of,
    opened,
)
from trueline.core.errors import InputError
from trueline.core.reading import dumps

Grain = Annotated[str, typer.Option(help="day, week, month, quarter or year.")]


def forecast(
    key: str,
    grain: Grain = "month",
    horizon: Annotated[int | None, typer.Option(help="How many buckets ahead.")] = None,
    start: Start = None, end: End = None,
    channel: By = None, plan: By = None, country: By = None, currency: By = None,
    allow_estimates: Estimates = False,
    method: Annotated[str, typer.Option(help="smoothing, or ensemble (trueline[stats]).")] = (
        "smoothing"
    ),
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """A KPI's next buckets, with 80% and 95% intervals."""
    cut = cut_of(channel=channel, plan=plan, country=country, currency=currency)
    with opened(home) as tl:
        locale = tl.settings.company.locale
        found = tl.forecast(
            key, grain=grain, horizon=horizon, start=start, end=end, slice=cut,
            allow_estimates=allow_estimates, method=method,
        )  # fmt: skip
    _shown(found, as_json, lambda: show_outlook.forecast(found, locale))
    if found["forecast"] is None:
        raise typer.Exit(InputError.exit_code)


def anomalies(
    key: str,
    grain: Annotated[str, typer.Option(help="day, week or month.")] = "day",
    budget: Annotated[
        float | None, typer.Option(help="Share of ordinary buckets that may alarm: 0.001 to 0.2.")
    ] = None,
    start: Start = None, end: End = None,
    channel: By = None, plan: By = None, country: By = None, currency: By = None,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """The buckets of a KPI that its own past did not let expect."""
    cut = cut_of(channel=channel, plan=plan, country=country, currency=currency)
    with opened(home) as tl:
        locale = tl.settings.company.locale
        found = tl.anomalies(key, grain=grain, budget=budget, start=start, end=end, slice=cut)
    _shown(found, as_json, lambda: show_outlook.anomalies(found, locale))


def pattern(
    key: str, grain: Grain = "month", start: Start = None, end: End = None,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """What a KPI has been doing: trend, volatility, season, lasting jumps."""
    with opened(home) as tl:
        found = tl.pattern(key, grain=grain, start=start, end=end)
    _shown(found, as_json, lambda: show_outlook.pattern(found))


def calculate(
    name: Annotated[str | None, typer.Argument(help="A calculator; left out, all.")] = None,
    inputs: Annotated[list[str] | None, typer.Argument(help="Inputs, as name=value.")] = None,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """A KPI from inputs that you give: trueline calculate arpu total_revenue=50000 total_users=9"""
    from trueline.catalog.calculate import calculate as calculated
    from trueline.catalog.calculate import calculator, calculators

    if name is None:
        show_outlook.calculators(calculators())
        return
    definition = calculator(name)
    if not inputs:
        show_outlook.inputs(definition)
        return
    found = calculated(definition, dict(_given(text) for text in inputs), **_company(home))
    _shown(found.to_json(), as_json, lambda: show_outlook.calculation(found))


def _given(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise InputError(f"'{text[:60]}' is no input.", "Write it as name=value.")
    if re.fullmatch(r"-?\d{1,60}", value):
        return name, int(value)
    return name, Decimal(value) if re.fullmatch(r"-?\d{1,30}\.\d{1,30}", value) else value


def _company(home: Path) -> dict[str, Any]:
    """Currency, locale and targets of the home; a calculator needs none."""
    from trueline.settings import FILE_NAME, Settings

    if not (home / FILE_NAME).exists():
        return {}
    settings = Settings.read(home)
    company = settings.company
    return {"currency": company.currency, "locale": company.locale, "targets": settings.targets}


def _shown(found: dict[str, Any], as_json: bool, people: Any) -> None:
    show.line(dumps(found, indent=2)) if as_json else people()
