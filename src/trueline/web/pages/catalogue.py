"""Every KPI, by subject, with what it is worth now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from trueline.catalog.describe import target
from trueline.catalog.kpis import SUBJECTS, from_facts
from trueline.core import words
from trueline.core.reading import Reading
from trueline.engine.engine import change
from trueline.web.context import company, run
from trueline.web.pages.frame import page

router = APIRouter(include_in_schema=False)


@router.get("/kpis")
async def kpis(request: Request) -> Response:
    """The catalogue with the last 30 complete days' values."""
    return await run(request, _kpis, request)


def _kpis(request: Request) -> Response:
    tl = company(request)
    locale = tl.settings.company.locale
    period = tl.engine.period(period_days=30)
    readings = tl.engine.readings(None, period)
    earlier = tl.engine.readings(None, period.previous())
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in SUBJECTS.values()}
    for definition in from_facts():
        reading = readings[definition.key]
        moved = change(reading, earlier[definition.key])
        groups[SUBJECTS[definition.subject]].append(
            {
                "reading": reading,
                "shown": words.value(reading, locale),
                "change": moved,
                "moved": words.changed(moved, reading.unit),
                "reason": _reason(reading),
                "meaning": definition.meaning(),
                "target": target(definition.key, tl.settings.targets),
            }
        )
    known = sum(1 for group in groups.values() for kpi in group if kpi["reading"].known)
    return page(
        request, "kpis.html", title="All KPIs", period=period, groups=groups,
        known=known, total=len(from_facts()),
    )  # fmt: skip


def _reason(reading: Reading) -> dict[str, str] | None:
    if not reading.reasons:
        return None
    first = reading.reasons[0]
    return {"message": first.message, "enable": first.enable or ""}
