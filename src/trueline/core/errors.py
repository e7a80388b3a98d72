"""One error tree. The HTTP status lives on the class, the message says what to do.

TruelineError                500
├── InputError               422  what was given breaks a rule
│   └── UnknownKeyError      404  no such KPI, table, grain... (suggests its neighbours)
├── NotFoundError            404  a well-formed name of something that is not there
├── ConflictError            409  it contradicts what is already recorded
├── BusyError                503  try again later
├── HomeError                500  the company's folder cannot be used as it is
│   ├── HomeOwnedError       503  another process owns the warehouse file
│   └── AwayError            503  the database does not answer, or has no room
└── AccessError              401  no key, or a wrong one
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input: where it is, what stood there, which rule it breaks."""

    message: str
    where: str | None = None
    value: str | None = None
    fix: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The fault as a JSON object."""
        return asdict(self)


@dataclass
class TruelineError(Exception):
    """The root: a message for a person, how to mend it, and a stable code for a program."""

    message: str
    fix: str | None = None
    faults: tuple[Fault, ...] = field(default=())

    status = 500
    code = "error"
    exit_code = 1

    def __str__(self) -> str:
        return f"{self.message} {self.fix}" if self.fix else self.message

    def to_json(self) -> dict[str, Any]:
        """The one JSON shape of an error; ``detail`` is the sentence."""
        return {
            "detail": self.message,
            "code": self.code,
            "fix": self.fix,
            "errors": [fault.to_json() for fault in self.faults],
        }


class InputError(TruelineError):
    """What was given breaks a rule."""

    status, code, exit_code = 422, "invalid_input", 2


class UnknownKeyError(InputError):
    """No such name among a known, listed set."""

    status, code = 404, "unknown_key"

    @classmethod
    def among(
        cls, kind: str, key: str, known: Iterable[str], labels: Mapping[str, str] | None = None
    ) -> UnknownKeyError:
        """Say that ``key`` is no ``kind``, and which known names are near.

        ``labels`` gives what people call a known name: ``key`` may be near that instead.
        """
        names = sorted(known)
        near = nearest(key, names, labels)
        some = names if len(names) <= 16 else [*names[:12], f"and {len(names) - 12} more"]
        listed = ", ".join(near or some)
        lead = "Did you mean" if near else "Known are"
        return cls(
            f"There is no {kind} '{key[:80]}'.",
            f"{lead}: {listed}?" if near else f"{lead}: {listed}.",
        )


def nearest(key: str, names: Iterable[str], labels: Mapping[str, str] | None = None) -> list[str]:
    """At most three of ``names`` that ``key`` may mean: those of the same words come first."""
    called = {name.lower(): name for name in names}
    called |= {
        label.lower(): name for name, label in (labels or {}).items() if name in called.values()
    }
    asked = key.lower()
    same = [name for text, name in called.items() if _words(text) == _words(asked)]
    near = get_close_matches(asked, called, n=3, cutoff=0.5)
    return list(dict.fromkeys([*same, *(called[text] for text in near)]))[:3]


def _words(text: str) -> list[str]:
    return sorted(re.findall(r"[^\W_]+", text))


class NotFoundError(TruelineError):
    """A well-formed name of something that is not there."""

    status, code, exit_code = 404, "not_found", 4


class ConflictError(TruelineError):
    """It contradicts what is already recorded."""

    status, code, exit_code = 409, "conflict", 5


class BusyError(TruelineError):
    """Nothing is wrong; there is no room right now."""

    status, code, exit_code = 503, "busy", 6


class HomeError(TruelineError):
    """The company's folder cannot be used as it is."""

    code, exit_code = "home", 3


class HomeOwnedError(HomeError):
    """Another process owns the warehouse file."""

    status, code = 503, "home_owned"


class AwayError(HomeError):
    """The database does not answer, or has no room: nothing was lost, try again later."""

    status, code = 503, "database_away"


class AccessError(TruelineError):
    """No key, or a wrong one."""

    status, code, exit_code = 401, "unauthorised", 7


def existing(path: str | Path) -> Path:
    """The path of a file that is there. Raises NotFoundError."""
    found = Path(path)
    if not found.is_file():
        raise NotFoundError(f"There is no file {found}.", "Check the path.")
    return found
