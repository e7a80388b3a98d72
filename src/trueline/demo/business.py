"""Money beside the shop: charges, costs, ad spend, cash, exchange rates, the finance model."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from trueline.core.period import add_months
from trueline.demo.company import DemoFile, Story
from trueline.demo.subscribers import CHARGE, STEP, TERMS, Ledger, Person

_ADS = (("Meta", 0.095, 0.0125), ("TikTok", 0.052, 0.011), ("Other", 0.021, 0.015))
"""Channel, ad spend as a share of revenue, click rate."""

_PAYROLL = {
    "personnel": 0.25,
    "sales": 0.08,
    "marketing": 0.05,
    "infrastructure": 0.05,
    "admin": 0.05,
    "research": 0.05,
}
"""Each kind of cost as a share of revenue at the end; fixed parts weigh more before."""

OPENING_CASH = 1.6
"""Cash at the beginning, in years of the final revenue."""


def _save(
    story: Story,
    made: list[DemoFile],
    table: str,
    rows: Iterable[tuple[Any, ...]],
    *,
    full: bool = True,
) -> None:
    path = story.folder / f"{table}.csv"
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(_HEADS[table].split())
        for row in rows:
            out.writerow(row)
            count += 1
    made.append(DemoFile(path, table, count, full=full))


_HEADS = {
    "revenue_tracking": "revenue_id revenue_date user_id subscription_id revenue_type amount "
    "currency tier billing_period",
    "spend": "spend_date channel campaign amount currency impressions clicks conversions",
    "acquisition_costs": "cost_id cost_date cost_type amount currency description channel "
    "service_start service_end",
    "cash_balances": "balance_date account amount currency",
    "fx_rates": "rate_date currency rate source",
    "plan": "kpi month value scenario",
}
"""Each file's columns; the file is named after its table."""


def write(story: Story, people: list[Person], ledger: Ledger, made: list[DemoFile]) -> None:
    """Write revenue, costs, spend, cash balances, rates and plan."""
    spent: dict[date, Decimal] = {}
    _save(story, made, "revenue_tracking", _revenue(story, people, ledger))
    _save(story, made, "spend", _spend(story, ledger, spent))
    costs = list(_costs(story, ledger))
    _save(story, made, "acquisition_costs", costs)
    _save(story, made, "cash_balances", _cash(story, ledger, costs, spent), full=False)
    _save(story, made, "fx_rates", _rates(story), full=False)
    _save(story, made, "plan", _plan(story, ledger), full=False)


