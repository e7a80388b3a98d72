"""The application: every command by its group. What one needs is imported when it runs.

Exit codes: 0 done; 1 a fault of ours; 2 bad input, or a refused load; 3 the home cannot be used;
4 not found; 5 a conflict; 6 busy; 7 no access; 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, get_args

from trueline.cli import show
from trueline.cli.plain import Argument, Option, plainly
from trueline.core.errors import HomeError, TruelineError

if TYPE_CHECKING:
    import typer

COLLECT_AFTER = 50_000
"""So many new objects before garbage is looked for: starting makes many, and all of them stay."""

COMMANDS = {
    "init": "records",
    "load": "records",
    "remove": "records",
    "facts": "records",
    "coverage": "records",
    "kpi": "numbers",
    "series": "numbers",
    "bridge": "numbers",
    "cohorts": "numbers",
    "explain": "numbers",
    "snapshot": "numbers",
    "history": "numbers",
    "refresh": "running",
    "doctor": "running",
    "serve": "running",
    "demo": "running",
    "backup": "keep",
    "restore": "keep",
    "forecast": "outlook",
    "anomalies": "outlook",
    "pattern": "outlook",
    "calculate": "outlook",
    "retention": "product",
    "funnel": "product",
    "lifecycle": "product",
}
"""Every command and the module whose function of that name it is, as help lists them."""
PLAIN = ("numbers",)
"""Modules whose commands can be read without Typer."""
GROUPS = {"warehouse": "warehouse"}
"""Groups of commands, and the module that holds each."""


def assembled(arguments: Sequence[str]) -> typer.Typer:
    """The application for these arguments: with the command that they name alone, because putting
    all of them together takes longer than a reading; with every command where they name none.
    """
    import typer

    app = typer.Typer(
        name="trueline",
        help="KPIs you can trust, from a company's own records.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        callback=_nothing,  # or one command alone would be no group, and take no name
    )
    named = arguments[0] if arguments else ""
    for name in [named] if named in COMMANDS else COMMANDS:
        app.command()(_told(_function(name)))
    for name in GROUPS if named not in COMMANDS else ():
        app.add_typer(import_module(f"trueline.cli.{GROUPS[name]}").group, name=name)
    return app


def _nothing() -> None:
    pass


def _function(name: str) -> Callable[..., None]:
    """The function that a command is."""
    found: Callable[..., None] = getattr(import_module(f"trueline.cli.{COMMANDS[name]}"), name)
    return found


def _told(function: Callable[..., None]) -> Callable[..., None]:
    """The command with what it takes said in Typer's words."""
    import functools
    import inspect

    taken = inspect.signature(function).parameters.values()
    parameters = [one.replace(annotation=_in_its_words(one.annotation)) for one in taken]

    @functools.wraps(function)
    def told(**given: Any) -> None:
        function(**given)

    told.__annotations__ = {one.name: one.annotation for one in parameters}
    told.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # for inspect
    return told


def _in_its_words(annotation: Any) -> Any:
    import typer

    match get_args(annotation)[1:]:
        case (Option(name, words, variable),):
            said = typer.Option(*[name] if name else [], help=words or None, envvar=variable)
        case (Argument(words),):
            said = typer.Argument(help=words or None)
        case _:
            return annotation
    return Annotated[get_args(annotation)[0], said]


def run(words: Sequence[str]) -> None:
    """Run the command that the words name."""
    if words and COMMANDS.get(words[0]) in PLAIN:
        function = _function(words[0])
        given = plainly(function, words[1:], os.environ)
        if given is not None:
            function(**given)
            _leave()
            return
    assembled(words)()


def _leave() -> None:
    """End the process at once: the company is closed, and once the answer is written there is
    nothing to lose. Taking apart all that was imported takes a twentieth of a reading."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def main() -> None:
    """Run the command line; errors are sentences, not traces (TRUELINE_DEBUG=1 shows them)."""
    gc.set_threshold(COLLECT_AFTER)
    # We have no plugins of pydantic's; looking for some reads what every installed package says.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        run(sys.argv[1:])
    except TruelineError as error:
        if os.environ.get("TRUELINE_DEBUG"):
            raise
        show.error(error)
        sys.exit(error.exit_code)
    except (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError) as error:
        # Of a file that a person named, or of the home's own: the system says which and why.
        if os.environ.get("TRUELINE_DEBUG"):
            raise
        place = error.filename or "A file"
        show.error(
            HomeError(
                f"{place} cannot be used: {error.strerror}.",
                "Check what it is, and who may use it.",
            )
        )
        sys.exit(HomeError.exit_code)
    except KeyboardInterrupt:
        show.warn("Interrupted; nothing was left half done.")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        # What is left lives until the process ends: looking it through for garbage first takes a
        # tenth of a short command.
        gc.freeze()
