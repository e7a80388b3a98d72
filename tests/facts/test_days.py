"""The company's days and instants, computed at load, as its zone has them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loader import Loader, order

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
