"""The store in a PostgreSQL database: a schema of its own, sessions in UTC."""

from __future__ import annotations

import re

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url

from trueline.core.errors import AwayError, HomeError

_LOCK = 7_263_003


def is_postgres(url: str) -> bool:
    """Whether a URL names a PostgreSQL database."""
    return url.startswith(("postgresql://", "postgres://"))


def postgres_engine(url: str) -> Engine:
    """An engine for ``postgresql://...`` (``?schema=``, else ``trueline``), which is made if it
    is not there. Raises HomeError (AwayError) where the database cannot be reached or used."""
    try:
        import psycopg
    except ImportError:
        raise HomeError(
            "psycopg is not installed, which this store needs.",
            'Install it with: pip install "trueline[postgres]"',
        ) from None
    found = make_url(url.replace("postgres://", "postgresql://", 1))
    schema = str(found.query.get("schema", "trueline"))
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", schema):
        raise HomeError(f"'{schema[:60]}' is no name for a schema.", "Use small letters and _.")
    found = found.difference_update_query(["schema"])
    try:
        _make_schema(found.render_as_string(hide_password=False), schema)
    except psycopg.Error as error:
        said = error.diag.message_primary or (str(error).strip().splitlines() or ["no reason"])[-1]
        raise AwayError(
            f"The store {found.render_as_string(hide_password=True)} cannot be reached: {said}",
            "Check the URL in trueline.toml, [store], and that the server runs.",
        ) from error
    return create_engine(
        found.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,  # a session that the server ended meanwhile is opened anew
        connect_args={
            "connect_timeout": 10,
            "application_name": "trueline",
            "options": f"-c timezone=UTC -c search_path={schema}",
        },
    )


def _make_schema(url: str, schema: str) -> None:
    import psycopg

    there = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
    with psycopg.connect(url, connect_timeout=10) as connection:
        if connection.execute(there, [schema]).fetchone():
            return
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if not connection.execute(there, [schema]).fetchone():
            connection.execute(f'CREATE SCHEMA "{schema}"'.encode())
