"""The warehouse's tables beside the facts: loads, roll-ups and what is derived from facts.

Everything but facts, their history and the loads can be rebuilt.
"""

from __future__ import annotations

from trueline.core.period import FIRST_DAY, LAST_DAY
from trueline.facts.contract import HISTORY, Contract
from trueline.facts.tables import CONTRACTS

SCHEMA_VERSION = 7
"""2: ``customer_levels``. 3: ``source_marks``. 4: ``order_firsts``. 5: unpriced items by what they
are part of. 6: first orders that were paid for. 7: ``entry_firsts``. An older
schema is brought forward when opened."""

RESHAPED: dict[int, tuple[str, ...]] = {
    5: ("mrr_changes",),
    6: ("order_firsts", "customer_firsts"),
    7: ("customer_firsts",),
}
"""Per version: tables that have had another shape before. They hold nothing but what is counted
from facts: they are dropped, made anew and counted again (the definitions have changed, too)."""

LOADS: dict[str, str] = {
    "load_id": "BIGINT",
    "table_name": "VARCHAR",
    "source": "VARCHAR",
    "content_hash": "VARCHAR",  # sha256 of the file's bytes and of how it was to be read
    "status": "VARCHAR",  # loaded | refused | unchanged
    "full_export": "BOOLEAN",
    "read": "BIGINT",
    "accepted": "BIGINT",
    "duplicate": "BIGINT",
    "rejected": "BIGINT",
    "updated": "BIGINT",  # of the accepted: how many superseded an earlier version
    "first_day": "DATE",
    "last_day": "DATE",
    "rejects_path": "VARCHAR",
    "note": "VARCHAR",
    "recorded_at": "TIMESTAMP",
    "seconds": "DOUBLE",
}

METRICS_DAILY: dict[str, str] = {
    "measure": "VARCHAR",
    "day": "DATE",
    "slice_by": "VARCHAR",  # '' for the whole, else channel, plan, country
    "slice": "VARCHAR",
    "currency": "VARCHAR",  # '' for what is no money
    "value": "DECIMAL(38,10)",
    "rows": "BIGINT",
    "first_fact": "TIMESTAMP",
    "last_fact": "TIMESTAMP",
    "watermark": "BIGINT",  # the load up to which facts are counted
    "definition": "VARCHAR",
}

MRR_CHANGES: dict[str, str] = {
    "subscription_id": "VARCHAR",
    "customer_id": "VARCHAR",
    "day": "DATE",
    "plan": "VARCHAR",
    "currency": "VARCHAR",
    "mrr": "DECIMAL(28,10)",
    "net_mrr": "DECIMAL(28,10)",
    "trial_mrr": "DECIMAL(28,10)",
    "at_risk_mrr": "DECIMAL(28,10)",
    "committed_mrr": "DECIMAL(28,10)",
    "unpriced": "BIGINT",
    "unpriced_trials": "BIGINT",
    "unpriced_past_due": "BIGINT",
    "unpriced_quantity": "BIGINT",
    "assumed": "BIGINT",
    "at": "TIMESTAMP",
}
"""Per subscription and day: by how much each amount changed (differences, not levels)."""

CUSTOMER_LEVELS: dict[str, str] = {
    "customer_id": "VARCHAR",
    "currency": "VARCHAR",
    "day": "DATE",
    "before": "DECIMAL(28,10)",
    "after": "DECIMAL(28,10)",
    "paid_before": "BOOLEAN",  # in any currency
    "paid_after": "BOOLEAN",
    "began": "DATE",  # the first day on which the customer ever paid
    "at": "TIMESTAMP",
}
"""Per customer, currency and day of a change: recurring revenue before and after it."""

