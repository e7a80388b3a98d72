"""A company's settings: ``trueline.toml`` in its home, with some variables on top."""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from trueline.core.checked import faults_from
from trueline.core.errors import HomeError, InputError
from trueline.core.money import exponents
from trueline.core.period import Calendar

FILE_NAME = "trueline.toml"
VARIABLES: dict[str, tuple[str, str]] = {
    "API_HOST": ("server", "host"),
    "API_PORT": ("server", "port"),
    "CORS_ORIGINS": ("server", "cors_origins"),
    "LOG_LEVEL": ("server", "log_level"),
    "TRUELINE_WAREHOUSE_URL": ("warehouse", "url"),
    "TRUELINE_STORE_URL": ("store", "url"),
    "TRUELINE_MEMORY_LIMIT": ("warehouse", "memory_limit"),
}
"""Environment variables that go before the file, and the setting each stands for."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LOCALE = re.compile(r"[a-z]{2,3}(_[A-Z][a-z]{3})?(_[A-Z]{2})?")
Budget = Annotated[Decimal, Field(ge=Decimal("0.001"), le=Decimal("0.2"))]
Share = Annotated[Decimal, Field(ge=0, le=1)]
Amount = Annotated[Decimal, Field(ge=0)]
Target = Annotated[Decimal, Field(ge=-(10**15), le=10**15, decimal_places=10)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(_Section):
    """Who it is, and the calendar and currency that every number uses."""

    name: str = Field("My company", min_length=1, max_length=200)
    timezone: str = "America/Toronto"
    currency: str = "USD"
    locale: str = "en_CA"
    week_start: Literal[
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
    ] = "monday"
    fiscal_year_start: int = Field(1, ge=1, le=12)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"'{value}' is no IANA time zone, such as America/Toronto") from None
        return value

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if value not in exponents():
            raise ValueError(f"'{value}' is no ISO 4217 currency code, such as USD")
        return value

    @field_validator("locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        if _is_written_in_full(value):
            return value
        from babel.core import Locale, UnknownLocaleError

        try:
            Locale.parse(value)
        except (ValueError, TypeError, UnknownLocaleError):
            raise ValueError(f"'{value}' is no locale, such as en_CA") from None
        return value

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone in which days begin."""
        return ZoneInfo(self.timezone)

    @cached_property
    def calendar(self) -> Calendar:
        """Weeks and fiscal years."""
        return Calendar(_DAYS.index(self.week_start), self.fiscal_year_start)


def _is_written_in_full(locale: str) -> bool:
    """Whether Babel has a file of that very name, which is found without importing Babel."""
    found = find_spec("babel")
    if found is None or found.origin is None or not _LOCALE.fullmatch(locale):
        return False
    return Path(found.origin).with_name("locale-data").joinpath(f"{locale}.dat").is_file()


def _of_form(form: str, words: str) -> AfterValidator:
    """Text of a form, told in words where it is another."""

    def check(value: str) -> str:
        if not re.fullmatch(form, value):
            raise ValueError(f"'{value[:60]}' is {words}")
        return value

    return AfterValidator(check)


Size = Annotated[str, _of_form(r"\d+(\.\d+)?\s?(MB|MiB|GB|GiB)", "no size, such as 512MB or 2GB")]
TimeOfDay = Annotated[str, _of_form(r"([01]\d|2[0-3]):[0-5]\d", "no time of day, such as 01:10")]
Origin = Annotated[
    str,
    _of_form(
        r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?",
        "no site's address, such as https://intranet.example",
    ),
]


class WarehouseSettings(_Section):
    """Where facts are kept and what the engine may use."""

    url: str = "duckdb://warehouse.duckdb"
    memory_limit: Size = "512MB"
    temp_limit: Size = "20GB"
    threads: int | None = Field(None, ge=1, le=256)
    query_seconds: float = Field(120, ge=0.1, le=86400)


