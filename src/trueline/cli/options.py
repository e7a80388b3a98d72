"""What every command's options are, and how it opens the company."""

from pathlib import Path
from typing import Annotated, Any

from trueline.cli.plain import Option
from trueline.core.errors import InputError

Home = Annotated[Path, Option("--home", envvar="TRUELINE_HOME", help="The company's folder.")]
AsJson = Annotated[bool, Option("--json", help="JSON, for programs.")]
Start = Annotated[str | None, Option(help="First day, YYYY-MM-DD.")]
End = Annotated[str | None, Option(help="The day after the last.")]
Days = Annotated[int | None, Option("--days", help="Instead: complete days before today.")]
By = Annotated[str | None, Option(help="Only this one.")]
Estimates = Annotated[bool, Option("--allow-estimates", help="Also use assumptions.")]
AsOf = Annotated[str | None, Option("--as-of", help="As known then: 2026-01-31T12:00:00Z.")]

HERE = Path()


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


def cut_of(**cuts: str | None) -> dict[str, str] | None:
    """The slice that options ask for; None for the whole."""
    return {by: value for by, value in cuts.items() if value is not None} or None


def options_of(
    cut: dict[str, str] | None, allow_estimates: bool, as_of: str | None
) -> dict[str, Any]:
    """What a reading takes beside its period. Raises InputError for a moment that is none."""
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
