"""Health, the daily job on demand, checks."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from typing import Any

from fastapi import APIRouter, Request

from trueline.home import Trueline
from trueline.web.answers import Answer
from trueline.web.context import company, run
from trueline.web.examples import answers

router = APIRouter(tags=["System"])
BACKUP = {
    "path": "acme/backups/20261101T011000Z-5f0c7b.tar",
    "bytes": 48_234_496,
    "taken_at": "2026-11-01T01:10:00+00:00",
    "rows": 190_448,
    "readings": 79,
}
HEALTHY = {
    "status": "healthy",
    "warehouse": "ok",
    "store": "ok",
    "last_load": "2026-11-01T01:10:00+00:00",
    "sklearn_available": False,
    "timestamp": "2026-11-01T14:30:00+00:00",
}
JOB = {"id": "5f0c7be1a4d29b30", "status": "running", "step": "orders", "done": 1, "of": 9}


@router.post("/api/refresh", status_code=202, responses=answers(JOB, 202))
async def refresh(request: Request) -> Answer:
    """Run the daily job now: load changed sources, count, keep a snapshot. Safe to repeat."""
    return Answer(request.app.state.jobs.start(), status_code=202)


@router.get("/api/refresh/{job_id}", responses=answers(JOB))
async def refresh_state(request: Request, job_id: str) -> Answer:
    """How far a refresh is."""
    return Answer(request.app.state.jobs.state(job_id))


@router.post("/api/backup", status_code=201, responses=answers(BACKUP, 201))
async def backup(request: Request) -> Answer:
    """Write the whole company into a new file in the home's ``backups`` folder."""
    tl = company(request)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}.tar"
    found = await run(request, tl.backup, tl.home / "backups" / name)
    return Answer(found, status_code=201)


@router.get("/api/doctor", responses=answers({"checks": [{"check": "disk", "ok": True}]}))
async def doctor(request: Request) -> Answer:
    """Checks of the home, each with what to do where it fails."""
    return Answer({"checks": await run(request, company(request).doctor)})


@router.get("/health/live", responses=answers({"status": "alive"}))
async def alive() -> Answer:
    """Whether this process answers at all; it asks neither warehouse nor store."""
    return Answer({"status": "alive"})


@router.get("/health/ready", responses=answers(HEALTHY))
@router.get("/health", responses=answers(HEALTHY))
async def health(request: Request) -> Answer:
    """The true state: can the warehouse and the store be read, and when was the last load?"""
    found = await run(request, _health, company(request))
    return Answer(found, status_code=200 if found["status"] == "healthy" else 503)


def _health(tl: Trueline) -> dict[str, Any]:
    state: dict[str, Any] = {
        "status": "healthy",
        "warehouse": "ok",
        "store": "ok",
        "last_load": None,
    }
    try:
        last = tl.warehouse.rows("SELECT max(recorded_at) FROM loads")[0][0]
        state["last_load"] = None if last is None else last.replace(tzinfo=UTC)
    except Exception as error:  # noqa: BLE001  whatever it is, the warehouse does not answer
        state |= {"status": "unhealthy", "warehouse": type(error).__name__}
    try:
        tl.store.history(
            key=None,
            stage=None,
            start=tl.engine.today(),
            end=tl.engine.today(),
            limit=1,
            cursor=None,
        )
    except Exception as error:  # noqa: BLE001  as above, for the store
        state |= {"status": "unhealthy", "store": type(error).__name__}
    now = datetime.now(UTC).replace(microsecond=0)
    return state | {"sklearn_available": _has_sklearn(), "timestamp": now}


@cache
def _has_sklearn() -> bool:
    """Whether scikit-learn is installed here, which clients ask for; no forecast needs it."""
    return find_spec("sklearn") is not None
