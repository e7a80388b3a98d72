"""Every KPI of the demo company is what plain Python counts from its files, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from by_hand import ByHand
from by_hand_usage import Usage

import trueline
from trueline import demo
from trueline.home import Trueline

TODAY = date(2026, 3, 15)
NOW = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)
PERIODS = {
    "last 30 days": (date(2026, 2, 13), date(2026, 3, 15)),
    "a month": (date(2025, 7, 1), date(2025, 8, 1)),
    "a quarter": (date(2025, 10, 1), date(2026, 1, 1)),
    "a week": (date(2026, 3, 2), date(2026, 3, 9)),
    "a year": (date(2025, 1, 1), date(2026, 1, 1)),
}
RECENT = PERIODS["last 30 days"]
SPREAD = {
    "gross_margin", "cogs_rate", "ebitda_margin", "burn_rate", "net_burn", "cac", "clv",
    "clv_cac_ratio", "cac_payback_months", "sales_efficiency", "magic_number", "runway_months",
    "burn_multiple", "rule_of_40",
}  # fmt: skip
"""These rest on costs that are spread over days, each day's part a whole hundredth of a cent."""
ELSEWHERE = {"net_mrr", "committed_mrr", "expansion_revenue", "time_to_value_p90"}
"""Counted in tests of their own."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Trueline, Path]]:
    folder = tmp_path_factory.mktemp("by_hand")
    (folder / "files").mkdir()
    files = demo.generate(folder / "files", size=1500, today=TODAY)
    home = trueline.init(folder / "home")
    (home / "trueline.toml").write_text(demo.settings_toml(), encoding="utf-8")
    with Trueline(home, clock=lambda: NOW) as tl:
        for file in files:
            tl.load(
                file.table, file.path, mapping=file.mapping, keep_good=file.keep_good,
                full=file.full,
            )  # fmt: skip
        yield tl, folder / "files"


@pytest.fixture(scope="module")
def hand(company: tuple[Trueline, Path]) -> tuple[ByHand, Usage]:
    found = ByHand(company[1])
    return found, Usage(company[1], found)


def _alike(ours: object, counted: object, key: str) -> bool:
    if ours is None or counted is None:
        return ours is counted
    near = Decimal("1e-5") if key in SPREAD else Decimal("1e-9")
    mine, theirs = Decimal(str(ours)), Decimal(str(counted))
    return abs(mine - theirs) <= near * max(1, abs(theirs))


@pytest.mark.parametrize("name", PERIODS)
def test_every_kpi_is_what_one_counts_by_hand(
    company: tuple[Trueline, Path], hand: tuple[ByHand, Usage], name: str
) -> None:
    start, end = PERIODS[name]
    counted = hand[0].kpis(start, end) | hand[1].kpis(start, end)
    found = company[0].readings(start=start, end=end)
    wrong = {
        key: (found[key].value, value, [r.message for r in found[key].reasons])
        for key, value in counted.items()
        if not _alike(found[key].value, value, key)
    }
    assert not wrong
    shown = {key for key, reading in found.items() if reading.value is not None}
    # Where events begin within the period, what there is of them is shown as partial.
    unasked = ELSEWHERE if hand[1].kpis(start, end) else ELSEWHERE | hand[1].kpis(*RECENT).keys()
    assert shown - counted.keys() <= unasked


def test_nearly_every_kpi_is_counted(hand: tuple[ByHand, Usage]) -> None:
    counted = set().union(*(h.kpis(*p) for h in hand for p in PERIODS.values()))
    assert len(counted) >= 74
