"""Alembic's entry: the connection is handed in by the store."""

from alembic import context

from trueline.store.models import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
