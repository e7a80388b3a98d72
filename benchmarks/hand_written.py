"""The same numbers by SQL written for each alone, as one would without a roll-up.

One query for each measure and cut, over the facts: what a company's analyst keeps in a folder. They
leave out what the benchmark's company has none of (test customers, costs spread over days, plain
lists of subscriptions), and so do less than the roll-up does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Measured(NamedTuple):
    """Some measures over the same rows: each is a query of its own, for the whole and each cut."""

    rows: str
    """A table or a query in brackets, named t."""

    day: str
    at: str
    values: tuple[str, ...]
    cuts: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    """Cuts that are columns of the rows; the others are the customer's."""


LIVE = "status IN ('active', 'past_due')"


def _changes(amount: str) -> str:
    """By how much a monthly amount changed with each event."""
    return (
        f"(SELECT customer_id, plan, currency, effective_on, effective_at, {amount} - "
        f"coalesce(lag({amount}) OVER mine, 0) AS change FROM subscription_events "
        "WINDOW mine AS (PARTITION BY subscription_id ORDER BY effective_at))"
    )


MRR = f"(CASE WHEN {LIVE} THEN mrr ELSE 0 END)"
AMOUNTS = {
    "mrr": MRR,
    "net_mrr": f"(CASE WHEN {LIVE} THEN net_mrr ELSE 0 END)",
    "trial_mrr": "(CASE WHEN status = 'trialing' THEN mrr ELSE 0 END)",
    "at_risk_mrr": "(CASE WHEN status = 'past_due' THEN mrr ELSE 0 END)",
    "committed_mrr": f"(CASE WHEN {LIVE} AND cancel_on IS NULL THEN mrr ELSE 0 END)",
    "unpriced_items": f"(CASE WHEN {LIVE} AND mrr IS NULL THEN 1 ELSE 0 END)",
}


def _paying(within: str = "''") -> str:
    """+1 where a customer begins to pay, -1 where it stops, in all or within a plan, a currency."""
    return (
        f"(SELECT customer_id, within, effective_on, effective_at, '' AS currency, (level > 0)::INT"
        f" - (level - change > 0)::INT AS change FROM (SELECT *, sum(change) OVER (PARTITION BY "
        f"customer_id, within ORDER BY effective_at) AS level FROM (SELECT *, {within} AS within "
        f"FROM {_changes(MRR)})))"
    )


FIRSTS = (
    "(SELECT customer_id, min(day) AS day, min(moment) AS moment, '' AS currency FROM ("
    "SELECT customer_id, ordered_on AS day, ordered_at AS moment FROM orders UNION ALL "
    f"SELECT customer_id, effective_on, effective_at FROM subscription_events WHERE {LIVE} "
    "AND mrr > 0) GROUP BY 1)"
)
FIRST_ORDERS = (
    "(SELECT customer_id, min(ordered_on) AS day, min(ordered_at) AS moment, '' AS currency "
    "FROM orders GROUP BY 1)"
)
REFUNDS = "(SELECT r.*, o.customer_id FROM refunds r LEFT JOIN orders o ON o.order_id = r.order_id)"
SESSIONS = (
    "(SELECT user_id AS customer_id, '' AS currency, min(occurred_on) AS day, min(occurred_at) AS "
    "moment, arg_min(channel, occurred_at) AS channel, epoch(max(occurred_at)) - "
    "epoch(min(occurred_at)) AS seconds, count(*) FILTER (name = 'page_view') AS views, count(*) "
    "FILTER (name <> 'page_view') AS actions, bool_or(is_key_event) AS key FROM (SELECT *, "
    "sum(starts) OVER (PARTITION BY user_id ORDER BY occurred_at, event_id) AS number FROM "
    "(SELECT *, coalesce(occurred_at - lag(occurred_at) OVER (PARTITION BY user_id ORDER BY "
    "occurred_at, event_id) >= INTERVAL 30 MINUTE, true)::INT AS starts FROM events)) "
    "GROUP BY user_id, number)"
)
ACTIVE = (
    "(SELECT user_id AS customer_id, '' AS currency, occurred_on AS day, min(occurred_at) AS "
    "moment FROM events GROUP BY user_id, occurred_on)"
)
COSTS = (
    *("marketing", "sales", "advertising", "infrastructure", "personnel", "cogs"),
    *("research", "admin", "other"),
)

