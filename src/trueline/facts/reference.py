"""The reference of tables, from their contracts: ``python -m trueline.facts.reference FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

from trueline.facts.contract import Column, Contract, Kind
from trueline.facts.load.relations import RELATED
from trueline.facts.tables import CONTRACTS

_HEAD = """# Every table

Written from the contracts by `make reference`; do not edit it here. How files are loaded, and how a
mapping gives columns these names, is told in [Loading your records](../guide/loading.md).

A file's header names the columns, in any order and case; other columns are ignored, and the load
says so. *Required* columns have to be in the file (or among a mapping's constants), with a value in
each row. An empty cell of any other column means that it is not known. A row whose key is recorded
already is a duplicate or, where its content differs, an update.

| kind | how it is written |
|---|---|
{kinds}
"""

_KINDS: dict[Kind, tuple[str, str]] = {
    Kind.KEY: ("identifier", "text that is never empty, up to 500 characters"),
    Kind.TEXT: ("text", "up to 10,000 characters"),
    Kind.CHOICE: ("one of a list", "one of the words listed with the column, in any case"),
    Kind.MONEY: (
        "amount",
        "digits and a point, such as 1234.50; no more decimals than the currency has",
    ),
    Kind.PRICE: ("price", "an amount, but with up to 4 decimals whatever the currency"),
    Kind.NUMBER: ("number", "digits and a point, up to 10 decimals"),
    Kind.COUNT: ("whole number", "digits only, 0 or more"),
    Kind.CURRENCY: ("currency", "ISO 4217 code, such as USD"),
    Kind.MOMENT: (
        "moment",
        "2026-01-31T14:05:00, with an offset such as -05:00 or Z if known, else in the company's "
        "time zone; or a day alone, 2026-01-31",
    ),
    Kind.DAY: ("day", "YYYY-MM-DD, a local day of the company"),
    Kind.FLAG: ("yes or no", "true or false, 1 or 0"),
    Kind.JSON: ("JSON", "a JSON object"),
}


def reference() -> str:
    """The reference as Markdown."""
    kinds = "\n".join(f"| {name} | {written} |" for name, written in _KINDS.values())
    listed = "\n".join(f"- [`{item.name}`](#{item.name}): {item.meaning}" for item in CONTRACTS)
    return "\n".join([_HEAD.format(kinds=kinds), listed + "\n", *map(entry, CONTRACTS)])


def entry(contract: Contract) -> str:
    """One table's part."""
    lines = [f"## `{contract.name}`\n", f"One row is {contract.meaning}.\n", *_facts(contract)]
    lines += ["", "| column | meaning | kind | required | rules |", "|---|---|---|---|---|"]
    lines += [_column(contract, column) for column in contract.columns]
    broken = [f"{rule.message}. {rule.fix}" for rule in contract.rules]
    broken += [f"{c.column} {c.rule}. {c.fix}" for c in RELATED.get(contract.name, ())]
    if broken:
        lines += ["\nA row is rejected where:\n", *(f"- {text}" for text in broken)]
    if contract.computed:
        lines += ["\nWorked out at load, not given:\n"]
        lines += [f"- `{item.name}`: {item.meaning}" for item in contract.computed]
    return "\n".join(lines) + "\n"


def _facts(contract: Contract) -> list[str]:
    lines = [f"- Key: {_names(contract.key)}."]
    lines.append(f"- It counts on the day of {_day(contract)}.")
    if contract.aliases:
        lines.append(f"- Also called {_names(contract.aliases)}.")
    if contract.category:
        lines.append(f"- Coverage can be declared for one `{contract.category}` alone.")
    if contract.name == "coverage":
        return lines
    before = (
        "says nothing of days before its first row: the systems that keep it forget old rows"
        if contract.often_cut
        else "says that there was nothing before its first row"
    )
    lines.append(f"- A full export (`--full`) {before}.")
    return lines


def _day(contract: Contract) -> str:
    """The column, as files name it, that says on which day a row counts."""
    moments = {c.day_name: c.name for c in contract.columns if c.kind is Kind.MOMENT}
    return f"`{moments.get(contract.day, contract.day)}`"


def _column(contract: Contract, column: Column) -> str:
    """A column's line."""
    needed = "yes" if column.required else "no"
    if column.kind is Kind.CURRENCY and column.required:
        needed = "in a file that has it"
    kind = _KINDS[column.kind][0]
    name = f"`{column.name}`"
    if column.aliases:
        name += f", or {_names(column.aliases)}"
    return f"| {name} | {column.meaning} | {kind} | {needed} | {_rules(contract, column)} |"


def _rules(contract: Contract, column: Column) -> str:
    said = []
    if column.choices:
        said.append(f"one of {_names(column.choices)}")
    if column.spellings:
        words = ", ".join(f"`{theirs}` for `{ours}`" for theirs, ours in column.spellings.items())
        said.append(f"also {words}")
    if column.advice:
        said.append(column.advice.rstrip("."))
    if column.least is not None:
        said.append(f"{column.least} or more")
    if column.most is not None:
        said.append(f"{column.most} or less")
    if column.default is not None:
        empty = " or its cell is empty" if column.name in contract.key else ""
        said.append(f"`{column.default}` where the file has no such column{empty}")
    return "; ".join(said)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
