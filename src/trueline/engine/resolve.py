"""Measures resolved to values: from the roll-up, or from the facts as known earlier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING, Any

from trueline.catalog.measure import Absence, Measure, MeasureKind, PeriodMeasure, Sum
from trueline.catalog.measures import DOUBTS, NAMELESS, UNPRICED, daily, measure
from trueline.core.money import EXACT
from trueline.core.period import Period
from trueline.core.quality import Quality, Reason
from trueline.core.reading import Reading
from trueline.engine import knowledge
from trueline.engine.cover import Covers, without
from trueline.engine.daily import WHOLE, Cut, Dailies, Totals, together
from trueline.engine.fx import Rates, missing_rate
from trueline.engine.sums import summed
from trueline.engine.value import MeasureValue
from trueline.settings import Settings
from trueline.warehouse.compile import day_sql
from trueline.warehouse.seam import Warehouse

if TYPE_CHECKING:
    from trueline.engine.cohort import Grid
    from trueline.engine.first_days import Doubt
    from trueline.engine.from_facts import FromFacts
    from trueline.engine.movements import Movements
    from trueline.engine.view import FactsView

BEGINNING = date(1900, 1, 1)
MOST_VALUES = 20_000
MOST_PERIODS = 4_000
"""Periods of which a query's rows are kept."""
MRR_KEYS = frozenset({"mrr", "paying_customers", "unpriced_items", "assumed_items"})
ORDER_KEYS = frozenset({"orders", "first_orders"})
Key = tuple[Any, ...]
Build = Callable[[Period], Any]
Beside = Callable[[Period], dict[str, str]]


