"""A slice of several dimensions: counted from facts, refused where it cannot be known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from trueline.catalog.kpis import from_facts, kpi
from trueline.core.errors import InputError, UnknownKeyError
from trueline.core.period import Period
from trueline.engine import daily
from trueline.engine.daily import SLICES, Cut
from trueline.engine.engine import Asked
from trueline.engine.from_facts import FromFacts

if TYPE_CHECKING:
    from small_company import Company

FEBRUARY: dict[str, Any] = {"start": "2026-02-01", "end": "2026-03-01"}
META_CA = {"channel": "Meta", "country": "CA"}
PEOPLE = """customer_id,created_at,channel,country
ann,2026-01-01,Meta,CA
bob,2026-01-01,Meta,US
cat,2026-01-01,Search,CA
dan,2026-01-01,,CA"""
ORDERS = """order_id,customer_id,ordered_at,amount,currency
o1,ann,2026-02-02,50,USD
o2,bob,2026-02-03,70,USD
o3,cat,2026-02-04,30,USD
o4,dan,2026-02-05,20,USD"""
CHANGES = """
e1,s1,ann,2026-01-05T12:00:00Z,active,Pro,1,100,USD,month,1
e2,s2,bob,2026-01-05T12:00:00Z,active,Max,1,200,USD,month,1
e3,s3,cat,2026-01-05T12:00:00Z,active,Pro,1,40,USD,month,1
e4,s3,cat,2026-02-10T12:00:00Z,canceled,Pro,1,40,USD,month,1"""
SPEND = """spend_date,channel,campaign,amount,currency,impressions,clicks
2026-02-04,Meta,x,30,USD,100,5
2026-02-05,Search,x,7,USD,,2"""
EVENTS = """event_id,user_id,occurred_at,name,channel
u1,ann,2026-02-03T15:00:00Z,page_view,Meta
u2,bob,2026-02-04T15:00:00Z,search,Search"""


def _filled(company: Company) -> Company:
    company.load("customers", PEOPLE, full=True)
    company.load("orders", ORDERS, full=True)
    company.events(CHANGES, full=True)
    company.load("spend", SPEND)
    return company


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """One company that is only read."""
    from small_company import Company

    made = _filled(Company(tmp_path_factory.mktemp("several") / "home"))
    made.load("events", EVENTS)
    made.settings('[product.features]\nSearch = "search"\n')
    yield made
    made.tl.close()


def _first(tl: Any, by: str) -> str:
    return str(tl.engine.slice_values(by)[0])


@pytest.mark.parametrize("key", [k.key for k in from_facts() if len(k.slices) > 1])
def test_every_kpi_can_be_read_by_all_its_dimensions_at_once(shared: Company, key: str) -> None:
    """Each of its inputs is counted by all of them; else asking would be refused."""
    cut = {by: _first(shared.tl, by) for by in kpi(key).slices}
    found = shared.tl.kpi(key, **FEBRUARY, slice=cut)
    assert found.slice == cut
    assert found.known or found.reasons


@pytest.mark.parametrize(
    ("key", "cut", "said"),
    [
        ("cac", META_CA, "Customer acquisition cost cannot be cut by country. It can be cut by: c"),
        ("spend", META_CA, "Ad spend cannot be cut by country. It can be cut by: channel, curren"),
        ("mrr_new", {"plan": "Pro", **META_CA}, "cannot be cut by plan. It can be cut by: channel"),
        ("sessions", {"country": "CA", "plan": "Pro"}, "cannot be cut by plan or country. It can"),
        ("runway_months", META_CA, "cannot be cut by channel or country. It can be cut by: nothi"),
    ],
)
def test_a_dimension_that_a_kpi_lacks_is_named(
    shared: Company, key: str, cut: dict[str, str], said: str
) -> None:
    """A channel's spend knows no country: it is not divided by the customers of one."""
    with pytest.raises(InputError) as caught:
        shared.tl.kpi(key, **FEBRUARY, slice=cut)
    assert said in str(caught.value)
    with pytest.raises(InputError):
        shared.tl.readings([key], **FEBRUARY, slice=cut)


@pytest.mark.parametrize("cut", [{"feature": "Search"}, META_CA | {"feature": "Search"}])
def test_a_bridge_of_what_recurring_revenue_does_not_have_is_not_0(
    shared: Company, cut: dict[str, str]
) -> None:
    with pytest.raises(InputError, match="The MRR bridge cannot be cut by feature"):
        shared.tl.bridge(**FEBRUARY, slice=cut)


