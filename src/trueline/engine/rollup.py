"""Keeping ``metrics_daily`` and what is derived from facts up to date.

Every fact row carries the number of the load that brought it, every superseded row the number of
the load that did. What a base has not counted yet is therefore what lies above its watermark, and
only the days of those rows (and of the customers they name, where a customer's other days depend
on them) are counted again. All in one transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from trueline.catalog.bases import BASES
from trueline.catalog.measure import Base
from trueline.engine import derive, touched
from trueline.engine.counting import cut_sql, daily_query, measure_rows_sql, measures_of, passes
from trueline.engine.first_payments import TOUCHED_BY, FirstPayments
from trueline.engine.levels import customer_levels
from trueline.engine.sessions import sessions
from trueline.engine.touched import changed
from trueline.engine.view import FactsView, bound, compiled, zone_offsets
from trueline.facts.tables import contract
from trueline.settings import Product, Settings
from trueline.warehouse.schema import SYSTEM_TABLES
from trueline.warehouse.seam import Warehouse

if TYPE_CHECKING:
    import ibis.expr.types as ir

Progress = Callable[[str, int, int], None]

_DERIVED_FROM = {
    "mrr_changes": ("subscription_events", "subscriptions", "customers"),
    "customer_levels": ("subscription_events", "subscriptions", "customers"),
    "order_firsts": ("orders", "customers"),
    "entry_firsts": ("revenue", "customers"),
    "customer_firsts": ("orders", "revenue", "subscription_events", "subscriptions", "customers"),
    "sessions": ("events", "customers"),
}
_WHO = {
    "mrr_changes": "customer_id",
    "customer_levels": "customer_id",
    "customer_firsts": "customer_id",
    "sessions": "user_id",
}
"""Whose rows are derived together."""
_ON = {
    "firsts": "customer_firsts",
    "first_orders": "customer_firsts",
    "recurring": "mrr_changes",
    # Not customer_levels: who swaps plans at one price has the same level, and pays for another.
    "paying": "mrr_changes",
    "sessions": "sessions",
}
_DAY_OF = {
    "customer_firsts": ("first_paid_on", "first_order_on"),
    "mrr_changes": ("day",),
    "customer_levels": ("day",),
    "sessions": ("day",),
}

_FIRSTS = {firsts: table for table, firsts in TOUCHED_BY.items()}


def last_load(warehouse: Warehouse) -> int:
    """Number of the last load; 0 before the first."""
    return int(warehouse.rows("SELECT coalesce(max(load_id), 0) FROM loads")[0][0])


def watermark(warehouse: Warehouse, product: Product) -> int:
    """The load up to which the roll-up counts; -1 before the first roll-up."""
    return standing(warehouse, product)[1]


def standing(warehouse: Warehouse, product: Product) -> tuple[int, int]:
    """The last load, and the load up to which the roll-up counts (see ``watermark``)."""
    last, counted, definition = warehouse.rows(
        "SELECT (SELECT coalesce(max(load_id), 0) FROM loads), min(watermark), min(definition) "
        "FROM rollup_state WHERE name = 'all'"
    )[0]
    if counted is None or definition != definitions(product.digest):
        return int(last), -1
    return int(last), int(counted)


@cache
def definitions(product: str) -> str:
    """A digest of all that decides the roll-up's content: another one means a rebuild."""
    import inspect

    from trueline.catalog import bases, measures, product_bases, product_measures
    from trueline.engine import counting, levels, states
    from trueline.engine import sessions as of_sessions

    catalogue = (bases, measures, product_bases, product_measures)
    modules = (*catalogue, counting, derive, levels, of_sessions, states)
    text = "".join(inspect.getsource(module) for module in modules)
    text += product
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def view_for(warehouse: Warehouse, settings: Settings, as_of: datetime | None = None) -> FactsView:
    """The facts as this warehouse's measures see them."""
    tests = warehouse.rows(
        "SELECT count(*) FROM (SELECT is_test FROM customers WHERE is_test "
        "UNION ALL SELECT is_test FROM customers_history WHERE is_test) AS t LIMIT 1"
    )[0][0]
    first, last = warehouse.rows(
        "SELECT min(recorded_at), max(recorded_at) FROM loads "
        "WHERE table_name IN ('subscriptions', 'subscription_events')"
    )[0]
    offsets = zone_offsets(settings.company.zone, first, last) if first is not None else []
    return FactsView(as_of=as_of, has_tests=bool(tests), offsets=offsets, product=settings.product)


