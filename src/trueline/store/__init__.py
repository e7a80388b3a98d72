"""What the application itself owns and cannot be rebuilt: snapshots, idempotency keys, slots."""

from __future__ import annotations

from trueline.store.idempotency import Fresh, Replay
from trueline.store.snapshots import SnapshotResult
from trueline.store.store import Store

__all__ = ["Fresh", "Replay", "SnapshotResult", "Store"]