class Resolver:
    """Values of measures at one moment of knowledge, for one slice; each computed once."""

    def __init__(
        self,
        warehouse: Warehouse,
        settings: Settings,
        *,
        today: date,
        covers: Covers,
        rates: Rates,
        dailies: Dailies,
        facts: FromFacts,
        cut: Cut | None = None,
        allow_estimates: bool = False,
    ) -> None:
        self.warehouse = warehouse
        self.settings = settings
        self.today = today
        self.covers = covers
        self.rates = rates
        self._dailies = dailies
        self._facts = facts
        self.cut = cut or WHOLE
        self.allow_estimates = allow_estimates
        self.as_of = facts.as_of
        self.readings: dict[tuple[str, Period], Reading] = {}
        self.moves: dict[Period, Movements] = {}
        self.found: dict[tuple[Any, ...], dict[Period, list[tuple[Any, ...]]]] = {}
        self.grids: dict[tuple[str, date, str], tuple[Grid, Reason | None]] = {}
        self.doubts: list[Doubt] | None = None
        self.questions = 0
        self.asked: list[str] | None = None  # the queries asked, while somebody wants them
        self._memo: dict[tuple[str, Period, str], MeasureValue] = {}

    @property
    def currency(self) -> str:
        """The currency values are given in: the slice's, else the company's."""
        return self.cut.value("currency") or self.settings.company.currency

    def view(self) -> FactsView:
        """The facts that this resolver reads."""
        return self._facts.view()

    def query(
        self, key: tuple[Any, ...], build: Callable[..., Any], period: Period | None = None
    ) -> str:
        """SQL of an expression over the facts this resolver knows (see ``FromFacts.query``)."""
        return self._facts.query(key, build, period)

    def ask(
        self, key: tuple[Any, ...], build: Callable[..., Any], period: Period | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows of that query."""
        return self._asking(self.query(key, build, period))

    def _asking(self, text: str) -> list[tuple[Any, ...]]:
        self.questions += 1
        if self.asked is not None:
            self.asked.append(text)
        return self.warehouse.rows(text)

    def ask_over(
        self, key: Key, build: Build, periods: Sequence[Period], beside: Beside | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows of a query over many periods at once, which it finds in ``asked_periods``;
        ``beside`` adds columns there, as SQL: what is known of a period without a question."""
        from trueline.engine.view import with_table

        dialect = self.warehouse.dialect
        hull = Period(min(p.start for p in periods), max(p.end for p in periods))
        asked = "\nUNION ALL ".join(
            f"SELECT {number} AS number, {day_sql(p.start, dialect)} AS start_on, "
            f"{day_sql(p.end, dialect)} AS end_on"
            + "".join(f", {text} AS {name}" for name, text in (beside(p) if beside else {}).items())
            for number, p in enumerate(periods)
        )
        return self._asking(with_table(self.query(key, build, hull), "asked_periods", asked))

    def rows_over(
        self, key: Key, build: Build, periods: Sequence[Period], beside: Beside | None = None
    ) -> dict[Period, list[tuple[Any, ...]]]:
        """The rows of each period's days so far, of a query over many (see ``ask_over``) that gives
        first the period's ``number``. What was asked before is not asked again."""
        known = self.found.setdefault((key, self.cut), {})
        missing = [period for period in dict.fromkeys(periods) if period not in known]
        if missing:
            if len(known) >= MOST_PERIODS:
                known.clear()
                missing = list(dict.fromkeys(periods))
            rows: dict[int, list[tuple[Any, ...]]] = {}
            begun = [period.begun(self.today) for period in missing]
            for number, *row in self.ask_over((*key, self.cut), build, begun, beside):
                rows.setdefault(int(number), []).append(tuple(row))
            known |= {period: rows.get(number, []) for number, period in enumerate(missing)}
        return known

    # -- totals -----------------------------------------------------------------------------

    def prefetch_each(self, keys: Iterable[str], cuts: Sequence[Cut]) -> None:
        """Fetch the daily measures behind others for several slices of the same dimensions."""
        wanted = {leaf for key in keys for leaf in _behind(key)}
        self._dailies.fetch_each(wanted - set(NAMELESS), cuts)

    def prefetch(self, needs: Iterable[tuple[str, Period]]) -> None:
        """Fetch what measures need over these days, in as few queries as can be."""
        wanted: set[str] = set()
        over: dict[str, list[Period]] = {}
        for key, period in needs:
            wanted |= _behind(key)
            item = measure(key)
            if isinstance(item, PeriodMeasure):
                over.setdefault(item.source, []).append(period)
        self.questions += self._dailies.fetch(_told_by_the_whole(wanted), WHOLE) if self.cut else 0
        within = wanted - set(NAMELESS) if self.cut else wanted
        self.questions += self._dailies.fetch(within, self.cut)
        from trueline.engine.period_measures import fetch

        with localcontext(EXACT):
            fetch(self, over)

    def totals(self, item: Measure, window: Period) -> Totals:
        """One daily measure added up over a window."""
        return self._dailies.totals(item.key, self.cut, window)

    def by_day(
        self, item: Measure, window: Period, cut: Cut | None = None
    ) -> list[tuple[date, str, Decimal]]:
        """A measure day by day and currency by currency, in the resolver's slice or another."""
        return self._dailies.by_day(item.key, self.cut if cut is None else cut, window)

    def currencies(self, key: str) -> list[str]:
        """The currencies that a daily measure was ever counted in."""
        return self._dailies.currencies(key, self.cut)

    # -- values -----------------------------------------------------------------------------

    def value(self, key: str, period: Period, side: str = "closing") -> MeasureValue:
        """The value of a measure over a period (for a level: at its ``opening`` or ``closing``)."""
        place = (key, period, side)
        found = self._memo.get(place)
        if found is None:
            if len(self._memo) >= MOST_VALUES:
                self._memo.clear()
            with localcontext(EXACT):
                found = self._memo[place] = self._resolve(key, period, side)
        return found

    def _resolve(self, key: str, period: Period, side: str) -> MeasureValue:
        item = measure(key)
        if isinstance(item, Sum):
            return summed(self, item, period, side)
        if isinstance(item, PeriodMeasure):
            from trueline.engine.period_measures import SOURCES

            found = SOURCES[item.source](self, period)
            for name, value in found.items():
                self._memo[name, period, "closing"] = value
                self._memo[name, period, "opening"] = value
            return found[key]
        if item.kind is MeasureKind.LEVEL:
            if period.start > self.today:
                return MeasureValue.unknown(key, knowledge.future(period), item.table)
            return self._level(item, period.start if side == "opening" else period.end)
        flow = self._flow(item, period)
        if not item.told_by:
            return flow
        from trueline.engine.product_measures import told

        return told(self, flow, daily(item.told_by))

    def _flow(self, item: Measure, period: Period) -> MeasureValue:
        # What is dated ahead (a cost spread over the month) has not happened yet.
        begun = period.begun(self.today)
        gaps = self.covers[item.table].gaps(item.category) if item.for_means else []
        totals = (
            together(self.totals(item, days) for days in without(begun, gaps))
            if gaps
            else self.totals(item, begun)
        )
        rule = knowledge.recorded if item.absence is Absence.RECORDED else knowledge.flow
        # A slice without rows is a zero of the whole's facts, so the whole decides what is known.
        # One that is a category of its table has a coverage, and an absence, of its own.
        own = self.cut.only(item.category_slice)
        rows = totals.rows if own == self.cut else self.whole_rows(item, begun, own)
        category = self.cut.value(item.category_slice) or item.category
        seen = {} if rows else self._seen(item, begun)
        known = rule(self.covers, item.table, period, rows, self.today, category, **seen)
        base = MeasureValue(
            item.key, None, Quality.INSUFFICIENT, known.completeness, known.reasons,
            self._tables(item), totals.rows, totals.first, totals.last, totals.values,
        )  # fmt: skip
        silent = self.totals(daily(item.silent), begun).rows if item.silent else 0
        if silent:
            kept = known.reasons if known.known else ()
            lost = replace(base, reasons=kept, by_currency={})
            return lost.blocked(_unsaid(item, base, silent))
        if not known.known:
            return replace(base, by_currency={})
        found = self._converted_flow(base, item, begun)
        if item.base != "firsts":
            return found
        from trueline.engine.first_days import doubted

        return doubted(self, found, begun)

    def _tables(self, item: Measure) -> str:
        """The fact tables behind a measure that the company keeps."""
        names = knowledge.TABLES_OF.get(item.table, (item.table,))
        return ", ".join(name for name in names if self.covers[name].kept) or names[0]

    def _seen(self, item: Measure, period: Period) -> dict[str, list[str]]:
        """The tables that have rows in the period though the measure counts none of them."""
        whole = [daily(key) for key in item.seen_by]
        seen = [every.table for every in whole if self.whole_rows(every, period)]
        return {"seen": seen} if seen else {}

    def whole_rows(self, item: Measure, period: Period, cut: Cut = WHOLE) -> int:
        """How many rows a daily measure counts in a period, whatever the resolver's slice."""
        return self._dailies.totals(item.key, cut, period).rows

    def _converted_flow(self, base: MeasureValue, item: Measure, period: Period) -> MeasureValue:
        if item.unit != "money":
            return replace(base, value=_added_up(base), quality=Quality.ACTUAL)
        total = base.by_currency.get(self.currency, Decimal(0))
        if any(code != self.currency for code in base.by_currency):
            total = Decimal(0)
            for day, code, amount in self.by_day(item, period):
                rate = Decimal(1) if code == self.currency else self.rates.on(code, day)
                if rate is None and amount:
                    return base.blocked(missing_rate(code, self.currency, day))
                total += amount * (rate or 0)
        return replace(base, value=total, quality=Quality.ACTUAL)

    def _level(self, item: Measure, moment: date) -> MeasureValue:
        at = knowledge.present(self.covers, item.table, moment, self.today)
        totals = self.totals(item, Period(BEGINNING, max(at, BEGINNING + timedelta(days=1))))
        known = knowledge.level(self.covers, item.table, moment, self.today, item.category)
        base = MeasureValue(
            item.key, None, Quality.INSUFFICIENT, known.completeness, known.reasons,
            self._tables(item), totals.rows, totals.first, totals.last, totals.values,
        )  # fmt: skip
        if not known.known:
            return replace(base, by_currency={})
        converted = self._converted_level(base, item, at)
        if item.base in ("recurring", "paying") and item.key not in DOUBTS:
            from trueline.engine.estimates import recurring_quality

            return recurring_quality(self, converted, at)
        return converted

    def _converted_level(self, base: MeasureValue, item: Measure, at: date) -> MeasureValue:
        if item.unit != "money":
            return replace(base, value=_added_up(base), quality=Quality.ACTUAL)
        return self.converted(base, base.by_currency, at)

    def converted(self, base: MeasureValue, amounts: dict[str, Decimal], at: date) -> MeasureValue:
        """Amounts by currency as one, at the rates of the day before ``at`` (its closing)."""
        total = Decimal(0)
        for code, amount in amounts.items():
            day = at - timedelta(days=1)
            rate = Decimal(1) if code == self.currency else self.rates.on(code, day)
            if rate is None and amount:
                return base.blocked(missing_rate(code, self.currency, day))
            total += amount * (rate or 0)
        return replace(base, value=total, quality=Quality.ACTUAL)

    def items_at(self, key: str, at: date) -> int:
        """How many items are unpriced, or assumed, at the start of a day."""
        totals = self.totals(daily(key), Period(BEGINNING, max(at, BEGINNING + timedelta(days=1))))
        return int(sum(totals.values.values(), Decimal(0)))


def _added_up(found: MeasureValue) -> Decimal:
    """Counts added over currencies (they have none of their own)."""
    return sum(found.by_currency.values(), Decimal(0))


def _unsaid(item: Measure, found: MeasureValue, silent: int) -> Reason:
    """Some rows do not say how much they add."""
    money = item.unit == "money"
    column = item.key.removeprefix("order_")
    told = "" if money else f"; the others come to {_added_up(found):f}, a lower bound"
    return Reason(
        f"{item.key}_unknown",
        f"{silent} of {silent + found.rows} rows of {item.table} do not say "
        f"{'their' if money else 'how many'} {item.label}{told} (excluded_count {silent}).",
        f"Record {column} in every row of {item.table}.",
    )


def _told_by_the_whole(keys: set[str]) -> set[str]:
    """Those of which the whole says whether nothing of a slice is 0, and what else it says."""
    flows = {key for key in keys if daily(key).kind is MeasureKind.FLOW}
    firsts = {leaf for key in flows if daily(key).base == "firsts" for leaf in _behind(key)}
    return flows | firsts


@cache
def _behind(key: str) -> frozenset[str]:
    """The daily measures behind a measure."""
    item = measure(key)
    if isinstance(item, Sum):
        return frozenset(leaf for part in item.parts for leaf in _behind(part))
    if isinstance(item, PeriodMeasure):
        by_source = {"movements": MRR_KEYS, "churn_history": MRR_KEYS, "referred": MRR_KEYS}
        by_source |= dict.fromkeys(("repeat_30", "repeat_60", "repeat_90"), ORDER_KEYS)
        return by_source.get(item.source, frozenset())
    if item.base == "firsts":
        return frozenset({key, "unpriced_items", "assumed_items", *NAMELESS})
    if item.base in ("recurring", "paying"):
        return frozenset({key, UNPRICED.get(key, "unpriced_items"), "assumed_items"})
    return frozenset({key, item.silent} if item.silent else {key})
