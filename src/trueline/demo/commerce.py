"""Orders and refunds: bags of coffee, with a week's and a year's rhythm."""

from __future__ import annotations

import csv
import gzip
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from trueline.demo.company import DemoFile, Story, moment
from trueline.demo.subscribers import Ledger, Person

_WEEK = (1.05, 0.95, 0.95, 1.0, 1.15, 1.25, 1.1)
_YEAR = (0.95, 0.92, 0.95, 0.97, 0.98, 0.95, 0.9, 0.93, 1.0, 1.05, 1.25, 1.4)
_HEAD = (
    "order_id",
    "customer_id",
    "ordered_at",
    "amount",
    "discount",
    "tax",
    "cogs",
    "currency",
    "channel",
)
REFUNDED = 0.028
BLOCK = 50_000
"""Orders that are written at once."""


def write(story: Story, people: list[Person], ledger: Ledger, made: list[DemoFile]) -> None:
    """Write orders, their refunds, and a late export with rows that cannot be taken."""
    chance = np.random.default_rng(story.seed)
    days = [story.first + timedelta(days=n) for n in range((story.today - story.first).days)]
    joined = np.array([(p.joined - story.first).days for p in people])
    known = np.searchsorted(joined, np.arange(len(days)), side="right")
    weight = np.array([_rhythm(story, d) for d in days]) * np.minimum(known, 1)
    day = np.sort(chance.choice(len(days), story.orders, p=weight / weight.sum()))
    # Recent customers order more: the newer half of those known is the likelier one.
    place = (known[day] * chance.random(story.orders) ** 0.7).astype(np.int64)
    cents = np.round(np.exp(chance.normal(3.45, 0.45, story.orders)) * 100).astype(np.int64)
    second = chance.integers(25_000, 80_000, story.orders)
    _count(people, days, day, place, cents, ledger)
    path = story.folder / "orders.csv.gz"
    with gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as raw:
        _write_orders(story, raw, people, days, (day, place, cents, second))
    made.append(DemoFile(path, "orders", story.orders))
    _refunds(story, days, (day, place, cents, second), chance, made)
    _late_export(story, people, made)


def _rhythm(story: Story, day: date) -> float:
    return story.growth(day) * _WEEK[day.weekday()] * _YEAR[day.month - 1]


def _count(
    people: list[Person],
    days: list[date],
    day: Any,
    place: Any,
    cents: Any,
    ledger: Ledger,
) -> None:
    real = np.array([not p.is_test for p in people])[place]
    by_day = np.bincount(day, weights=cents * real, minlength=len(days))
    for when, total in zip(days, by_day, strict=True):
        ledger.earn(when, Decimal(int(total)) / 100)
    who, first = np.unique(place, return_index=True)  # orders are in the order of their days
    for person, order in zip(who, first, strict=True):
        if not people[person].is_test:
            ledger.paid(people[person].customer_id, days[day[order]])


def _write_orders(
    story: Story,
    raw: gzip.GzipFile,
    people: list[Person],
    days: list[date],
    columns: tuple[Any, ...],
) -> None:
    raw.write((",".join(_HEAD) + "\n").encode())
    for begin in range(0, story.orders, BLOCK):
        story.tell("orders", begin, story.orders)
        block = [column[begin : begin + BLOCK].tolist() for column in columns]
        lines = []
        for number, (d, p, c, s) in enumerate(zip(*block, strict=True), begin):
            person = people[p]
            lines.append(
                f"o{number:09d},{person.customer_id},{moment(days[d], s)},{c // 100}.{c % 100:02d},"
                f"0.00,{c * 13 // 10000}.{c * 13 // 100 % 100:02d},"
                f"{c * 38 // 10000}.{c * 38 // 100 % 100:02d},USD,{person.channel}\n"
            )
        raw.write("".join(lines).encode())


def _refunds(
    story: Story,
    days: list[date],
    orders: tuple[Any, ...],
    chance: Any,
    made: list[DemoFile],
) -> None:
    day, _, cents, second = orders
    chosen = np.flatnonzero(chance.random(story.orders) < REFUNDED)
    wait = chance.integers(1, 25, len(chosen))
    share = np.where(chance.random(len(chosen)) < 0.7, 100, chance.integers(20, 90, len(chosen)))
    path = story.folder / "refunds.csv"
    rows = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("refund_id", "order_id", "refunded_at", "amount", "currency"))
        for number, later, percent in zip(
            chosen.tolist(), wait.tolist(), share.tolist(), strict=True
        ):
            when = days[day[number]] + timedelta(days=later)
            amount = int(cents[number]) * percent // 100
            if when >= story.today or amount == 0:
                continue
            at = moment(when, int(second[number]))
            out.writerow((f"r{number:09d}", f"o{number:09d}", at, f"{amount / 100:.2f}", "USD"))
            rows += 1
    made.append(DemoFile(path, "refunds", rows))


def _late_export(story: Story, people: list[Person], made: list[DemoFile]) -> None:
    """Orders exported by hand, with the columns of another shop and eight rows that are wrong."""
    chance = story.chance("late export")
    folder = story.folder
    mapping = folder / "late-export.toml"
    mapping.write_text(
        '[columns]\n"Order ID" = "order_id"\n"Buyer" = "customer_id"\n"Placed" = "ordered_at"\n'
        '"Total" = "amount"\n"Cur" = "currency"\n',
        encoding="utf-8",
    )
    day = story.today - timedelta(days=3)
    good = [
        [
            f"x{n:03d}",
            people[chance.randrange(len(people))].customer_id,
            moment(day, 40_000 + n * 60),
            f"{chance.randrange(900, 9000) / 100:.2f}",
            "USD",
        ]
        for n in range(52)
    ]
    who, at = people[0].customer_id, moment(day, 50_000)
    bad = [
        ["x900", who, "01/02/2026", "20.00", "USD"],
        ["x901", who, at, "$12.50", "USD"],
        ["x902", who, at, "1,234.50", "USD"],
        ["x903", who, at, "20.00", "US$"],
        ["x904", who, at, "20.00001", "USD"],
        ["x905", who, "2026-03-08 02:30:00", "20.00", "USD"],
        ["", who, at, "20.00", "USD"],
        ["x907", who, at],
    ]
    path = folder / "orders-late-export.csv"
    _write_csv(path, ("Order ID", "Buyer", "Placed", "Total", "Cur"), good[:30] + bad + good[30:])
    made.append(DemoFile(path, "orders", 60, full=False, keep_good=True, mapping=mapping))


def _write_csv(path: Path, head: tuple[str, ...], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(head)
        out.writerows(rows)
