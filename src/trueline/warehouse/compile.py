"""Expressions in an engine's SQL, and what has to be said differently there."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


def compile_to(expression: ir.Expr, dialect: str) -> str:
    """The expression in an engine's SQL."""
    import ibis

    if dialect == "clickhouse":
        rewritten = expression.op().replace(_for_clickhouse).to_expr()
        return _wide(str(ibis.to_sql(rewritten, dialect=dialect)))
    if dialect != "postgres":
        return str(ibis.to_sql(expression, dialect=dialect))
    rewritten = expression.op().replace(_for_postgres).to_expr()
    return _joined(str(ibis.to_sql(rewritten, dialect=dialect)))


def day_sql(day: date, dialect: str) -> str:
    """A day in an engine's SQL."""
    return f"toDate32('{day}')" if dialect == "clickhouse" else f"DATE '{day}'"


MOST_JOINS = 8


def _joined(text: str) -> str:
    """Semi and anti joins as EXISTS. The library's own pass leaves every second one of a query."""
    import sqlglot

    for _ in range(MOST_JOINS):
        if "ANTI JOIN" not in text and "SEMI JOIN" not in text:
            break
        text = sqlglot.parse_one(text, read="postgres").sql("postgres", pretty=True)
    return text


def _for_postgres(node: Any, kwargs: dict[str, Any] | None) -> Any:
    """PostgreSQL turns a boolean into no other number than a 4-byte integer."""
    import ibis.expr.operations as ops

    again = node.__recreate__(kwargs) if kwargs else node
    if isinstance(again, ops.Cast) and again.arg.dtype.is_boolean() and again.to.is_integer():
        return ops.Cast(ops.Cast(again.arg, "int32"), again.to)
    return again


def _for_clickhouse(node: Any, kwargs: dict[str, Any] | None) -> Any:
    """Beyond the last row ClickHouse gives a column that cannot be null its default, a day 1970."""
    import ibis.expr.operations as ops

    again = node.__recreate__(kwargs) if kwargs else node
    if isinstance(again, ops.Lead | ops.Lag):
        kind = again.arg.dtype.copy(nullable=True)
        return again.copy(arg=ops.Cast(again.arg, kind))
    return again


_NARROW = (
    ("toDate(", "toDate32("),
    ("Nullable(DATE)", "Nullable(Date32)"),
    ("Nullable(DateTime)", "Nullable(DateTime64(6))"),
)


def _wide(text: str) -> str:
    """Days before 1970 and parts of a second are kept: the wide types, outside quoted text."""
    parts = text.split("'")
    for place in range(0, len(parts), 2):
        for narrow, wide in _NARROW:
            parts[place] = parts[place].replace(narrow, wide)
    return "'".join(parts)
