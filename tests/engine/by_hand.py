"""The demo company's KPIs counted from its files in plain Python, a person's way, row by row.

Nothing of the engine is used here, nor SQL: what is written down are the definitions, so that an
engine that is wrong on all databases alike is still found out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import mean
from typing import Any

from by_hand_rows import Row, good, local_day, month_before, previous, read

MONTH = Decimal(365) / 12
PER_MONTH = {
    "month": Decimal(1), "year": Decimal(1) / 12, "week": Decimal(52) / 12, "day": MONTH,
}  # fmt: skip


class ByHand:
    """One company's rows, and what one counts from them."""

    def __init__(self, folder: Path) -> None:
        self.people = {r["customer_id"]: r for r in read(folder, "customers.csv")}
        self.tests = {c for c, r in self.people.items() if r["is_test"] == "true"}
        late = [
            {"order_id": r["Order ID"], "customer_id": r["Buyer"], "ordered_at": r["Placed"],
             "amount": r["Total"], "currency": r["Cur"], "cogs": None, "channel": None}
            for r in read(folder, "orders-late-export.csv")
        ]  # fmt: skip
        found: dict[str, Row] = {}
        for row in read(folder, "orders.csv.gz") + [r for r in late if good(r)]:
            found.setdefault(row["order_id"], row)
        self.orders = self._mine(found.values(), "customer_id")
        self.revenue = self._mine(read(folder, "revenue_tracking.csv"), "user_id")
        self.changes = sorted(
            self._mine(read(folder, "subscription_events.csv"), "customer_id"),
            key=lambda r: (r["subscription_id"], r["effective_at"], r["event_id"]),
        )
        known = {r["order_id"] for r in self.orders}
        self.refunds = [r for r in read(folder, "refunds.csv") if r["order_id"] in known]
        self.costs = read(folder, "acquisition_costs.csv")
        self.spend = read(folder, "spend.csv")
        self.cash = read(folder, "cash_balances.csv")
        self.surveys = self._mine(read(folder, "surveys.ndjson"), "customer_id")
        self.sprints = read(folder, "sprints.csv")
        self.releases = read(folder, "releases.csv")
        self.defects = read(folder, "defects.csv")
        self.rates: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for row in read(folder, "fx_rates.csv"):
            day = date.fromisoformat(row["rate_date"])
            self.rates[row["currency"]].append((day, Decimal(row["rate"])))
        for rates in self.rates.values():
            rates.sort()
        self.first_paid = self._first_paid()

    def _mine(self, rows: Iterable[Row], who: str) -> list[Row]:
        return [r for r in rows if r.get(who) not in self.tests]

    def worth(self, amount: str | Decimal, currency: str, day: date) -> Decimal:
        """An amount in US dollars, at the last rate known on its day."""
        if currency == "USD":
            return Decimal(amount)
        rates = self.rates[currency]
        return Decimal(amount) * rates[bisect_right(rates, (day, Decimal("Infinity"))) - 1][1]

    # -- what recurs --------------------------------------------------------------------------

    def states(self, at: date) -> list[Row]:
        """Each subscription's state at the start of a day."""
        last: dict[str, Row] = {}
        for row in self.changes:
            if local_day(row["effective_at"]) < at:
                last[row["subscription_id"]] = row
        return list(last.values())

    def by_customer(
        self, at: date, valued: date | None = None, statuses: Iterable[str] = ("active", "past_due")
    ) -> dict[str, Decimal]:
        """MRR of each customer who has any at the start of a day."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.states(at):
            if row["status"] in statuses:
                amount = Decimal(row["unit_amount"]) * int(row["quantity"])
                amount = amount * PER_MONTH[row["interval"]] / int(row["interval_count"])
                day = (valued or at) - timedelta(days=1)
                found[row["customer_id"]] += self.worth(amount, row["currency"], day)
        return {c: v for c, v in found.items() if v > 0}

    def _first_paid(self) -> dict[str, date]:
        paid = [(r["customer_id"], local_day(r["ordered_at"])) for r in self.orders
                if Decimal(r["amount"]) > 0]  # fmt: skip
        paid += [(r["user_id"], local_day(r["revenue_date"])) for r in self.revenue
                 if Decimal(r["amount"]) > 0]  # fmt: skip
        paid += [
            (r["customer_id"], local_day(r["effective_at"]))
            for r in self.changes
            if r["status"] in ("active", "past_due")
            and Decimal(r["unit_amount"]) * int(r["quantity"]) > 0
        ]
        first: dict[str, date] = {}
        for who, day in paid:
            first[who] = min(day, first.get(who, day))
        return first

    def paid_before(self, who: str, at: date) -> bool:
        """Whether a customer ever had recurring revenue before a day."""
        return any(
            r["customer_id"] == who
            and local_day(r["effective_at"]) < at
            and r["status"] in ("active", "past_due")
            and Decimal(r["unit_amount"]) > 0
            for r in self.changes
        )

    def movements(self, start: date, end: date) -> dict[str, Decimal]:
        """The bridge, each customer's MRR compared at both ends; fx apart."""
        before, after = self.by_customer(start), self.by_customer(end)
        # what each pays at the end, at the rate of the start: the rest is exchange rates
        steady = self.by_customer(end, valued=start)
        parts = dict.fromkeys(
            ("new", "reactivation", "expansion", "contraction", "churn", "fx"), Decimal(0)
        )
        for who in before.keys() | after.keys():
            m0, m1 = before.get(who, Decimal(0)), after.get(who, Decimal(0))
            if m0 and m1:
                change = steady[who] - m0
                parts["expansion" if change > 0 else "contraction"] += change
                parts["fx"] += m1 - steady[who]
            elif m0:
                parts["churn"] -= m0
            else:
                parts["reactivation" if self.paid_before(who, start) else "new"] += m1
        return parts

    # -- what is charged and spent ------------------------------------------------------------

    def sum_of(self, rows: list[Row], day: str, start: date, end: date) -> Decimal:
        """Amounts of the rows dated in a period."""
        return sum(
            (self.worth(r["amount"], r["currency"], d) for r in rows
             if start <= (d := local_day(r[day])) < end),
            Decimal(0),
        )  # fmt: skip

    def sales(self, start: date, end: date) -> Decimal:
        """Orders and revenue entries."""
        return self.sum_of(self.orders, "ordered_at", start, end) + self.sum_of(
            self.revenue, "revenue_date", start, end
        )

    def cost(self, start: date, end: date, *kinds: str) -> Decimal:
        """Costs of some kinds, each spread evenly over the days it was for."""
        total = Decimal(0)
        for row in self.costs:
            if row["cost_type"] not in kinds:
                continue
            first = date.fromisoformat(row["service_start"] or row["cost_date"])
            last = date.fromisoformat(row["service_end"]) if row["service_end"] else None
            until = last or first + timedelta(days=1)
            days = (min(until, end) - max(first, start)).days
            if days > 0:
                total += Decimal(row["amount"]) * days / (until - first).days
        return total

    def cash_at(self, day: date) -> Decimal:
        """The last balance of each account before a day."""
        last: dict[str, tuple[date, Decimal]] = {}
        for row in self.cash:
            when = date.fromisoformat(row["balance_date"])
            if when < day and when >= last.get(row["account"], (when, 0))[0]:
                last[row["account"]] = (when, Decimal(row["amount"]))
        return sum((amount for _, amount in last.values()), Decimal(0))

    def ads(self, column: str, start: date, end: date) -> Decimal:
        """A column of ad spend."""
        return sum(
            (Decimal(r[column]) for r in self.spend
             if start <= date.fromisoformat(r["spend_date"]) < end),
            Decimal(0),
        )  # fmt: skip

    # -- all of it ----------------------------------------------------------------------------

    def kpis(self, start: date, end: date) -> dict[str, Any]:
        """KPIs of a period by their keys."""
        return (
            self._recurring(start, end)
            | self._money(start, end)
            | self._compound(start, end)
            | self._customers(start, end)
            | self._opinions(start, end)
        )

    def _recurring(self, start: date, end: date) -> dict[str, Any]:
        before, after = self.by_customer(start), self.by_customer(end)
        mrr0, mrr1 = sum(before.values(), Decimal(0)), sum(after.values(), Decimal(0))
        moved = self.movements(start, end)
        down, up = moved["contraction"] + moved["churn"], moved["new"] + moved["reactivation"]
        lost = len(before.keys() - after.keys())
        found = {
            "mrr": mrr1, "arr": 12 * mrr1, "customers": len(after), "arpu": mrr1 / len(after),
            "trial_mrr": sum(self.by_customer(end, statuses=["trialing"]).values()),
            "at_risk_mrr": sum(self.by_customer(end, statuses=["past_due"]).values()),
            "net_new_mrr": mrr1 - mrr0, "mrr_growth_rate": 100 * (mrr1 - mrr0) / mrr0,
            "mrr_new": moved["new"], "mrr_reactivation": moved["reactivation"],
            "mrr_expansion": moved["expansion"], "mrr_contraction": -moved["contraction"],
            "mrr_churn": -moved["churn"],
            "nrr": 100 * (mrr0 + moved["expansion"] + down) / mrr0,
            "grr": 100 * (mrr0 + down) / mrr0, "revenue_churn_rate": -100 * down / mrr0,
            "churn_rate": Decimal(100 * lost) / len(before),
            "retention_rate": Decimal(100 * (len(before) - lost)) / len(before),
        }  # fmt: skip
        if down:
            found["quick_ratio"] = (up + moved["expansion"]) / -down
        return found

    def _money(self, start: date, end: date) -> dict[str, Any]:
        sales, cogs = self.sales(start, end), self.cost(start, end, "cogs")
        refunds = self.sum_of(self.refunds, "refunded_at", start, end)
        ordered = self.sum_of(self.orders, "ordered_at", start, end)
        count = sum(start <= local_day(r["ordered_at"]) < end for r in self.orders)
        before = self.sales(*previous(start, end))
        ads = self.ads("amount", start, end)
        acquiring = self.acquiring(start, end)
        operating = acquiring + self.cost(
            start, end, "infrastructure", "personnel", "research", "admin", "other"
        )
        months = self.months(start, end)
        clicks, seen = self.ads("clicks", start, end), self.ads("impressions", start, end)
        return {
            "revenue": sales, "net_revenue": sales - refunds,
            "refund_rate": 100 * refunds / sales, "aov": ordered / count,
            "revenue_growth_rate": 100 * (sales - before) / before,
            "gross_margin": 100 * (sales - cogs) / sales, "cogs_rate": 100 * cogs / sales,
            "ebitda_margin": 100 * (sales - cogs - operating) / sales,
            "burn_rate": (cogs + operating) / months,
            "net_burn": (cogs + operating + refunds - sales) / months,
            "cash_balance": self.cash_at(end),
            "spend": ads, "impressions": seen, "clicks": clicks,
            "conversions": self.ads("conversions", start, end), "ctr": 100 * clicks / seen,
            "ad_conversion_rate": 100 * self.ads("conversions", start, end) / clicks,
            "cac": acquiring / self.newly(start, end),
        }  # fmt: skip

    def _compound(self, start: date, end: date) -> dict[str, Any]:
        """What is made of several of the others."""
        acquiring = self.acquiring(start, end)
        known = self._money(start, end) | self._recurring(start, end)
        margin, grown = known["gross_margin"] / 100, known["net_new_mrr"]
        months = self.months(start, end)
        ordered = (month_before(end, back) for back in range(12))
        firsts = {c for c, day in self.first_paid.items() if start <= day < end}
        new = {"orders": [r for r in self.orders if r["customer_id"] in firsts],
               "revenue": [r for r in self.revenue if r["user_id"] in firsts]}  # fmt: skip
        won = self.sum_of(new["orders"], "ordered_at", start, end) + self.sum_of(
            new["revenue"], "revenue_date", start, end
        )
        before, after = self.by_customer(start), self.by_customer(end)
        came = [c for c in after.keys() - before.keys() if not self.paid_before(c, start)]
        lost = exposed = 0
        for month in ordered:
            there, still = self.by_customer(month[0]), self.by_customer(month[1])
            if not there:
                break
            lost, exposed = lost + len(there.keys() - still.keys()), exposed + len(there)
        quarter = [self._money(*month_before(end, back))["net_burn"] for back in range(3)]
        earlier = self.sales(start.replace(year=start.year - 1), end.replace(year=end.year - 1))
        referred = sum(after[c] for c in came if self.people[c]["referred"] == "true")
        found: dict[str, Any] = {
            "sales_efficiency": won / acquiring,
            "magic_number": 12 * grown / self.acquiring(*previous(start, end)),
            "egr": known["nrr"] + 100 * referred / sum(before.values()) - 100,
        }  # fmt: skip
        found["clv"] = found["clv_cac_ratio"] = None  # fewer than ten left: nobody can tell
        if lost >= 10:
            found["clv"] = known["arpu"] * margin * exposed / lost
            found["clv_cac_ratio"] = found["clv"] / known["cac"]
        if came and margin > 0:
            each = known["mrr_new"] / self.newly(start, end)
            found["cac_payback_months"] = known["cac"] / (each * margin)
        if mean(quarter) > 0:
            found["runway_months"] = known["cash_balance"] / mean(quarter)
        if known["net_burn"] > 0 and grown > 0:
            found["burn_multiple"] = known["net_burn"] * months / (12 * grown)
        if earlier:
            growth = 100 * (known["revenue"] - earlier) / earlier
            found["rule_of_40"] = growth + known["ebitda_margin"]
        return found

    def acquiring(self, start: date, end: date) -> Decimal:
        """Sales and marketing cost, ads included."""
        kinds = ("sales", "marketing", "advertising")
        return self.cost(start, end, *kinds) + self.ads("amount", start, end)

    @staticmethod
    def months(start: date, end: date) -> Decimal:
        """A period's length: calendar months where it is whole ones, else by the mean month."""
        if start.day == end.day == 1:
            return Decimal((end.year - start.year) * 12 + end.month - start.month)
        return Decimal((end - start).days) / MONTH

    def newly(self, start: date, end: date) -> int:
        """Customers who first paid in a period."""
        return sum(start <= day < end for day in self.first_paid.values())

    def _customers(self, start: date, end: date) -> dict[str, Any]:
        first_order: dict[str, date] = {}
        for row in self.orders:
            day = local_day(row["ordered_at"])
            first_order[row["customer_id"]] = min(day, first_order.get(row["customer_id"], day))
        inside = [r for r in self.orders if start <= local_day(r["ordered_at"]) < end]
        moments = sorted(self.orders, key=lambda r: (r["ordered_at"], r["order_id"]))
        firsts = {}
        for row in moments:
            firsts.setdefault(row["customer_id"], row["order_id"])
        new = sum(firsts[r["customer_id"]] == r["order_id"] for r in inside)
        found: dict[str, Any] = {
            "new_customers": self.newly(start, end), "new_customer_orders": new,
            "returning_customer_orders": len(inside) - new,
        }  # fmt: skip
        cohort = {c: day for c, day in first_order.items() if start <= day < end}
        last = max(local_day(r["ordered_at"]) for r in self.orders)
        for days in (30, 60, 90):
            if cohort and end + timedelta(days=days) <= last + timedelta(days=1):
                back = {
                    r["customer_id"]
                    for r in self.orders
                    if (who := r["customer_id"]) in cohort
                    and 1 <= (local_day(r["ordered_at"]) - cohort[who]).days <= days
                }
                found[f"retention_{days}d"] = Decimal(100 * len(back)) / len(cohort)
        return found

    def _opinions(self, start: date, end: date) -> dict[str, Any]:
        def scores(kind: str) -> list[Decimal]:
            return [
                Decimal(r["score"])
                for r in self.surveys
                if r["survey"] == kind and start <= local_day(r["answered_at"]) < end
            ]

        def share(found: list[Decimal], good: Callable[[Decimal], bool]) -> Decimal:
            return Decimal(100 * sum(map(good, found))) / len(found)

        found: dict[str, Any] = {}
        if nps := scores("nps"):
            found["nps"] = share(nps, lambda s: s >= 9) - share(nps, lambda s: s <= 6)
        for kind in ("csat", "osat"):
            if answers := scores(kind):
                found[kind] = share(answers, lambda s: s >= 4)
        if ces := scores("ces"):
            found["ces"] = mean(ces)
        defects = [r for r in self.defects if start <= local_day(r["found_at"]) < end]
        releases = sum(start <= local_day(r["released_at"]) < end for r in self.releases)
        escaped = sum(r["stage"] == "production" for r in defects)
        if releases:
            found["product_quality"] = Decimal(len(defects)) / releases
        if defects:
            found["escape_rate"] = Decimal(100 * escaped) / len(defects)
        points = [int(r["points_accepted"]) for r in self.sprints
                  if start <= date.fromisoformat(r["ended_on"]) < end]  # fmt: skip
        if points:
            found["velocity"] = mean(map(Decimal, points))
        return found
