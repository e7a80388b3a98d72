"""A dashboard from its file's text; what is wrong is said with its line and what it might mean."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from trueline.core.checked import faults_from
from trueline.core.errors import Fault, InputError, UnknownKeyError, nearest
from trueline.dashboards.declaration import KINDS, Dashboard, Row
from trueline.dashboards.places import Path, line_of, places

LARGEST = 256 * 1024
MOST_FAULTS = 30
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_GRAMMAR = {
    "Cannot overwrite a value": "A key stands once in its table: take one of them out.",
    "Invalid value": 'Text stands between quotes, such as kind = "tile".',
    "Illegal character '\\n'": "Close the text with the quote that it begins with.",
    "Expected '='": 'Write a key, = and its value, such as kind = "tile".',
    "Invalid statement": "Write a key, = and its value, or a head such as [[row.panel]].",
    "Unclosed array": "Close the list with ].",
}
"""What the parser says, and how such a thing is mended."""
_OTHER_WORDS = {
    "ring": ("pie", "donut", "doughnut", "share", "shares"),
    "bars": ("bar", "column", "columns", "histogram"),
    "stacked": ("stack", "stacked_bar", "stacked-bar", "stackedbar", "area"),
    "bridge": ("waterfall",),
    "cohorts": ("cohort", "heatmap", "heat", "heat_map", "retention"),
    "line": ("lines", "trend", "timeseries", "series", "chart"),
    "tile": ("number", "card", "value", "stat", "metric", "kpi"),
    "ranked": ("ranking", "rank", "horizontal_bar"),
}
_MEANT = {word: kind for kind, words in _OTHER_WORDS.items() for word in words}
_LISTS = {
    "row": "Begin a row with [[row]], and each panel in it with [[row.panel]].",
    "panel": "Begin each panel of a row with [[row.panel]].",
}


class DashboardError(InputError):
    """A dashboard's file breaks a rule; every fault says where."""

    code = "invalid_dashboard"


def parse(text: str, where: str) -> Dashboard:
    """The dashboard of a file's text. Raises DashboardError that names the file and the line."""
    if len(text) > LARGEST:
        raise _broken(where, [Fault(f"It is longer than {LARGEST // 1024} KiB.", where)])
    given = _toml(text, where)
    if not given:
        fix = f"Give it a title. {_LISTS['row']}"
        raise _broken(where, [Fault("It declares nothing.", where, None, fix)])
    try:
        return Dashboard.model_validate(given)
    except ValidationError as error:
        found = places(text)
        items = _told(error.errors())[:MOST_FAULTS]
        # What is missing from the file stands on no line, and comes last.
        items.sort(key=lambda item: line_of(_path(item), found) or LARGEST)
        raise _broken(where, [_fault(item, where, found) for item in items]) from error


def _toml(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        at = _AT.search(said)
        line = int(at[1] or len(text.splitlines()) or 1) if at else 1
        fix = next((fix for begin, fix in _GRAMMAR.items() if said.startswith(begin)), None)
        message = f"This is not TOML: {_AT.sub('', said)}."
        raise _broken(where, [Fault(message, f"{where}, line {line}", None, fix)]) from error
    except RecursionError as error:
        raise _broken(where, [Fault("It is nested too deeply.", where)]) from error
    except ValueError as error:  # Python takes no whole number of thousands of digits
        raise _broken(where, [Fault("A number in it has too many digits.", where)]) from error


def _told(errors: Iterable[Any]) -> list[Any]:
    """What is worth telling: no echo of what is said already.

    A list is too short only because what it holds is broken; a key is missing only because it is
    written in another way.
    """
    items = [item for item in errors if not (item["type"] == "too_short" and item["input"])]
    unknown = [_path(item) for item in items if item["type"] == "extra_forbidden"]

    def meant(path: Path) -> bool:
        here = [str(other[-1]) for other in unknown if other[:-1] == path[:-1]]
        return any(nearest(key, [str(path[-1])]) for key in here)

    return [item for item in items if not (item["type"] == "missing" and meant(_path(item)))]


def _broken(where: str, faults: list[Fault]) -> DashboardError:
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    lead = first.where or where
    return DashboardError(
        f"{lead}: {first.message}{more}", first.fix or f"Mend it in {where}.", tuple(faults)
    )


def _fault(item: Any, where: str, found: dict[Path, int]) -> Fault:
    path = _path(item)
    line = line_of(path, found)
    said, fix = _words(item, path)
    value = None if item["type"] == "missing" else str(item["input"])[:80]
    return Fault(said, where if line is None else f"{where}, line {line}", value, fix)


def _words(item: Any, path: Path) -> tuple[str, str | None]:
    """What is wrong, and how to mend it."""
    kind, key = item["type"], str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        problem = UnknownKeyError.among(*_unknown(tuple(item["loc"])))
        return problem.message, problem.fix
    if kind == "union_tag_invalid":
        return _no_kind(str(item["ctx"]["tag"]))
    if kind == "union_tag_not_found":
        return "A panel needs its kind.", f"Known are: {', '.join(KINDS)}."
    if kind in ("value_error", "rule"):
        return item["msg"].removeprefix("Value error, "), None
    if kind == "string_pattern_mismatch":
        return f"{key} is made of a to z, 0 to 9 and -, 60 at the most.", None
    fault = faults_from([item])[0]
    fix = _LISTS.get(key, fault.fix) if kind in ("missing", "tuple_type") else fault.fix
    if kind == "tuple_type" and key not in _LISTS:
        fix = 'Put it in brackets, such as ["mrr"].'
    return f"{key} {fault.message}.", fix


def _no_kind(tag: str) -> tuple[str, str | None]:
    problem = UnknownKeyError.among("kind of panel", tag, KINDS)
    meant = _MEANT.get(tag.lower())
    return problem.message, f"Did you mean: {meant}?" if meant else problem.fix


def _path(item: Any) -> Path:
    """Where the key to mend is, as the file has it: without the kinds that the model adds."""
    out = [*item["loc"], *(item.get("ctx") or {}).get("path", ())]
    if len(out) > 4 and out[0] == "row" and out[2] == "panel" and out[4] in KINDS:
        del out[4]
    if item["type"] == "union_tag_invalid":
        out.append("kind")
    return tuple(out)


def _unknown(path: tuple[str | int, ...]) -> tuple[str, str, list[str]]:
    """What an unknown key was meant to be a key of, the key, and the known ones."""
    key = str(path[-1])
    if len(path) > 5 and str(path[4]) in KINDS:
        model: type[BaseModel] = KINDS[str(path[4])]
        return f"{path[4]} panel key", key, list(model.model_fields)
    if len(path) > 2:
        return "row key", key, list(Row.model_fields)
    return "dashboard key", key, [*Dashboard.model_fields, "row.panel"]
