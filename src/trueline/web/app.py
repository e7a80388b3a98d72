"""The application: one company, its routes, its errors, its headers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

import trueline
from trueline.home import Trueline
from trueline.web import errors
from trueline.web.api import costs, facts, insight, kpis, metrics, product, snapshots, system
from trueline.web.boards.evaluation import Boards
from trueline.web.context import THREADS
from trueline.web.jobs import Jobs
from trueline.web.live import Live
from trueline.web.loadings import Loadings
from trueline.web.observe import Metrics, Observed
from trueline.web.observe import router as observe_router
from trueline.web.pages import catalogue, routes
from trueline.web.pages.frame import static_version
from trueline.web.parameters import once
from trueline.web.security import Access

STATIC = Path(__file__).parent / "static"
DESCRIPTION = """KPIs you can trust, from a company's own records.

A number is given only when recorded facts support it; else it is null and says what is missing.
Periods are half-open, `[start, end)`, in the company's local days."""

TAGS = {
    "KPIs": "Readings, series, comparison, provenance.",
    "Stages": "What an early- or mid-stage company looks at.",
    "Calculators": "Any KPI from inputs that you give.",
    "Product": "Retention, funnels, lifecycle of users.",
    "Insight": "Forecasts, patterns, what is unusual.",
    "Costs": "Costs recorded by hand.",
    "Facts": "Loading a company's records.",
    "Snapshots": "What was reported, and what changed since.",
    "System": "Health, refresh, checks.",
}
ROUTERS = (
    kpis.fixed, snapshots.router, costs.router, insight.router, kpis.router, product.router,
    facts.router, metrics.router, system.router, observe_router,
)  # fmt: skip
"""The API's, as addresses are looked up: fixed ones before ``/api/kpi/{key}``."""


class KeptFiles(StaticFiles):
    """Static files under a versioned address: a browser may keep them for good."""

    def file_response(self, *args: Any, **words: Any) -> Response:
        """The file, with leave to keep it."""
        answer = super().file_response(*args, **words)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def create_app(home: Path | Trueline, *, access: Access | None = None) -> FastAPI:
    """The application for a home. A path is opened here and closed at shutdown."""
    owned = not isinstance(home, Trueline)
    tl = home if isinstance(home, Trueline) else Trueline(home)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.limiter = anyio.CapacityLimiter(THREADS)
        app.state.live.start()
        yield
        app.state.live.stop()
        app.state.boards.stop()
        app.state.loadings.stop()
        app.state.jobs.stop()
        if owned:
            tl.close()

    app = FastAPI(
        title="Trueline",
        version=trueline.__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        dependencies=[Depends(once)],
        redirect_slashes=False,
        openapi_tags=[{"name": name, "description": about} for name, about in TAGS.items()],
    )
    app.state.tl = tl
    app.state.access = access or Access.open_to_loopback()
    app.state.jobs = Jobs(tl)
    app.state.live = Live(tl)
    app.state.has_facts = False
    app.state.boards = Boards(tl, ahead=(catalogue.readings_ahead,))
    app.state.loadings = Loadings(tl)
    # From the innermost: a calculator's answer is short and passes no compression.
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(metrics.Calculators)
    errors.install(app)
    app.state.metrics = Metrics()
    app.add_middleware(Observed, metrics=app.state.metrics)
    _allow_origins(app, tl.settings.server.cors_origins)
    for router in (*ROUTERS, *routes.ROUTERS):
        app.include_router(router)
    app.mount(f"/static/{static_version()}", KeptFiles(directory=STATIC), name="static")
    return app


def _allow_origins(app: FastAPI, origins: tuple[str, ...]) -> None:
    """Closed unless the settings name origins."""
    if not origins:
        return
    options: dict[str, Any] = {
        "allow_origins": list(origins),
        "allow_methods": ["GET", "POST", "PUT", "DELETE"],
        "allow_headers": ["Authorization", "Content-Type", "Idempotency-Key", "X-API-Key"],
    }
    app.add_middleware(CORSMiddleware, **options)