class StoreSettings(_Section):
    """Where snapshots, keys and jobs are kept: a file in the home, or a PostgreSQL database."""

    url: str = "sqlite://store.sqlite"


class ServerSettings(_Section):
    """How ``trueline serve`` listens and when its daily job runs (company time)."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    refresh_at: TimeOfDay = "01:10"
    cors_origins: tuple[str, ...] = ()
    embed_origins: tuple[Origin, ...] = ()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    max_upload_bytes: int = Field(2 * 1024**3, ge=1024)


class Assumptions(_Section):
    """Declared stand-ins for facts that are missing. Used only when estimates are asked for."""

    tier_prices: dict[str, Amount] = {}
    cost_per_customer: Amount | None = None
    cogs_share: Share | None = None
    infrastructure_cost: Amount | None = None
    personnel_cost: Amount | None = None


Names = tuple[Annotated[str, Field(min_length=1, max_length=200)], ...]


def _several(value: object) -> object:
    """One name stands for a list of one."""
    return (value,) if isinstance(value, str) else value


Events = Annotated[Names, BeforeValidator(_several)]


class Funnel(_Section):
    """Steps that users take in order, each one event (or one of several), and how long they have.

    ``window_hours`` run from the first step: what comes later belongs to no attempt.
    """

    steps: tuple[Events, ...] = Field(min_length=2, max_length=10)
    window_hours: Decimal = Field(Decimal(168), gt=0, le=8784)


class Product(_Section):
    """What a company's events mean. Nothing of it is guessed: a KPI that needs what is not
    declared says so.

    ``signup`` is an event, or ``customers`` for the day a customer was made; ``activation`` are
    events that must all happen within ``activation_days`` of it; ``value`` is the event that time
    to value runs to (left out: activation). ``satisfied_10`` is the lowest satisfied score on a
    10-point scale.
    """

    signup: str = Field("customers", min_length=1, max_length=200)
    activation: Events = ()
    activation_days: int = Field(7, ge=1, le=365)
    value: Events = ()
    conversion: Events = ()
    page_view: Events = ("page_view",)
    key_events: Events = ()
    actions: Events = ()
    features: dict[str, Events] = {}
    funnels: dict[str, Funnel] = {}
    paid_channels: Names = ()
    session_minutes: int = Field(30, ge=1, le=1440)
    satisfied_10: int | None = Field(None, ge=1, le=10)

    @cached_property
    def digest(self) -> str:
        """What sessions depend on, as text: another one means that they are counted anew."""
        return repr((self.page_view, self.key_events, self.actions, self.session_minutes))


class Source(_Section):
    """A file that the daily job loads when it has changed."""

    table: str
    path: str
    map: str | None = None
    keep_good: bool = False
    full: bool = False


class Query(_Section):
    """A fact table read from a database of the company's by a query.

    ``database`` names one of ``[databases]`` (it may be left out when there is one). ``by`` is a
    column of the query that grows with every change (``updated_at``, an increasing id): only rows
    at or above the largest value seen are read again, moments from ``overlap_seconds`` earlier,
    as a transaction may be committed late. Without it all rows are read each time.
    """

    sql: str = Field(min_length=8)
    database: str | None = None
    by: str | None = None
    overlap_seconds: int = Field(600, ge=0, le=31 * 86_400)
    keep_good: bool = False
    full: bool = False

    @field_validator("sql")
    @classmethod
    def _only_reads(cls, value: str) -> str:
        text = value.strip().rstrip(";").strip()
        if text.split(None, 1)[0].lower() not in ("select", "with") or ";" in text:
            raise ValueError("is not one SELECT")
        return text


class Settings(_Section):
    """Everything in ``trueline.toml``.

    A URL may hold ``${NAME}``: the environment variable's value, so that no password need stand
    in the file.
    """

    company: Company = Company()
    warehouse: WarehouseSettings = WarehouseSettings()
    store: StoreSettings = StoreSettings()
    server: ServerSettings = ServerSettings()
    assumptions: Assumptions = Assumptions()
    product: Product = Product()
    targets: dict[str, Target] = {}
    alarm_budgets: dict[str, Budget] = {}
    sources: tuple[Source, ...] = ()
    databases: dict[str, str] = {}
    facts: dict[str, Query] = {}

    @property
    def warehouse_url(self) -> str:
        """Where facts are kept, with passwords filled in."""
        return filled(self.warehouse.url)

    @property
    def store_url(self) -> str:
        """Where snapshots are kept, with passwords filled in."""
        return filled(self.store.url)

    @classmethod
    def parse(
        cls, text: str, where: str = FILE_NAME, environment: Mapping[str, str] | None = None
    ) -> Self:
        """Settings from TOML text. Raises InputError that names the key and the rule.

        ``environment`` holds variables that go before the text (see ``VARIABLES``).
        """
        try:
            given = tomllib.loads(text, parse_float=Decimal)
            return cls.model_validate(_with_variables(given, environment or {}))
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{where} is not valid TOML: {error}.") from error
        except ValidationError as error:
            faults = tuple(
                fault
                for item in error.errors()
                for fault in faults_from([item], known=_beside(item["loc"]))
            )
            first = faults[0]
            where = _variable_of(first.where or "", environment or {}) or where
            fix = f"{first.fix} " if first.fix else ""
            raise InputError(
                f"{where}: {first.where}: {first.message}.", f"{fix}Mend it in {where}.", faults
            ) from error
        except (ValueError, RecursionError) as error:  # no number has thousands of digits
            raise InputError(
                f"{where} has a number that is too long, or is nested too deeply.",
                f"Mend it in {where}.",
            ) from error

    @classmethod
    def read(cls, home: Path) -> Self:
        """The settings of a home folder. Raises HomeError where it is none."""
        path = home / FILE_NAME
        try:
            text = text_of(path)
        except (FileNotFoundError, NotADirectoryError):
            raise HomeError(
                f"{home} is no Trueline home: it has no {FILE_NAME}.",
                f"Make one with: trueline init --home {home}",
            ) from None
        return cls.parse(text, str(path), os.environ)


def text_of(path: Path) -> str:
    """What a settings file holds, without the mark that some editors put before it.

    Raises InputError where it is no UTF-8, HomeError where it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 at byte {error.start}.", "Save it as UTF-8."
        ) from None
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise HomeError(
            f"{path} cannot be read: {error.strerror}.", "Check what it is, and who may read it."
        ) from None