ORDER_FIRSTS: dict[str, str] = {
    "customer_id": "VARCHAR",
    "channel": "VARCHAR",
    "day": "DATE",
    "at": "TIMESTAMP",
    "paid_on": "DATE",
}
"""Per customer that ever ordered: the first order; no ``day`` where all that are known say that the
customer was not new, and ``at`` is the earliest's moment. ``paid_on``: the day of the first one,
from it on, that was not free."""

ENTRY_FIRSTS: dict[str, str] = {"customer_id": "VARCHAR", "day": "DATE"}
"""Per customer that a revenue entry ever charged: the day of the first one."""

CUSTOMER_FIRSTS: dict[str, str] = {
    "customer_id": "VARCHAR",
    "channel": "VARCHAR",
    "country": "VARCHAR",
    "first_order_on": "DATE",
    "first_order_at": "TIMESTAMP",
    "first_charge_on": "DATE",  # an order that was not free, or a revenue entry
    "first_mrr_on": "DATE",
    "first_paid_on": "DATE",  # the earlier of the two
    "at": "TIMESTAMP",  # the earliest of what these days are of
}
"""Per customer that ever ordered or paid: the first days."""

SESSIONS: dict[str, str] = {
    "user_id": "VARCHAR",
    "session": "VARCHAR",
    "day": "DATE",  # the local day it begins on
    "at": "TIMESTAMP",
    "channel": "VARCHAR",
    "seconds": "DECIMAL(18,3)",
    "events": "BIGINT",
    "page_views": "BIGINT",
    "actions": "BIGINT",
    "engaged": "BOOLEAN",
}
"""Per user: what it did without a break."""

ROLLUP_STATE: dict[str, str] = {
    "name": "VARCHAR",
    "watermark": "BIGINT",
    "definition": "VARCHAR",
    "rolled_at": "TIMESTAMP",
}

SOURCE_MARKS: dict[str, str] = {
    "source": "VARCHAR",
    "mark": "VARCHAR",  # the largest value, as text, of the column that rows are taken by
    "load_id": "BIGINT",
}
"""Per source and load: how far a database has been read."""

SYSTEM_TABLES: dict[str, dict[str, str]] = {
    "loads": LOADS,
    "metrics_daily": METRICS_DAILY,
    "mrr_changes": MRR_CHANGES,
    "customer_levels": CUSTOMER_LEVELS,
    "order_firsts": ORDER_FIRSTS,
    "entry_firsts": ENTRY_FIRSTS,
    "customer_firsts": CUSTOMER_FIRSTS,
    "sessions": SESSIONS,
    "rollup_state": ROLLUP_STATE,
    "source_marks": SOURCE_MARKS,
    "days": {"day": "DATE"},
    "schema_version": {"version": "BIGINT"},
}


def history_shape(contract: Contract) -> dict[str, str]:
    """Columns of a fact table's history."""
    return contract.stored | HISTORY


def shapes() -> dict[str, dict[str, str]]:
    """Every table's columns and types, by its name, in the embedded engine's words."""
    found = {c.name: c.stored for c in CONTRACTS}
    found |= {f"{c.name}_history": history_shape(c) for c in CONTRACTS}
    return found | SYSTEM_TABLES


def outdated(version: int) -> list[str]:
    """Tables of a warehouse at that version that have to be dropped to be made anew."""
    return [name for since, names in RESHAPED.items() if version < since for name in names]


def create_statement(name: str) -> str:
    """A table's CREATE, in the embedded engine's words."""
    columns = ", ".join(f'"{column}" {kind}' for column, kind in shapes()[name].items())
    return f'CREATE TABLE IF NOT EXISTS "{name}" ({columns})'


def create_statements() -> list[str]:
    """Every table's CREATE."""
    return [create_statement(name) for name in shapes()]


def fill_days() -> str:
    """The calendar's days: joins spread a cost over the days of its service."""
    return (
        f"INSERT INTO days SELECT unnest(range(DATE '{FIRST_DAY}', DATE '{LAST_DAY}', "
        "INTERVAL 1 DAY))::DATE"
    )
