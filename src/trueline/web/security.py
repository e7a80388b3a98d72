"""Who may ask: loopback is open, any other address needs a key; and headers for browsers."""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from starlette.requests import Request

from trueline.core.errors import AccessError, InputError
from trueline.web import seals
from trueline.web.sessions import COOKIE, Sessions

KEY_VARIABLE = "TRUELINE_API_KEY"
SHORTEST_KEY = 32
OPEN_PATHS = ("/health", "/health/live", "/health/ready", "/sign-in")
OPEN_FOLDERS = ("/static/", "/assets/")
"""Style and scripts: the same for every company, and the sign-in page needs them."""
_HOST = re.compile(r"(?:(?P<name>[A-Za-z0-9._-]+)|\[(?P<address>[0-9A-Fa-f:.]+)\])(?::[0-9]{1,5})?")

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it a browser says of our own forms that they come from nowhere (null).
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class ForeignSiteError(AccessError):
    """Another site's page tries to change something here through its reader's browser."""

    status, code = 403, "foreign_site"


class ForbiddenHostError(AccessError):
    """The request names a host that this server is not."""

    status, code = 403, "forbidden_host"


def refuse_foreign_sites(request: Request, origins: tuple[str, ...]) -> None:
    """Raises ForeignSiteError where a browser says that another site sends a change.

    Browsers say so in ``Sec-Fetch-Site`` and ``Origin``; programs send neither. ``origins`` are the
    sites that the settings let in.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "none")
    if origin in origins or (origin is None and site == "none"):
        return
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if site in ("cross-site", "same-site") or (origin is not None and origin != own):
        raise ForeignSiteError(
            "Another site's page cannot change anything here.",
            "Name it in trueline.toml, [server] cors_origins, if it is yours.",
        )


@dataclass(frozen=True)
class Access:
    """How this server lets requests in. ``key`` None: only loopback names are answered.

    ``token`` is the local secret that commands of the same user find in the home; ``sessions`` are
    browsers that signed in.
    """

    key: str | None
    token: str
    sessions: Sessions = field(default_factory=Sessions)

    @classmethod
    def open_to_loopback(cls) -> Access:
        """No key: for a server that only this machine reaches."""
        return cls(None, secrets.token_urlsafe(32))

    def check(self, request: Request) -> None:
        """Raises AccessError where the request may not pass."""
        if self.key is None:
            host = _host(request.headers.get("host", ""))
            if not is_loopback(host) and host != "testserver":
                raise ForbiddenHostError(
                    f"This server does not answer to '{host[:80]}'.",
                    "Open it as http://127.0.0.1 or localhost.",
                )
            return
        # The path that is routed: the one in request.url is made from what the sender says in Host.
        path = request.scope["path"]
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDERS):
            return
        if _is_sealed(request):
            seals.check(self.key, path, request.url.query, _today(request))
            return
        given = _given(request)
        if given is not None:
            if not self.opens(given):
                raise AccessError("The API key is wrong.", f"It is the server's {KEY_VARIABLE}.")
        elif not self.sessions.known(request.cookies.get(COOKIE)):
            raise AccessError("No API key was sent.", "Send Authorization: Bearer <key>.")

    def opens(self, given: str) -> bool:
        """Whether it is the key, or the local secret. Both are compared, whatever the first says:
        the time taken tells nothing."""
        sent = given.encode("utf-8", "surrogatepass")
        is_key = self.key is not None and hmac.compare_digest(sent, self.key.encode())
        is_token = hmac.compare_digest(sent, self.token.encode())
        return is_key or is_token


def _is_sealed(request: Request) -> bool:
    """Whether it asks for one panel by a sealed address, to look at it only."""
    looks = request.method in ("GET", "HEAD")
    panel = request.scope["path"].startswith(seals.FOLDER)
    return looks and panel and "seal" in request.query_params


def _today(request: Request) -> date:
    found: date = request.app.state.tl.engine.today()
    return found


def _host(header: str) -> str:
    """The name or address in a Host header; the header itself where it is no such thing."""
    found = _HOST.fullmatch(header)
    return header if found is None else found["name"] or found["address"]


def _given(request: Request) -> str | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and value:
        return value.strip()
    return request.headers.get("x-api-key")


@lru_cache(64)
def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def access_for(host: str, key: str | None) -> Access:
    """How a server on ``host`` lets requests in. Raises InputError where it must not start."""
    token = secrets.token_urlsafe(32)
    if key is None or key == "":
        if is_loopback(host):
            return Access(None, token)
        raise InputError(
            f"A server on {host} can be reached from other machines, and no key protects it.",
            f"Set {KEY_VARIABLE} to a secret of at least {SHORTEST_KEY} characters, for example "
            "from: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    if len(key) < SHORTEST_KEY or len(set(key)) < 8:
        raise InputError(
            f"{KEY_VARIABLE} is too easy to guess.",
            f"Use at least {SHORTEST_KEY} random characters.",
        )
    return Access(key, token)
