"""What a load may have changed beside the rows it brought: whose subscriptions, which refunds."""

from __future__ import annotations

from collections.abc import Container

_HELD = ("subscription_events", "subscriptions", "subscriptions_history")
"""What says whose a subscription is, or was."""
_CHARGES = (("orders", "order_id"), ("revenue", "revenue_id"))
"""What can be refunded, by its key."""


def changed(table: str, columns: str, since: int) -> str:
    """Rows of a table that came or went after a load."""
    return (
        f"SELECT {columns} FROM {table} WHERE load_id > {since} "
        f"UNION ALL SELECT {columns} FROM {table}_history "
        f"WHERE load_id > {since} OR superseded_by > {since}"
    )


def subscriptions_sql(loaded: Container[str], since: int) -> str:
    """Subscriptions of which rows changed, or one of whose customers became a test or ceased to
    be one."""
    parts = [changed(name, "subscription_id", since) for name in _HELD[:2] if name in loaded]
    if "customers" in loaded:
        people = changed("customers", "customer_id, is_test", since)
        tests = f"SELECT customer_id FROM ({people}) AS p WHERE is_test"
        parts += [
            f"SELECT subscription_id FROM {name} WHERE customer_id IN ({tests})" for name in _HELD
        ]
    return " UNION ".join(parts)


def subscribers_sql(subscriptions: str) -> str:
    """Whose those subscriptions (a table of theirs) are, or were: what one customer has of one
    ends where it becomes another's."""
    return " UNION ".join(
        f"SELECT customer_id FROM {name} "
        f"WHERE subscription_id IN (SELECT subscription_id FROM {subscriptions})"
        for name in _HELD
    )


def refunds_sql(since: int, *, people: bool) -> list[str]:
    """The days on which charges that changed, or whose customer did, were given back."""
    found = []
    for charge, key in _CHARGES:
        charges = changed(charge, key, since)
        if people:
            charges += (
                f" UNION SELECT {key} FROM {charge} "
                "WHERE customer_id IN (SELECT customer_id FROM touched_attributes)"
            )
        found.append(f"SELECT refunded_on FROM refunds WHERE {key} IN ({charges})")
    return found
