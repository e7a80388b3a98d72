"""The daily job on demand, from a page."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from trueline.web import forms

router = APIRouter(include_in_schema=False)


@router.post("/refresh")
async def refresh(request: Request) -> Response:
    """Run the daily job; back to the page, which shows how far it is."""
    fields = await forms.read(request)
    job = request.app.state.jobs.start()
    return RedirectResponse(_with_job(fields.get("back", "/"), job["id"]), status_code=303)


def _with_job(back: str, job: str) -> str:
    """The page to go back to, of this server only, with the job's id."""
    parts = urlsplit(back)
    path = parts.path if parts.path.startswith("/") and not parts.netloc else "/executive"
    path = "/" + path.lstrip("/\\")
    kept = [pair for pair in parts.query.split("&") if pair and not pair.startswith("job=")]
    return f"{path}?{'&'.join([*kept, urlencode({'job': job})])}"
