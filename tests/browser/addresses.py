"""The pages under test. A new page belongs here: it is then tried like all others."""

from __future__ import annotations

PAGES = ("/kpis", "/style-guide", "/docs", "/redoc")
"""Every page."""
NAMING = ("/kpis",)
"""Pages that show names which people gave."""
