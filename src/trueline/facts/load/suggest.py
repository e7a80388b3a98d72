"""Which column of a file may be which of ours, by what exports often call it: to be asked about."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from trueline.facts.contract import Contract

MOST = 3
_NEAR = 0.6


@dataclass(frozen=True)
class Suggested:
    """A file's column that is probably ours; and others that may be, where none is."""

    likely: str = ""
    perhaps: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Both, the likely one first."""
        return (self.likely, *self.perhaps) if self.likely else self.perhaps


@cache
def often_called() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Names by table and column (``often_called.toml``); ``any`` holds for every table."""
    text = files("trueline.facts.load").joinpath("often_called.toml").read_text(encoding="utf-8")
    return {
        table: {column: tuple(names) for column, names in columns.items()}
        for table, columns in tomllib.loads(text).items()
    }


def spelled(name: str) -> str:
    """A name however it is written: 'Order ID', orderId and order-id are order_id."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"\W+|_+", "_", apart.lower()).strip("_")


def suggest(
    contract: Contract, header: Sequence[str], wanted: Collection[str]
) -> dict[str, Suggested]:
    """For the ``wanted`` columns of a contract those of a file that may be meant; none twice as the
    likely one."""
    free = {spelled(name): name for name in reversed(header)}
    found: dict[str, Suggested] = {}
    columns = [column.name for column in contract.columns if column.name in wanted]
    for column in columns:
        likely = next((name for name in _names(contract, column) if name in free), None)
        if likely is not None:
            found[column] = Suggested(free.pop(likely))
    for column in columns:
        if column not in found and (perhaps := _perhaps(contract, column, free)):
            found[column] = Suggested(perhaps=perhaps)
    return found


def _names(contract: Contract, column: str) -> tuple[str, ...]:
    """Its own name first, then what it is often called and nothing else is."""
    known = (column, *contract.by_name[column].aliases)
    return (*known, *(name for name in _called(contract, column) if not name.endswith("?")))


def _called(contract: Contract, column: str) -> tuple[str, ...]:
    called = often_called()
    own = called.get(contract.name, {}).get(column, ())
    return (*own, *called["any"].get(column, ()))


def _perhaps(contract: Contract, column: str, free: Mapping[str, str]) -> tuple[str, ...]:
    """Names that may be something else, and those that are written nearly so."""
    asked = [name.removesuffix("?") for name in _called(contract, column) if name.endswith("?")]
    near = get_close_matches(column, list(free), n=MOST, cutoff=_NEAR)
    names = dict.fromkeys([*(name for name in asked if name in free), *near])
    return tuple(free[name] for name in names)[:MOST]
