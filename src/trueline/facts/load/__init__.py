"""How files become facts: parsed, checked, rejected with reasons, written in one transaction."""

from trueline.facts.load.files import declare_coverage, load_file, load_rows
from trueline.facts.load.judge import faults_of
from trueline.facts.load.ledger import Warehouse, load_report, marked
from trueline.facts.load.log import LoadsPage, list_loads, load_moment
from trueline.facts.load.overview import facts_overview
from trueline.facts.load.removal import key_of, key_word, remove_rows, rows_with
from trueline.facts.load.report import (
    LoadReport,
    Progress,
    Reject,
    count_rejects,
    rejects,
    rejects_by_rule,
)
from trueline.facts.load.returned import Returned, returned_rows, write_corrected

__all__ = [
    "LoadReport",
    "LoadsPage",
    "Progress",
    "Reject",
    "Returned",
    "Warehouse",
    "count_rejects",
    "declare_coverage",
    "facts_overview",
    "faults_of",
    "key_of",
    "key_word",
    "list_loads",
    "load_file",
    "load_moment",
    "load_report",
    "load_rows",
    "marked",
    "rejects",
    "rejects_by_rule",
    "remove_rows",
    "returned_rows",
    "rows_with",
    "write_corrected",
]
