"""Commands about records: the company's folder, and what is loaded into it."""

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from trueline.cli import show
from trueline.cli.options import HERE, AsJson, Home, opened
from trueline.core.errors import InputError, NotFoundError
from trueline.core.reading import dumps


def init(
    folder: Annotated[Path | None, typer.Argument(help="The folder, instead of --home.")] = None,
    home: Home = HERE,
    name: Annotated[str, typer.Option(help="The company's name.")] = "My company",
    timezone: Annotated[str, typer.Option(help="IANA time zone.")] = "America/Toronto",
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "USD",
) -> None:
    """Make a home: a folder with trueline.toml."""
    import trueline

    if folder is not None and folder != home and _home_option(home):
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
        kept = " The history keeps what was removed." if removed else ""
        show.line(f"{name}: {removed:,} removed, {missing:,} not found.{kept}")
    if not removed:
        raise typer.Exit(NotFoundError.exit_code)


def facts(home: Home = HERE, as_json: AsJson = False) -> None:
    """What is recorded: tables, rows, days, coverage."""
    with opened(home) as tl:
        found = tl.facts()
    show.line(dumps(found, indent=2)) if as_json else show.facts(found)


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
