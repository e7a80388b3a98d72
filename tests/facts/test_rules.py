"""Rules between cells, rows and tables; names of tables and columns."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from loader import NOW, Loader, Row, order

from trueline.core.errors import InputError, TruelineError
from trueline.facts.load import faults_of, remove_rows
from trueline.facts.tables import CONTRACTS

SUBSCRIPTION: Row = {
    "subscription_id": "s",
    "customer_id": "c",
    "status": "active",
    "unit_amount": "10",
    "currency": "USD",
    "interval": "month",
    "started_at": "2026-01-05",
}
EVENT: Row = {
    "event_id": "e",
    "subscription_id": "s",
    "customer_id": "c",
    "effective_at": "2026-01-05",
    "status": "active",
    "unit_amount": "100",
    "currency": "USD",
    "interval": "month",
}
COST: Row = {"cost_id": "k", "cost_date": "2026-01-05", "cost_type": "sales", "amount": "365"}

BROKEN: list[tuple[str, Row, dict[str, Any], str, str]] = [
    ("subscriptions", SUBSCRIPTION, {"ended_at": "2026-01-04"}, "ended_at", "is before started_at"),
    ("subscriptions", SUBSCRIPTION, {"cancel_at": "2026-01-04"}, "cancel_at", "before started_at"),
    ("subscriptions", SUBSCRIPTION, {"status": "alive"}, "status", "is no known status"),
    ("subscriptions", SUBSCRIPTION, {"interval": "fortnight"}, "interval", "no known interval"),
    ("subscriptions", SUBSCRIPTION, {"quantity": "1.5"}, "quantity", "is not a whole number"),
    ("subscriptions", SUBSCRIPTION, {"quantity": "-1"}, "quantity", "is below 0"),
    ("subscriptions", SUBSCRIPTION, {"quantity": str(2**63)}, "quantity", "not a whole number"),
    ("subscriptions", SUBSCRIPTION, {"interval_count": "0"}, "interval_count", "is below 1"),
    (
        "subscriptions",
        SUBSCRIPTION,
        {"unit_amount": "99999999999999", "quantity": "999999999999999"},
        "unit_amount",
        "times quantity is too large",
    ),
    ("subscription_events", EVENT, {"discount": '{"kind":"percent"}'}, "discount", "no discount"),
    ("subscription_events", EVENT, {"discount": "20%"}, "discount", "is not a discount"),
    (
        "subscription_events",
        EVENT,
        {"discount": '{"kind":"percent","value":"101","duration":"forever"}'},
        "discount",
        "is not a discount",
    ),
    ("costs", COST, {"cost_type": "beer"}, "cost_type", "is no known cost_type"),
    ("costs", COST, {"service_start": "2026-01-01"}, "service_end", "only one of"),
    (
        "costs",
        COST,
        {"service_start": "2026-02-01", "service_end": "2026-01-01"},
        "service_end",
        "is not after service_start",
    ),
    ("costs", COST, {"amount": "-1"}, "amount", "is below 0"),
    (  # two rows of one month were two plans, of which one was shown
        "plan",
        {"kpi": "revenue", "month": "2026-03-01", "value": "1"},
        {"month": "2026-03-15"},
        "month",
        "is not the first day of a month",
    ),
    (
        "surveys",
        {"response_id": "r", "survey": "nps", "answered_at": "2026-01-01"},
        {"score": "11", "scale_max": "10"},
        "score",
        "score is above scale_max",
    ),
    (
        "fx_rates",
        {"rate_date": "2026-01-01", "currency": "EUR"},
        {"rate": "0"},
        "rate",
        "rate is 0",
    ),
    (
        "fx_rates",
        {"rate_date": "2026-01-01", "currency": "EUR"},
        {"rate": "1.12345678901"},
        "rate",
        "has more than 10 decimals",
    ),
    (
        "sprints",
        {"sprint_id": "1", "started_on": "2026-01-09", "points_accepted": "3"},
        {"ended_on": "2026-01-01"},
        "ended_on",
        "is before started_on",
    ),
    (
        "coverage",
        {"table": "orders", "from": "2026-01-09", "complete": "true"},
        {"to": "2026-01-09"},
        "to_day",
        "to is not after from",
    ),
    (
        "coverage",
        {"table": "odrers", "from": "2026-01-09", "complete": "true"},
        {"to": "2026-02-09"},
        "table_name",
        "is no known table_name",
    ),
    (
        "refunds",
        {"refund_id": "r", "refunded_at": "2026-01-01"},
        {"amount": "1"},
        "order_id",
        "neither",
    ),
    (
        "events",
        {"event_id": "e", "user_id": "u", "occurred_at": "2026-01-01", "name": "x"},
        {"properties": "[1]"},
        "properties",
        "is not a JSON object",
    ),
]


@pytest.mark.parametrize(
    ("table", "row", "words", "column", "rule"),
    BROKEN,
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_rule_that_is_broken_is_told(
    shared: Loader, table: str, row: Row, words: Row, column: str, rule: str
) -> None:
    report = shared.load_as("csv", [row | words], table)
    (reject,) = report.rejects
    assert reject.column == column
    assert rule.replace("no discount", "is not a discount") in reject.rule
    assert reject.fix
    assert shared.count(table) == 0


REFUND: Row = {"refund_id": "r1", "order_id": "o1", "refunded_at": "2026-01-06", "amount": "20"}


@pytest.mark.parametrize(
    ("words", "column", "rule"),
    [
        ({"amount": "25.51"}, "amount", "above what was charged"),
        ({"refunded_at": "2026-01-04"}, "refunded_at", "is before the charge"),
        ({"currency": "EUR"}, "currency", "is not the currency of the charge"),
    ],
)
def test_a_refund_that_contradicts_its_charge(
    loader: Loader, words: Row, column: str, rule: str
) -> None:
    loader.load_as("csv", [order("o1", amount="25.50")])
    (reject,) = loader.load_as("csv", [REFUND | words], "refunds").rejects
    assert reject.column == column
    assert rule in reject.rule


def test_refunds_of_one_charge_are_added_up(loader: Loader) -> None:
    loader.load_as("csv", [order("o1", amount="25.50")])
    assert loader.load_as("csv", [REFUND], "refunds").accepted == 1
    second = REFUND | {"refund_id": "r2", "amount": "5.51"}
    assert loader.load_as("csv", [second], "refunds").rejected == 1
    assert loader.load_as("csv", [second | {"amount": "5.50"}], "refunds").accepted == 1
    # A corrected refund takes the place of its former self before they are added up.
    assert loader.load_as("csv", [REFUND | {"amount": "10"}], "refunds").updated == 1


def test_an_id_that_names_nothing_is_taken_and_told(loader: Loader) -> None:
    refund = REFUND | {"order_id": "nowhere"}
    loader.load_as("csv", [order("o1")])
    report = loader.load_as("csv", [refund], "refunds")
    assert report.accepted == 1
    assert any("1 rows name a order_id that orders does not have" in n for n in report.notes)


def test_currencies_are_kept_apart(loader: Loader) -> None:
    rows = [
        order("a", currency="USD"),
        order("b", currency="eur"),
        order("c", currency="JPY", amount="9"),
    ]
    assert loader.load_as("csv", rows).accepted == 3
    assert loader.rows("SELECT currency FROM orders ORDER BY order_id") == [
        ("USD",),
        ("EUR",),
        ("JPY",),
    ]


def test_the_companys_currency_holds_only_where_the_file_has_no_column(
    new_loader: Callable[..., Loader],
) -> None:
    loader = new_loader(currency="CAD")
    plain = {k: v for k, v in order("a").items() if k != "currency"}
    report = loader.load_as("csv", [plain])
    assert any("CAD holds for every row" in note for note in report.notes)
    assert loader.rows("SELECT currency FROM orders") == [("CAD",)]
    # A column that is there and empty is not filled.
    assert loader.load_as("csv", [order("b", currency="")]).rejects[0].column == "currency"


MONTHLY = {
    "day": "3041.6666666667",  # x 365/12
    "week": "433.3333333333",  # x 52/12
    "month": "100",
    "year": "8.3333333333",
    "weekly": "433.3333333333",
    "annual": "8.3333333333",
}


def test_amounts_are_brought_to_a_month_exactly(loader: Loader) -> None:
    rows = [EVENT | {"event_id": word, "interval": word} for word in MONTHLY]
    rows.append(EVENT | {"event_id": "unpriced", "unit_amount": None})
    off = '{"kind":"percent","value":"12.5","duration":"forever"}'
    rows.append(EVENT | {"event_id": "discount", "discount": off})
    once = '{"kind":"amount","value":"99","duration":"once"}'
    rows.append(EVENT | {"event_id": "once", "discount": once})
    assert loader.load_as("csv", rows, "subscription_events").accepted == len(rows)
    quarter = EVENT | {"event_id": "quarter", "interval": "month", "interval_count": "3"}
    assert loader.load_as("csv", [quarter], "subscription_events").accepted == 1
    found = {
        k: (m, n)
        for k, m, n in loader.rows("SELECT event_id, mrr, net_mrr FROM subscription_events")
    }
    for word, amount in MONTHLY.items():
        assert found[word] == (Decimal(amount), Decimal(amount)), word
    assert found["quarter"][0] == Decimal("33.3333333333")
    assert found["unpriced"] == (None, None)
    assert found["discount"] == (Decimal(100), Decimal("87.5"))
    assert found["once"] == (Decimal(100), Decimal(100))


def test_a_cost_is_spread_over_its_days_to_the_last_ten_thousandth(loader: Loader) -> None:
    cost = COST | {"amount": "100", "service_start": "2026-01-01", "service_end": "2026-01-04"}
    assert loader.load_as("csv", [cost], "costs").accepted == 1
    daily, days, extra = loader.rows("SELECT daily_amount, service_days, extra_days FROM costs")[0]
    assert daily * days + extra * Decimal("0.0001") == 100


@pytest.mark.parametrize(
    ("alias", "table"),
    [(alias, c.name) for c in CONTRACTS for alias in c.aliases],
)
def test_a_table_goes_by_its_other_name(shared: Loader, alias: str, table: str) -> None:
    with pytest.raises(InputError, match=f"{table} needs columns"):
        shared.load("a,b\n1,2\n", alias)


def test_columns_go_by_their_other_names(loader: Loader) -> None:
    rows = [{"user_id": "u1", "created_at": "2026-01-05", "tier": "Pro"}]
    assert loader.load_as("csv", rows, "users").accepted == 1
    assert loader.rows("SELECT customer_id, plan FROM customers") == [("u1", "Pro")]
    both = [
        {
            "subscription_id": "s",
            "customer_id": "c",
            "status": "active",
            "created_at": "2026-01-05",
            "start_date": "2026-01-06",
        }
    ]
    with pytest.raises(InputError, match="Both created_at and start_date could be started_at"):
        loader.load_as("csv", both, "subscriptions")


def test_a_mapping_renames_and_adds_constants(loader: Loader) -> None:
    mapping = loader.file(
        '[columns]\n"Bestell-Nr" = "order_id"\n"Kunde" = "customer_id"\n'
        '[constants]\ncurrency = "EUR"\nchannel = "shop"\n',
        "map.toml",
    )
    rows = [{"Bestell-Nr": "1", "Kunde": "k", "ordered_at": "2026-01-05", "amount": "1"}]
    assert loader.load_as("csv", rows, mapping=mapping).accepted == 1
    assert loader.rows("SELECT order_id, customer_id, currency, channel FROM orders") == [
        ("1", "k", "EUR", "shop")
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[columns", "is not valid TOML"),
        ('[colums]\na = "b"\n', "There is no key of a mapping file"),
        ('[columns]\nx = "amount"\n', "There is no column of the file 'x'"),
        ('[columns]\nchannel = "amonut"\n', "Did you mean: amount"),
        ('[columns]\nchannel = "amount"\n[constants]\namount = "1"\n', "fills amount twice"),
        ("[columns]\na = 1\n", "is not a table of texts"),
        ("order_by = 1\n", "order_by is not text"),
        ('order_by = "when"\n', "There is no column of the file (order_by)"),
    ],
)
def test_a_bad_mapping_is_told(shared: Loader, text: str, said: str) -> None:
    mapping = shared.file(text, "map.toml")
    with pytest.raises(TruelineError) as caught:
        shared.load_as("csv", [order(channel="x")], mapping=mapping)
    assert said in str(caught.value)


def test_a_constant_is_checked_like_a_cell(loader: Loader) -> None:
    mapping = loader.file('[constants]\ncurrency = "EURO"\n', "map.toml")
    row = {k: v for k, v in order().items() if k != "currency"}
    reject = loader.load_as("csv", [row], mapping=mapping).rejects[0]
    assert (reject.column, reject.value) == ("currency", "EURO")


def test_a_quarterly_interval_is_told_how_to_be_written(loader: Loader) -> None:
    row = {
        "subscription_id": "s1", "customer_id": "c1", "status": "active", "currency": "USD",
        "started_at": "2026-01-01", "unit_amount": "10", "interval": "quarterly",
    }  # fmt: skip
    report = loader.load_as("csv", [row], table="subscriptions")
    assert "month with interval_count 3" in report.rejects[0].fix


def test_everything_wrong_with_a_row_is_told(loader: Loader) -> None:
    bad = {
        "cost_id": "k1", "cost_date": "2026-02-30", "cost_type": "rent", "amount": -1.5,
        "service_start": "2026-02-02", "service_end": "2026-02-01",
    }  # fmt: skip
    faults = faults_of(loader.settings, "costs", bad)
    assert [f.where for f in faults] == ["cost_date", "cost_type", "amount", "service_end"]
    assert faults[2].value == "-1.5"
    good = bad | {"cost_date": "2026-02-28", "cost_type": "other", "amount": 1.5}
    good |= {"service_end": "2026-03-01"}
    assert faults_of(loader.settings, "costs", good) == ()


def test_removed_rows_go_to_the_history(loader: Loader) -> None:
    loader.load_as("csv", [order("a"), order("b")])
    count = remove_rows(loader.warehouse, "orders", [{"order_id": "a"}], source="api", now=NOW)
    assert count == 1
    assert loader.rows("SELECT order_id FROM orders") == [("b",)]
    assert loader.rows("SELECT order_id, superseded_by FROM orders_history") == [("a", 2)]
    assert remove_rows(loader.warehouse, "orders", [{"order_id": "a"}], source="api") == 0
    with pytest.raises(InputError, match="A key of orders has order_id"):
        remove_rows(loader.warehouse, "orders", [{"id": "a"}], source="api")
