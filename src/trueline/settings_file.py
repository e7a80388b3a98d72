"""Writing ``trueline.toml``: only what was changed, its comments and order kept, all or nothing."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueline.core.errors import ConflictError, Fault
from trueline.settings import FILE_NAME, Settings, text_of

if TYPE_CHECKING:
    from trueline.warehouse.seam import Warehouse

_WRITING = threading.Lock()
"""Looking whether the file is still the same and replacing it is one step in this process."""
Place = tuple[str, ...]
"""Where a setting stands: ("company", "name")."""


class ChangedMeanwhileError(ConflictError):
    """The file is another one than it was when it was looked at."""

    code = "changed_meanwhile"


@dataclass(frozen=True)
class SettingsFile:
    """A settings file as it was read; ``digest`` tells whether it is still the same."""

    path: Path
    text: str

    @classmethod
    def read(cls, home: Path) -> SettingsFile:
        """The home's file."""
        path = home / FILE_NAME
        return cls(path, text_of(path))

    @property
    def digest(self) -> str:
        """What makes two texts the same."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def settings(self, environment: Mapping[str, str] | None = None) -> Settings:
        """What the text says. Raises InputError."""
        return Settings.parse(self.text, FILE_NAME, environment)

    def edited(self, changes: Mapping[Place, Any]) -> SettingsFile:
        """The file with some values changed; None takes a value out. Comments and order stay.

        Values are text, whole numbers, lists of text, tables, or (a Decimal) written as it is.
        """
        import tomlkit

        document = tomlkit.parse(self.text)
        for place, value in changes.items():
            _put(document, place, value)
        return SettingsFile(self.path, tomlkit.dumps(document))

    def still(self, seen: str) -> None:
        """Raises ChangedMeanwhileError where it is another file than the one that was seen."""
        if self.digest != seen:
            raise ChangedMeanwhileError(
                f"{FILE_NAME} was changed by somebody else while you looked at it.",
                "Nothing was written. Look at what it says now, and save again if yours is right.",
            )

    def write(self, seen: str) -> None:
        """Put the text in place of the file, which has to be the one that was ``seen``.

        Raises ChangedMeanwhileError.
        """
        beside = self.path.with_name(f".{FILE_NAME}.{secrets.token_hex(6)}")
        try:
            with beside.open("x", encoding="utf-8", newline="") as file:
                file.write(self.text)
                file.flush()
                os.fsync(file.fileno())
            beside.chmod(self.path.stat().st_mode & 0o777)
            with _WRITING:
                SettingsFile.read(self.path.parent).still(seen)
                beside.replace(self.path)
        finally:
            beside.unlink(missing_ok=True)


def _put(document: Any, place: Place, value: Any) -> None:
    import tomlkit

    table = document
    for name in place[:-1]:
        if name not in table:
            if value is None:
                return
            table[name] = tomlkit.table()
        table = table[name]
    if value is None:
        table.pop(place[-1], None)
    else:
        table[place[-1]] = _written(value)


def _written(value: Any) -> Any:
    from decimal import Decimal

    import tomlkit

    if isinstance(value, Decimal):
        return tomlkit.value(format(value, "f"))
    if isinstance(value, list | tuple):
        made = tomlkit.array()
        made.extend(value)
        return made
    return value


FIXED = (
    (
        "company.timezone",
        "the local day of every recorded fact was worked out in it",
    ),
    (
        "company.currency",
        "amounts without a currency of their own, exchange rates and plans are recorded in it",
    ),
)
"""What cannot be changed once facts are recorded, and why."""


def refuse_fixed(now: Settings, wanted: Settings, warehouse: Warehouse) -> None:
    """Raises ConflictError where facts that are recorded forbid the change."""
    faults = []
    for place, why in FIXED:
        section, key = place.split(".")
        before, after = getattr(getattr(now, section), key), getattr(getattr(wanted, section), key)
        if before != after:
            faults.append(
                Fault(
                    f"is {before}: {why}",
                    place,
                    str(after)[:80],
                    "Make a new home with the other one, and load your files there.",
                )
            )
    if faults and warehouse.rows("SELECT 1 FROM loads WHERE accepted + duplicate > 0 LIMIT 1"):
        raise ConflictError(
            "Facts are recorded already, and this would make them wrong.",
            faults[0].fix,
            tuple(faults),
        )
