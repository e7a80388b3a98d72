"""Customers, and the life of their subscriptions: every event with the full state after it."""

from __future__ import annotations

import csv
import json
import random
from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import product

from trueline.core.period import add_months
from trueline.demo.company import DemoFile, Story, moment

CHANNELS = (("Meta", 30), ("TikTok", 18), ("Organic", 28), ("Referral", 14), ("Other", 10))
COUNTRIES = (("US", 58), ("CA", 22), ("GB", 8), ("DE", 5), ("FR", 4), ("AU", 3))
PLANS = {"Starter": 29, "Growth": 79, "Scale": 199}
STEP = 10_000
"""So many at a time whoever watches is told of."""

SUBSCRIBERS = 1350
"""Subscriptions that a small company has sold in all."""

FOREVER = {"kind": "percent", "value": "10", "duration": "forever"}
ONCE = {"kind": "amount", "value": "15", "duration": "once"}
COLUMNS = (
    "event_id",
    "subscription_id",
    "customer_id",
    "effective_at",
    "status",
    "plan",
    "quantity",
    "unit_amount",
    "currency",
    "interval",
    "interval_count",
    "discount",
    "trial_end",
    "cancel_at",
    "evidence",
)


CHARGE = ("day", "person", "subscription", "cents", "terms")
TERMS = tuple(product(("USD", "CAD"), PLANS, ("month", "year")))


@dataclass(slots=True)
class Person:
    """A customer."""

    customer_id: str
    joined: date
    channel: str
    country: str
    is_test: bool = False


@dataclass
class Ledger:
    """What happened that other files must agree with."""

    charges: array[int] = field(default_factory=lambda: array("q"))
    """``CHARGE`` numbers of each charge, one after the other: millions of rows fit."""
    monthly_revenue: dict[date, Decimal] = field(default_factory=dict)
    first_paid: dict[str, date] = field(default_factory=dict)

    def paid(self, customer_id: str, day: date) -> None:
        """Keep the day on which a customer first paid, whatever for."""
        self.first_paid[customer_id] = min(day, self.first_paid.get(customer_id, day))

    def monthly_new(self) -> Counter[date]:
        """How many customers first paid in each month."""
        return Counter(day.replace(day=1) for day in self.first_paid.values())

    def charge(
        self, day: date, person: int, key: int, amount: Decimal, terms: tuple[str, str, str]
    ) -> None:
        """A customer's subscription was paid for; ``terms``: currency, plan, interval."""
        cents = int(amount.scaleb(2))
        self.charges.extend((day.toordinal(), person, key, cents, TERMS.index(terms)))

    def earn(self, day: date, amount: Decimal) -> None:
        """Count revenue in its month (Canadian dollars at about 0.73)."""
        month = day.replace(day=1)
        self.monthly_revenue[month] = self.monthly_revenue.get(month, Decimal(0)) + amount


def pick(chance: random.Random, weighted: tuple[tuple[str, int], ...]) -> str:
    """One of the names, by weight."""
    names, weights = zip(*weighted, strict=True)
    return str(chance.choices(names, weights)[0])


def day_of_growth(story: Story, chance: random.Random) -> date:
    """A day of the story; later ones are likelier, as the company grows."""
    span = (story.today - story.first).days
    while True:
        day = story.first + timedelta(days=chance.randrange(span))
        if chance.random() < story.growth(day):
            return day


def customers(story: Story) -> list[Person]:
    """Everybody who has an account, in the order they came."""
    chance = story.chance("customers")
    count = max(40, round(story.orders / 7))
    days = sorted(day_of_growth(story, chance) for _ in range(count))
    people = []
    for number, day in enumerate(days):
        if number % STEP == 0:
            story.tell("customers", number, count)
        channel, country = pick(chance, CHANNELS), pick(chance, COUNTRIES)
        people.append(Person(f"c{number:07d}", day, channel, country, is_test=number in (5, 17)))
    return people


