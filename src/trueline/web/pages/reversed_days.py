"""What a page says to days given the wrong way round: its own words, and the form again."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from trueline.web.pages.frame import page
from trueline.web.pages.range import ReversedDaysError

_OF_THE_RANGE = ("range", "start", "end", "last")


def reversed_days(request: Request, title: str, error: ReversedDaysError) -> Response:
    """The page's form for any days, as it was filled in; what else was asked for is kept."""
    kept = [(k, v) for k, v in request.query_params.items() if k not in _OF_THE_RANGE]
    return page(
        request, "reversed_days.html", title=title, status=error.status, first=error.first,
        last=error.last, kept=kept,
    )  # fmt: skip
