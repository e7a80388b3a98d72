"""Snapshots, idempotency keys and job slots."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "kpi_snapshots",
        sa.Column("snapshot_date", sa.String(10), primary_key=True),
        sa.Column("kpi_type", sa.String(100), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("company_stage", sa.String(40), nullable=False),
        sa.Column("kpi_value", sa.Text),
        sa.Column("previous_value", sa.Text),
        sa.Column("restated", sa.Boolean, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.String(40), nullable=False),
    )
    op.create_index("by_stage", "kpi_snapshots", ["company_stage", "snapshot_date"])
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("route", sa.String(300), primary_key=True),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("body", sa.Text),
        sa.Column("begun_at", sa.String(40), nullable=False),
    )
    op.create_table(
        "job_slots",
        sa.Column("job", sa.String(60), primary_key=True),
        sa.Column("slot", sa.String(40), primary_key=True),
        sa.Column("claimed_at", sa.String(40), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text),
    )
