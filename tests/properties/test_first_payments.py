"""Properties of first payments, which are kept without reading every order and entry again."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from test_engine import company

from trueline.home import Trueline

ORDERED = st.fixed_dictionaries(
    {
        "order_id": st.integers(0, 7).map(lambda n: f"o{n}"),
        "customer_id": st.integers(0, 3).map(lambda n: f"c{n}"),
        # Few moments, two of them on either side of a local midnight: many are shared.
        "ordered_at": st.sampled_from(
            ["2026-01-02T12:00:00Z", "2026-01-05T04:59:00Z", "2026-01-05T05:00:00Z",
             "2026-02-01T12:00:00Z"]
        ),
        "amount": st.sampled_from(["10", "10", "0"]),
        "channel": st.sampled_from(["Meta", "Search", None]),
        "new_customer": st.sampled_from([True, False, None, None]),
    }
)  # fmt: skip
LOADED = st.tuples(
    st.just("orders"), st.lists(ORDERED, min_size=1, max_size=4, unique_by=lambda o: o["order_id"])
)
ENTRY = st.fixed_dictionaries(
    {
        "revenue_id": st.integers(0, 5).map(lambda n: f"r{n}"),
        "customer_id": st.sampled_from(["c0", "c1", "c2", "c3", None]),
        "revenue_date": st.sampled_from(["2026-01-01", "2026-01-04", "2026-01-05", "2026-02-03"]),
        "revenue_type": st.sampled_from(["one_time", "subscription"]),
        "amount": st.sampled_from(["10", "10", "0"]),
    }
)
ENTERED = st.tuples(
    st.just("revenue"), st.lists(ENTRY, min_size=1, max_size=4, unique_by=lambda r: r["revenue_id"])
)
REMOVED = st.tuples(
    st.just("remove"),
    st.one_of(
        st.integers(0, 7).map(lambda n: ("orders", "order_id", f"o{n}")),
        st.integers(0, 5).map(lambda n: ("revenue", "revenue_id", f"r{n}")),
    ),
)
TESTED = st.tuples(st.just("test"), st.tuples(st.integers(0, 3), st.booleans()))
STEPS = st.lists(st.one_of(LOADED, LOADED, ENTERED, REMOVED, TESTED), min_size=2, max_size=7)


SEARCH = {"order_id": "o0", "customer_id": "c0", "ordered_at": "2026-01-05T05:00:00Z",
          "amount": "10", "channel": "Search", "new_customer": None}  # fmt: skip
LATER = SEARCH | {"order_id": "o2", "ordered_at": "2026-02-01T12:00:00Z"}
BETWEEN = SEARCH | {"order_id": "o3", "ordered_at": "2026-01-12T12:00:00Z"}
AT_ONCE = SEARCH | {"order_id": "o1", "channel": "Meta"}
PAID = {"revenue_id": "r0", "customer_id": "c0", "revenue_date": "2026-01-04",
        "revenue_type": "one_time", "amount": "10"}  # fmt: skip
PAID_BEFORE = PAID | {"revenue_id": "r1", "revenue_date": "2026-01-01"}


def _take(tl: Trueline, step: tuple[str, Any]) -> None:
    kind, what = step
    if kind in ("orders", "revenue"):
        rows = [{"currency": "USD"} | row for row in what]
        assert not tl.load_rows(kind, rows).rejected
    elif kind == "remove":
        table, key, which = what
        tl.remove(table, [{key: which}])
    else:
        number, is_test = what
        person = {"customer_id": f"c{number}", "created_at": "2025-01-01", "is_test": is_test}
        assert not tl.load_rows("customers", [person]).rejected


def _kept(tl: Trueline) -> dict[str, list[Any]]:
    return {
        name: tl.warehouse.rows(f"SELECT * FROM {name} ORDER BY customer_id")
        for name in ("order_firsts", "entry_firsts", "customer_firsts")
    }


@example([("orders", [SEARCH]), ("orders", [AT_ONCE])])
@example([("orders", [SEARCH | {"amount": "0"}]), ("orders", [LATER]), ("orders", [BETWEEN])])
@example([("orders", [SEARCH]), ("revenue", [PAID]), ("revenue", [PAID_BEFORE])])
@example([("revenue", [PAID, PAID_BEFORE]), ("revenue", [PAID_BEFORE | {"amount": "0"}])])
@given(STEPS)
def test_first_payments_kept_are_those_that_all_charges_give(steps: list[tuple[str, Any]]) -> None:
    """Whatever comes, is corrected, is taken away or turns out to be a test, in whatever order."""
    with company() as tl:
        for step in steps:
            _take(tl, step)
            tl.engine.refresh()
        kept = _kept(tl)
        tl.engine.refresh(rebuild=True)
        assert kept == _kept(tl)
