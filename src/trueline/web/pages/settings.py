"""The settings, changed in a form: written to ``trueline.toml``, used at once where possible."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from trueline.catalog.kpis import KPIS
from trueline.catalog.target import targets as default_targets
from trueline.core.errors import InputError, TruelineError
from trueline.home import check_keys
from trueline.settings import VARIABLES, Settings
from trueline.settings_file import ChangedMeanwhileError, SettingsFile, refuse_fixed
from trueline.web import forms
from trueline.web.context import company, run
from trueline.web.pages.frame import page
from trueline.web.pages.saying import Said, beside, to
from trueline.web.pages.settings_fields import (
    FIELDS,
    RESTART,
    alike,
    changes_of,
    shown_targets,
    typed_of,
)
from trueline.web.parameters import Strict

router = APIRouter(include_in_schema=False)


class SettingsQuery(Strict):
    """What was done."""

    said: Said | None = None


@router.get("/settings")
async def settings(request: Request, query: Annotated[SettingsQuery, Query()]) -> Response:
    """Every setting that a page can change."""
    return await run(request, _settings, request, said=query.said)


@router.post("/settings")
async def saved(request: Request) -> Response:
    """Check what was typed, write the file, go on with it."""
    fields = await forms.read(request)
    return await run(request, _save, request, fields)


def _save(request: Request, fields: dict[str, str]) -> Response:
    tl = company(request)
    file = SettingsFile.read(tl.home)
    seen = fields.get("seen", "")
    try:
        file.still(seen)
        before = file.settings()
        changes = changes_of(before, fields)
        if not changes:
            return to("/settings", "unchanged")
        wanted = file.edited(changes)
        wanted.settings()
        made = wanted.settings(os.environ)
        check_keys(made)
        refuse_fixed(tl.settings, made, tl.warehouse)
        wanted.write(seen)
    except TruelineError as error:
        return _settings(request, given=fields, problem=error)
    tl.use(made)
    return to("/settings", "restart" if set(changes) & RESTART else "saved")


def _settings(
    request: Request,
    *,
    given: Mapping[str, str] | None = None,
    problem: TruelineError | None = None,
    said: Said | None = None,
) -> Response:
    tl = company(request)
    file = SettingsFile.read(tl.home)
    unread = None
    try:
        now = file.settings()
    except InputError as error:
        now, unread = tl.settings, error
    typed = typed_of(now)
    current = dict(typed)
    if given is not None:
        typed |= {name: given[name] for name in typed if name in given}
    behind = unread is None and file.settings(os.environ) != tl.settings
    return page(
        request, "settings.html", title="Settings", groups=FIELDS, typed=typed, seen=file.digest,
        problem=problem, errors=_by_field(problem), said=said, behind=behind, unread=unread,
        others=_others(now, current, typed, given or {})
        if isinstance(problem, ChangedMeanwhileError)
        else [],
        overridden={
            ".".join(place): name for name, place in VARIABLES.items() if os.environ.get(name)
        },
        targets=shown_targets(now, given), labels={k.key: k.label for k in KPIS},
        choices=[("", "Choose a KPI"), *((k.key, k.label) for k in KPIS)],
        defaults={key: item["value"] for key, item in default_targets().items()},
        path=str(file.path.name), status=problem.status if problem else 200,
    )  # fmt: skip


def _others(
    now: Settings, current: Mapping[str, str], typed: Mapping[str, str], given: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """What the file says otherwise than the form: its fields, and the company's targets."""
    both = [(name, current[name], typed[name]) for name in typed]
    targets = zip(shown_targets(now, None)["own"], shown_targets(now, given)["own"], strict=True)
    both += [(f"targets.{key}", file, form) for (key, file), (_, form) in targets]
    return [(name, file, form) for name, file, form in both if not alike(file, form)]


def _by_field(problem: TruelineError | None) -> dict[str, str]:
    """Errors by field; one inside a list or table belongs to the whole of it."""
    found = beside(problem)
    return found | {".".join(place.split(".")[:2]): text for place, text in found.items()}
