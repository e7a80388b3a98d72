"""Commands that keep a company safe: backup and restore."""

from pathlib import Path
from typing import Annotated, Any

import typer

from trueline.cli import show
from trueline.cli.options import HERE, AsJson, Home, opened
from trueline.core.reading import dumps


def backup(
    target: Annotated[Path, typer.Argument(help="The file to write, such as acme.tar.")],
    home: Home = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write the whole company into one file, also while it is served."""
    with opened(home) as tl, show.steps("Backing up", quiet=as_json) as progress:
        found = tl.backup(target.absolute(), progress)
    _said("Kept", found, as_json)


def restore(
    archive: Annotated[Path, typer.Argument(help="A file that `trueline backup` wrote.")],
    home: Annotated[Path, typer.Option("--home", help="A new folder to restore into.")],
    as_json: AsJson = False,
) -> None:
    """Make a home from a backup; its rows and readings are checked against what it says."""
    from trueline.backup import restore as restore_home
    from trueline.home import Trueline

    with show.steps("Restoring", quiet=as_json) as progress:
        found = restore_home(archive, home.absolute(), Trueline, progress)
    _said("Restored", found, as_json)


def _said(verb: str, found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.line(dumps(found, indent=2))
        return
    show.line(
        f"{verb} {found['path']}: {found['rows']:,} rows, {found['readings']} readings, "
        f"as of {found['taken_at']}."
    )
    if differ := found.get("differ"):
        show.line(
            "Another version of Trueline took it, whose numbers of the 30 days before were others "
            f"for: {', '.join(differ)}. The facts are the same; the changelog says what changed."
        )
