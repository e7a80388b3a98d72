"""The frame of every page: navigation, freshness, assets, and how values are written."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse

import trueline
from trueline.core import words
from trueline.core.period import Period
from trueline.dashboards import entries
from trueline.dashboards.shelf import BUILT_IN
from trueline.web import assets, forms
from trueline.web.context import company
from trueline.web.pages import figures
from trueline.web.pages.saying import on_page
from trueline.web.sessions import COOKIE

WEB = Path(__file__).parent.parent
TEMPLATES = WEB / "templates"
STATIC = WEB / "static"
STYLES = tuple(sorted(path.name for path in (STATIC / "css").glob("[0-9]-*.css")))


@dataclass(frozen=True)
class Place:
    """One entry of the navigation."""

    path: str
    label: str
    icon: str


NAVIGATION: tuple[tuple[str, tuple[Place, ...]], ...] = (
    (
        "Dashboards",
        (
            Place("/executive", "Executive", "home"),
            Place("/finance", "Finance", "coins"),
            Place("/growth", "Growth", "growth"),
        ),
    ),
    (
        "Explore",
        (
            Place("/kpis", "All KPIs", "list"),
            Place("/cohorts", "Cohorts", "grid"),
            Place("/product", "Funnels and retention", "funnel"),
            Place("/calculators", "Calculators", "calc"),
        ),
    ),
    (
        "Company",
        (
            Place("/costs", "Costs", "receipt"),
            Place("/data", "Data", "data"),
            Place("/settings", "Settings", "gear"),
        ),
    ),
)


def navigation(home: Path) -> tuple[tuple[str, tuple[Place, ...]], ...]:
    """Where a reader can go: the company's own dashboards stand behind the built-in ones."""
    own = [entry for entry in entries(home) if entry.name not in BUILT_IN]
    (section, places), *others = NAVIGATION
    more = (Place(entry.address, entry.title, "board") for entry in own)
    return ((section, (*places, *more)), *others)


@cache
def static_version() -> str:
    """A digest of every static file: part of their addresses, so they can be kept for good."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(STATIC).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def static(path: str) -> str:
    """Address of a static file."""
    return f"/static/{static_version()}/{path}"


@cache
def stylesheet() -> str:
    """All styles in one answer: a page is painted when they are there, and one request is sooner
    answered than one for each file."""
    files = [(STATIC / "css" / name).read_text(encoding="utf-8") for name in STYLES]
    return "\n".join([assets.face(), *files])


def asset(name: str) -> str:
    """Address of an asset that is made on this machine."""
    return f"/assets/{assets.names()[name]}"


@cache
def templates() -> Any:
    """Jinja's environment: escaped by default, and a name that is missing is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        static=static, asset=asset, spark=figures.spark, gauge=figures.gauge,
        version=trueline.__version__,
    )  # fmt: skip
    environment.filters.update(
        day=day,
        span=span,
        days=days,
        unmoved=words.unmoved,
        moment=moment,
        ago=ago,
        count=count,
        slug=slug,
        money=words.exact_money,
        on_page=on_page,
        wide=figures.wide,
        parted=figures.parted,
    )
    return environment


def day(value: date, locale: str) -> str:
    """A day as the locale writes it."""
    from babel.dates import format_date

    return str(format_date(value, "medium", locale=locale))


def span(period: Period, locale: str) -> str:
    """A period as the locale writes it, its last day included."""
    from babel.dates import format_interval

    last = period.end - timedelta(days=1)
    if last == period.start:
        return day(last, locale)
    return str(format_interval(period.start, last, "yMMMd", locale=locale))


def days(ends: tuple[date, date], locale: str) -> str:
    """From a first day to the day after the last, as ``span`` writes it."""
    return span(Period(*ends), locale)


def moment(value: datetime | None, company: Any) -> str:
    """A moment in the company's time zone and locale; a dash where there is none."""
    from babel.dates import format_datetime

    if value is None:
        return words.UNKNOWN
    return str(format_datetime(value.astimezone(company.zone), "medium", locale=company.locale))


def ago(value: datetime, locale: str) -> str:
    """How long ago a moment was."""
    from datetime import UTC

    from babel.dates import format_timedelta

    passed = value - datetime.now(UTC)
    return str(format_timedelta(passed, add_direction=True, locale=locale))


def count(value: int, locale: str) -> str:
    """A whole number as the locale writes it."""
    return words.amount(value, "count", None, locale)


def is_partial(request: Request) -> bool:
    """Whether a script asks for the page's inside only."""
    return request.headers.get("x-partial") == "1"


def page(
    request: Request, template: str, *, title: str, status: int = 200, **given: Any
) -> HTMLResponse:
    """A page from its template, with all that the frame needs; call it in a worker thread.

    ``fresh`` given (as ``freshness`` gives it) asks the warehouse nothing: for pages of errors.
    """
    tl = company(request)
    context = {
        "request_path": request.scope["path"],
        "title": title,
        "company": tl.settings.company,
        "locale": tl.settings.company.locale,
        "navigation": navigation(tl.home),
        "status": status,
        "fresh": given["fresh"] if "fresh" in given else freshness(tl),
        "partial": is_partial(request),
        "form_token": forms.token(request),
        "signed_in": COOKIE in request.cookies and request.app.state.access.key is not None,
        **given,
    }
    text = templates().get_template(template).render(context)
    answer = HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})
    forms.remember(request, answer)
    return answer


def freshness(tl: Any) -> dict[str, Any]:
    """Up to which load the numbers count, and when that was."""
    from datetime import UTC

    found = tl.warehouse.rows(
        "SELECT max(load_id), max(recorded_at) FROM loads WHERE status <> 'refused'"
    )[0]
    at = None if found[1] is None else found[1].replace(tzinfo=UTC)
    return {"load": found[0] or 0, "at": at, "today": tl.engine.today()}


_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


def slug(text: str) -> str:
    """Text as part of an element's id or a file's name."""
    return _PLAIN.sub("-", text).strip("-").lower() or "x"
