"""Each local day's slot once: clock changes, restarts, two processes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from trueline.store import Store
from trueline.store.slots import MOST_ATTEMPTS, RETAKEN_AFTER, following, latest

TORONTO = ZoneInfo("America/Toronto")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_time_that_the_clocks_skip_comes_when_they_have_moved() -> None:
    # On 8 March 2026 Toronto goes from 01:59:59 EST to 03:00 EDT, at 07:00Z.
    slot = following(utc("2026-03-08T05:00"), "02:30", TORONTO)
    assert slot == utc("2026-03-08T07:00")
    assert slot.astimezone(TORONTO).strftime("%H:%M") == "03:00"
    assert following(slot, "02:30", TORONTO) == utc("2026-03-09T06:30")
    assert latest(utc("2026-03-08T06:59"), "02:30", TORONTO) == utc("2026-03-07T07:30")
    assert latest(utc("2026-03-08T07:00"), "02:30", TORONTO) == slot


def test_a_time_that_comes_twice_is_taken_the_first_time() -> None:
    # On 1 November 2026 01:10 is at 05:10Z (EDT) and again at 06:10Z (EST).
    slot = following(utc("2026-11-01T04:30"), "01:10", TORONTO)
    assert slot == utc("2026-11-01T05:10")
    assert following(slot, "01:10", TORONTO) == utc("2026-11-02T06:10")
    for moment in ("2026-11-01T05:10", "2026-11-01T06:10", "2026-11-01T06:11", "2026-11-02T06:09"):
        assert latest(utc(moment), "01:10", TORONTO) == slot


def test_a_whole_day_that_was_skipped_has_its_slot_where_the_clocks_moved() -> None:
    # Samoa went from 29 to 31 December 2011 at 10:00Z on the 30th.
    apia = ZoneInfo("Pacific/Apia")
    for at in ("02:30", "14:00", "23:59"):
        first = following(utc("2011-12-30T09:59"), at, apia)
        assert utc("2011-12-30T10:00") <= first <= utc("2011-12-31T10:00"), at


ZONES = st.sampled_from(
    [
        "America/Toronto",
        "America/St_Johns",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "America/Santiago",
        "Asia/Kathmandu",
        "UTC",
    ]
)


@given(
    zone=ZONES.map(ZoneInfo),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    minute=st.integers(0, 1439),
)
def test_consecutive_slots_are_one_for_each_local_day(
    zone: ZoneInfo, start: datetime, minute: int
) -> None:
    at = f"{minute // 60:02}:{minute % 60:02}"
    slot = following(start, at, zone)
    days: list[date] = []
    for _ in range(400):
        days.append(slot.astimezone(zone).date())
        assert latest(slot, at, zone) == slot
        after = following(slot, at, zone)
        assert latest(after - timedelta(microseconds=1), at, zone) == slot
        slot = after
    assert days == [days[0] + timedelta(days=n) for n in range(400)]


def test_a_slot_is_claimed_once_by_two_stores_on_one_file(url: str) -> None:
    one, other = Store(url), Store(url)
    slot = utc("2026-03-08T07:00")
    assert [one.claim("daily", slot), other.claim("daily", slot)] == [True, False]
    assert other.claim("weekly", slot)
    assert other.claim("daily", slot + timedelta(days=1))
    one.close()
    other.close()


def test_a_slot_is_claimed_once_when_many_try_together(url: str) -> None:
    stores = [Store(url), Store(url)]
    slot = utc("2026-03-08T07:00")
    with ThreadPoolExecutor(20) as pool:
        taken = list(pool.map(lambda n: stores[n % 2].claim("daily", slot), range(40)))
    assert taken.count(True) == 1
    for store in stores:
        store.close()


CLAIM = """
import sys
from datetime import datetime
from trueline.store import Store
store = Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(sum(store.claim("daily", datetime.fromisoformat(slot)) for slot in sys.argv[2:]), flush=True)
"""


def test_two_processes_share_the_slots_without_taking_one_twice(url: str) -> None:
    slots = [(utc("2026-03-01T07:00") + timedelta(days=n)).isoformat() for n in range(100)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, url, *slots],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in running:  # both have the store open before either begins
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    taken = [int(process.communicate(timeout=30)[0]) for process in running]
    assert sum(taken) == len(slots), taken


def test_the_last_slot_says_how_it_ended(store: Store) -> None:
    assert store.last("daily") is None
    slot = utc("2026-03-08T07:00")
    store.claim("daily", slot)
    store.claim("daily", slot - timedelta(days=1))
    store.claim("weekly", slot + timedelta(days=1))
    found = store.last("daily")
    assert found is not None
    assert (found.slot, found.attempt, found.outcome) == (slot, 1, None)
    store.done("daily", slot, "failed: no disk")
    ended = store.last("daily")
    assert ended is not None
    assert ended.outcome == "failed: no disk"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago"])
def test_a_running_slot_is_not_due_whatever_clock_asks(store: Store, zone: str) -> None:
    now = datetime.now(UTC)
    slot = store.due_slot("daily", now, at="02:30", zone=TORONTO)
    assert slot is not None
    store.claim("daily", slot)
    asked = now.astimezone(ZoneInfo(zone))
    assert store.due_slot("daily", asked, at="02:30", zone=TORONTO) is None


def test_a_slot_named_in_another_zone_is_the_same_slot(store: Store) -> None:
    slot = utc("2026-03-08T07:00")
    assert store.claim("daily", slot.astimezone(TORONTO))
    assert not store.claim("daily", slot)


def age(url: str, by: timedelta) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        moment = (datetime.now(UTC) - by).isoformat()
        connection.execute(text("UPDATE job_slots SET claimed_at = :at"), {"at": moment})
    engine.dispose()


def test_a_slot_that_is_done_never_comes_again(url: str) -> None:
    now = datetime.now(UTC)
    store = Store(url)
    slot = store.due_slot("daily", now, at="02:30", zone=TORONTO)
    assert slot is not None
    assert store.claim("daily", slot)
    store.done("daily", slot, "done")
    store.close()
    age(url, timedelta(days=9))
    again = Store(url)
    assert again.due_slot("daily", now, at="02:30", zone=TORONTO) is None
    assert not again.claim("daily", slot)
    again.close()


def test_a_slot_whose_process_died_is_taken_again_a_few_times(url: str, store: Store) -> None:
    now = datetime.now(UTC)
    slot = store.due_slot("daily", now, at="02:30", zone=TORONTO)
    assert slot is not None
    for _ in range(MOST_ATTEMPTS):
        assert store.due_slot("daily", now, at="02:30", zone=TORONTO) == slot
        assert store.claim("daily", slot)
        assert store.due_slot("daily", now, at="02:30", zone=TORONTO) is None
        assert not store.claim("daily", slot)
        age(url, RETAKEN_AFTER + timedelta(minutes=1))
    assert store.due_slot("daily", now, at="02:30", zone=TORONTO) is None
    assert not store.claim("daily", slot)


@pytest.mark.parametrize("behind", [1, 30])
def test_missed_days_are_not_made_up_for(store: Store, behind: int) -> None:
    now = utc("2026-06-10T12:00")
    store.claim("daily", now - timedelta(days=behind))
    assert store.due_slot("daily", now, at="02:30", zone=TORONTO) == utc("2026-06-10T06:30")
