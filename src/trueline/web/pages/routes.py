"""The pages' routers, in the order in which their paths are matched."""

from __future__ import annotations

from fastapi import APIRouter

from trueline.web.pages import (
    basics,
    calculators,
    catalogue,
    cohorts,
    costs,
    dashboards,
    data,
    embedded,
    kpi,
    kpi_files,
    loads,
    product,
    reference,
    removal,
    rows,
    settings,
    sign_in,
    take_away,
    upkeep,
    uploads,
    welcome,
)

ROUTERS: tuple[APIRouter, ...] = (
    basics.router,
    sign_in.router,
    dashboards.router,
    take_away.router,
    embedded.router,
    upkeep.router,
    catalogue.router,
    cohorts.router,
    product.router,
    rows.router,
    kpi_files.router,
    kpi.router,
    data.router,
    costs.router,
    calculators.router,
    uploads.router,
    removal.router,
    welcome.router,
    settings.router,
    loads.router,
    reference.router,
)
