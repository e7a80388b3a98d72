"""Cash: what the company's accounts held, by the last balance recorded of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from trueline.core.errors import InputError
from trueline.core.period import Period
from trueline.core.quality import Completeness, Quality, Reason
from trueline.engine import knowledge
from trueline.engine.cover import overlapping
from trueline.engine.value import MeasureValue

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from trueline.engine.resolve import Resolver

STALE_AFTER = timedelta(days=35)
"""An account's balance says nothing of a day more than a monthly statement later."""


def cash(resolver: Resolver, period: Period) -> dict[str, MeasureValue]:
    """Every account's last balance before the period's end."""
    refuse_slice(resolver, "cash")
    end = min(period.end, resolver.today + timedelta(days=1))
    if period.start > resolver.today:
        return {"cash": MeasureValue.unknown("cash", knowledge.future(period), "cash_balances")}
    view = resolver.view()

    def balances() -> ir.Table:
        return view.table("cash_balances").select("account", "balance_date", "amount", "currency")

    kept = resolver.ask(("cash",), balances)
    rows = [row for row in kept if row[1] < end]
    last: dict[str, tuple[date, Decimal, str]] = {}
    for account, day, amount, currency in sorted(rows, key=lambda r: (r[0], r[1])):
        last[account] = (day, amount, currency)
    if not last:
        begins = min((row[1] for row in kept), default=None)
        return {"cash": MeasureValue.unknown("cash", _no_balance(begins), "cash_balances")}
    days = sorted(datetime.combine(day, time()) for day, _, _ in last.values())
    base = MeasureValue(
        "cash", None, Quality.INSUFFICIENT,
        table="cash_balances", rows=len(last), first=days[0], last=days[-1],
    )  # fmt: skip
    reason = _lacking(resolver, {n: day for n, (day, amount, _) in last.items() if amount}, end)
    if reason is not None:
        return {"cash": base.blocked(reason)}
    amounts: dict[str, Decimal] = {}
    for _, amount, currency in last.values():
        amounts[currency] = amounts.get(currency, Decimal(0)) + amount
    base = replace(base, by_currency=amounts)
    if period.end > resolver.today:
        base = replace(
            base, completeness=Completeness.PARTIAL, reasons=(knowledge.running(resolver.today),)
        )
    return {"cash": resolver.converted(base, amounts, end)}


def _no_balance(begins: date | None) -> Reason:
    """Why no balance is known: none at all, or the first one is later."""
    if begins is None:
        return knowledge.not_kept("cash_balances")
    return Reason(
        "before_first_fact",
        f"cash_balances begin on {begins}: what was there before is not recorded.",
        "Load a balance of the period or of the weeks before it.",
    )


def _lacking(resolver: Resolver, last: dict[str, date], end: date) -> Reason | None:
    """Why the last balances, by account, do not tell what was there the day before ``end``."""
    stale = [(a, day) for a, day in last.items() if end - timedelta(days=1) - day > STALE_AFTER]
    if stale:
        named = ", ".join(f"{account} ({day})" for account, day in stale)
        return Reason(
            "stale_balance",
            f"The last balance is more than {STALE_AFTER.days} days old: {named}.",
            "Record a newer balance (0 for an account that was closed).",
        )
    cover = resolver.covers["cash_balances"]
    for account, day in last.items():
        after = day + timedelta(days=1)
        if after < end and overlapping(Period(after, end), cover.gaps(account)):
            return Reason(
                "declared_incomplete",
                f"cash_balances are declared incomplete after {day}, the last one of {account}.",
                "Record what is missing and declare them complete.",
            )
    return None


def refuse_slice(resolver: Resolver, what: str) -> None:
    """Raise InputError where a slice is asked of what has none."""
    if resolver.cut:
        by = " and ".join(resolver.cut.by)
        raise InputError(f"{what} cannot be cut by {by}.", "Ask for it as a whole.")