def test_what_a_base_does_not_tell_apart_is_never_0(shared: Company) -> None:
    facts = FromFacts(shared.tl.warehouse, shared.tl.settings)
    with pytest.raises(InputError, match="Spend cannot be cut by country"):
        list(facts.counted(["ad_spend"], [Cut.of(META_CA)]))


def test_a_value_that_is_not_recorded_is_no_part_of_a_slice(shared: Company) -> None:
    with pytest.raises(UnknownKeyError, match="no country 'FR'"):
        shared.tl.kpi("revenue", **FEBRUARY, slice={"channel": "Meta", "country": "FR"})


def test_the_order_of_dimensions_does_not_matter(shared: Company) -> None:
    cut = {"channel": "Meta", "plan": "Pro", "country": "CA", "currency": "USD"}
    found = [
        shared.tl.kpi("mrr", **FEBRUARY, slice=dict(order)).to_json()
        for order in permutations(cut.items())
    ]
    assert all(one == found[0] for one in found)
    assert list(found[0]["slice"]) == [by for by in SLICES if by in cut]
    assert found[0]["value"] == 100


def test_a_breakdown_within_a_slice_is_what_each_reading_gives(shared: Company) -> None:
    tl, period = shared.tl, Period.parse("2026-02-01", "2026-03-01")
    for key, by in (("revenue", "country"), ("customers", "plan"), ("churn_rate", "country")):
        if by not in kpi(key).slices:
            continue
        tl.engine._state = None
        together = tl.breakdown(key, by, **FEBRUARY, slice={"channel": "Meta"})
        asked = [Asked(key, period, r.slice) for r in together]
        tl.engine._state = None
        assert tl.many(asked) == together
        tl.engine._state = None
        assert [tl.kpi(key, **FEBRUARY, slice=r.slice) for r in together] == together
    by_country = tl.breakdown("revenue", "country", **FEBRUARY, slice={"channel": "Meta"})
    assert {r.slice["country"]: r.value for r in by_country} == {"CA": 50, "US": 70}
    one = tl.breakdown("revenue", "channel", **FEBRUARY, slice={"channel": "Meta"})
    assert [(r.slice, r.value) for r in one] == [({"channel": "Meta"}, 120)]


