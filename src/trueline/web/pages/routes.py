"""The pages' routers, in the order in which their paths are matched."""

from __future__ import annotations

from fastapi import APIRouter

from trueline.web.pages import (
    basics,
    catalogue,
    cohorts,
    dashboards,
    embedded,
    kpi,
    kpi_files,
    reference,
    rows,
    take_away,
    upkeep,
)

ROUTERS: tuple[APIRouter, ...] = (
    basics.router,
    dashboards.router,
    take_away.router,
    embedded.router,
    upkeep.router,
    catalogue.router,
    cohorts.router,
    rows.router,
    kpi_files.router,
    kpi.router,
    reference.router,
)
