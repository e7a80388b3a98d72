"""The fields of the settings' form: what each is, how it is typed, what of it was changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from trueline.core.errors import Fault, InputError
from trueline.settings import Settings
from trueline.settings_file import Place

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,20})?")
_WHOLE = re.compile(r"[0-9]{1,18}")
_PRICE = re.compile(r"(.{1,200}?)\s*[:=]\s*([0-9]{1,30}(?:\.[0-9]{1,20})?)")
NEW_TARGETS = 3


@dataclass(frozen=True)
class Setting:
    """One field. ``kind``: text, whole, number, choice, list (by commas), prices (lines)."""

    place: str
    label: str
    hint: str = ""
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    required: bool = False

    @property
    def at(self) -> Place:
        """Where it stands in the file."""
        return tuple(self.place.split("."))


@dataclass(frozen=True)
class Group:
    """Fields that belong together."""

    title: str
    text: str
    fields: tuple[Setting, ...] = field(default=())


FIELDS: tuple[Group, ...] = (
    Group(
        "Name and calendar",
        "The calendar and currency that every number uses",
        (
            Setting("company.name", "Name", required=True),
            Setting("company.locale", "Locale", "How numbers and days are written, such as en_CA"),
            Setting("company.timezone", "Time zone", "Fixed once facts are recorded: local days"
                    " are worked out in it"),
            Setting("company.currency", "Currency", "Fixed once facts are recorded"),
            Setting("company.week_start", "Weeks begin on", kind="choice",
                    options=tuple((day, day.capitalize()) for day in _DAYS)),
            Setting("company.fiscal_year_start", "Fiscal years begin in", kind="choice",
                    options=tuple((str(n), name) for n, name in enumerate(_MONTHS, 1))),
        ),
    ),
    Group(
        "Assumptions",
        "Stand-ins for facts that are missing. Used only where estimates are asked for, and named "
        "by every value that used one",
        (
            Setting("assumptions.cogs_share", "COGS share of revenue", "0 to 1", "number"),
            Setting("assumptions.cost_per_customer", "Cost per customer", "", "number"),
            Setting("assumptions.infrastructure_cost", "Infrastructure, a month", "", "number"),
            Setting("assumptions.personnel_cost", "Personnel, a month", "", "number"),
            Setting("assumptions.tier_prices", "Prices of plans, a month",
                    "A line for each plan: Pro = 100", "prices"),
        ),
    ),
    Group(
        "Product events",
        "What your events mean. A KPI that needs what is not declared says so",
        (
            Setting("product.signup", "Sign-up", "An event, or customers for the day a customer "
                    "was made"),
            Setting("product.activation", "Activation", "Events, with commas; all must happen",
                    "list"),
            Setting("product.activation_days", "Days to activate", "", "whole"),
            Setting("product.value", "First value", "Events, with commas; empty: activation",
                    "list"),
            Setting("product.conversion", "Conversion", "Events, with commas", "list"),
            Setting("product.page_view", "Page view", "Events, with commas", "list"),
            Setting("product.key_events", "Key events", "Events, with commas", "list"),
            Setting("product.actions", "Actions", "Events, with commas", "list"),
            Setting("product.paid_channels", "Paid channels", "With commas", "list"),
            Setting("product.session_minutes", "Idle minutes that end a session", "", "whole"),
            Setting("product.satisfied_10", "Satisfied from, of 10", "The lowest satisfied score",
                    "whole"),
        ),
    ),
    Group(
        "Server",
        "Address and port take effect when the server starts anew",
        (
            Setting("server.refresh_at", "Daily job at", "HH:MM, company time"),
            Setting("server.max_upload_bytes", "Largest upload, in bytes", "", "whole"),
            Setting("server.host", "Address", "Another than 127.0.0.1 needs TRUELINE_API_KEY"),
            Setting("server.port", "Port", "", "whole"),
        ),
    ),
)  # fmt: skip
ALL = tuple(item for group in FIELDS for item in group.fields)
RESTART: frozenset[Place] = frozenset({("server", "host"), ("server", "port")})


def typed_of(settings: Settings) -> dict[str, str]:
    """Every field's value as one types it."""
    return {item.place: _typed(_value(settings, item)) for item in ALL}


