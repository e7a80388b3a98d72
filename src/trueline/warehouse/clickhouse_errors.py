"""What ClickHouse says, in words that help."""

from __future__ import annotations

import re

from trueline.core.errors import AwayError, HomeError, TruelineError

_SIGNS: tuple[tuple[str, type[HomeError], str, str], ...] = (
    (
        "Authentication failed",
        AwayError,
        "cannot be reached",
        "Check user and password.",
    ),
    (
        "AUTHENTICATION_FAILED",
        AwayError,
        "cannot be reached",
        "Check user and password.",
    ),
    ("Connection refused", AwayError, "cannot be reached", "Start the server, or check the URL."),
    ("NameResolution", AwayError, "cannot be reached", "Check the host in the URL."),
    ("Name or service not known", AwayError, "cannot be reached", "Check the host in the URL."),
    ("timed out", AwayError, "does not answer", "Check the host and port, and the firewall."),
    ("Max retries", AwayError, "cannot be reached", "Start the server, or check the URL."),
    (
        "is readonly",
        HomeError,
        "does not let this user set how a session counts",
        "Give the user a profile with readonly = 2 (or 0), and grant it SELECT only.",
    ),
    ("ACCESS_DENIED", HomeError, "does not let this user", "Grant it (see the guide)."),
    ("READONLY", HomeError, "may only be read by this user", "Use a user that may write."),
    ("Unable to open the chdb engine", HomeError, "cannot be opened", "Close the other one first."),
    ("NOT_ENOUGH_SPACE", AwayError, "has no room", "Make room on the server."),
    ("MEMORY_LIMIT_EXCEEDED", AwayError, "has not enough memory", "Try a shorter period."),
)


def in_words(error: Exception, address: str) -> TruelineError:
    """The error for a person; nothing that was not committed is seen by anybody."""
    text = str(error)
    # The transport's own words hold the whole request; what happened stands at their end.
    happened = re.findall(r"\[Errno -?\d+\] [^\"'()]+", text)
    first = text.strip().splitlines()[0][:300] if text.strip() else type(error).__name__
    said = happened[-1].strip() if happened else first
    for sign, kind, what, fix in _SIGNS:
        if sign in text:
            return kind(f"The warehouse {address} {what}: {said}", fix)
    return HomeError(f"The warehouse {address} could not do it: {said}", "Please report this.")