OF_EVENTS = (
    Measured(
        SESSIONS, "day", "moment",
        ("count(*)", "count(*) FILTER (seconds <= 10 AND views < 2 AND NOT key)", "sum(seconds)",
         "sum(views)", "sum(actions)"),
        ("channel",), ("channel",),
    ),
    Measured(ACTIVE, "day", "moment", ("count(*)",)),
)  # fmt: skip
MEASURED: tuple[Measured, ...] = (
    Measured(
        "orders", "ordered_on", "ordered_at", ("sum(amount)", "count(*)", "sum(cogs)"),
        ("channel", "country"),
    ),
    Measured(
        "revenue", "revenue_date", "revenue_date", ("sum(amount)",),
        ("channel", "country", "tier"), ("tier",),
    ),
    Measured(REFUNDS, "refunded_on", "refunded_at", ("sum(amount)",), ("channel", "country")),
    *(
        Measured(
            f"(SELECT *, NULL AS customer_id FROM costs WHERE cost_type = '{kind}')",
            "cost_date", "cost_date", ("sum(amount)",), ("channel",), ("channel",),
        )
        for kind in COSTS
    ),
    Measured(
        "spend", "spend_date", "spend_date",
        ("sum(amount)", "sum(impressions)", "sum(clicks)", "sum(conversions)"),
        ("channel",), ("channel",),
    ),
    Measured(FIRSTS, "day", "moment", ("count(*)",), ("channel", "country")),
    Measured(FIRST_ORDERS, "day", "moment", ("count(*)",), ("country",)),
    *(
        Measured(
            _changes(amount), "effective_on", "effective_at", ("sum(change)",),
            ("channel", "country", "plan"), ("plan",),
        )
        for amount in AMOUNTS.values()
    ),
    Measured(
        _paying(), "effective_on", "effective_at", ("sum(change)",), ("channel", "country")
    ),
    *(
        Measured(
            _paying(name), "effective_on", "effective_at", ("sum(change)",), ("within",),
            ("within",),
        )
        for name in ("plan", "currency")
    ),
)  # fmt: skip


def queries(*, events: bool) -> Iterator[str]:
    """Every query of a rebuild by hand, those over product events where there are any."""
    for item in (*MEASURED, *(OF_EVENTS if events else ())):
        for value in item.values:
            for cut in ("", *item.cuts):
                own = not cut or cut in item.own
                shown = "''" if not cut else f"{'t' if own else 'c'}.{cut}"
                joined = "" if own else " LEFT JOIN customers c USING (customer_id)"
                yield (
                    f"SELECT {item.day}, {shown}, t.currency, {value}, count(*), min({item.at}), "
                    f"max({item.at}) FROM {item.rows} t{joined} GROUP BY ALL"
                )


_LEVELS = (
    f"SELECT customer_id, sum({MRR}) AS level FROM (SELECT * FROM subscription_events WHERE "
    "effective_on < DATE '{day}' QUALIFY row_number() OVER (PARTITION BY subscription_id ORDER BY "
    "effective_at DESC) = 1) GROUP BY 1"
)
_BOTH = (
    "FROM (" + _LEVELS.replace("{day}", "{start}") + ") a FULL JOIN ("
    + _LEVELS.replace("{day}", "{end}") + ") b USING (customer_id)"
)  # fmt: skip
NRR = "SELECT sum(coalesce(b.level, 0)) FILTER (a.level > 0) / sum(a.level) " + _BOTH
_M0, _M1 = "coalesce(a.level, 0)", "coalesce(b.level, 0)"
_PAID = (
    f"(SELECT DISTINCT customer_id FROM subscription_events WHERE {LIVE} AND mrr > 0 "
    "AND effective_on < DATE '{start}')"
)
BRIDGE = (
    f"SELECT sum({_M0}), sum({_M1}), "
    f"sum({_M1}) FILTER ({_M0} = 0 AND p.customer_id IS NULL), "
    f"sum({_M1}) FILTER ({_M0} = 0 AND p.customer_id IS NOT NULL), "
    f"sum({_M1} - {_M0}) FILTER ({_M0} > 0 AND {_M1} > {_M0}), "
    f"sum({_M1} - {_M0}) FILTER ({_M1} > 0 AND {_M1} < {_M0}), "
    f"sum(-{_M0}) FILTER ({_M1} = 0) {_BOTH} LEFT JOIN {_PAID} p USING (customer_id)"
)
REVENUE = (
    "SELECT (SELECT sum(amount) FROM orders WHERE ordered_on >= '{start}' AND ordered_on < '{end}')"
    " + (SELECT sum(amount) FROM revenue WHERE revenue_date >= '{start}' AND "
    "revenue_date < '{end}')"
)
REVENUE_FROM_ROLL_UP = (
    "SELECT sum(value) FROM metrics_daily WHERE measure IN ('order_revenue', 'revenue_entries') "
    "AND slice_by = '' AND day >= '{start}' AND day < '{end}'"
)
COHORTS = (
    "SELECT first_month, date_trunc('month', ordered_on), count(DISTINCT customer_id), sum(amount) "
    "FROM orders JOIN (SELECT customer_id, date_trunc('month', min(ordered_on)) AS first_month "
    "FROM orders GROUP BY 1) USING (customer_id) GROUP BY 1, 2"
)
SUBSCRIPTION_COHORTS = (
    "WITH ends AS (SELECT subscription_id, customer_id, date_trunc('month', effective_on) AS month,"
    f" {MRR} AS mrr FROM subscription_events QUALIFY row_number() OVER (PARTITION BY "
    "subscription_id, date_trunc('month', effective_on) ORDER BY effective_at DESC) = 1), "
    "months AS (SELECT unnest(range(min(month), max(month), INTERVAL 1 MONTH)) AS month FROM ends),"
    " paid AS (SELECT s.customer_id, m.month, sum(e.mrr) AS mrr FROM (SELECT DISTINCT "
    "subscription_id, customer_id FROM ends) s CROSS JOIN months m ASOF JOIN ends e ON "
    "e.subscription_id = s.subscription_id AND m.month >= e.month GROUP BY ALL HAVING "
    "sum(e.mrr) > 0) SELECT min_month, month, count(*), sum(mrr) FROM (SELECT *, min(month) OVER "
    "(PARTITION BY customer_id) AS min_month FROM paid) GROUP BY 1, 2"
)
