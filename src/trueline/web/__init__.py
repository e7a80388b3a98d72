"""The REST API and what a browser sees. It knows HTTP; what the numbers are, it asks."""

from __future__ import annotations

from trueline.web.app import create_app
from trueline.web.server import serve

__all__ = ["create_app", "serve"]
