"""The command line: the library's words, tables for people, ``--json`` for programs."""

from __future__ import annotations

from trueline.cli import keep as _keep  # noqa: F401  its commands join the application
from trueline.cli import outlook as _outlook  # noqa: F401  its commands join the application
from trueline.cli import product as _product  # noqa: F401  its commands join the application
from trueline.cli.app import main

__all__ = ["main"]
