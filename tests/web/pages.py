"""Forms of pages, filled in and sent as a browser without scripts does."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any

from serving import Served

HTML = {"Accept": "text/html"}


def shown(served: Served, path: str, status: int = 200, **query: Any) -> str:
    """A page's HTML."""
    answer = served.client.get(path, params=query or None, headers=HTML)
    assert answer.status_code == status, (answer.status_code, answer.text[-2000:])
    return str(answer.text)


def token(served: Served, path: str) -> str:
    """The token that a page's forms carry."""
    found = re.search(r'name="form_token" value="([^"]+)"', shown(served, path))
    assert found is not None, f"{path} has no form"
    return found[1]


def send(served: Served, path: str, fields: dict[str, str], *, page: str, **words: Any) -> Any:
    """Post a form of ``page``; the answer, not followed."""
    data = {"form_token": token(served, page), **fields}
    return served.client.post(path, data=data, headers=HTML, follow_redirects=False, **words)


def value_of(text: str, name: str) -> str:
    """What a field of a page holds."""
    found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*>', text)
    assert found is not None, name
    held = re.search(r'value="([^"]*)"', found[0])
    return unescape(held[1]) if held else ""


def finished(served: Served, path: str) -> Any:
    """The answer of an upload's page once nothing more happens by itself."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if served.client.get(f"{path}/state").json()["over"]:
            return served.client.get(path, headers=HTML)
        time.sleep(0.02)
    raise AssertionError(f"{path} is not over")


def words_of(text: str) -> str:
    """A page's own words, without its marks."""
    inside = text.split("<main", 1)[-1].split("</main>", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", inside)).split())
