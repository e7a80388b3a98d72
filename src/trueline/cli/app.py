"""The application: every command by its group. What one needs is imported when it runs.

Exit codes: 0 done; 1 a fault of ours; 2 bad input, or a refused load; 3 the home cannot be used;
4 not found; 5 a conflict; 6 busy; 7 no access; 130 interrupted.
"""

import gc
import os
import sys

import typer

from trueline.cli import keep, numbers, outlook, product, records, running, show, warehouse
from trueline.core.errors import TruelineError

COLLECT_AFTER = 50_000
"""So many new objects before garbage is looked for: starting makes many, and all of them stay."""

app = typer.Typer(
    name="trueline",
    help="KPIs you can trust, from a company's own records.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _group in (records, numbers, running, keep, outlook, product):
    for _command in _group.COMMANDS:
        app.command()(_command)
app.add_typer(warehouse.group, name="warehouse")


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