def _value(settings: Settings, item: Setting) -> Any:
    section, key = item.at
    return getattr(getattr(settings, section), key)


def _typed(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "\n".join(f"{name} = {amount}" for name, amount in value.items())
    if isinstance(value, tuple):
        return ", ".join(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def changes_of(now: Settings, fields: Mapping[str, str]) -> dict[Place, Any]:
    """What of the form says otherwise than the settings. Raises InputError naming each field."""
    faults: list[Fault] = []
    changes: dict[Place, Any] = {}
    for item in ALL:
        text = fields.get(item.place)
        if text is None or alike(text, _typed(_value(now, item))):
            continue
        try:
            changes[item.at] = _parsed(item, text.strip())
        except ValueError as error:
            faults.append(Fault(str(error), item.place, text[:80]))
    changes |= _targets(now, fields, faults)
    if faults:
        first = faults[0]
        raise InputError(f"{first.where}: {first.message}.", None, tuple(faults))
    return changes


def alike(one: str, other: str) -> bool:
    """Whether two texts say the same: a browser ends lines in its own way."""
    return one.replace("\r\n", "\n").strip() == other.strip()


def _parsed(item: Setting, text: str) -> Any:
    if not text:
        if item.required:
            raise ValueError("is missing")
        return None
    if item.kind == "number":
        return _decimal(text)
    if item.kind == "whole" or item.place == "company.fiscal_year_start":
        if not _WHOLE.fullmatch(text):
            raise ValueError("is no whole number: write digits")
        return int(text)
    if item.kind == "list":
        return [name.strip() for name in text.split(",") if name.strip()]
    if item.kind == "prices":
        return _prices(text)
    if any(not c.isprintable() for c in text):
        raise ValueError("holds characters that cannot be seen")
    return text


def _decimal(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError("is no plain number: write digits and a point, such as 1234.50")
    return Decimal(text)


def _prices(text: str) -> dict[str, Any]:
    import tomlkit

    table: dict[str, Any] = tomlkit.inline_table()
    for line in filter(None, map(str.strip, text.splitlines())):
        entry = _PRICE.fullmatch(line)
        if entry is None:
            raise ValueError("has a line that is no 'plan = price'")
        if entry[1] in table:
            raise ValueError(f"names '{entry[1][:40]}' twice")
        table[entry[1]] = tomlkit.value(entry[2])
    return table


def _targets(
    now: Settings, fields: Mapping[str, str], faults: list[Fault]
) -> dict[Place, Decimal | None]:
    """Targets that were changed, taken out (left empty) or are new."""
    changes: dict[Place, Decimal | None] = {}
    for key, value in now.targets.items():
        text = fields.get(f"targets.{key}")
        if text is not None and text.strip() != _typed(value):
            changes[("targets", key)] = _target(text.strip(), f"targets.{key}", faults)
    for number in range(NEW_TARGETS):
        key = fields.get(f"target-{number}", "").strip()
        text = fields.get(f"target-value-{number}", "").strip()
        if key and text:
            changes[("targets", key)] = _target(text, f"target-value-{number}", faults)
        elif key or text:
            lacking = f"target-value-{number}" if key else f"target-{number}"
            faults.append(Fault("is missing: a target has a KPI and a value", lacking))
    return changes


def _target(text: str, where: str, faults: list[Fault]) -> Decimal | None:
    if not text:
        return None
    try:
        return _decimal(text)
    except ValueError as error:
        faults.append(Fault(str(error), where, text[:80]))
        return None


def shown_targets(now: Settings, given: Mapping[str, str] | None) -> dict[str, Any]:
    """The company's targets and the empty rows for new ones, as typed."""
    typed = given or {}
    return {
        "own": [
            (key, typed.get(f"targets.{key}", _typed(value))) for key, value in now.targets.items()
        ],
        "new": [
            (typed.get(f"target-{n}", ""), typed.get(f"target-value-{n}", ""))
            for n in range(NEW_TARGETS)
        ],
    }
