"""Which column of a file is which column of a contract; what the file leaves to constants."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trueline.core.errors import Fault, InputError, UnknownKeyError
from trueline.facts.contract import Contract, Kind
from trueline.facts.load.report import REJECT_COLUMNS
from trueline.facts.load.suggest import suggest

MOST_COLUMNS = 1000


def mapping_text(path: Path) -> str:
    """What a mapping file holds. Raises InputError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"The mapping file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise InputError(f"The mapping file {path.name} is not UTF-8: {error}.") from None


@dataclass(frozen=True)
class Mapping:
    """How a file's columns are named, and what it does not say itself.

    ``columns`` maps their name to ours, ``constants`` our name to a value that holds for every
    row, ``order_by`` is the column that says which of two rows with one key is later, and
    ``timezone`` is the zone of times that carry no offset; None: the company's.
    """

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    order_by: str | None = None
    timezone: str | None = None

    @classmethod
    def read(cls, given: Path | dict[str, str] | None) -> Mapping:
        """From a TOML file, a dict of renames, or nothing. Raises InputError."""
        if given is None:
            return cls()
        if isinstance(given, dict):
            return cls(columns=dict(given))
        try:
            shape = tomllib.loads(mapping_text(given))
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"The mapping file {given.name} is not valid TOML: {error}.") from None
        return cls._parse(shape, given.name)

    @classmethod
    def _parse(cls, shape: dict[str, Any], where: str) -> Mapping:
        for key in shape:
            if key not in _KEYS:
                raise UnknownKeyError.among(f"key of a mapping file ({where})", key, _KEYS)
        order = shape.get("order_by")
        if order is not None and not isinstance(order, str):
            raise InputError(f"{where}: order_by is not text.", "Name one column of the file.")
        zone = shape.get("timezone")
        if zone is not None:
            _check_zone(zone, where)
        return cls(
            _texts(shape.get("columns", {}), f"{where}: columns"),
            _texts(shape.get("constants", {}), f"{where}: constants"),
            order,
            zone,
        )

    def text(self) -> str:
        """As a mapping file says it."""
        own = {"order_by": self.order_by, "timezone": self.timezone}
        lines = [f"{name} = {_quoted(value)}" for name, value in own.items() if value is not None]
        for name, entries in (("columns", self.columns), ("constants", self.constants)):
            lines += [f"[{name}]", *(f"{_quoted(k)} = {_quoted(v)}" for k, v in entries.items())]
        return "\n".join(lines) + "\n"

    def keep(self, rejects: Path) -> None:
        """Write it beside a rejects file: its rows are read as before when they come back."""
        path = mapping_beside(rejects)
        path.unlink(missing_ok=True)
        if self != Mapping():
            path.write_text(self.text(), encoding="utf-8")

    def fitting(self, header: Sequence[str], contract: Contract) -> Mapping:
        """What of it can be said of a file with these columns: some may have our names by now."""
        order = self.order_by
        return Mapping(
            {k: v for k, v in self.columns.items() if k in header and v in contract.by_name},
            {k: v for k, v in self.constants.items() if k in contract.by_name},
            order if order in header or order in contract.by_name else None,
            self.timezone,
        )

    def to_json(self) -> dict[str, Any]:
        """What makes two mappings the same."""
        zone = {} if self.timezone is None else {"timezone": self.timezone}
        return {
            "columns": self.columns, "constants": self.constants, "order_by": self.order_by, **zone
        }  # fmt: skip


_KEYS = ("columns", "constants", "order_by", "timezone")


def mapping_beside(rejects: Path) -> Path:
    """Where the mapping is kept by which the rows of a rejects file were read."""
    return rejects.with_suffix(".toml")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _check_zone(name: Any, where: str) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError):
        raise InputError(
            f"{where}: timezone '{str(name)[:60]}' is no IANA time zone.",
            "Write one such as UTC or America/Toronto.",
        ) from None


def _texts(shape: Any, where: str) -> dict[str, str]:
    if not isinstance(shape, dict) or not all(isinstance(v, str) for v in shape.values()):
        raise InputError(
            f"{where} is not a table of texts.", 'Write lines such as "Theirs" = "ours".'
        )
    return dict(shape)


@dataclass(frozen=True)
class Matched:
    """A header matched to a contract: where each of our columns stands, and what was left over."""

    header: tuple[str, ...]
    places: dict[str, int]
    constants: dict[str, str]
    ignored: tuple[str, ...]
    order_place: int | None = None
    corrected: bool = False
    """Whether it is a rejects file that comes back."""
    timezone: str | None = None
    """The zone of times without an offset; None: the company's."""


