"""Commands and their options. What they need is imported when they run: starting is quick.

Exit codes: 0 done; 1 a fault of ours; 2 bad input, or a refused load; 3 the home cannot be used;
4 not found; 5 a conflict; 6 busy; 7 no access; 130 interrupted.
"""

import gc
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from trueline.cli import show
from trueline.cli.warehouse import group as warehouse_group
from trueline.core.errors import InputError, NotFoundError, TruelineError
from trueline.core.reading import dumps

app = typer.Typer(
    name="trueline",
    help="KPIs you can trust, from a company's own records.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(warehouse_group, name="warehouse")

Home = Annotated[Path, typer.Option("--home", envvar="TRUELINE_HOME", help="The company's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
Start = Annotated[str | None, typer.Option(help="First day, YYYY-MM-DD.")]
End = Annotated[str | None, typer.Option(help="The day after the last.")]
Days = Annotated[int | None, typer.Option("--days", help="Instead: complete days before today.")]
By = Annotated[str | None, typer.Option(help="Only this one.")]
Estimates = Annotated[bool, typer.Option("--allow-estimates", help="Also use assumptions.")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="As known then: 2026-01-31T12:00:00Z.")]

HERE = Path()
COLLECT_AFTER = 50_000
"""So many new objects before garbage is looked for: starting makes many, and all of them stay."""


def opened(home: Path) -> Any:
    """The company: its files, or the server that owns them."""
    from trueline.core.errors import HomeOwnedError
    from trueline.home import open_home

    try:
        return open_home(home)
    except HomeOwnedError:
        from trueline.client import Remote

        found = Remote.of(home)
        if found is None:
            raise
        return found


def _slice(**cuts: str | None) -> dict[str, str] | None:
    return {by: value for by, value in cuts.items() if value is not None} or None


def _options(
    cut: dict[str, str] | None, allow_estimates: bool, as_of: str | None
) -> dict[str, Any]:
    from datetime import datetime

    moment = None
    if as_of is not None:
        try:
            moment = datetime.fromisoformat(as_of)
        except ValueError:
            raise InputError(
                f"--as-of '{as_of[:40]}' is no moment.", "Write 2026-01-31T12:00:00Z."
            ) from None
    return {"slice": cut, "allow_estimates": allow_estimates, "as_of": moment}


@app.command()
def init(
    folder: Annotated[Path | None, typer.Argument(help="The folder, instead of --home.")] = None,
    home: Home = HERE,
    name: Annotated[str, typer.Option(help="The company's name.")] = "My company",
    timezone: Annotated[str, typer.Option(help="IANA time zone.")] = "America/Toronto",
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "USD",
) -> None:
    """Make a home: a folder with trueline.toml."""
    import trueline

    usual = (HERE, Path(os.environ.get("TRUELINE_HOME", HERE)))
    if folder is not None and home not in (*usual, folder):
        raise InputError(f"Two folders are named: {folder} and {home}.", "Name one.")
    home = folder or home
    path = trueline.init(home, name=name, timezone=timezone, currency=currency)
    following = f"trueline load orders.csv --table orders{_home_option(home)}"
    show.line(f"Made {path / 'trueline.toml'}. Next: {following}")


def _home_option(home: Path) -> str:
    """What has to be typed after a command so that it finds the home."""
    if home == HERE or os.environ.get("TRUELINE_HOME") == str(home):
        return ""
    return f" --home {shlex.quote(str(home))}"


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV, CSV.gz, NDJSON or Parquet.")],
    table: Annotated[str, typer.Option("--table", help="Which facts these are.")],
    mapping: Annotated[Path | None, typer.Option("--map", help="A mapping, as TOML.")] = None,
    keep_good: Annotated[bool, typer.Option("--keep-good", help="Load the good rows.")] = False,
    full: Annotated[bool, typer.Option("--full", help="It is a full export.")] = False,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Load a file of facts: all of it, or (--keep-good) its good rows."""
    with opened(home) as tl, show.progress(file, quiet=as_json) as progress:
        report = tl.load(
            table, file, mapping=mapping, keep_good=keep_good, full=full, progress=progress
        )
    if as_json:
        show.line(dumps(report.to_json(), indent=2))
    else:
        show.report(report)
    if report.status == "refused":
        raise typer.Exit(InputError.exit_code)


@app.command()
def remove(
    table: str,
    keys: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY...",
            help="Which rows: their key, or spend_date=2026-01-01,channel=Meta,campaign=x.",
        ),
    ],
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Take rows out of every number; history keeps them. Exits with 4 where none was there."""
    from trueline.facts.load import key_of
    from trueline.facts.tables import contract

    name = contract(table).name
    rows = [key_of(name, key) for key in dict.fromkeys(keys)]
    with opened(home) as tl:
        removed = tl.remove(name, rows)
    missing = len(rows) - removed
    if as_json:
        show.line(dumps({"table": name, "removed": removed, "not_found": missing}, indent=2))
    else:
        show.line(f"{name}: {removed:,} removed, {missing:,} not found. The history keeps them.")
    if not removed:
        raise typer.Exit(NotFoundError.exit_code)


@app.command()
def kpi(
    keys: Annotated[list[str] | None, typer.Argument(help="Which KPIs; all when left out.")] = None,
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
    compare: Annotated[bool, typer.Option("--compare", help="Beside the period before.")] = False,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Read KPIs: value, quality, and what is missing where there is no value."""
    cut = _slice(channel=channel, plan=plan, country=country, currency=currency, feature=feature)
    options = _options(cut, allow_estimates, as_of)
    period = {"start": start, "end": end, "period_days": days}
    with opened(home) as tl:
        locale = tl.settings.company.locale
        if compare and keys:
            found = {key: tl.compare(key, **period, **options) for key in keys}
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


@app.command()
def series(
    key: str,
    grain: Annotated[str, typer.Option(help="day, week, month, quarter or year.")] = "month",
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
    cut = _slice(channel=channel, plan=plan, country=country, currency=currency, feature=feature)
    options = _options(cut, allow_estimates, as_of)
    with opened(home) as tl:
        locale = tl.settings.company.locale
        found = tl.series(key, grain=grain, start=start, end=end, **options)
    if as_json:
        show.line(dumps([reading.to_json() for reading in found], indent=2))
    else:
        show.series(found, locale)


@app.command()
def bridge(
    start: Start = None, end: End = None, days: Days = None,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """The MRR bridge: opening, movements, closing."""
    with opened(home) as tl:
        locale = tl.settings.company.locale
        found = tl.bridge(start=start, end=end, period_days=days)
    show.line(dumps(found.to_json(), indent=2)) if as_json else show.bridge(found, locale)


@app.command()
def cohorts(
    kind: Annotated[str, typer.Option(help="subscriptions or orders.")] = "subscriptions",
    by: Annotated[str, typer.Option(help="customers or revenue.")] = "customers",
    start: Start = None, end: End = None, home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Retention by first paid month."""
    with opened(home) as tl:
        found = tl.cohorts(kind, by, start=start, end=end)
    show.line(dumps(found.to_json(), indent=2)) if as_json else show.cohorts(found)


@app.command()
def explain(
    key: str, start: Start = None, end: End = None, days: Days = None, channel: By = None,
    plan: By = None, country: By = None, currency: By = None, feature: By = None,
    allow_estimates: Estimates = False, as_of: AsOf = None,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """How a number came about: formula, inputs, facts and SQL."""
    cut = _slice(channel=channel, plan=plan, country=country, currency=currency, feature=feature)
    options = _options(cut, allow_estimates, as_of)
    with opened(home) as tl:
        found = tl.explain(key, start=start, end=end, period_days=days, **options)
        locale = tl.settings.company.locale
    show.line(dumps(found, indent=2)) if as_json else show.explanation(found, locale)


@app.command()
def snapshot(
    day: Annotated[str | None, typer.Option(help="Of which day; today when left out.")] = None,
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


@app.command()
def history(
    key: Annotated[str | None, typer.Argument(help="Which KPI; all when left out.")] = None,
    days: Annotated[int, typer.Option(help="How far back.")] = 90,
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """What was reported, restatements beside what they were."""
    with opened(home) as tl:
        rows, _ = tl.history(key, days=days)
        company = tl.settings.company
    show.line(dumps(rows, indent=2)) if as_json else show.history(rows, company)


@app.command()
def facts(home: Home = HERE, as_json: AsJson = False) -> None:
    """What is recorded: tables, rows, days, coverage."""
    with opened(home) as tl:
        found = tl.facts()
    show.line(dumps(found, indent=2)) if as_json else show.facts(found)


@app.command()
def coverage(
    table: str, start: Annotated[str, typer.Option()], end: Annotated[str, typer.Option()],
    category: Annotated[str, typer.Option(help="A cost type or channel; * for all.")] = "*",
    incomplete: Annotated[bool, typer.Option("--incomplete", help="Say that it is not.")] = False,
    home: Home = HERE,
) -> None:  # fmt: skip
    """Declare that a table is complete from START until before END."""
    with opened(home) as tl:
        tl.declare_coverage(table, category=category, start=start, end=end, complete=not incomplete)
    show.line(
        f"{table} ({category}) {'in' if incomplete else ''}complete from {start} until {end}."
    )


@app.command()
def refresh(home: Home = HERE, as_json: AsJson = False) -> None:
    """The daily job: load changed sources, count, keep a snapshot. Safe to repeat."""
    with opened(home) as tl, show.steps("Refreshing", quiet=as_json) as progress:
        found = tl.refresh(progress)
    if as_json:
        show.line(dumps(found, indent=2))
        return
    for failed in (load for load in found["loads"] if load["status"] == "failed"):
        show.warn(f"{failed['table']}: {failed['message']}")
    snap = found["snapshot"]
    show.line(
        f"{len(found['loads'])} sources loaded, {found['rollup']['days']} days counted, "
        f"snapshot revision {snap['revision']} of {snap['snapshot_date']}."
    )


@app.command()
def doctor(home: Home = HERE, as_json: AsJson = False) -> None:
    """Check the home; exits with 3 where something is wrong."""
    with opened(home) as tl:
        found = tl.doctor()
    show.line(dumps(found, indent=2)) if as_json else show.checks(found)
    if not all(check["ok"] for check in found):
        raise typer.Exit(3)


@app.command()
def serve(
    home: Home = HERE,
    host: Annotated[str | None, typer.Option(help="Address; else the settings'.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; else the settings'.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; on PostgreSQL.")] = 1,
) -> None:
    """Serve the API and the pages."""
    from trueline.web.server import serve as serve_home

    serve_home(
        home,
        host,
        port,
        workers=workers,
        announce=lambda url: show.line(f"Serving {url} (Ctrl-C stops)."),
    )


@app.command()
def demo(
    home: Annotated[Path, typer.Option("--home", help="Where to make it.")] = Path("demo-home"),
    size: Annotated[
        str, typer.Option(help="small, medium, large, or a number of orders.")
    ] = "small",
    serve_it: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve it after.")] = True,
    open_it: Annotated[bool, typer.Option("--open", help="Open a browser.")] = False,
    port: Annotated[int, typer.Option(help="Port to serve on.")] = 8000,
) -> None:
    """Make a demo company, load it, show its KPIs and serve them."""
    from trueline.cli.demo import run

    run(home, size, serve_it=serve_it, open_it=open_it, port=port)


def main() -> None:
    """Run the command line; errors are sentences, not traces (TRUELINE_DEBUG=1 shows them)."""
    gc.set_threshold(COLLECT_AFTER)
    # We have no plugins of pydantic's; looking for some reads what every installed package says.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        app()
    except TruelineError as error:
        if os.environ.get("TRUELINE_DEBUG"):
            raise
        show.error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        show.warn("Interrupted; nothing was left half done.")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
