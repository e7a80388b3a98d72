"""The questions as SQL written by hand: ``ask_by_hand.py FILE START END [QUESTION]``.

With a question it prints the answer and ends, as a fresh process of the least that there can be.
"""

from __future__ import annotations

import sys

import duckdb
from answering import serve

SQL = {
    "revenue by day": "SELECT ordered_on, sum(amount) FROM orders "
    "WHERE ordered_on >= DATE '{start}' AND ordered_on < DATE '{end}' GROUP BY 1 ORDER BY 1",
    "new customers by month": "SELECT date_trunc('month', day), count(*) FROM "
    "(SELECT min(ordered_on) AS day FROM orders GROUP BY customer_id) "
    "WHERE day >= DATE '{start}' AND day < DATE '{end}' GROUP BY 1 ORDER BY 1",
    "AOV by month": "SELECT date_trunc('month', ordered_on), sum(amount) / count(*) FROM orders "
    "WHERE ordered_on >= DATE '{start}' AND ordered_on < DATE '{end}' GROUP BY 1 ORDER BY 1",
}

if __name__ == "__main__":
    file, start, end, *once = sys.argv[1:]
    connection = duckdb.connect(file)
    asked = {name: sql.format(start=start, end=end) for name, sql in SQL.items()}
    if once:
        for day, value in connection.execute(asked[once[0]]).fetchall():
            print(f"{day},{value}")
    else:
        serve({n: lambda s=s: connection.execute(s).fetchall() for n, s in asked.items()})
