"""What ClickHouse says, in words that help."""

from __future__ import annotations

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
    ("ACCESS_DENIED", HomeError, "does not let this user", "Grant it (see the guide)."),
    ("READONLY", HomeError, "may only be read by this user", "Use a user that may write."),
    ("Unable to open the chdb engine", HomeError, "cannot be opened", "Close the other one first."),
    ("NOT_ENOUGH_SPACE", AwayError, "has no room", "Make room on the server."),
    ("MEMORY_LIMIT_EXCEEDED", AwayError, "has not enough memory", "Try a shorter period."),
)


def in_words(error: Exception, address: str) -> TruelineError:
    """The error for a person; nothing that was not committed is seen by anybody."""
    text = str(error)
    said = text.strip().splitlines()[0][:300] if text.strip() else type(error).__name__
    for sign, kind, what, fix in _SIGNS:
        if sign in text:
            return kind(f"The warehouse {address} {what}: {said}", fix)
    return HomeError(f"The warehouse {address} could not do it: {said}", "Please report this.")