def _beside(place: Sequence[Any]) -> list[str]:
    """What may stand where a setting is: the names that an unknown one may have been meant for."""
    model: type[BaseModel] = Settings
    for part in place[:-1]:
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return [".".join([*map(str, place[:-1]), name]) for name in model.model_fields]


def _with_variables(given: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """What the file says, with the environment's variables put over it."""
    for name, (section, key) in VARIABLES.items():
        text = environment.get(name, "")
        if text == "" or not isinstance(given.setdefault(section, {}), dict):
            continue
        several = key == "cors_origins"
        given[section][key] = [x.strip() for x in text.split(",") if x.strip()] if several else text
    return given


def _variable_of(place: str, environment: Mapping[str, str]) -> str | None:
    """The variable that a fault's place comes from, if it is set."""
    named = {".".join(at): name for name, at in VARIABLES.items()}
    name = named.get(".".join(place.split(".")[:2]))
    return f"the variable {name}" if name is not None and environment.get(name) else None


_VARIABLE = re.compile(r"\$\{(\w+)\}")


def filled(url: str) -> str:
    """A URL with the environment's values in place of ``${NAME}``. Raises InputError."""

    def value(found: re.Match[str]) -> str:
        given = os.environ.get(found[1])
        if given is None:
            raise InputError(
                f"{FILE_NAME} speaks of ${{{found[1]}}}, which is not set.",
                f"Set the environment variable {found[1]}.",
            )
        return quote(given, safe="")

    return _VARIABLE.sub(value, url)
