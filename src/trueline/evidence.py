"""What a company can ask about where its numbers come from; part of its home's front door."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trueline.engine.engine import Engine

Day = str | date | None


class Evidence:
    """How a number came about, down to the recorded rows."""

    engine: Engine

    def explain(
        self,
        key: str,
        *,
        start: Day = None,
        end: Day = None,
        period_days: int | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """How a number came about: formula, inputs, facts, row counts and SQL."""
        return self.engine.explain(key, self.engine.period(start, end, period_days), **options)

    def rows_behind(
        self,
        key: str,
        name: str,
        *,
        table: str | None = None,
        offset: int = 0,
        limit: int = 50,
        start: Day = None,
        end: Day = None,
        period_days: int | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """A page of the recorded rows behind input ``name`` of a KPI: keys, content, source.

        ``tables`` in the answer are those the input counts; ``table`` chooses one of them.
        """
        from trueline.engine.behind import rows_behind

        return rows_behind(
            self.engine, key, name, self.engine.period(start, end, period_days), table=table,
            offset=offset, limit=limit, **options,
        )  # fmt: skip