def write(story: Story, people: list[Person], made: list[DemoFile]) -> Ledger:
    """Write customers and subscription events."""
    _write_customers(story, people, made)
    ledger = Ledger()
    chance = story.chance("subscriptions")
    wanted = min(len(people) * 3 // 4, max(20, round(SUBSCRIBERS * story.scale)))
    chosen = sorted(chance.sample(range(len(people)), wanted))
    path = story.folder / "subscription_events.csv"
    rows = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        for number, place in enumerate(chosen):
            if number % STEP == 0:
                story.tell("subscriptions", number, wanted)
            life = Life(story, (place, people[place]), number, chance, ledger)
            for row in life.events():
                out.writerow(row)
                rows += 1
    made.append(DemoFile(path, "subscription_events", rows))
    return ledger


def _write_customers(story: Story, people: list[Person], made: list[DemoFile]) -> None:
    chance = story.chance("accounts")
    path = story.folder / "customers.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("customer_id", "created_at", "channel", "referred", "country", "is_test"))
        for person in people:
            referred = person.channel == "Referral" and chance.random() < 0.8
            out.writerow(
                (
                    person.customer_id,
                    moment(person.joined, chance.randrange(30_000, 60_000)),
                    person.channel,
                    str(referred).lower(),
                    person.country,
                    str(person.is_test).lower(),
                )
            )
    made.append(DemoFile(path, "customers", len(people)))


class Life:
    """One subscription from its first day on."""

    def __init__(
        self,
        story: Story,
        owner: tuple[int, Person],
        number: int,
        chance: random.Random,
        ledger: Ledger,
    ) -> None:
        self.story, self.chance, self.ledger = story, chance, ledger
        self.place, self.person = owner
        self.number, self.key = number, f"s{number:07d}"
        self.plan = pick(chance, (("Starter", 52), ("Growth", 34), ("Scale", 14)))
        self.interval = "year" if chance.random() < 0.18 else "month"
        self.quantity = chance.choices((1, 2, 3, 5), (70, 15, 10, 5))[0]
        self.currency = "CAD" if self.person.country == "CA" and chance.random() < 0.22 else "USD"
        self.discount = (
            FOREVER if chance.random() < 0.06 else ONCE if chance.random() < 0.08 else None
        )
        self.count = 0

    @property
    def price(self) -> Decimal:
        """Price of one unit and interval; a year costs ten months."""
        return Decimal(PLANS[self.plan] * (10 if self.interval == "year" else 1))

    def row(
        self, day: date, status: str, trial_end: str = "", cancel_at: str = ""
    ) -> tuple[str, ...]:
        """An event: the full state after it."""
        self.count += 1
        return (
            f"{self.key}-{self.count}",
            self.key,
            self.person.customer_id,
            moment(day, 36_000 + self.count),
            status,
            self.plan,
            str(self.quantity),
            f"{self.price:.2f}",
            self.currency,
            self.interval,
            "1",
            json.dumps(self.discount) if self.discount else "",
            trial_end,
            cancel_at,
            "webhook",
        )

    def events(self) -> list[tuple[str, ...]]:
        """All of its events until yesterday, in order."""
        day = self.person.joined + timedelta(days=self.chance.randrange(0, 5))
        rows: list[tuple[str, ...]] = []
        if self.chance.random() < 0.6:
            ends = day + timedelta(days=14)
            rows.append(self.row(day, "trialing", trial_end=moment(ends, 36_000)))
            day = ends
            if self.chance.random() > 0.55:
                rows.append(self.row(day, "canceled"))
                return self._until_yesterday(rows)
        rows.append(self.row(day, "active"))
        if not self.person.is_test:
            self.ledger.paid(self.person.customer_id, day)
        rows += self._months(day)
        return self._until_yesterday(rows)

    def _until_yesterday(self, rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        limit = moment(self.story.today, 0)
        return [row for row in rows if row[3] < limit]

    def _months(self, start: date) -> list[tuple[str, ...]]:
        """Month after month: charged, then perhaps changed."""
        rows: list[tuple[str, ...]] = []
        for month in range(400):
            day = add_months(start, month)
            if day >= self.story.today:
                break
            if self.interval == "month" or month % 12 == 0:
                self._charge(day, first=month == 0)
            change = day + timedelta(days=self.chance.randrange(5, 25))
            if change >= self.story.today:
                break
            more, goes_on, skip = self._change(change)
            rows += more
            if not goes_on:
                break
            if skip:
                start = add_months(start, skip)
        return rows

    def _change(self, day: date) -> tuple[list[tuple[str, ...]], bool, int]:
        """What happens in a month: nothing mostly."""
        luck = self.chance.random()
        tenure_bonus = 0.006 if self.interval == "year" else 0.0
        if luck < 0.03 - tenure_bonus:
            return self._leave(day)
        if luck < 0.035:
            return [self.row(day, "paused"), self.row(day + timedelta(days=20), "active")], True, 0
        if luck < 0.043:
            return self._late(day)
        if luck < 0.068:
            return self._resize(day, up=True), True, 0
        if luck < 0.081:
            return self._resize(day, up=False), True, 0
        return [], True, 0

    def _leave(self, day: date) -> tuple[list[tuple[str, ...]], bool, int]:
        if self.chance.random() < 0.5:
            ends = day + timedelta(days=self.chance.randrange(3, 28))
            rows = [
                self.row(day, "active", cancel_at=moment(ends, 36_000)),
                self.row(ends, "canceled"),
            ]
        else:
            ends = day
            rows = [self.row(day, "canceled")]
        if self.chance.random() < 0.1:
            back = ends + timedelta(days=self.chance.randrange(40, 120))
            rows.append(self.row(back, "active"))
            months = max(1, round((back - day).days / 30))
            return rows, True, months
        return rows, False, 0

    def _late(self, day: date) -> tuple[list[tuple[str, ...]], bool, int]:
        rows = [self.row(day, "past_due")]
        if self.chance.random() < 0.7:
            return [*rows, self.row(day + timedelta(days=6), "active")], True, 0
        unpaid = day + timedelta(days=14)
        return (
            [*rows, self.row(unpaid, "unpaid"), self.row(unpaid + timedelta(days=10), "canceled")],
            False,
            0,
        )

    def _resize(self, day: date, *, up: bool) -> list[tuple[str, ...]]:
        order = list(PLANS)
        place = order.index(self.plan) + (1 if up else -1)
        if self.chance.random() < 0.5 and 0 <= place < len(order):
            self.plan = order[place]
        elif up:
            self.quantity += 1
        elif self.quantity > 1:
            self.quantity -= 1
        else:
            return []
        return [self.row(day, "active")]

    def _charge(self, day: date, *, first: bool) -> None:
        amount = self.price * self.quantity
        if self.discount is FOREVER:
            amount = (amount * Decimal("0.9")).quantize(Decimal("0.01"), ROUND_HALF_UP)
        elif self.discount is ONCE and first:
            amount = max(Decimal(0), amount - 15)
        terms = (self.currency, self.plan, self.interval)
        self.ledger.charge(day, self.place, self.number, amount, terms)
        if not self.person.is_test:
            self.ledger.earn(day, amount * (Decimal("0.73") if self.currency == "CAD" else 1))
