"""The company's days and instants, computed at load, as its zone has them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loader import Loader, csv_of, order

ZONES = ("America/Toronto", "America/Sao_Paulo", "Australia/Lord_Howe")
MOMENTS = st.integers(1900, 2197).flatmap(
    lambda year: st.lists(
        st.datetimes(datetime(year, 1, 3), datetime(year + 2, 12, 30)).map(
            lambda moment: moment.replace(microsecond=0)
        ),
        min_size=1,
        max_size=40,
        unique=True,
    )
)


@pytest.fixture(scope="module")
def zoned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Loader]:
    return {zone: Loader(tmp_path_factory.mktemp("zone"), timezone=zone) for zone in ZONES}


@given(zone=st.sampled_from(ZONES), moments=MOMENTS)
def test_days_and_instants_are_those_of_the_zone_database(
    zoned: dict[str, Loader], zone: str, moments: list[datetime]
) -> None:
    """An instant has a local day; a clock time is one instant, or an error."""
    loader, tz = zoned[zone], ZoneInfo(zone)
    loader.clear()
    rows = [order(f"z{n}", ordered_at=m.isoformat() + "Z") for n, m in enumerate(moments)]
    rows += [order(f"l{n}", ordered_at=m.isoformat()) for n, m in enumerate(moments)]
    loader.load_as("rows", rows, keep_good=True)
    found = {
        key: (at, on)
        for key, at, on in loader.rows("SELECT order_id, ordered_at, ordered_on FROM orders")
    }
    for n, moment in enumerate(moments):
        local = moment.replace(tzinfo=UTC).astimezone(tz)
        assert found[f"z{n}"] == (moment, local.date())
        both = {
            moment.replace(tzinfo=tz, fold=fold).astimezone(UTC).replace(tzinfo=None)
            for fold in (0, 1)
        }
        want = (both.pop(), moment.date()) if len(both) == 1 else None
        assert found.get(f"l{n}") == want


def test_times_of_another_zone_are_read_in_it(loader: Loader) -> None:
    """An export in UTC: half past three there is the evening before in Toronto."""
    rows = [
        order("utc", ordered_at="2026-02-01 03:30:00"),
        order("own", ordered_at="2026-02-01T03:30:00-05:00"),
        order("day", ordered_at="2026-02-01"),
    ]
    mapping = loader.file('timezone = "UTC"\n', "zone.toml")
    report = loader.load(loader.file(csv_of(rows)), mapping=mapping)
    assert report.accepted == 3
    found = loader.rows("SELECT order_id, ordered_at, ordered_on FROM orders ORDER BY order_id")
    assert found == [
        ("day", datetime(2026, 2, 1, 5, 0), date(2026, 2, 1)),
        ("own", datetime(2026, 2, 1, 8, 30), date(2026, 2, 1)),
        ("utc", datetime(2026, 2, 1, 3, 30), date(2026, 1, 31)),
    ]


def test_times_that_another_zone_skips_or_repeats_are_rejected(loader: Loader) -> None:
    rows = [
        order("gap", ordered_at="2026-03-29T02:30:00"),
        order("ok", ordered_at="2026-03-29T03:30"),
    ]
    mapping = loader.file('timezone = "Europe/Berlin"\n', "zone.toml")
    report = loader.load(loader.file(csv_of(rows)), mapping=mapping, keep_good=True)
    assert [r.line for r in report.rejects] == [2]
    assert loader.rows("SELECT ordered_at FROM orders") == [(datetime(2026, 3, 29, 1, 30),)]


def test_a_column_that_says_utc_is_told_of(loader: Loader) -> None:
    content = b"order_id,customer_id,Created (UTC),amount,currency\no1,c1,2026-02-01 03:30,5,USD\n"
    file = loader.file(content)
    named = '[columns]\n"Created (UTC)" = "ordered_at"\n'
    plain = loader.load(file, mapping=loader.file(named, "plain.toml"))
    assert any("were read as America/Toronto" in note for note in plain.notes)
    again = loader.load(file, mapping=loader.file('timezone = "UTC"\n' + named, "utc.toml"))
    assert again.updated == 1
    assert not any("were read as" in note for note in again.notes)


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00"),  # no midnight: begins at 01:00
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00"),  # midnight comes twice: the first
        ("America/Toronto", "2026-03-08", "2026-03-08T05:00:00"),
    ],
)
def test_a_day_begins_at_its_first_instant(
    new_loader: Callable[..., Loader], zone: str, day: str, instant: str
) -> None:
    loader = new_loader(timezone=zone)
    assert loader.load_as("csv", [order(ordered_at=day)]).accepted == 1
    assert loader.rows("SELECT ordered_at, ordered_on FROM orders") == [
        (datetime.fromisoformat(instant), date.fromisoformat(day))
    ]


def test_a_day_that_the_zone_left_out_is_an_error(new_loader: Callable[..., Loader]) -> None:
    """Samoa went from 29 to 31 December 2011."""
    loader = new_loader(timezone="Pacific/Apia")
    assert loader.load_as("csv", [order(ordered_at="2011-12-30T12:00:00")]).rejected == 1
