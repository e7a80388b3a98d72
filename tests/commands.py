"""The command line run in this process, as tests do."""

from __future__ import annotations

from typer.testing import CliRunner

from trueline.cli.app import assembled
from trueline.core.errors import TruelineError


def run(*words: str, code: int = 0) -> str:
    """Run a command in this process; its output. Our errors become their exit code."""
    result = CliRunner().invoke(assembled(words), list(words))
    error = result.exception
    found = error.exit_code if isinstance(error, TruelineError) else result.exit_code
    assert found == code, (words, result.output, error)
    return result.output + (str(error) if isinstance(error, TruelineError) else "")
