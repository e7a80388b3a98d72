"""A company made up by SQL, straight in the warehouse: the same every time for a size and a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from trueline.home import Trueline

_STAMP = "'made' AS source, 1 AS load_id, TIMESTAMP '{now}' AS recorded_at"
_DAY = "(DATE '{first}' + (hash({salt}) % 1095)::INTEGER)"
TABLES = {
    "customers": """
        SELECT 'c' || lpad(i::VARCHAR, 7, '0') AS customer_id, {day}::TIMESTAMP AS created_at,
            {day} AS created_on, ['web', 'meta', 'shop', 'phone'][1 + (hash(i) % 4)::BIGINT]
            AS channel, ['CA', 'US', 'FR', 'DE', 'JP'][1 + (hash(i + 1) % 5)::BIGINT] AS country,
            false AS is_test, {stamp}
        FROM range({orders} // 10) t(i)""",
    "orders": """
        SELECT 'o' || i AS order_id,
            'c' || lpad((hash(i) % ({orders} // 10))::VARCHAR, 7, '0') AS customer_id,
            {day}::TIMESTAMP + INTERVAL 17 HOUR AS ordered_at, {day} AS ordered_on,
            ((hash(i + 2) % 50000) / 100)::DECIMAL(18, 4) AS amount,
            ((hash(i + 3) % 9000) / 100)::DECIMAL(18, 4) AS cogs, 'USD' AS currency, {stamp}
        FROM range({orders}) t(i)""",
    "revenue": """
        SELECT 'r' || i AS revenue_id, {day} AS revenue_date,
            'c' || lpad((hash(i) % ({orders} // 10))::VARCHAR, 7, '0') AS customer_id,
            'one_time' AS revenue_type, ((hash(i + 4) % 9000) / 100)::DECIMAL(18, 4) AS amount,
            'USD' AS currency, {stamp}
        FROM range({orders} // 5) t(i)""",
    "subscription_events": """
        SELECT 'e' || i AS event_id, 's' || (i % ({orders} // 10)) AS subscription_id,
            'c' || lpad((i % ({orders} // 10))::VARCHAR, 7, '0') AS customer_id,
            {day}::TIMESTAMP + INTERVAL 17 HOUR AS effective_at, {day} AS effective_on,
            ['active', 'active', 'active', 'past_due', 'trialing', 'canceled']
            [1 + (hash(i + 5) % 6)::BIGINT] AS status,
            ['Starter', 'Pro', 'Scale'][1 + (hash(i + 6) % 3)::BIGINT] AS plan, 1 AS quantity,
            (10 + hash(i + 7) % 90)::DECIMAL(18, 4) AS unit_amount, 'USD' AS currency,
            'month' AS "interval", 1 AS interval_count,
            (10 + hash(i + 7) % 90)::DECIMAL(28, 10) AS mrr,
            (10 + hash(i + 7) % 90)::DECIMAL(28, 10) AS net_mrr, {stamp}
        FROM range({orders} // 10 * 3) t(i)""",
    "refunds": """
        SELECT 'f' || i AS refund_id, 'o' || (i * 40) AS order_id,
            {day}::TIMESTAMP AS refunded_at, {day} AS refunded_on,
            5::DECIMAL(18, 4) AS amount, 'USD' AS currency, {stamp}
        FROM range({orders} // 40) t(i)""",
    "costs": """
        SELECT 'k' || i AS cost_id, {day} AS cost_date,
            ['marketing', 'sales', 'cogs', 'personnel'][1 + (i % 4)] AS cost_type,
            1000::DECIMAL(18, 4) AS amount, 'USD' AS currency, {stamp}
        FROM range(2000) t(i)""",
    "spend": """
        SELECT ['meta', 'shop'][1 + i % 2] AS channel, 'c' || i % 3 AS campaign,
            200::DECIMAL(18, 4) AS amount, (DATE '{first}' + (i // 6)::INTEGER) AS spend_date,
            'USD' AS currency, 1000 AS impressions, 40 AS clicks, 3 AS conversions, {stamp}
        FROM range(6 * 1095) t(i)""",
    "events": """
        SELECT 'v' || i AS event_id,
            'c' || lpad((hash(i // 5) % ({orders} // 10))::VARCHAR, 7, '0') AS user_id,
            {visit}::TIMESTAMP + INTERVAL 15 HOUR + to_seconds(i % 5 * 40) AS occurred_at,
            {visit} AS occurred_on,
            ['view', 'view', 'view', 'search', 'buy'][1 + (hash(i + 8) % 5)::BIGINT] AS name,
            i % 5 = 4 AS is_key_event, {stamp}
        FROM range({orders} * 5) t(i)""",
}
BUSINESS = tuple(table for table in TABLES if table != "events")


def record_a_day(tl: Trueline, number: int) -> None:
    """Load 200 orders of yesterday and leave them uncounted; each ``number`` makes others."""
    day = (tl.engine.today() - timedelta(days=1)).isoformat()
    rows = [
        {"order_id": f"new{number}-{n}", "customer_id": f"c{n:07d}", "amount": 20,
         "ordered_at": day, "currency": "USD"}
        for n in range(200)
    ]  # fmt: skip
    with tl.counting_later():
        tl.load_rows("orders", rows, source="made")


def write(tl: Trueline, orders: int, tables: Sequence[str] = BUSINESS) -> None:
    """Fill these tables of a new home, ordered by day as a growing company's are, and say that they
    and the rest of the business are complete."""
    today = tl.engine.today()
    now = tl.clock().replace(tzinfo=None)
    first = today.fromordinal(today.toordinal() - 1100)
    stamp = _STAMP.format(now=now)
    connection = tl.warehouse._connection  # the embedded engine's
    for table in tables:
        day = _DAY.format(first=first, salt="i + 11")
        visit = _DAY.format(first=first, salt="i // 5 + 11")
        text = TABLES[table].format(orders=orders, day=day, visit=visit, stamp=stamp, first=first)
        connection.execute(f'INSERT INTO "{table}" BY NAME {text} ORDER BY 4')
    for number, table in enumerate(tables, 1):
        connection.execute(
            "INSERT INTO loads (load_id, table_name, source, status, read, accepted, duplicate, "
            "rejected, updated, first_day, last_day, recorded_at) VALUES (?, ?, 'made', 'loaded', "
            "?, ?, 0, 0, 0, ?, ?, ?)",
            [number, table, orders, orders, first, today, now],
        )
    with tl.counting_later():
        for table in dict.fromkeys((*BUSINESS, *tables)):
            tl.declare_coverage(table, start=first, end=today)
