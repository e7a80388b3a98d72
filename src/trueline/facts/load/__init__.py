"""How files become facts: parsed, checked, rejected with reasons, written in one transaction."""

from trueline.facts.load.files import declare_coverage, load_file, load_rows
from trueline.facts.load.ledger import Warehouse, load_report, marked
from trueline.facts.load.overview import facts_overview
from trueline.facts.load.removal import remove_rows
from trueline.facts.load.report import LoadReport, Progress, Reject, rejects

__all__ = [
    "LoadReport",
    "Progress",
    "Reject",
    "Warehouse",
    "declare_coverage",
    "facts_overview",
    "load_file",
    "load_report",
    "load_rows",
    "marked",
    "rejects",
    "remove_rows",
]