class Rollup:
    """One refresh of everything that is derived from facts."""

    def __init__(
        self, warehouse: Warehouse, settings: Settings, progress: Progress | None = None
    ) -> None:
        self._warehouse = warehouse
        self._settings = settings
        self._progress = progress or (lambda *_: None)

    def refresh(self, *, rebuild: bool = False) -> dict[str, Any]:
        """Count what is new. ``rebuild`` counts everything anew.

        Returns the watermark before and after and how many days were counted again.
        """
        warehouse = self._warehouse
        with warehouse.writing() as writer:
            product = self._settings.product
            since = -1 if rebuild else watermark(warehouse, product)
            upto = last_load(warehouse)
            if since == upto:
                return {"watermark": upto, "since": since, "days": 0}
            self._view = view_for(warehouse, self._settings)
            self._upto = upto
            self._writer = writer
            days = self._all() if since < 0 else self._since(since)
            writer.clear("rollup_state")
            writer.execute(
                "INSERT INTO rollup_state VALUES ('all', ?, ?, ?)",
                [upto, definitions(product.digest), datetime.now(UTC).replace(tzinfo=None)],
            )
        warehouse.announce(upto)
        return {"watermark": upto, "since": since, "days": days}

    def _all(self) -> int:
        run = self._writer.execute
        brought = self._loaded_since(-1)
        for name, build in derive.DERIVED.items():
            self._writer.clear(name)
            if brought & set(_DERIVED_FROM[name]):
                self._insert(name, "all", partial(build, self._view))
        self._writer.clear("metrics_daily")
        for number, base in enumerate(BASES):
            self._progress(base.key, number, len(BASES))
            if brought & set(base.tables):
                self._count(base, None)
        self._progress("done", len(BASES), len(BASES))
        found = run("SELECT count(DISTINCT day) FROM metrics_daily").fetchone()
        return int(found[0]) if found else 0

    def _since(self, since: int) -> int:
        self._loaded = self._loaded_since(since)
        self._touched_customers(since)
        for name, tables in _DERIVED_FROM.items():
            if not self._loaded & set(tables):
                continue
            if name in _FIRSTS:
                self._first_payments.derive(_FIRSTS[name])
            else:
                self._derive_touched(name)
        bases = [base for base in BASES if self._loaded & set(base.tables)]
        recount = self._touched_days(bases, since)
        for number, base in enumerate(BASES):
            self._progress(base.key, number, len(BASES))
            if base.key in recount:
                days = f"SELECT day FROM touched WHERE base = '{base.key}'"
                self._writer.temporary("touched_days", days)
                self._count(base, bound("touched_days", {"day": "DATE"}))
        self._progress("done", len(BASES), len(BASES))
        return max(recount.values(), default=0)

    def _touched_days(self, bases: Sequence[Base], since: int) -> dict[str, int]:
        """Forget what was counted of each base's days that have changed; how many those are.

        All in one statement: on some engines each costs as much as all.
        """
        days = [
            f"SELECT '{base.key}' AS base, day FROM ({self._days_sql(base, since)}) AS d"
            for base in bases
        ]
        if not days:
            return {}
        run = self._writer.execute
        self._writer.temporary("touched", " UNION ALL ".join(days))
        found = run("SELECT base, count(*) FROM touched GROUP BY base").fetchall()
        measures = " UNION ALL ".join(
            f"SELECT '{base.key}' AS base, '{item.key}' AS measure"
            for base in bases
            for item in measures_of(base)
        )
        if found and measures:
            run(
                "DELETE FROM metrics_daily WHERE (measure, day) IN (SELECT m.measure, t.day "
                f"FROM touched AS t JOIN ({measures}) AS m ON t.base = m.base)"
            )
        return {str(base): int(number) for base, number in found}

    def _loaded_since(self, since: int) -> set[str]:
        """The tables that loads after that one brought something to, or took something from."""
        rows = self._warehouse.rows(
            "SELECT DISTINCT table_name FROM loads WHERE load_id > ?", [since]
        )
        return {row[0] for row in rows}

    def _touched_customers(self, since: int) -> None:
        """Customers whose own facts changed, per kind of derived table."""
        self._first_payments = FirstPayments(self._writer, self._view, since, self._insert)
        for firsts, table in _FIRSTS.items():
            if self._loaded & set(_DERIVED_FROM[firsts]):
                self._first_payments.find(table)
        if self._loaded & set(_DERIVED_FROM["mrr_changes"]):
            run = self._writer.temporary
            run("touched_subscriptions", touched.subscriptions_sql(self._loaded, since))
            run("touched_subscribers", touched.subscribers_sql("touched_subscriptions"))
        for name, who in _WHO.items():
            parts = " UNION ".join(
                self._touched_by(t, who, since) for t in _DERIVED_FROM[name] if t in self._loaded
            )
            if parts:
                self._writer.temporary(
                    f"touched_{name}", f"SELECT DISTINCT {who} FROM ({parts}) AS t"
                )
        if "customers" in self._loaded:
            people = changed("customers", "customer_id", since)
            self._writer.temporary(
                "touched_attributes", f"SELECT DISTINCT customer_id FROM ({people}) AS t"
            )

    def _touched_by(self, table: str, who: str, since: int) -> str:
        """Whose derived rows a table's changes touch."""
        if table in TOUCHED_BY:
            return f"SELECT customer_id FROM touched_{TOUCHED_BY[table]}"
        if who == "customer_id":
            own = changed(table, who, since)
            return f"{own} UNION SELECT customer_id FROM touched_subscribers"
        if table == "events":
            return changed(table, who, since)
        # Of users only what became a test, or ceased to be one: they, and who acted for them.
        people = changed("customers", "customer_id, is_test", since)
        tests = f"SELECT customer_id AS {who} FROM ({people}) AS p WHERE is_test"
        return f"{tests} UNION SELECT {who} FROM events WHERE customer_id IN ({tests})"

    def _derive_touched(self, name: str) -> None:
        """Derive the touched customers' rows again; remember the days that came and went."""
        run = self._writer.execute
        who = _WHO[name]
        theirs = f"{who} IN (SELECT {who} FROM touched_{name})"
        days = " UNION ".join(
            f"SELECT {day} AS day FROM {name} WHERE {theirs}" for day in _DAY_OF[name]
        )
        self._writer.temporary(f"days_{name}", days)
        run(f"DELETE FROM {name} WHERE {theirs}")
        theirs_only = bound(f"touched_{name}", {who: "VARCHAR"})
        self._insert(name, "touched", partial(_BUILD[name], self._view, theirs_only))
        run(f"INSERT INTO days_{name} {days}")

    def _days_sql(self, base: Base, since: int) -> str:
        """The days of a base that have to be counted again."""
        derived = _ON.get(base.key)
        if derived:
            return f"SELECT DISTINCT day FROM days_{derived} WHERE day IS NOT NULL"
        own = contract(base.tables[0])
        people = base.by_customer and "customers" in self._loaded
        parts = [changed(own.name, f'"{own.day}" AS day', since)]
        if own.name == "costs":
            spread = changed("costs", "service_start, service_end", since)
            parts.append(
                f"SELECT days.day FROM days JOIN ({spread}) c "
                "ON days.day >= c.service_start AND days.day < c.service_end"
            )
        if people and own.name != "refunds":
            attributes = "(SELECT customer_id FROM touched_attributes)"
            user = f" OR user_id IN {attributes}" if own.name == "events" else ""
            parts.append(
                f'SELECT "{own.day}" FROM {own.name} WHERE customer_id IN {attributes}{user}'
            )
        if own.name == "refunds":
            parts += touched.refunds_sql(since, people=people)
        return f"SELECT DISTINCT day FROM ({' UNION ALL '.join(parts)}) AS t WHERE day IS NOT NULL"

    def _insert(self, name: str, which: str, build: Callable[[], ir.Table]) -> None:
        columns = list(SYSTEM_TABLES[name])
        query = compiled(
            self._view,
            ("derive", name, which),
            lambda: build().select(*columns),
            self._warehouse.dialect,
        )
        names = ", ".join(f'"{c}"' for c in columns)
        self._writer.execute(f"INSERT INTO {name} ({names}) {query}")

    def _count(self, base: Base, days: ir.Table | None) -> None:
        """Count a base's measures, whole and by each of its slices."""
        if not measures_of(base):
            return
        for slices, cuts in passes(base):
            key, build = daily_query(base, self._view, slices, days)
            query = compiled(self._view, key, build, self._warehouse.dialect)
            self._writer.temporary("counted", query)
            added = " UNION ALL ".join(cut_sql(base, cut, "counted") for cut in cuts)
            self._writer.temporary("cuts", added)
            self._writer.execute(f"INSERT INTO metrics_daily {measure_rows_sql(base, self._upto)}")


_BUILD: dict[str, Callable[[FactsView, Any], Any]] = {
    "mrr_changes": derive.mrr_changes,
    "customer_levels": customer_levels,
    "customer_firsts": derive.customer_firsts,
    "sessions": sessions,
}
