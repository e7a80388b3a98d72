"""What users do and say, and how the product is made."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from trueline.demo.company import DemoFile, Story, moment
from trueline.demo.subscribers import Ledger, Person

_NAMES = (
    ("page_view", 62),
    ("created_project", 9),
    ("used_reports", 9),
    ("invited_teammate", 4),
    ("purchase", 5),
    ("search", 11),
)
KEY_EVENTS = ("purchase", "created_project")
EVENTS = 150_000
MOST_EVENTS = 15_000_000
"""What the largest company has: enough to try, in some minutes."""

_CUMULATED = tuple(accumulate(weight for _, weight in _NAMES))
_EVENT_NAMES = tuple(name for name, _ in _NAMES)


def write(story: Story, people: list[Person], ledger: Ledger, made: list[DemoFile]) -> None:
    """Write events (Parquet), surveys (NDJSON), sprints, releases, defects."""
    del ledger
    _events(story, people, made)
    _surveys(story, people, made)
    _delivery(story, made)


def _events(story: Story, people: list[Person], made: list[DemoFile]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = (
        "event_id",
        "user_id",
        "occurred_at",
        "name",
        "session_id",
        "customer_id",
        "channel",
        "is_key_event",
    )
    schema = pa.schema([(n, pa.bool_() if n == "is_key_event" else pa.string()) for n in names])
    path = story.folder / "events.parquet"
    total = 0
    with pq.ParquetWriter(path, schema) as out:
        block: list[tuple[Any, ...]] = []
        for row in _sessions(story, people):
            block.append((f"ev{total:09d}", *row))
            total += 1
            if len(block) == 50_000:
                story.tell("events", total, round(min(EVENTS * story.scale, MOST_EVENTS)))
                out.write_table(_table(pa, schema, block))
                block = []
        if block:
            out.write_table(_table(pa, schema, block))
    made.append(DemoFile(path, "events", total))


def _table(pa: Any, schema: Any, rows: list[tuple[Any, ...]]) -> Any:
    columns = list(zip(*rows, strict=True))
    return pa.table(
        [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
    )


def _sessions(story: Story, people: list[Person]) -> Iterator[tuple[Any, ...]]:
    """Sessions of the last twelve months; a first one signs up, most who sign up activate."""
    chance = story.chance("events")
    begin = story.today - timedelta(days=365)
    wanted = min(EVENTS * story.scale, MOST_EVENTS)
    count = 0
    number = 0
    span = (story.today - begin).days
    order = sorted(people, key=lambda p: p.joined)
    for person in order:
        if person.joined >= begin:
            for row in _first_steps(story, chance, person):
                count += 1
                yield row
    while count < wanted:
        day = begin + timedelta(days=chance.randrange(span))
        person = order[int(len(order) * chance.random() ** 0.6) % len(order)]
        if person.joined > day:
            continue
        number += 1
        second = chance.randrange(20_000, 78_000)
        for place, name in enumerate(_names(chance)):
            count += 1
            second += 0 if place == 0 else chance.randrange(4, 240)
            yield (
                person.customer_id,
                moment(day, second),
                name,
                f"se{number:08d}",
                person.customer_id,
                person.channel,
                name in KEY_EVENTS,
            )


def _first_steps(story: Story, chance: Any, person: Person) -> Iterator[tuple[Any, ...]]:
    """Signing up, and for most, minutes or days later, reaching what the product is for."""
    names = [("signed_up", 0, 62_000)]
    if chance.random() < 0.58:
        days = 0 if chance.random() < 0.55 else 1 + int(9 * chance.random() ** 2)
        names.append(("activated", days, chance.randrange(63_000, 80_000)))
    for name, days, second in names:
        day = person.joined + timedelta(days=days)
        if day < story.today:
            yield (
                person.customer_id,
                moment(day, second),
                name,
                f"first-{person.customer_id}-{days}",
                person.customer_id,
                person.channel,
                False,
            )


def _names(chance: Any) -> list[str]:
    length = 1 if chance.random() < 0.38 else chance.randrange(2, 9)
    return list(chance.choices(_EVENT_NAMES, cum_weights=_CUMULATED, k=length))


def _surveys(story: Story, people: list[Person], made: list[DemoFile]) -> None:
    chance = story.chance("surveys")
    path = story.folder / "surveys.ndjson"
    kinds = (
        ("nps", 10, (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), (1, 1, 1, 1, 2, 4, 6, 14, 22, 26, 22)),
        ("csat", 5, (1, 2, 3, 4, 5), (3, 6, 15, 42, 34)),
        ("osat", 5, (1, 2, 3, 4, 5), (3, 7, 17, 43, 30)),
        ("ces", 7, (1, 2, 3, 4, 5, 6, 7), (2, 3, 6, 12, 25, 32, 20)),
    )
    rows = round(2400 * min(story.scale, 20))
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            kind, top, scores, weights = kinds[number % 4]
            day = story.today - timedelta(days=1 + chance.randrange(540))
            person = people[chance.randrange(len(people))]
            answer = {
                "response_id": f"sv{number:06d}",
                "survey": kind,
                "answered_at": moment(day, chance.randrange(30_000, 70_000)),
                "score": chance.choices(scores, weights)[0],
                "scale_max": top,
                "customer_id": person.customer_id,
            }
            file.write(json.dumps(answer) + "\n")
    made.append(DemoFile(path, "surveys", rows))


def _delivery(story: Story, made: list[DemoFile]) -> None:
    chance = story.chance("delivery")
    sprints: list[tuple[Any, ...]] = []
    releases: list[tuple[Any, ...]] = []
    defects: list[tuple[Any, ...]] = []
    day = story.first
    while day + timedelta(days=14) < story.today:
        number = len(sprints)
        end = day + timedelta(days=13)
        sprints.append((f"sp{number:03d}", day, end, chance.randrange(38, 62), 6 + number // 30))
        releases.append((f"rl{number:03d}", moment(end, 50_000), chance.randrange(2, 7)))
        for defect in range(chance.randrange(2, 9)):
            stage = "production" if chance.random() < 0.28 else "pre"
            found = moment(_later(story, end, chance.randrange(0, 12)), 40_000)
            defects.append((f"df{number:03d}-{defect}", found, stage, f"rl{number:03d}"))
        day += timedelta(days=14)
    for name, head, rows in (
        (
            "sprints",
            ("sprint_id", "started_on", "ended_on", "points_accepted", "team_size"),
            sprints,
        ),
        ("releases", ("release_id", "released_at", "features"), releases),
        ("defects", ("defect_id", "found_at", "stage", "release_id"), defects),
    ):
        path = story.folder / f"{name}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(head)
            out.writerows(rows)
        made.append(DemoFile(path, name, len(rows)))


def _later(story: Story, day: date, days: int) -> date:
    return min(day + timedelta(days=days), story.today - timedelta(days=1))
