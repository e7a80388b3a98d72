"""Customers' first orders and revenue entries, kept up to date without reading all of them again.

Most of what a load brings is no first payment. Whose may be another one is told from the load's own
rows and the first ones that are kept; only theirs are looked for again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trueline.engine import derive
from trueline.engine.touched import changed
from trueline.engine.view import FactsView, bound
from trueline.facts.tables import contract

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.warehouse.seam import Writer

Insert = Callable[[str, str, Callable[[], "ir.Table"]], None]

TOUCHED_BY = {"orders": "order_firsts", "revenue": "entry_firsts"}
"""The first payments that are kept of each table of charges."""
_COLUMNS = {
    "orders": ("customer_id", "ordered_at", "ordered_on", "amount", "channel", "new_customer"),
    "revenue": ("customer_id", "revenue_date", "amount"),
}
_CHARGED = "customer_id IS NOT NULL AND amount > 0"


class FirstPayments:
    """The first payments of customers, after the loads that came after ``since``.

    Of each table of charges, ``touched_<derived table>`` then holds the customers concerned:
    ``anew_<table>`` those of whom all charges are read, ``added_<table>`` the charges of those of
    whom none were known.
    """

    def __init__(self, writer: Writer, view: FactsView, since: int, insert: Insert) -> None:
        self._writer = writer
        self._view = view
        self._since = since
        self._insert = insert

    def find(self, table: str) -> None:
        """Find whose first payments in a table may be others now."""
        firsts, columns = TOUCHED_BY[table], ", ".join(_COLUMNS[table])
        run, since = self._writer.temporary, self._since
        charged = f" AND {_CHARGED}" if table == "revenue" else ""
        run(f"new_{table}", f"SELECT {columns} FROM {table} WHERE load_id > {since}{charged}")
        run(
            f"known_{firsts}",
            f"SELECT * FROM {firsts} WHERE customer_id IN (SELECT customer_id FROM new_{table})",
        )
        people = changed("customers", "customer_id, is_test", since)
        run(
            f"anew_{table}",
            f"SELECT customer_id FROM ({people}) AS p WHERE is_test "
            f"UNION SELECT customer_id FROM {table}_history "
            f"WHERE (load_id > {since} OR superseded_by > {since}) AND customer_id IS NOT NULL "
            f"UNION SELECT n.customer_id FROM new_{table} AS n JOIN known_{firsts} AS f "
            f"ON n.customer_id = f.customer_id WHERE {_EARLIER[table]}",
        )
        run(
            f"added_{table}",
            f"SELECT {columns} FROM new_{table} "
            f"WHERE customer_id NOT IN (SELECT customer_id FROM known_{firsts}) "
            f"AND customer_id NOT IN (SELECT customer_id FROM anew_{table})",
        )
        run(
            f"touched_{firsts}",
            f"SELECT customer_id FROM anew_{table} UNION SELECT customer_id FROM added_{table}",
        )

    def derive(self, table: str) -> None:
        """Derive the first payments found, from no more charges than can tell."""
        firsts, view, stored = TOUCHED_BY[table], self._view, contract(table).stored
        build: Callable[[Any, Any], Any] = _BUILD[table]
        theirs = bound(f"anew_{table}", {"customer_id": "VARCHAR"})
        added = bound(f"added_{table}", {name: stored[name] for name in _COLUMNS[table]})

        def again() -> ir.Table:
            rows = view.table(table)
            return build(view, rows.semi_join(theirs, rows.customer_id == theirs.customer_id))

        found = self._writer.execute(f"SELECT count(*) FROM anew_{table}").fetchone()
        if found and found[0]:
            self._writer.execute(
                f"DELETE FROM {firsts} WHERE customer_id IN (SELECT customer_id FROM anew_{table})"
            )
            self._insert(firsts, "touched", again)
        self._insert(firsts, "added", lambda: build(view, view.without_tests(added)))


_EARLIER = {
    # Came in at or before the moment of the first one known; says that it is the first one, where
    # only orders that are none were known; was paid for before any that is known to be.
    "orders": 'n.ordered_at <= f."at" OR f.day IS NULL AND n.new_customer '
    "OR f.day IS NOT NULL AND n.amount > 0 AND (f.paid_on IS NULL OR n.ordered_on < f.paid_on)",
    "revenue": "n.revenue_date < f.day",
}
"""A new charge, ``n``, may make the first one known, ``f``, another one."""
_BUILD = {"orders": derive.order_firsts, "revenue": derive.entry_firsts}
