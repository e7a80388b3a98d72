"""What a company can ask of its KPIs; part of its home's front door."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from trueline.core.errors import InputError
from trueline.core.money import MRR_SCALE, round_to
from trueline.core.period import parse_day
from trueline.core.reading import Reading

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from trueline.engine.bridge import Bridge
    from trueline.engine.cohort import Cohorts
    from trueline.engine.engine import Asked, Engine
    from trueline.settings import Settings

Day = str | date | None


class Series(list[Reading]):
    """Readings in time order; also as an Arrow table or a pandas frame."""

    def to_arrow(self) -> pa.Table:
        """Columns start, end, value, quality, completeness; an unknown value is null.

        Money is decimal, rounded to ten places where a rate of exchange gave it more.
        """
        import pyarrow as pa

        exact = any(r.currency is not None or isinstance(r.value, Decimal) for r in self)
        kind = pa.decimal128(38, MRR_SCALE) if exact else pa.float64()
        values = [
            None
            if r.value is None
            else round_to(Decimal(r.value), MRR_SCALE)
            if exact
            else float(r.value)
            for r in self
        ]
        return pa.table(
            {
                "start": pa.array([r.start for r in self], pa.date32()),
                "end": pa.array([r.end for r in self], pa.date32()),
                "value": pa.array(values, kind),
                "quality": pa.array([r.quality.value for r in self]),
                "completeness": pa.array([r.completeness.value for r in self]),
            }
        )

    def to_pandas(self) -> pd.DataFrame:
        """The Arrow table as a pandas frame. Raises InputError where pandas is not installed."""
        if find_spec("pandas") is None:
            raise InputError(
                "pandas is not installed.", 'Install it with: pip install "trueline[pandas]"'
            )
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame


class Numbers:
    """Readings of KPIs, one or many, over time and by slice; the bridge and the cohorts."""

    engine: Engine
    settings: Settings

    def kpis(self) -> list[dict[str, Any]]:
        """The catalogue: every KPI with its meaning, unit, inputs and target."""
        from trueline.catalog.describe import catalogue

        return catalogue(self.settings.targets)

    def kpi(
        self,
        key: str,
        *,
        start: Day = None,
        end: Day = None,
        period_days: int | None = None,
        slice: dict[str, str] | None = None,
        allow_estimates: bool = False,
        as_of: datetime | None = None,
    ) -> Reading:
        """One KPI over ``[start, end)``, or over the last ``period_days`` complete days.

        ``as_of`` (aware) gives it as it would have been read at that moment.
        """
        period = self.engine.period(start, end, period_days)
        return self.engine.reading(
            key, period, slice=slice, allow_estimates=allow_estimates, as_of=as_of
        )

    def readings(
        self,
        keys: Iterable[str] | None = None,
        *,
        start: Day = None,
        end: Day = None,
        period_days: int | None = None,
        **options: Any,
    ) -> dict[str, Reading]:
        """Many KPIs (all, when ``keys`` is None) over one period, in one pass."""
        return self.engine.readings(keys, self.engine.period(start, end, period_days), **options)

    def many(
        self,
        asked: Iterable[Asked],
        *,
        allow_estimates: bool = False,
        as_of: datetime | None = None,
    ) -> list[Reading]:
        """Readings of any KPIs, periods and slices, in the order asked, their queries shared.

        Each is ``Asked(key, period, slice=None)`` (``trueline.engine.engine``, ``Period`` from
        ``trueline.core.period``). What a page needs is best asked for in one call: a query a kind
        of measure and slice, however many periods.
        """
        return self.engine.many(asked, allow_estimates=allow_estimates, as_of=as_of)

    def compare(
        self,
        key: str,
        *,
        start: Day = None,
        end: Day = None,
        period_days: int | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """A reading beside the previous period's and the year's before, with the changes."""
        return self.engine.compare(key, self.engine.period(start, end, period_days), **options)

    def series(
        self, key: str, *, grain: str = "month", start: Day = None, end: Day = None, **options: Any
    ) -> Series:
        """A reading for each day, week, month, quarter or year that touches ``[start, end)``."""
        return Series(self.engine.series(key, grain, self.engine.period(start, end), **options))

    def breakdown(
        self,
        key: str,
        by: str,
        *,
        start: Day = None,
        end: Day = None,
        period_days: int | None = None,
        **options: Any,
    ) -> list[Reading]:
        """A reading for each recorded channel, plan, country or currency, within ``slice`` where
        one is given."""
        return self.engine.breakdown(
            key, by, self.engine.period(start, end, period_days), **options
        )

    def bridge(
        self, *, start: Day = None, end: Day = None, period_days: int | None = None, **options: Any
    ) -> Bridge:
        """The MRR bridge: opening, movements (losses negative), fx, closing. Closes exactly."""
        from trueline.engine.bridge import bridge

        period = self.engine.period(start, end, period_days)
        return self.engine.settled(lambda found: bridge(found.resolver, period), **options)

    def cohorts(
        self,
        kind: str = "subscriptions",
        by: str = "customers",
        *,
        start: Day = None,
        end: Day = None,
        **options: Any,
    ) -> Cohorts:
        """Retention by first paid month; cells beyond the facts' end are None, not 0."""
        from trueline.engine.cohort import cohorts

        first = None if start is None else parse_day(start, "start")
        last = None if end is None else parse_day(end, "end")
        return self.engine.settled(
            lambda found: cohorts(found.resolver, kind, by, first, last), **options
        )
