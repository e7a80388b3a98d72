"""Properties of the engine, over companies made up at random."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import trueline
from trueline.core.period import Period
from trueline.home import Trueline

NOW = datetime(2026, 3, 15, 16, 0, tzinfo=UTC)
FIRST = date(2025, 11, 1)
AMOUNTS = st.decimals(0, 500, places=2)
DAY = st.integers(0, 130).map(lambda n: FIRST + timedelta(days=n))
EVENT = st.fixed_dictionaries(
    {
        "subscription": st.integers(0, 5),
        "day": DAY,
        "second": st.integers(0, 86_399),
        "status": st.sampled_from(
            ["active", "active", "past_due", "trialing", "paused", "canceled"]
        ),
        "amount": AMOUNTS,
        "interval": st.sampled_from(["month", "year", "week", "day"]),
        "quantity": st.integers(0, 4),
        "currency": st.sampled_from(["USD", "USD", "CAD"]),
    }
)
EVENTS = st.lists(EVENT, min_size=1, max_size=25)
ORDER = st.fixed_dictionaries({"customer": st.integers(0, 6), "day": DAY, "amount": AMOUNTS})
ORDERS = st.lists(ORDER, min_size=1, max_size=25)
CUTS = st.lists(DAY, min_size=2, max_size=2, unique=True).map(sorted)


def event_rows(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events as rows; two subscriptions belong to one customer."""
    return [
        {
            "event_id": f"e{number}",
            "subscription_id": f"s{e['subscription']}",
            "customer_id": f"c{e['subscription'] // 2}",
            "effective_at": f"{e['day']}T{timedelta(seconds=e['second'])!s:0>8}Z",
            "status": e["status"],
            "plan": "Pro",
            "quantity": e["quantity"],
            "unit_amount": e["amount"],
            "currency": e["currency"],
            "interval": e["interval"],
            "interval_count": 1,
        }
        for number, e in enumerate(events)
    ]


