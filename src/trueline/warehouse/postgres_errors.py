"""What PostgreSQL says, in words that help."""

from __future__ import annotations

import psycopg
from psycopg import errors

from trueline.core.errors import AwayError, HomeError, TruelineError


def lost(error: psycopg.Error) -> bool:
    """Whether the session is gone (and with it what was not committed)."""
    ended = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow)
    return isinstance(error, ended) or (
        isinstance(error, psycopg.OperationalError) and error.sqlstate in (None, "08006", "08003")
    )


_CONNECTING = (
    ("password authentication failed", "Check the user and the password in the URL."),
    ("no password supplied", "Give a password: in the URL, or in the variable PGPASSWORD."),
    ("could not translate host name", "Check the host in the URL."),
    ("failed to resolve host", "Check the host in the URL."),
    ("refused", "Start the server, or check the host and port in the URL."),
    ("does not exist", "Create it, or check the URL."),
    ("timeout", "Check the host and port in the URL, and the firewall between."),
)


def in_words(error: psycopg.Error, address: str) -> TruelineError:
    """The error for a person; nothing that was not committed has been kept."""
    # What happened comes first; lines after it guess at the reason.
    said = error.diag.message_primary or (str(error).strip().splitlines() or ["no reason"])[0]
    said = said.strip().removesuffix(".")
    if isinstance(error, errors.InsufficientPrivilege | errors.ReadOnlySqlTransaction):
        return HomeError(
            f"The role may not do that in the warehouse {address}: {said}.",
            "Use a role that may write; to one that reads, grant SELECT on every table (see the "
            "guide on databases). Nothing was changed.",
        )
    if isinstance(error, errors.InvalidSchemaName):  # it is there, and not seen by the role
        return HomeError(
            f"The role may not use the schema of the warehouse {address}.",
            "Grant it USAGE on the schema, and SELECT on every table (see the guide on databases).",
        )
    if isinstance(error, errors.QueryCanceled):
        return AwayError(f"A query was stopped by the warehouse: {said}.", "Try again.")
    if isinstance(error, errors.UniqueViolation):
        return HomeError(
            f"The warehouse refused a key that it holds already: {said}. Nothing was written.",
            "Load again; only Trueline may write to its tables.",
        )
    if isinstance(error, errors.DiskFull | errors.OutOfMemory | errors.TooManyConnections):
        return AwayError(f"The warehouse has no room: {said}.", "Make room on the server.")
    for sign, fix in _CONNECTING:
        if isinstance(error, psycopg.OperationalError) and sign in str(error):
            return AwayError(f"The warehouse {address} cannot be reached: {said}.", fix)
    if lost(error):
        return AwayError(
            f"The warehouse {address} went away: {said}. What was not committed was not kept.",
            "Start it, and try again.",
        )
    return HomeError(f"The warehouse {address} could not do it: {said}.", "Please report this.")