def test_facts_are_looked_at_once_for_all_values_of_a_dimension(
    shared: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    count = FromFacts._of_base

    def counting(self: FromFacts, base: Any, cuts: Any) -> Any:
        counted.append(len(cuts))
        return count(self, base, cuts)

    monkeypatch.setattr(FromFacts, "_of_base", counting)
    shared.tl.engine._state = None
    shared.tl.breakdown("aov", "country", **FEBRUARY, slice={"channel": "Meta"})
    shared.tl.kpi("aov", **FEBRUARY, slice=META_CA)
    shared.tl.kpi("aov", **FEBRUARY, slice={"channel": "Meta"})
    assert counted == [2]


def test_what_was_let_go_is_counted_from_facts_again(
    shared: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The roll-up has no rows of several dimensions: read from there it would be 0."""
    monkeypatch.setattr(daily, "MOST_SERIES", 2)
    shared.tl.engine._state = None
    for _ in range(2):
        assert shared.tl.kpi("net_revenue", **FEBRUARY, slice=META_CA).inputs[0].value == 50
        assert shared.tl.kpi("arpu", **FEBRUARY, slice=META_CA).value == 100
        assert shared.tl.kpi("revenue", **FEBRUARY).value == 170


@pytest.mark.parametrize(
    ("key", "cut", "amount"),
    [
        ("revenue", META_CA, 50),
        ("mrr", {"plan": "Pro", "country": "CA", "currency": "USD"}, 100),
        ("customers", {"plan": "Max", "currency": "USD"}, 1),
        ("spend", {"channel": "Meta", "currency": "USD"}, 30),
    ],
)
def test_the_query_that_is_shown_gives_the_number_of_the_combination(
    shared: Company, key: str, cut: dict[str, str], amount: int
) -> None:
    found = shared.tl.explain(key, **FEBRUARY, slice=cut)
    rows = shared.tl.warehouse.rows(found["inputs"][0]["queries"][0]["sql"])
    assert sum(row[-4] for row in rows) == amount == found["reading"]["value"]
    behind = shared.tl.rows_behind(key, found["inputs"][0]["name"], **FEBRUARY, slice=cut)
    assert behind["sliced"] is False  # rows are of the whole, and the page says so


def test_an_unknown_price_hides_only_the_combination_that_it_is_in(company: Company) -> None:
    _filled(company)
    company.events("e9,s9,bob,2026-01-06T12:00:00Z,active,Pro,1,,USD,month,1")
    known = company.tl.kpi("mrr", **FEBRUARY, slice={"plan": "Pro", "country": "CA"})
    assert known.value == 100
    lost = company.tl.kpi("mrr", **FEBRUARY, slice={"plan": "Pro", "country": "US"})
    assert (lost.value, lost.reasons[0].code) == (None, "unpriced_items")
    assert company.tl.kpi("nrr", **FEBRUARY, slice=META_CA).value == 100.0
    assert company.tl.kpi("nrr", **FEBRUARY, slice=META_CA | {"country": "US"}).value is None


def test_coverage_of_a_channel_holds_within_a_combination(company: Company) -> None:
    """Spend on a channel without an entry is unknown, in whatever currency; a gap declared for one
    leaves the other's alone."""
    _filled(company)
    january = {"start": "2026-01-05", "end": "2026-02-01"}
    in_dollars = {"currency": "USD", "channel": "Search"}
    assert company.tl.kpi("spend", **FEBRUARY, slice=in_dollars).value == 7
    assert company.tl.kpi("spend", **january, slice=in_dollars).value is None
    company.tl.declare_coverage(
        "spend", category="Search", start="2026-02-10", end="2026-02-20", complete=False
    )
    gap = company.tl.kpi("spend", **FEBRUARY, slice=in_dollars)
    assert gap.reasons[0].code == "declared_incomplete"
    meta = company.tl.kpi("spend", **FEBRUARY, slice={"currency": "USD", "channel": "Meta"})
    assert "declared_incomplete" not in [reason.code for reason in meta.reasons]


def test_a_combination_is_read_again_as_it_was(company: Company) -> None:
    _filled(company)
    cuts = (("revenue", META_CA, 50), ("customers", {"plan": "Pro", "country": "CA"}, 1))
    then = company.now + timedelta(hours=1)
    company.now += timedelta(hours=2)
    company.load(
        "orders", "order_id,customer_id,ordered_at,amount,currency\no5,ann,2026-02-06,5,USD"
    )
    company.load("customers", "customer_id,created_at,channel,country\nann,2026-01-01,Meta,US")
    now = [company.tl.kpi(key, **FEBRUARY, slice=cut).value for key, cut, _ in cuts]
    assert now == [0, 0]
    for key, cut, expected in cuts:
        assert company.tl.kpi(key, **FEBRUARY, slice=cut, as_of=then).value == expected
    company.now += timedelta(minutes=5)
    parts = company.tl.breakdown(
        "revenue", "country", **FEBRUARY, slice={"channel": "Meta"}, as_of=then
    )
    assert {r.slice["country"]: r.value for r in parts} == {"CA": 50, "US": 70}


def test_who_came_by_an_orders_channel_may_have_paid_before_it(company: Company) -> None:
    """The customer names no channel, so the subscription is of none; the first order's is."""
    company.load("customers", "customer_id,created_at,country\nann,2026-01-01,CA", full=True)
    company.load(
        "orders",
        "order_id,customer_id,ordered_at,amount,currency,channel\no1,ann,2026-02-02,50,USD,Meta",
        full=True,
    )
    company.events("e1,s1,ann,2026-01-05T12:00:00Z,active,Pro,1,,USD,month,1", full=True)
    for cut in (None, {"country": "CA"}, {"channel": "Meta"}, META_CA):
        found = company.tl.kpi("new_customers", **FEBRUARY, slice=cut)
        assert (found.value, found.reasons[0].code) == (None, "unpriced_items"), cut


def test_a_series_of_a_combination_adds_up_to_its_period(shared: Company) -> None:
    days = shared.tl.series("revenue", grain="day", **FEBRUARY, slice=META_CA)
    assert sum((r.value or Decimal(0) for r in days), Decimal(0)) == 50
