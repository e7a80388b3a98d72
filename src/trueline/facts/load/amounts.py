"""What is worked out once, at load: monthly amounts and daily shares, in whole-number arithmetic.

DECIMAL divided by DECIMAL is a DOUBLE in the embedded engine, so amounts are turned into whole
ten-thousandths first and divided as whole numbers, rounded half up at the end.
"""

from __future__ import annotations

MOST_MONTHLY = 10**15
"""Bound of price x quantity, so that no product below leaves 128 bits."""

PER_MONTH = {"month": (1, 1), "year": (1, 12), "week": (13, 3), "day": (365, 12)}
"""Months an interval stands for, as a fraction: 52/12 weeks and 365/12 days are a month."""

_BOUND = MOST_MONTHLY * 10_000
_PRODUCT = "(CAST(CAST(unit_amount AS DECIMAL(28,4)) * 10000 AS HUGEINT) * quantity)"
_BILLED = f"(CASE WHEN {_PRODUCT} <= {_BOUND} THEN {_PRODUCT} END)"
"""Ten-thousandths a bill comes to; null where unknown or too large to be worked with exactly.

The bound stands inside: the engine may work a product out before the CASE around it is looked at.
"""


def _by_interval(place: int) -> str:
    cases = " ".join(f"WHEN '{word}' THEN {k[place]}" for word, k in PER_MONTH.items())
    return f'CASE "interval" {cases} END'


def _scaled(whole: str) -> str:
    """``whole`` ten-thousand-millionths as DECIMAL(28,10), exactly."""
    return (
        f"CAST(CAST({whole} // 10000000000 AS DECIMAL(28,10)) + "
        f"CAST({whole} % 10000000000 AS DECIMAL(10,0)) * CAST(0.0000000001 AS DECIMAL(10,10)) "
        "AS DECIMAL(28,10))"
    )


def _rounded(numerator: str, denominator: str) -> str:
    return f"((2 * ({numerator}) + ({denominator})) // (2 * ({denominator})))"


def monthly(discount: bool) -> dict[str, str]:
    """SQL for ``mrr`` and ``net_mrr``; ``discount`` says whether there can be one."""
    top = f"CAST({_by_interval(0)} AS HUGEINT) * 1000000"
    bottom = f"CAST({_by_interval(1)} * nullif(interval_count, 0) AS HUGEINT)"
    gross = _scaled(_rounded(f"{_BILLED} * {top}", bottom))
    if not discount:
        return {"mrr": gross, "net_mrr": gross}
    kind, duration, value = (
        f"json_extract_string(discount, '$.{part}')" for part in ("kind", "duration", "value")
    )
    off = f"CAST(TRY_CAST({value} AS DECIMAL(28,4)) * 10000 AS HUGEINT)"
    share = f"least({off}, 1000000)"
    off_percent = _rounded(f"{_BILLED} * {top} * (1000000 - {share})", f"{bottom} * 1000000")
    off_amount = _rounded(f"greatest({_BILLED} - {off}, 0) * {top}", bottom)
    net = (
        f"CASE WHEN {_BILLED} IS NULL THEN NULL "
        f"WHEN discount IS NULL OR {duration} <> 'forever' THEN {gross} "
        f"WHEN {kind} = 'percent' THEN {_scaled(off_percent)} ELSE {_scaled(off_amount)} END"
    )
    return {"mrr": gross, "net_mrr": net}


def fits_rule() -> str:
    """SQL: price times quantity is small enough to be worked with exactly."""
    return f"({_PRODUCT} <= {_BOUND})"


def spread() -> dict[str, str]:
    """SQL for a cost spread over the days of its service: whole ten-thousandths per day."""
    whole = "CAST(CAST(amount AS DECIMAL(28,4)) * 10000 AS BIGINT)"
    days = "nullif(greatest(service_end - service_start, 0), 0)"
    known = "CASE WHEN service_end > service_start THEN"
    return {
        "service_days": f"{known} CAST({days} AS BIGINT) END",
        "daily_amount": (
            f"{known} CAST(CAST({whole} // {days} AS DECIMAL(18,0)) "
            "* CAST(0.0001 AS DECIMAL(4,4)) AS DECIMAL(18,4)) END"
        ),
        "extra_days": f"{known} {whole} % {days} END",
    }
