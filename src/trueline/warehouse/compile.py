"""Expressions in an engine's SQL, and what has to be said differently there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


def compile_to(expression: ir.Expr, dialect: str) -> str:
    """The expression in an engine's SQL."""
    import ibis

    if dialect == "postgres":
        expression = expression.op().replace(_for_postgres).to_expr()
    return str(ibis.to_sql(expression, dialect=dialect))


def _for_postgres(node: Any, kwargs: dict[str, Any] | None) -> Any:
    """PostgreSQL turns a boolean into no other number than a 4-byte integer."""
    import ibis.expr.operations as ops

    again = node.__recreate__(kwargs) if kwargs else node
    if isinstance(again, ops.Cast) and again.arg.dtype.is_boolean() and again.to.is_integer():
        return ops.Cast(ops.Cast(again.arg, "int32"), again.to)
    return again