def order_rows(orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Orders as rows."""
    return [
        {
            "order_id": f"o{number}",
            "customer_id": f"c{o['customer']}",
            "ordered_at": o["day"].isoformat(),
            "amount": o["amount"],
            "currency": "USD",
        }
        for number, o in enumerate(orders)
    ]


@contextmanager
def company() -> Iterator[Trueline]:
    """A fresh home whose coverage of everything is declared, with a rate for every week."""
    with TemporaryDirectory() as folder:
        home = trueline.init(Path(folder) / "home")
        with Trueline(home, clock=lambda: NOW) as tl:
            yield tl


def declare(tl: Trueline) -> None:
    """Everything is complete; one Canadian dollar is worth a little less each week."""
    for table in ("orders", "subscription_events"):
        tl.declare_coverage(table, start="2020-01-01", end="2026-03-15")
    rates = [
        {"rate_date": (FIRST - timedelta(days=7) + timedelta(days=7 * n)).isoformat(),
         "currency": "CAD", "rate": Decimal("0.75") - Decimal(n) / 1000}
        for n in range(24)
    ]  # fmt: skip
    tl.load_rows("fx_rates", rates)


SEVERAL_LOADS = settings(max_examples=max(1, settings().max_examples * 5 // 8))
"""A company that is loaded several times takes seconds: fewer of them are tried."""


@given(EVENTS, CUTS)
def test_the_bridge_closes_and_gross_is_never_above_net(
    events: list[dict[str, Any]], cut: list[date]
) -> None:
    with company() as tl:
        declare(tl)
        tl.load_rows("subscription_events", event_rows(events))
        bridge = tl.bridge(start=cut[0], end=cut[1])
        parts = [bridge.opening, bridge.new, bridge.reactivation, bridge.expansion,
                 bridge.contraction, bridge.churn, bridge.fx]  # fmt: skip
        assert None not in parts, bridge.reasons
        assert sum(p for p in parts if p is not None) == bridge.closing
        assert bridge.closing == tl.kpi("mrr", start=cut[0], end=cut[1]).value
        nrr, grr = (tl.kpi(key, start=cut[0], end=cut[1]).value for key in ("nrr", "grr"))
        if bridge.opening:
            assert nrr is not None and grr is not None
            assert 0 <= grr <= 100
            assert grr <= float(nrr) + 1e-9
        else:
            assert nrr is None and grr is None


@given(EVENTS, CUTS)
def test_mrr_is_what_counting_by_hand_gives(events: list[dict[str, Any]], cut: list[date]) -> None:
    from zoneinfo import ZoneInfo

    rows = [r | {"currency": "USD"} for r in event_rows(events)]
    with company() as tl:
        declare(tl)
        tl.load_rows("subscription_events", rows)
        reading = tl.kpi("mrr", start=cut[0], end=cut[1])
    per_month = {"month": (1, 1), "year": (1, 12), "week": (52, 12), "day": (365, 12)}
    state: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda r: (r["effective_at"], int(r["event_id"][1:]))):
        moment = datetime.fromisoformat(row["effective_at"]).astimezone(ZoneInfo("America/Toronto"))
        if moment.date() < cut[1]:
            state[row["subscription_id"]] = row
    total = Decimal(0)
    for row in state.values():
        if row["status"] in ("active", "past_due"):
            times, over = per_month[row["interval"]]
            exact = row["unit_amount"] * row["quantity"] * times / over
            total += exact.quantize(Decimal("1e-10"), rounding="ROUND_HALF_UP")
    same_moment = len({(r["subscription_id"], r["effective_at"]) for r in rows}) < len(rows)
    if not same_moment:
        assert reading.value == total


@SEVERAL_LOADS
@given(ORDERS, EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_loading_and_the_number_of_files_do_not_matter(
    orders: list[dict[str, Any]], events: list[dict[str, Any]], random: Any
) -> None:
    period: dict[str, Any] = {"start": "2025-12-01", "end": "2026-02-01"}
    rows = [("orders", r) for r in order_rows(orders)]
    rows += [("subscription_events", r) for r in event_rows(events)]
    found = []
    for shuffled in (False, True):
        with company() as tl:
            declare(tl)
            if shuffled:
                random.shuffle(rows)
                size = random.randint(1, len(rows))
                parts = [rows[i : i + size] for i in range(0, len(rows), size)][:6]
                parts[-1] += rows[size * len(parts) :]
            else:
                parts = [rows]
            for part in parts:
                for table, group in itertools.groupby(
                    sorted(part, key=lambda x: x[0]), lambda x: x[0]
                ):
                    tl.load_rows(table, [row for _, row in group])
            found.append({k: r.value for k, r in tl.readings(**period).items()})
    assert found[0] == found[1]


def _daily(tl: Trueline) -> list[tuple[Any, ...]]:
    return sorted(
        tl.warehouse.rows(
            "SELECT measure, day, slice_by, slice, currency, value, rows, first_fact, last_fact "
            "FROM metrics_daily"
        ),
        key=str,
    )


@SEVERAL_LOADS
@given(st.lists(ORDERS, min_size=2, max_size=3), st.lists(EVENTS, min_size=2, max_size=3))
def test_counting_what_was_touched_equals_counting_everything(
    orders: list[list[dict[str, Any]]], events: list[list[dict[str, Any]]]
) -> None:
    """Later loads correct earlier rows (same keys), add customers and rename a channel; they swap
    plans at one price, and bring changes that make a subscription another customer's."""
    with company() as tl:
        for number, (some, others) in enumerate(zip(orders, events, strict=False)):
            tl.load_rows("orders", order_rows(some))
            changes = event_rows(others)
            for place, row in enumerate(changes):
                row["plan"] = ("Pro", "Basic")[place % 2]
                if place % 3 == 2:
                    row |= {"event_id": f"moved{number}-{place}", "customer_id": f"c{place % 4}"}
                if place % 2:
                    row |= {"unit_amount": "10", "quantity": 1, "interval": "month"}
            tl.load_rows("subscription_events", changes)
            people = [
                {
                    "customer_id": f"c{n}",
                    "created_at": "2025-01-01",
                    "channel": f"ch{number + n % 2}",
                    "is_test": n == number + 4,
                }
                for n in range(6)
            ]
            tl.load_rows("customers", people)
            # The same charges, corrected to be another's; what was given back of them stays.
            charged = {"revenue_date": "2026-01-02", "revenue_type": "usage", "currency": "USD"}
            tl.load_rows(
                "revenue",
                [
                    {"revenue_id": f"v{n}", "customer_id": f"c{n + number}", "amount": "9"}
                    | charged
                    for n in range(4)
                ],
            )
            if not number:
                back = {"refunded_at": "2026-01-04", "amount": "2", "currency": "USD"}
                tl.load_rows(
                    "refunds",
                    [{"refund_id": f"b{n}", "revenue_id": f"v{n}"} | back for n in (0, 2)],
                )
        step_by_step = _daily(tl)
        tl.engine.refresh(rebuild=True)
        assert step_by_step == _daily(tl)


@SEVERAL_LOADS
@given(ORDERS, ORDERS, EVENTS, EVENTS)
def test_yesterday_can_be_read_again(
    before: list[dict[str, Any]], after: list[dict[str, Any]],
    first: list[dict[str, Any]], second: list[dict[str, Any]],
) -> None:  # fmt: skip
    """As of the moment between two days of loads, every reading is what it was then."""
    period: dict[str, Any] = {"start": "2025-12-01", "end": "2026-02-01"}
    with TemporaryDirectory() as folder:
        home = trueline.init(Path(folder) / "home")
        moment = [NOW]
        with Trueline(home, clock=lambda: moment[0]) as tl:
            declare(tl)
            tl.load_rows("orders", order_rows(before))
            tl.load_rows("subscription_events", event_rows(first))
            then = {k: (r.value, r.quality) for k, r in tl.readings(**period).items()}
            between = NOW + timedelta(hours=1)
            moment[0] = NOW + timedelta(hours=2)
            tl.load_rows("orders", order_rows(after))
            tl.load_rows("subscription_events", event_rows(second))
            again = tl.readings(**period, as_of=between)
    assert {k: (r.value, r.quality) for k, r in again.items()} == then


@given(ORDERS, CUTS, DAY)
def test_a_period_split_adds_up_to_the_whole(
    orders: list[dict[str, Any]], cut: list[date], middle: date
) -> None:
    if not cut[0] < middle < cut[1]:
        return
    with company() as tl:
        declare(tl)
        tl.load_rows("orders", order_rows(orders))
        for key in ("revenue", "new_customers", "new_customer_orders", "returning_customer_orders"):
            whole = tl.kpi(key, start=cut[0], end=cut[1]).value
            parts: list[Any] = [
                tl.kpi(key, start=a, end=b).value for a, b in ((cut[0], middle), (middle, cut[1]))
            ]
            assert parts[0] + parts[1] == whole


def _moved(tl: Trueline, cut: dict[str, str], start: date, end: date, rates: Any) -> dict[str, Any]:
    """Movements worked out customer by customer from the changes of each subscription."""
    (by, value), *_ = [*cut.items(), ("", "")]
    changes = tl.warehouse.rows(
        "SELECT m.customer_id, m.currency, m.day, m.mrr, coalesce(c.channel, '(none)'), m.plan "
        "FROM mrr_changes m LEFT JOIN customers c USING (customer_id)"
    )
    place = {"channel": 4, "plan": 5, "currency": 1}
    kept = [c for c in changes if c[2] < end and (not by or c[place[by]] == value)]
    out: dict[str, Any] = {"counts": [0] * 6, "money": {}}
    for customer in {c[0] for c in kept}:
        mine = [c for c in kept if c[0] == customer]
        at = [sum(c[3] for c in mine if c[2] < moment) for moment in (start, end)]
        before = any(c[3] > 0 and c[2] < start for c in mine)
        paid0, paid1 = at[0] > 0, at[1] > 0
        flags = (paid0, paid1, paid0 and not paid1, paid1 and not paid0)
        levels = [sum(c[3] for c in mine if c[2] <= day) for _, _, day, *_ in mine if day >= start]
        passed = not paid0 and not paid1 and any(level > 0 for level in levels)
        for number, flag in enumerate((*flags, flags[3] and not before, passed)):
            out["counts"][number] += flag
        amounts = {
            currency: [
                sum((c[3] for c in mine if c[2] < moment and c[1] == currency), Decimal(0))
                for moment in (start, end)
            ]
            for currency in {c[1] for c in mine}
        }
        day = start - timedelta(days=1)
        grew = sum((m1 - m0) * (rates.on(code, day) or 0) for code, (m0, m1) in amounts.items()) > 0
        for currency, (m0, m1) in amounts.items():
            parts = {
                "opening": m0,
                "new": m1 if flags[3] and not before else 0,
                "reactivation": m1 if flags[3] and before else 0,
                "expansion": m1 - m0 if paid0 and paid1 and grew else 0,
                "contraction": m0 - m1 if paid0 and paid1 and not grew else 0,
                "churn": m0 if flags[2] else 0,
            }
            total = out["money"].setdefault(currency, dict.fromkeys(parts, Decimal(0)))
            for name, part in parts.items():
                total[name] += part
    return out


@given(EVENTS, st.lists(CUTS, min_size=1, max_size=4))
def test_movements_of_many_periods_are_what_counting_customers_gives(
    events: list[dict[str, Any]], cuts: list[list[date]]
) -> None:
    from trueline.engine.movements import fetch

    periods = [Period(*cut) for cut in cuts]
    rows = event_rows(events)
    for number, row in enumerate(rows):
        row["plan"] = ("Pro", "Basic")[number % 2]
    with company() as tl:
        declare(tl)
        tl.load_rows("subscription_events", rows)
        people = [
            {"customer_id": f"c{n}", "created_at": "2025-01-01", "channel": ("web", "shop")[n % 2]}
            for n in range(2)
        ]
        tl.load_rows("customers", people)
        currency, plan = rows[0]["currency"], rows[0]["plan"]
        recorded = tl.engine.slice_values("plan"), tl.engine.slice_values("currency")
        for cut in ({}, {"channel": "web"}, {"plan": plan}, {"currency": currency}):
            if any(value not in (*recorded[0], *recorded[1], "web") for value in cut.values()):
                continue
            if cut == {"channel": "web"} and "web" not in tl.engine.slice_values("channel"):
                continue
            resolver = tl.engine.evaluator(slice=cut).resolver
            fetch(resolver, periods)
            for period in periods:
                found = resolver.moves[period]
                by_hand = _moved(tl, cut, period.start, period.end, resolver.rates)
                assert found.unrated == ()
                assert list(found.counts.values()) == by_hand["counts"], cut
                for code, parts in by_hand["money"].items():
                    given = found.money.get(code, {})  # nothing of a currency in which nobody paid
                    assert {name: given.get(name, 0) for name in parts} == parts, cut
