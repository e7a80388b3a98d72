"""The demo company's usage counted from its events in plain Python: sessions, users, activation."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import mean, median
from typing import Any

import pyarrow.parquet as pq
from by_hand import ByHand
from by_hand_rows import local_day

KEY = {"purchase", "created_project"}
FEATURES = ({"used_reports"}, {"search"}, {"invited_teammate"})
WINDOW = timedelta(days=7)


class Usage:
    """Events and what one counts from them."""

    def __init__(self, folder: Path, hand: ByHand) -> None:
        rows = pq.read_table(folder / "events.parquet").to_pylist()
        self.hand = hand
        self.events: list[dict[str, Any]] = []
        for row in rows:
            if row["customer_id"] not in hand.tests:
                moment = datetime.fromisoformat(row["occurred_at"])
                self.events.append(row | {"at": moment, "day": local_day(row["occurred_at"])})
        self.events.sort(key=lambda r: (r["at"], r["event_id"]))

    def users(self, start: date, end: date, names: set[str] | None = None) -> set[str]:
        """Who was active, or did one of these, in a period."""
        return {
            r["user_id"]
            for r in self.events
            if start <= r["day"] < end and (names is None or r["name"] in names)
        }

    def sessions(self) -> list[list[dict[str, Any]]]:
        """Given ids stand; else a session ends after thirty idle minutes."""
        found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        last: dict[str, tuple[datetime, int]] = {}
        for row in self.events:
            who = row["user_id"]
            if row["session_id"]:
                found[who, row["session_id"]].append(row)
                continue
            seen, number = last.get(who, (row["at"], 0))
            if row["at"] - seen > timedelta(minutes=30):
                number += 1
            last[who] = row["at"], number
            found[who, number].append(row)
        return list(found.values())

    def kpis(self, start: date, end: date) -> dict[str, Any]:
        """KPIs of a period by their keys."""
        if min(r["day"] for r in self.events) > start:
            return {}
        days = [start + timedelta(days=n) for n in range((end - start).days)]
        one = timedelta(days=1)
        active = self.users(start, end)
        month = end - timedelta(days=30), end
        daily = mean(len(self.users(end - n * one, end - n * one + one)) for n in range(1, 31))
        monthly = len(self.users(*month))
        mine = [s for s in self.sessions() if start <= s[0]["day"] < end]
        seconds = sum(((s[-1]["at"] - s[0]["at"]).total_seconds() for s in mine), 0.0)
        dull = sum(self._is_dull(s) for s in mine)
        bought = self.users(start, end, {"purchase"})
        actions = sum(r["name"] != "page_view" for s in mine for r in s)
        features = self.users(start, end, set.union(*FEATURES))
        return {
            "dau": mean(Decimal(len(self.users(d, d + one))) for d in days),
            "wau": len(self.users(end - timedelta(days=7), end)), "mau": monthly,
            "stickiness": 100 * Decimal(daily) / monthly, "traffic": len(active),
            "conversion_rate": Decimal(100 * len(bought)) / len(active),
            "feature_adoption": Decimal(100 * len(features)) / len(active),
            "sessions": len(mine), "sessions_per_user": Decimal(len(mine)) / len(active),
            "session_duration": Decimal(seconds) / len(mine),
            "bounce_rate": Decimal(100 * dull) / len(mine),
            "actions_per_session": Decimal(actions) / len(mine),
        } | self._activation(start, end)  # fmt: skip

    @staticmethod
    def _is_dull(session: list[dict[str, Any]]) -> bool:
        lasted = (session[-1]["at"] - session[0]["at"]).total_seconds()
        key = any(r["is_key_event"] or r["name"] in KEY for r in session)
        return lasted <= 10 and not key and sum(r["name"] == "page_view" for r in session) < 2

    def _activation(self, start: date, end: date) -> dict[str, Any]:
        signed = {
            who: datetime.fromisoformat(row["created_at"])
            for who, row in self.hand.people.items()
            if who not in self.hand.tests and start <= local_day(row["created_at"]) < end
        }
        reached: dict[str, datetime] = {}
        for row in self.events:
            who = row["customer_id"]
            if row["name"] == "activated" and who in signed and row["at"] >= signed[who]:
                reached.setdefault(who, row["at"])
        took = [reached[w] - signed[w] for w in reached]
        hours = sorted(t.total_seconds() / 3600 for t in took)
        found: dict[str, Any] = {
            "activation_rate": Decimal(100 * sum(t <= WINDOW for t in took)) / len(signed),
            "value_never_reached": 100 - Decimal(100 * len(took)) / len(signed),
        }
        if hours:
            found["time_to_value"] = Decimal(median(hours))
        return found
