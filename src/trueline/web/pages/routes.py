"""The pages' routers, in the order in which their paths are matched."""

from __future__ import annotations

from fastapi import APIRouter

from trueline.web.pages import basics, catalogue, reference

ROUTERS: tuple[APIRouter, ...] = (basics.router, catalogue.router, reference.router)
