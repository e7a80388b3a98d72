"""The first page of a company that has recorded nothing yet: what to bring, and how."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from trueline.catalog.feeding import tables_of
from trueline.catalog.kpis import SUBJECTS, from_facts
from trueline.facts.tables import CONTRACTS, COVERAGE
from trueline.web.context import company, run
from trueline.web.multipart import SUFFIXES
from trueline.web.pages.frame import page

router = APIRouter(include_in_schema=False)


@router.get("/welcome")
async def welcome(request: Request) -> Response:
    """What a company without facts can do next."""
    return await run(request, _welcome, request)


def _welcome(request: Request) -> Response:
    tl = company(request)
    kept = [t for t in tl.facts() if t["rows"] and t["table"] != COVERAGE.name]
    return page(
        request, "welcome.html", title="Welcome", needs=_needs(), kept=kept,
        tables=[("", "Choose a table"), *((c.name, f"{c.name}: {c.meaning}") for c in CONTRACTS)],
        suffixes=",".join(f".{s.rsplit('.', 1)[-1]}" for s in SUFFIXES), kinds=SUFFIXES,
        most=tl.settings.server.max_upload_bytes, request_base=str(request.base_url).rstrip("/"),
        demo_port=8001 if request.url.port == 8000 else 8000,  # this server has its own already
    )  # fmt: skip


def _needs() -> list[tuple[str, int, list[tuple[str, str]]]]:
    """For each subject, its KPIs and the tables that they are counted from, most used first."""
    meanings = {c.name: c.meaning for c in CONTRACTS}
    found = []
    for subject, title in SUBJECTS.items():
        kpis = [k for k in from_facts() if k.subject == subject]
        used: dict[str, int] = {}
        for definition in kpis:
            for table in tables_of(definition):
                used[table] = used.get(table, 0) + 1
        tables = sorted(used, key=lambda name: -used[name])
        found.append((title, len(kpis), [(name, meanings.get(name, "")) for name in tables]))
    return found
