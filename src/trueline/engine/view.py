"""The facts as Ibis tables: as they are now, or as they were known at an earlier moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from trueline.core.period import Period
from trueline.engine.kept_sql import kept
from trueline.facts.tables import contract
from trueline.settings import Product
from trueline.warehouse.compile import compile_to
from trueline.warehouse.schema import SYSTEM_TABLES, history_shape

if TYPE_CHECKING:
    import ibis.expr.types as ir

_IBIS_TYPES = {
    "VARCHAR": "string",
    "BIGINT": "int64",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "BOOLEAN": "boolean",
    "DOUBLE": "float64",
}


def bound(name: str, shape: dict[str, str]) -> ir.Table:
    """The table of that name and shape, as an expression (no connection is needed)."""
    import ibis

    return ibis.table(
        {column: _IBIS_TYPES.get(kind, kind.lower()) for column, kind in shape.items()}, name=name
    )


class FactsView:
    """Facts for measures. ``as_of`` (naive UTC): queries are asked of them as known then.

    ``has_tests`` says that test customers exist: only then is every table cleared of them, as the
    join costs time.
    """

    def __init__(
        self,
        *,
        as_of: datetime | None = None,
        has_tests: bool = True,
        offsets: Sequence[tuple[datetime, int]] = (),
        product: Product | None = None,
    ) -> None:
        self.as_of = as_of
        self.product = product or Product()
        # The first one holds for all before it too: companies that differ in it alone are alike.
        first = offsets[0][1] if offsets else 0
        self._offsets = ((datetime.min, first), *offsets[1:])
        self.has_tests = has_tests

    @property
    def signature(self) -> tuple[Any, ...]:
        """What shapes every expression made from this view (``as_of`` does not)."""
        return (self.has_tests, tuple(self._offsets), repr(self.product))

    def versions(self, name: str) -> ir.Table:
        """Every version of the table's rows, superseded ones included.

        Adds ``superseded_at``: null for what still holds.
        """
        import ibis

        columns = list(contract(name).stored)
        now = self._all(name)
        past = bound(f"{name}_history", history_shape(contract(name)))
        current = now.select(
            **{c: now[c] for c in columns}, superseded_at=ibis.null().cast("timestamp")
        )
        return ibis.union(current, past.select(*columns, "superseded_at"))

    def _all(self, name: str) -> ir.Table:
        return bound(name, contract(name).stored)

    def table(self, name: str) -> ir.Table:
        """The fact table of that name, without test customers."""
        rows = self._all(name)
        if not self.has_tests:
            return rows
        customers = self._all("customers")
        if name == "customers":
            return rows.filter(~rows.is_test.fill_null(False))
        tests = customers.filter(customers.is_test.fill_null(False))
        if name == "refunds":
            for charge, key in (("orders", "order_id"), ("revenue", "revenue_id")):
                charged = self._all(charge)
                whose = tests.view()  # two joins must not be taken for one relation
                theirs = charged.semi_join(whose, charged.customer_id == whose.customer_id)
                rows = rows.anti_join(theirs, rows[key] == theirs[key])
            return rows
        if name == "events":
            # A view of its own: two joins must not be taken for one relation.
            users = tests.view()
            rows = rows.anti_join(users, rows.user_id == users.customer_id)
        if "customer_id" in rows.columns:
            return rows.anti_join(tests, rows.customer_id == tests.customer_id)
        return rows

    def derived(self, name: str) -> ir.Table:
        """What is derived from facts."""
        return bound(name, SYSTEM_TABLES[name])

    def local_day(self, moment: ir.Value) -> ir.Value:
        """The company's local day of a moment at which facts were recorded."""
        import ibis

        branches = [
            (moment >= ibis.timestamp(start), moment + ibis.interval(seconds=seconds))
            for start, seconds in reversed(self._offsets[1:])
        ]
        first = moment + ibis.interval(seconds=self._offsets[0][1])
        return (ibis.cases(*branches, else_=first) if branches else first).date()

    def without_tests(self, rows: ir.Table) -> ir.Table:
        """Rows that name a customer, less the test customers'."""
        if not self.has_tests:
            return rows
        customers = self._all("customers")
        tests = customers.filter(customers.is_test.fill_null(False))
        return rows.anti_join(tests, rows.customer_id == tests.customer_id)


def zone_offsets(zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[datetime, int]]:
    """The zone's offsets from UTC (seconds) between two naive UTC moments, each with its start."""
    found: list[tuple[datetime, int]] = []
    hour = first.replace(minute=0, second=0, microsecond=0)
    while hour <= last + timedelta(hours=1):
        offset = hour.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
        seconds = int(offset.total_seconds())
        if not found or found[-1][1] != seconds:
            found.append((hour, seconds))
        hour += timedelta(hours=1)
    return found


_COMPILED: dict[tuple[Any, ...], str] = {}
_START, _END = date(1901, 2, 3), date(1901, 2, 4)


def compiled(view: FactsView, key: tuple[Any, ...], build: Callable[[], Any], dialect: str) -> str:
    """SQL of an expression that is asked for again and again: compiling costs more than running.

    ``key`` names the expression; what else shapes it is the view. It asks the facts as they are
    (``Resolver.query`` those known earlier).
    """
    place = (*key, view.signature, dialect)
    if place not in _COMPILED:
        name = repr(place)
        text = kept().get(name)
        if text is None:
            text = sql(build(), dialect)
            kept().put(name, text)
        _COMPILED[place] = text
    return _COMPILED[place]


def compiled_period(
    view: FactsView,
    key: tuple[Any, ...],
    build: Callable[[Period], Any],
    period: Period,
    dialect: str,
) -> str:
    """The same for an expression over a period: compiled once, the days put in."""
    text = compiled(view, key, lambda: build(Period(_START, _END)), dialect)
    return _dated(_dated(text, _START, period.start), _END, period.end)


def _dated(text: str, placeholder: date, day: date) -> str:
    written = f"MAKE_DATE({placeholder.year}, {placeholder.month}, {placeholder.day})"
    text = text.replace(f"toDate32('{placeholder}')", f"toDate32('{day}')")
    return text.replace(written, f"DATE '{day}'").replace(f"DATE '{placeholder}'", f"DATE '{day}'")


def with_table(text: str, name: str, query: str) -> str:
    """The query with a table of that name that holds another query's rows."""
    head = f'WITH "{name}" AS (\n{query}\n)'
    return (
        f"{head}, {text.removeprefix('WITH ')}" if text.startswith("WITH ") else f"{head}\n{text}"
    )


def day_of(value: Any) -> date:
    """A day, also where an engine widened it to a moment."""
    day: date = value.date() if isinstance(value, datetime) else value
    return day


def sql(expression: Any, dialect: str) -> str:
    """The expression in an engine's SQL."""
    return compile_to(expression, dialect)
