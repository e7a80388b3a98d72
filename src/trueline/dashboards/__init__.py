"""Dashboards as they are declared: rows of panels in a readable file, checked before it is used."""

from trueline.dashboards.declaration import Dashboard, Panel, Row
from trueline.dashboards.reading import DashboardError, parse
from trueline.dashboards.shelf import Entry, entries, find

__all__ = ["Dashboard", "DashboardError", "Entry", "Panel", "Row", "entries", "find", "parse"]
