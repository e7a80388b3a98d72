"""What operators watch: a log line a request, and Prometheus metrics at ``/-/metrics``.

The path is one of its own: ``/metrics/...`` are the calculators.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trueline.core.errors import TruelineError
from trueline.web.context import company, run
from trueline.web.logs import REQUESTS

PATH = "/-/metrics"
log = logging.getLogger(REQUESTS)
router = APIRouter(include_in_schema=False)
_QUIET = ("/health", PATH)


class Facts(Collector):
    """How far facts are. Where the warehouse does not answer nothing is known of them: not 0."""

    def __init__(self) -> None:
        self.known: tuple[int, int] | None = None  # the last load, and how many are not counted

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What is known, and whether anything is."""
        yield GaugeMetricFamily(
            "trueline_warehouse_up", "Whether the warehouse answers.", float(self.known is not None)
        )
        if self.known is None:
            return
        last, behind = self.known
        yield GaugeMetricFamily("trueline_last_load", "Number of the last load of facts.", last)
        yield GaugeMetricFamily(
            "trueline_rollup_loads_behind", "Loads that the roll-up has not counted.", behind
        )


class Metrics:
    """The server's own numbers, in a registry of this application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        labels = ("method", "route")
        self.requests = Counter(
            "trueline_requests", "Requests answered.", (*labels, "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "trueline_request_seconds", "Time to answer, in seconds.", labels,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
            registry=self.registry,
        )  # fmt: skip
        self.facts = Facts()
        self.registry.register(self.facts)
        self.jobs = Gauge(
            "trueline_refreshes", "Refreshes kept in memory, by state.", ("state",),
            registry=self.registry,
        )  # fmt: skip

        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. Looking a label up costs more than counting: each is kept."""
        place = (method, route, status)
        if place not in self._known:
            self._known[place] = (
                self.requests.labels(method, route, str(status)),
                self.seconds.labels(method, route),
            )
        requests, times = self._known[place]
        requests.inc()
        times.observe(seconds)


class Observed:
    """Times every request, logs it and counts it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        seen: dict[str, Any] = {"status": 500, "id": None}

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                found = dict(message.get("headers", ())).get(b"x-request-id")
                seen["id"] = None if found is None else found.decode("latin-1")
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "(none)")
            self._metrics.answered(scope["method"], route, seen["status"], seconds)
            if scope["path"] not in _QUIET and log.isEnabledFor(logging.INFO):
                log.info(
                    "request",
                    extra={
                        "method": scope["method"],
                        "route": route,
                        "status": seen["status"],
                        "ms": round(1000 * seconds, 1),
                        "request_id": seen["id"],
                    },
                )


@router.get(PATH)
async def metrics(request: Request) -> Response:
    """Prometheus metrics of this process."""
    return Response(await run(request, _scraped, request), media_type=CONTENT_TYPE_LATEST)


def _scraped(request: Request) -> bytes:
    from trueline.engine.rollup import standing

    tl, own = company(request), request.app.state.metrics
    try:
        last, counted = standing(tl.warehouse, tl.settings.product)
        own.facts.known = last, max(0, last - max(0, counted))
    except TruelineError:  # who watches wants the other numbers all the more
        own.facts.known = None
    states = request.app.state.jobs.states()
    for state in ("running", "done", "failed"):
        own.jobs.labels(state).set(states.get(state, 0))
    found: bytes = generate_latest(own.registry)
    return found
