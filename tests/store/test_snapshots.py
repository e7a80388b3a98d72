"""What was reported stays reported: revisions, restatements, nulls with reasons, paging."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline.core.errors import InputError, TruelineError
from trueline.core.quality import Completeness, Quality, Reason
from trueline.core.reading import Reading, Value
from trueline.store import SnapshotResult, Store

DAY = date(2026, 3, 15)
MOMENT = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)
MISSING = Reason("not_recorded", "No marketing cost is recorded.", "Record costs.")


def reading(key: str, value: Value, **changes: Any) -> Reading:
    known = value is not None
    made = Reading(
        key=key,
        label=key.upper(),
        value=value,
        unit="USD",
        currency="USD",
        start=date(2026, 2, 13),
        end=DAY,
        quality=Quality.ACTUAL if known else Quality.INSUFFICIENT,
        completeness=Completeness.COMPLETE,
        reasons=() if known else (MISSING,),
        inputs=(),
        definition=f"{key}@1",
        as_of=MOMENT,
    )
    return dataclasses.replace(made, **changes)


def save(store: Store, *readings: Reading, day: date = DAY, **stages: str) -> SnapshotResult:
    return store.save_snapshot(day, list(readings), stages=stages, watermark=7, moment=MOMENT)


def rows(store: Store, **filters: Any) -> list[dict[str, Any]]:
    words = {"key": None, "stage": None, "start": date(2026, 1, 1), "end": date(2027, 1, 1)}
    return store.history(**words | filters)[0]


def test_the_same_values_again_store_nothing(store: Store) -> None:
    both = (reading("cac", Decimal("300.10")), reading("clv", None))
    assert save(store, *both) == SnapshotResult(DAY, 1, 2, ())
    assert save(store, *both) == SnapshotResult(DAY, 1, 0, ())
    assert len(rows(store)) == 2


def test_a_changed_value_is_a_new_revision_beside_the_one_before(store: Store) -> None:
    save(store, reading("cac", Decimal("300.10")), reading("nrr", 104.0))
    again = save(store, reading("cac", Decimal("310.00")), reading("nrr", 104.0))
    assert again == SnapshotResult(DAY, 2, 1, ("cac",))
    newest, first = rows(store, key="cac")
    assert (newest["revision"], newest["restated"]) == (2, True)
    assert (newest["kpi_value"], newest["previous_value"]) == (Decimal("310.00"), Decimal("300.10"))
    assert (first["revision"], first["restated"], first["previous_value"]) == (1, False, None)
    assert first["kpi_value"] == Decimal("300.10")


def test_a_third_revision_compares_with_the_second(store: Store) -> None:
    for value in ("1.00", "2.00", "1.00"):
        save(store, reading("cac", Decimal(value)))
    assert [(r["revision"], r["kpi_value"], r["previous_value"]) for r in rows(store)] == [
        (3, Decimal("1.00"), Decimal("2.00")),
        (2, Decimal("2.00"), Decimal("1.00")),
        (1, Decimal("1.00"), None),
    ]


def test_a_key_that_is_new_on_a_day_is_not_restated(store: Store) -> None:
    save(store, reading("cac", Decimal(1)))
    assert save(store, reading("cac", Decimal(1)), reading("nrr", 99.0)) == SnapshotResult(
        DAY, 2, 1, ()
    )
    assert [r["restated"] for r in rows(store)] == [False, False]


def test_an_unknown_value_is_kept_as_null_with_its_reasons(store: Store) -> None:
    save(store, reading("cac", None))
    (kept,) = rows(store)
    assert kept["kpi_value"] is None
    assert kept["metadata"]["quality"] == "insufficient_data"
    assert kept["metadata"]["reasons"] == [MISSING.to_json()]


@pytest.mark.parametrize(("before", "after"), [(None, Decimal(5)), (Decimal(5), None)])
def test_becoming_known_or_unknown_is_a_restatement(
    store: Store, before: Value, after: Value
) -> None:
    save(store, reading("cac", before))
    assert save(store, reading("cac", after)).restated == ("cac",)
    newest = rows(store)[0]
    assert (newest["kpi_value"], newest["previous_value"]) == (after, before)


@pytest.mark.parametrize(
    "change",
    [
        {"quality": Quality.ESTIMATED},
        {"completeness": Completeness.PARTIAL},
        {"definition": "cac@2"},
        {"start": date(2026, 2, 1)},
        {"currency": "CAD"},
        {"unit": "ratio"},
    ],
)
def test_another_meaning_of_the_same_value_is_a_new_revision(
    store: Store, change: dict[str, Any]
) -> None:
    save(store, reading("cac", Decimal(5)))
    assert save(store, reading("cac", Decimal(5), **change)).revision == 2


def test_a_restatement_says_what_the_value_before_meant(store: Store) -> None:
    save(store, reading("cac", Decimal(100)))
    save(store, reading("cac", Decimal(130), currency="CAD"))
    newest, first = rows(store)
    assert (newest["metadata"]["currency"], newest["metadata"]["previous"]["currency"]) == (
        "CAD",
        "USD",
    )
    assert first["metadata"]["previous"] is None


def test_metadata_alone_tells_of_a_restatement(store: Store) -> None:
    save(store, reading("cac", Decimal(100)))
    save(store, reading("cac", Decimal("130.50")))
    for row in rows(store):
        for name in ("revision", "restated", "previous_value", "recorded_at"):
            assert row["metadata"][name] == row[name]


@pytest.mark.parametrize(
    "readings",
    [
        [reading("cac", 1, slice={"country": "CA"})],
        [reading("cac", 1), reading("cac", 2)],
    ],
)
def test_a_part_never_passes_for_the_whole(store: Store, readings: list[Reading]) -> None:
    with pytest.raises(InputError, match="cac"):
        save(store, *readings)
    assert rows(store) == []


def test_a_value_that_is_no_number_stores_nothing_at_all(store: Store) -> None:
    with pytest.raises(TruelineError, match="finite"):
        save(store, reading("cac", Decimal(1)), reading("nrr", float("nan")))
    assert rows(store) == []


@given(value=st.decimals(-(10**18), 10**18, places=8, allow_nan=False))
def test_decimals_come_back_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory, value: Decimal
) -> None:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('exact') / 'store.sqlite'}")
    try:
        save(store, reading("mrr", value))
        assert save(store, reading("mrr", value)).stored == 0
        kept = rows(store)[0]["kpi_value"]
        assert kept == value
        assert not isinstance(kept, float)
    finally:
        store.close()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_paging_visits_every_row_once_in_order(store: Store, size: int) -> None:
    for number, day in enumerate((date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3))):
        for shift in (0, 1):  # each day twice, restated the second time
            made = [reading(key, Decimal(number + shift)) for key in ("arr", "cac", "nrr")]
            save(store, *made, day=day)
    everything = rows(store)
    assert len(everything) == 18
    seen: list[dict[str, Any]] = []
    cursor = None
    while True:
        page, cursor = store.history(
            key=None,
            stage=None,
            start=date(2026, 1, 1),
            end=date(2027, 1, 1),
            limit=size,
            cursor=cursor,
        )
        assert len(page) <= size
        seen += page
        if cursor is None:
            break
    assert seen == everything


def test_history_is_half_open_and_filtered(store: Store) -> None:
    for day in (date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)):
        save(store, reading("cac", 1), reading("nrr", 2), day=day, cac="early_stage")
    found = rows(store, start=date(2026, 3, 1), end=date(2026, 3, 3), stage="early_stage")
    assert [(r["snapshot_date"], r["kpi_type"]) for r in found] == [
        ("2026-03-02", "cac"),
        ("2026-03-01", "cac"),
    ]
    assert {r["company_stage"] for r in rows(store, key="nrr")} == {"all"}


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_refused(store: Store, limit: int) -> None:
    with pytest.raises(InputError, match=str(limit)):
        rows(store, limit=limit)


def _cursor(text: str) -> str:
    import base64

    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        _cursor("{}"),
        _cursor("[1, 2]"),
        _cursor('["2026-03-01", "cac", "one"]'),
        _cursor('["2026-03-01", "cac", 1e999]'),
        _cursor('["2026-03-01", "cac", NaN]'),
        _cursor('["2026-03-01", "cac", 99999999999999999999]'),
        _cursor('["2026-03-01", "\\ud800", 1]'),
    ],
)
def test_a_cursor_that_no_list_gave_is_refused(store: Store, cursor: str) -> None:
    save(store, reading("cac", 1))
    with pytest.raises(InputError, match="cursor"):
        rows(store, cursor=cursor)
