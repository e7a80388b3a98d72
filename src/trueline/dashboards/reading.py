"""A dashboard from its file's text; what is wrong is said with its line and what it might mean."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from trueline.core.errors import Fault, InputError, UnknownKeyError
from trueline.dashboards.declaration import KINDS, Dashboard, Row
from trueline.dashboards.places import Path, line_of, places

LARGEST = 256 * 1024
MOST_FAULTS = 30


class DashboardError(InputError):
    """A dashboard's file breaks a rule; every fault says where."""

    code = "invalid_dashboard"


def parse(text: str, where: str) -> Dashboard:
    """The dashboard of a file's text. Raises DashboardError that names the file and the line."""
    if len(text) > LARGEST:
        raise _broken(where, [Fault(f"It is longer than {LARGEST // 1024} KiB.", where)])
    try:
        return Dashboard.model_validate(tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise _broken(where, [Fault(f"This is not TOML: {error}.", where)]) from error
    except RecursionError as error:
        raise _broken(where, [Fault("It is nested too deeply.", where)]) from error
    except ValidationError as error:
        found = places(text)
        items = [item for item in error.errors() if not _echo(item)][:MOST_FAULTS]
        items.sort(key=lambda item: line_of(_plain(tuple(item["loc"])), found) or 0)
        raise _broken(where, [_fault(item, where, found) for item in items]) from error


def _echo(item: Any) -> bool:
    """A list that is too short only because what it holds is broken: said already."""
    return item["type"] == "too_short" and bool(item["input"])


def _broken(where: str, faults: list[Fault]) -> DashboardError:
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    lead = first.where or where
    return DashboardError(
        f"{lead}: {first.message}{more}", first.fix or f"Mend it in {where}.", tuple(faults)
    )


def _fault(item: Any, where: str, found: dict[Path, int]) -> Fault:
    path = _plain(tuple(item["loc"]))
    line = line_of(path, found)
    said = item["msg"].removeprefix("Value error, ")
    fix = None
    if item["type"] == "extra_forbidden":
        problem = UnknownKeyError.among(*_unknown(tuple(item["loc"])))
        said, fix = problem.message, problem.fix
    elif item["type"] == "union_tag_invalid":
        problem = UnknownKeyError.among("kind of panel", str(item["ctx"]["tag"]), KINDS)
        said, fix = problem.message, problem.fix
    elif item["type"] == "union_tag_not_found":
        said, fix = "A panel needs its kind.", f"Known are: {', '.join(KINDS)}."
    elif item["type"] == "missing":
        said = f"{path[-1]} is missing."
    elif path and isinstance(path[-1], str) and not item["msg"].startswith("Value error"):
        said = f"{path[-1]}: {said[:1].lower()}{said[1:]}."
    value = None if item["type"] == "missing" else str(item["input"])[:80]
    return Fault(said, where if line is None else f"{where}, line {line}", value, fix)


def _plain(path: tuple[str | int, ...]) -> Path:
    """A path as the file has it: without the kinds that the model puts between."""
    out = list(path)
    if len(out) > 4 and out[0] == "row" and out[2] == "panel" and out[4] in KINDS:
        del out[4]
    return tuple(out)


def _unknown(path: tuple[str | int, ...]) -> tuple[str, str, list[str]]:
    """What an unknown key was meant to be a key of, the key, and the known ones."""
    key = str(path[-1])
    if len(path) > 5 and str(path[4]) in KINDS:
        model: type[BaseModel] = KINDS[str(path[4])]
        return f"{path[4]} panel key", key, list(model.model_fields)
    if len(path) > 2:
        return "row key", key, list(Row.model_fields)
    return "dashboard key", key, list(Dashboard.model_fields)
