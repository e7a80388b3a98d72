"""JSON out: every decimal's digits kept, nothing that is not finite."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from trueline.core.reading import dumps


class Answer(Response):
    """A JSON response whose amounts are exact."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The content as JSON text."""
        return dumps(content).encode("utf-8")


class Written(Answer):
    """A response whose content is JSON text already."""

    def render(self, content: str | bytes) -> bytes:
        """The text as it stands."""
        return content if isinstance(content, bytes) else content.encode("utf-8")
