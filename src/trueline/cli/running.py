"""Commands that run something: the daily job, a check, a server, the demo."""

from pathlib import Path
from typing import Annotated, Any

import typer

from trueline.cli import show
from trueline.cli.options import HERE, AsJson, Home, opened
from trueline.core.errors import InputError
from trueline.core.reading import dumps


def refresh(home: Home = HERE, as_json: AsJson = False) -> None:
    """The daily job: load changed sources, count, keep a snapshot. Safe to repeat.

    Exits with 2 where a source could not be loaded; the others are.
    """
    with opened(home) as tl, show.steps("Refreshing", quiet=as_json) as progress:
        found = tl.refresh(progress)
    left = [load for load in found["loads"] if load["status"] in ("failed", "refused")]
    if as_json:
        show.line(dumps(found, indent=2))
    else:
        for load in left:
            show.warn(f"{load['table']}: {_why(load)}")
        snap = found["snapshot"]
        show.line(
            f"{len(found['loads']) - len(left)} sources loaded, "
            f"{found['rollup']['days']} days counted, "
            f"snapshot revision {snap['revision']} of {snap['snapshot_date']}."
        )
    if left:
        raise typer.Exit(InputError.exit_code)


def _why(load: dict[str, Any]) -> str:
    """Why a source was not loaded, and where its rejected rows are."""
    if load["status"] == "failed":
        return str(load["message"])
    return f"{load['source']}: {' '.join(load['notes'][:1])} All of them: {load['rejects_path']}"


def doctor(home: Home = HERE, as_json: AsJson = False) -> None:
    """Check the home; exits with 3 where something is wrong."""
    with opened(home) as tl:
        found = tl.doctor()
    show.line(dumps(found, indent=2)) if as_json else show.checks(found)
    if not all(check["ok"] for check in found):
        raise typer.Exit(3)


def serve(
    home: Home = HERE,
    host: Annotated[str | None, typer.Option(help="Address; else the settings'.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Else the settings'.")] = None,
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


def demo(
    home: Annotated[Path, typer.Option("--home", help="Where to make it.")] = Path("demo-home"),
    size: Annotated[
        str, typer.Option(help="small, medium, large, or a number of orders.")
    ] = "small",
    serve_it: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve it after.")] = True,
    open_it: Annotated[bool, typer.Option("--open", help="Open a browser.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on.")] = 8000,
) -> None:
    """Make a demo company, load it, show its KPIs and serve them."""
    from trueline.cli.demo import run

    run(home, size, serve_it=serve_it, open_it=open_it, port=port)