class HeaderError(InputError):
    """The header itself breaks a rule: nobody can say which of its columns is which."""


def match(contract: Contract, header: Sequence[str], mapping: Mapping) -> Matched:
    """Find each column of the contract in ``header``.

    Raises InputError for duplicate, ambiguous or missing columns and unknown targets, each with
    its near matches.
    """
    _check_header(header)
    _check_targets(contract, mapping)
    places = _renamed(header, mapping)
    plain = {_fold(name): index for index, name in enumerate(header)}
    taken = set(places.values())
    for column in contract.columns:
        if column.name in places or column.name in mapping.constants:
            continue
        found = plain.get(column.name)
        if found is None or found in taken:
            found = _alias(column.aliases, plain, taken, column.name)
        if found is not None:
            places[column.name] = found
            taken.add(found)
    order = _order_place(header, mapping, places)
    added = {i for i, name in enumerate(header) if name in REJECT_COLUMNS}
    ignored = tuple(name for i, name in enumerate(header) if i not in taken | added and i != order)
    _check_missing(contract, places, mapping, ignored)
    return Matched(
        tuple(header), places, mapping.constants, ignored, order, bool(added), mapping.timezone
    )


def _fold(name: str) -> str:
    return name.strip().lower()


def _check_header(header: Sequence[str]) -> None:
    if len(header) > MOST_COLUMNS:
        raise HeaderError(
            f"The file has {len(header)} columns.", f"At most {MOST_COLUMNS} are taken."
        )
    twice = [name for name, count in Counter(map(_fold, header)).items() if count > 1]
    if twice:
        faults = tuple(Fault("comes more than once in the header", where=name) for name in twice)
        raise HeaderError(
            f"The header names a column twice: {', '.join(twice)[:200]}.",
            "Give every column one name.",
            faults,
        )


def _check_targets(contract: Contract, mapping: Mapping) -> None:
    for ours in (*mapping.columns.values(), *mapping.constants):
        if ours not in contract.by_name:
            raise UnknownKeyError.among(f"column of {contract.name}", ours, contract.by_name)
    twice = [
        ours
        for ours, count in Counter([*mapping.columns.values(), *mapping.constants]).items()
        if count > 1
    ]
    if twice:
        raise InputError(f"The mapping fills {twice[0]} twice.", "Map one column to it.")


def _renamed(header: Sequence[str], mapping: Mapping) -> dict[str, int]:
    places = {}
    for theirs, ours in mapping.columns.items():
        if theirs not in header:
            raise UnknownKeyError.among("column of the file", theirs, header)
        places[ours] = list(header).index(theirs)
    return places


def _alias(
    aliases: tuple[str, ...], plain: dict[str, int], taken: set[int], name: str
) -> int | None:
    found = [alias for alias in aliases if alias in plain and plain[alias] not in taken]
    if len(found) > 1:
        raise InputError(
            f"Both {found[0]} and {found[1]} could be {name}.", "Say which in a mapping file."
        )
    return plain[found[0]] if found else None


def _order_place(header: Sequence[str], mapping: Mapping, places: dict[str, int]) -> int | None:
    if mapping.order_by is None:
        return None
    if mapping.order_by in header:
        return list(header).index(mapping.order_by)
    if mapping.order_by in places:
        return places[mapping.order_by]
    raise UnknownKeyError.among("column of the file (order_by)", mapping.order_by, header)


def _check_missing(
    contract: Contract, places: dict[str, int], mapping: Mapping, ignored: tuple[str, ...]
) -> None:
    missing = [
        c
        for c in contract.columns
        if c.required
        and c.name not in places
        and c.name not in mapping.constants
        and c.kind is not Kind.CURRENCY
    ]
    if not missing:
        return
    faults = []
    near = suggest(contract, ignored, [column.name for column in missing])
    for column in missing:
        alike = near[column.name].all if column.name in near else ()
        hint = f"Perhaps in the file: {', '.join(name[:60] for name in alike)}. " if alike else ""
        faults.append(
            Fault(
                f"the column {column.name} ({column.meaning}) is missing",
                where=column.name,
                fix=f'{hint}Rename it, or map it: "their name" = "{column.name}".',
            )
        )
    names = ", ".join(c.name for c in missing)
    raise InputError(
        f"{contract.name} needs columns that the file does not have: {names}.",
        faults[0].fix,
        tuple(faults),
    )
