"""The command line: the library's words, tables for people, ``--json`` for programs."""

from trueline.cli.app import main

__all__ = ["main"]