def _revenue(story: Story, people: list[Person], ledger: Ledger) -> Iterator[tuple[Any, ...]]:
    charges = np.frombuffer(ledger.charges, np.int64).reshape(-1, len(CHARGE))
    order = np.lexsort([charges[:, n] for n in (2, 1, 0)])
    for begin in range(0, len(order), STEP):
        story.tell("charges", begin, len(order))
        rows = charges[order[begin : begin + STEP]].tolist()
        for number, (day, who, key, cents, terms) in enumerate(rows, begin):
            currency, plan, interval = TERMS[terms]
            yield (
                f"ch{number:08d}",
                date.fromordinal(day),
                people[who].customer_id,
                f"s{key:07d}",
                "subscription",
                f"{cents // 100}.{cents % 100:02d}",
                currency,
                plan,
                "annual" if interval == "year" else "monthly",
            )
    chance = story.chance("extras")
    for number, month in enumerate(story.months()):
        for extra in range(3):
            day = month + timedelta(days=chance.randrange(1, 27))
            if day < story.today:
                buyer = people[chance.randrange(max(1, len(people) // 3))]
                kind = chance.choice(("usage", "one_time"))
                yield (
                    f"ex{number:03d}-{extra}",
                    day,
                    buyer.customer_id,
                    "",
                    kind,
                    f"{chance.randrange(1500, 25000) / 100:.2f}",
                    "USD",
                    "",
                    "",
                )


def _month_revenue(story: Story, ledger: Ledger, month: date) -> Decimal:
    """A month's revenue; the running month is taken to go on as it began."""
    return ledger.monthly_revenue.get(month, Decimal(0)) * Decimal(_share_over(story, month))


def _share_over(story: Story, month: date) -> float:
    days = (add_months(month, 1) - month).days
    over = min(days, (story.today - month).days)
    return days / over if over else 1.0


def _spend(story: Story, ledger: Ledger, spent: dict[date, Decimal]) -> Iterator[tuple[Any, ...]]:
    chance = story.chance("spend")
    for offset in range((story.today - story.first).days):
        day = story.first + timedelta(days=offset)
        month = day.replace(day=1)
        daily = float(_month_revenue(story, ledger, month)) / 30
        for channel, share, rate in _ADS:
            for campaign, part in (("brand", 0.35), ("prospecting", 0.65)):
                amount = round(max(1.0, daily * share * part * chance.uniform(0.75, 1.25)), 2)
                impressions = round(amount * chance.uniform(85, 120))
                clicks = round(impressions * rate * chance.uniform(0.8, 1.2))
                conversions = min(clicks, round(clicks * chance.uniform(0.02, 0.05)))
                spent[month] = spent.get(month, Decimal(0)) + Decimal(str(amount))
                yield (
                    day,
                    channel,
                    campaign,
                    f"{amount:.2f}",
                    "USD",
                    impressions,
                    clicks,
                    conversions,
                )


def _costs(story: Story, ledger: Ledger) -> Iterator[tuple[Any, ...]]:
    chance = story.chance("costs")
    final = float(max(_month_revenue(story, ledger, m) for m in story.months()))
    for number, month in enumerate(story.months()):
        # Each bill names the days it pays for, so that it counts on those, not on the day it came.
        end = min(add_months(month, 1), story.today)
        day = end - timedelta(days=1)
        over = 1 / _share_over(story, month)
        revenue = float(_month_revenue(story, ledger, month))
        cogs = revenue * chance.uniform(0.295, 0.315) * over
        words = "beans, roasting, shipping"
        yield (f"k{number:03d}-cogs", day, "cogs", f"{cogs:.2f}", "USD", words, "", month, end)
        for kind, share in _PAYROLL.items():
            fixed = 0.45 * final * share
            amount = (fixed + 0.78 * revenue * share) * chance.uniform(0.96, 1.04) * over
            yield (f"k{number:03d}-{kind}", day, kind, f"{amount:.2f}", "USD", "", "", month, end)
        if month.month == 1:
            yearly, year = f"{final * 0.12:.2f}", add_months(month, 12)
            words = "insurance, a year"
            yield (f"k{number:03d}-ins", month, "other", yearly, "USD", words, "", month, year)


def _cash(
    story: Story, ledger: Ledger, costs: list[tuple[Any, ...]], spent: dict[date, Decimal]
) -> Iterator[tuple[Any, ...]]:
    """Balances every Friday and at each month's end: what came in less what went out."""
    out: dict[date, Decimal] = dict(spent)
    for row in costs:
        month = row[1].replace(day=1)
        out[month] = out.get(month, Decimal(0)) + Decimal(row[3])
    burns = [
        out.get(m, Decimal(0)) - ledger.monthly_revenue.get(m, Decimal(0)) for m in story.months()
    ]
    recent = sum(burns[-4:-1], Decimal(0)) / 3
    target = max(recent, Decimal(1000)) * 17
    balance = target + sum(burns, Decimal(0))
    day = story.first
    index = 0
    months = story.months()
    while day < story.today:
        month = day.replace(day=1)
        index = months.index(month)
        days = min((add_months(month, 1) - month).days, (story.today - month).days)
        balance -= burns[index] / days
        last = (day + timedelta(days=1)).day == 1
        if day.weekday() == 4 or last:
            reserve = (target * Decimal("0.3")).quantize(Decimal("0.01"))
            yield (day, "operating", f"{balance - reserve:.2f}", "USD")
            yield (day, "reserve", f"{reserve:.2f}", "USD")
        day += timedelta(days=1)


def _rates(story: Story) -> Iterator[tuple[Any, ...]]:
    chance = story.chance("rates")
    level = {"CAD": 0.735, "EUR": 1.08}
    for offset in range(-7, (story.today - story.first).days):
        day = story.first + timedelta(days=offset)
        if day.weekday() < 5:
            for currency in level:
                level[currency] *= 1 + chance.uniform(-0.0025, 0.0025)
                yield (day, currency, f"{level[currency]:.6f}", "demo")


def _plan(story: Story, ledger: Ledger) -> Iterator[tuple[Any, ...]]:
    chance = story.chance("plan")
    first_paid = ledger.monthly_new()
    for month in story.months():
        revenue = _month_revenue(story, ledger, month) * Decimal(str(chance.uniform(0.97, 1.08)))
        new = first_paid[month] * _share_over(story, month)
        yield ("revenue", month, f"{revenue:.2f}", "base")
        yield ("new_customers", month, round(new * chance.uniform(0.95, 1.1)), "base")
