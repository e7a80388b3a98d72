"""The store's tables. Values are text: exact decimals survive every database.

A change here needs a migration beside it, forward only.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()
VERSION = "0001"
"""The newest migration: a store at this version is opened without running any."""

SNAPSHOTS = Table(
    "kpi_snapshots",
    METADATA,
    Column("snapshot_date", String(10), primary_key=True),
    Column("kpi_type", String(100), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("company_stage", String(40), nullable=False),
    Column("kpi_value", Text),  # the reading's value as JSON text: exact, null where unknown
    Column("previous_value", Text),
    Column("restated", Boolean, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("recorded_at", String(40), nullable=False),
    Index("by_stage", "company_stage", "snapshot_date"),
)

IDEMPOTENCY = Table(
    "idempotency_keys",
    METADATA,
    Column("key", String(200), primary_key=True),
    Column("route", String(300), primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("status", Integer),  # null while the first request is running
    Column("body", Text),
    Column("begun_at", String(40), nullable=False),
)

SLOTS = Table(
    "job_slots",
    METADATA,
    Column("job", String(60), primary_key=True),
    Column("slot", String(40), primary_key=True),  # UTC, ISO 8601
    Column("claimed_at", String(40), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("outcome", Text),  # null until it is done
)
