"""Contexts of a browser, lent to one page after another.

A page in a new context starts a process, fetches every script and compiles it: that takes longer
than most of what is tried on it. A kept context has done so, and holds its process by a page of its
own. Between two tests it forgets what pages keep: cookies and local storage.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext

from trueline.web.pages.frame import static

MOST = 3
"""So many wait to be lent again: those of companies that nobody looks at any more are let go."""
_ON_VIOLATION = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


class Contexts:
    """Contexts by site, and by what cannot be changed once there is one, as a time zone."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._options: dict[BrowserContext, dict[str, Any]] = {}
        self._waiting: list[BrowserContext] = []

    def lend(self, base: str, **options: Any) -> BrowserContext:
        """A context that nobody else uses, with one page of its own."""
        options |= {"base_url": base, "locale": "en-CA"}
        for context in self._waiting:
            if self._options[context] == options:
                self._waiting.remove(context)
                return context
        context = self._browser.new_context(**options)
        context.add_init_script(_ON_VIOLATION)
        context.new_page().goto(static("icon.svg"))
        self._options[context] = options
        return context

    def take_back(self, context: BrowserContext) -> None:
        """Close all pages but its own, and make it as if it was new."""
        own, *others = context.pages
        for page in others:
            page.close()
        session = context.new_cdp_session(own)
        origin = self._options[context]["base_url"]
        kinds = "cookies,local_storage"
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": kinds})
        session.detach()
        self._waiting.append(context)
        if len(self._waiting) > MOST:
            oldest = self._waiting.pop(0)
            del self._options[oldest]
            oldest.close()
