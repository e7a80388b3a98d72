"""What a cell may hold: every kind of bad value is told by line, column, value and rule."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

import pytest
from loader import FORMS, Loader, Row, order

from trueline.facts.load import LoadReport, Reject, rejects

PLAIN = "is not a plain number"
BAD_AMOUNTS: dict[str, str] = {
    "NaN": PLAIN,
    "nan": PLAIN,
    "inf": PLAIN,
    "-Infinity": PLAIN,
    "1e309": PLAIN,
    "1e-400": PLAIN,
    "1e3": PLAIN,
    "1E+2": PLAIN,
    "1,234.50": PLAIN,
    "1.234,50": PLAIN,
    "12,50": PLAIN,
    "1 234.50": PLAIN,
    "1\u00a0234": PLAIN,
    "1'234": PLAIN,
    "$5": PLAIN,
    "5 USD": PLAIN,
    "€5": PLAIN,
    "(5)": PLAIN,
    "5%": PLAIN,
    "5-": PLAIN,
    "--5": PLAIN,
    "1_000": PLAIN,
    "0x10": PLAIN,
    "٣٤": PLAIN,
    "１２": PLAIN,
    "½": PLAIN,
    "\u22125": PLAIN,
    " 5": PLAIN,
    "5 ": PLAIN,
    "5\n": PLAIN,
    "5.": PLAIN,
    ".5": PLAIN,
    "1.2.3": PLAIN,
    "true": PLAIN,
    "NULL": PLAIN,
    "N/A": PLAIN,
    "-": PLAIN,
    "=5": PLAIN,
    "9" * 5000: "has more than 14 digits before the point",
    str(2**63): "has more than 14 digits before the point",
    str(10**40): "has more than 14 digits before the point",
    "100000000000000": "has more than 14 digits before the point",
    "1.23456": "has more than 4 decimals",
    "0.00001": "has more than 4 decimals",
    "1.234": "has more decimals than its currency has",
    "-0.01": "is below 0",
    "-5": "is below 0",
    "": "is empty",
    "  ": "is empty",
    "\u200b": "is empty",
}
GOOD_AMOUNTS = {
    "0": "0",
    "-0": "0",
    "-0.00": "0",
    "+5": "5",
    "0012.50": "12.5",
    "1.50000000000": "1.5",
    "99999999999999.99": "99999999999999.99",
    "0.01": "0.01",
}

MOMENT, RANGE = "is not a moment", "is out of range"
CLOCKS = "does not exist, or comes twice, on that day: the clocks were changed"
BAD_MOMENTS: dict[str, str] = {
    "2026-02-29": MOMENT,
    "2026-02-30": MOMENT,
    "2026-13-01": MOMENT,
    "2026-00-10": MOMENT,
    "2026-01-00": MOMENT,
    "01/02/2026": MOMENT,
    "2026/01/02": MOMENT,
    "02.01.2026": MOMENT,
    "26-01-02": MOMENT,
    "2026-1-2": MOMENT,
    "20260102": MOMENT,
    "2026-01": MOMENT,
    "2026-W01-1": MOMENT,
    "Jan 2, 2026": MOMENT,
    "45000": MOMENT,
    "45000.5": MOMENT,
    "1767225600": MOMENT,
    "1767225600000": MOMENT,
    "infinity": MOMENT,
    "-infinity": MOMENT,
    "epoch": MOMENT,
    "today": MOMENT,
    "now": MOMENT,
    "2026-01-02T25:00:00": MOMENT,
    "2026-01-02T24:00:00": MOMENT,
    "2026-01-02T12:60:00": MOMENT,
    "2026-01-02T12:00:60": MOMENT,
    "2026-01-02T12": MOMENT,
    "2026-01-02 12:00 PM": MOMENT,
    "2026-01-02T12:00:00.123456789Z": MOMENT,
    "2026-01-02T12:00:00+15:00": MOMENT,
    "2026-01-02T12:00:00+5": MOMENT,
    "2026-01-02T12:00:00 EST": MOMENT,
    "2026-01-02T12:00:00 America/Toronto": MOMENT,
    "2026-01-02T12:00:00Zjunk": MOMENT,
    "2026-01-02 ": MOMENT,
    "٢٠٢٦-٠١-٠٢": MOMENT,
    "-2026-01-02": MOMENT,
    "0001-01-01": RANGE,
    "1899-12-31": RANGE,
    "2200-01-01": RANGE,
    "9999-12-31": RANGE,
    "2026-03-08T02:30:00": CLOCKS,
    "2026-03-08 02:00": CLOCKS,
    "2026-11-01T01:30:00": CLOCKS,
    "2026-11-01 01:00:00.5": CLOCKS,
    "": "is empty",
}
GOOD_MOMENTS = {  # the instant in UTC, and the day in Toronto
    "2024-02-29": ("2024-02-29T05:00:00", "2024-02-29"),
    "2026-01-02": ("2026-01-02T05:00:00", "2026-01-02"),
    "2026-01-02T23:30": ("2026-01-03T04:30:00", "2026-01-02"),
    "2026-01-02 23:30:15.250": ("2026-01-03T04:30:15.250000", "2026-01-02"),
    "2026-01-03T04:30:00Z": ("2026-01-03T04:30:00", "2026-01-02"),
    "2026-01-03T04:30:00.123456000Z": ("2026-01-03T04:30:00.123456", "2026-01-02"),
    "2026-01-03T19:30:00+14:00": ("2026-01-03T05:30:00", "2026-01-03"),
    "2026-01-03T19:30:00+1430": ("2026-01-03T05:00:00", "2026-01-03"),
    "2026-01-02T12:00:00-05": ("2026-01-02T17:00:00", "2026-01-02"),
    "2026-03-08T01:59:59": ("2026-03-08T06:59:59", "2026-03-08"),
    "2026-03-08T03:00:00": ("2026-03-08T07:00:00", "2026-03-08"),
    "2026-03-08T02:30:00-05:00": ("2026-03-08T07:30:00", "2026-03-08"),
    "2026-11-01T01:30:00-04:00": ("2026-11-01T05:30:00", "2026-11-01"),
    "2026-11-01T01:30:00-05:00": ("2026-11-01T06:30:00", "2026-11-01"),
    "2026-11-01": ("2026-11-01T04:00:00", "2026-11-01"),
    "2026-12-31T23:59:59": ("2027-01-01T04:59:59", "2026-12-31"),
    "1900-01-01": ("1900-01-01T05:00:00", "1900-01-01"),
}

BAD_DAYS = {
    "2026-02-30": "is not a day",
    "2026-01-02T12:00:00": "is not a day",
    "01/02/2026": "is not a day",
    "46000": "is not a day",
    "0000-01-01": RANGE,
    "infinity": "is not a day",
    "1899-12-31": RANGE,
    "9999-12-31": RANGE,
}


def only(report: LoadReport) -> Reject:
    (reject,) = report.rejects
    assert reject.fix
    return reject


def all_rejects(report: LoadReport) -> list[Reject]:
    assert report.rejects_path is not None
    return rejects(report.rejects_path, 0, 10_000)


def told(report: LoadReport) -> dict[str, tuple[str | None, str]]:
    """What was said of each value: its column and the rule."""
    return {(r.value or "").rstrip("…"): (r.column, r.rule) for r in all_rejects(report)}


def expected(texts: dict[str, str], column: str) -> dict[str, tuple[str | None, str]]:
    return {text[:200]: (column, rule) for text, rule in texts.items()}


def orders_with(column: str, texts: Iterable[str]) -> list[Row]:
    """An order for each text, from o0 on."""
    return [order(f"o{n}", **{column: text}) for n, text in enumerate(texts)]


@pytest.mark.parametrize("form", FORMS)
def test_an_amount_that_is_none(shared: Loader, form: str) -> None:
    report = shared.load_as(form, orders_with("amount", BAD_AMOUNTS))
    assert report.status == "refused"
    assert told(report) == expected(BAD_AMOUNTS, "amount")
    assert shared.count() == 0


@pytest.mark.parametrize("form", FORMS)
def test_an_amount_as_it_may_be_written(shared: Loader, form: str) -> None:
    shared.clear()
    report = shared.load_as(form, orders_with("amount", GOOD_AMOUNTS))
    assert report.accepted == len(GOOD_AMOUNTS), report.rejects
    found = shared.rows("SELECT amount FROM orders ORDER BY order_id")
    assert found == [(Decimal(value),) for value in GOOD_AMOUNTS.values()]


def test_a_line_is_the_one_its_row_begins_on(shared: Loader) -> None:
    text = (
        "order_id,customer_id,ordered_at,amount\n"
        'o1,"two\nlines",2026-01-05,1\n'
        "o2,c,2026-01-05,x\n"
        "\n"
        'o3,"three\r\nlines\n",2026-01-05,y\n'
    )
    assert [r.line for r in shared.load(text).rejects] == [4, 6]


@pytest.mark.parametrize(
    ("currency", "amount", "fine"),
    [
        ("JPY", "100", True),
        ("JPY", "100.00", True),
        ("JPY", "100.5", False),
        ("USD", "1.05", True),
        ("USD", "1.005", False),
        ("KWD", "1.005", True),
        ("KWD", "1.0005", False),
        ("usd", "1.05", True),
    ],
)
def test_no_amount_has_more_decimals_than_its_currency(
    shared: Loader, currency: str, amount: str, fine: bool
) -> None:
    shared.clear()
    report = shared.load_as("csv", [order(amount=amount, currency=currency)])
    assert (report.accepted == 1) is fine
    if fine:
        assert shared.rows("SELECT amount, currency FROM orders") == [
            (Decimal(amount), currency.upper())
        ]
    else:
        assert only(report).rule == "has more decimals than its currency has"


def test_a_currency_that_is_none(shared: Loader) -> None:
    texts = dict.fromkeys(
        ("XYZ", "$", "US Dollar", "US", "BTC", "840", "ＵＳＤ"), "is no ISO 4217 code"
    )
    report = shared.load_as("csv", orders_with("currency", texts))
    assert told(report) == expected(texts, "currency")


@pytest.mark.parametrize("form", FORMS)
def test_a_moment_that_is_none(shared: Loader, form: str) -> None:
    report = shared.load_as(form, orders_with("ordered_at", BAD_MOMENTS))
    assert told(report) == expected(BAD_MOMENTS, "ordered_at")


@pytest.mark.parametrize("form", FORMS)
def test_a_moment_and_its_local_day(shared: Loader, form: str) -> None:
    shared.clear()
    rows = orders_with("ordered_at", GOOD_MOMENTS)
    assert shared.load_as(form, rows).accepted == len(GOOD_MOMENTS)
    found = shared.rows(
        "SELECT ordered_at, ordered_on FROM orders ORDER BY substr(order_id, 2)::INTEGER"
    )
    assert found == [
        (datetime.fromisoformat(at), date.fromisoformat(on)) for at, on in GOOD_MOMENTS.values()
    ]


def test_a_day_that_is_none(shared: Loader) -> None:
    costs = [
        {"cost_id": f"k{n}", "cost_date": text, "cost_type": "sales", "amount": "1"}
        for n, text in enumerate(BAD_DAYS)
    ]
    report = shared.load_as("csv", costs, "costs")
    assert told(report) == expected(BAD_DAYS, "cost_date")


def test_a_row_in_the_future_is_taken_and_told(shared: Loader) -> None:
    shared.clear()
    report = shared.load_as("csv", [order(ordered_at="2026-03-16T12:00:00")])
    assert report.accepted == 1
    assert any("1 rows lie in the future" in note for note in report.notes)


TEXTS = {
    "emoji": "👩‍🚀 Zoë",
    "right to left override": "abc\u202egpj.exe",
    "zero width": "a\u200bb",
    "word NULL": "NULL",
    "word N/A": "N/A",
    "word NaN": "nan",
    "spaces around": "  x  ",
    "line break": "two\r\nlines",
    "tab": "a\tb",
    "control": "a\x07b",
    "quotes": 'say "hi", it\'s',
    "formula": "=HYPERLINK(A1)",
    "script": "<script>alert(1)</script>",
    "template": "{{7*7}} ${7*7}",
    "SQL": "x'); DROP TABLE orders; --",
    "path": "../../etc/passwd",
    "header": "x\r\nSet-Cookie: a=b",
    "separator": "a,b;c\td",
    "backslash": "C:\\new\\table",
    "long": "x" * 500,
}


@pytest.mark.parametrize("form", FORMS)
def test_text_is_kept_exactly(shared: Loader, form: str) -> None:
    shared.clear()
    rows = [order(f"o{n:03}", customer_id=t, channel=t) for n, t in enumerate(TEXTS.values())]
    assert shared.load_as(form, rows).accepted == len(TEXTS)
    found = shared.rows("SELECT customer_id, channel FROM orders ORDER BY order_id")
    assert found == [(text, text) for text in TEXTS.values()]


def test_composed_and_decomposed_letters_are_two_keys(shared: Loader) -> None:
    shared.clear()
    assert shared.load_as("csv", [order("caf\u00e9"), order("cafe\u0301")]).accepted == 2


@pytest.mark.parametrize(
    ("column", "text", "rule"),
    [
        ("customer_id", "x" * 501, "is longer than 500 characters"),
        ("channel", "é" * 10_001, "is longer than 10000 characters"),
        ("customer_id", "\u00a0\u2003 ", "is empty"),
        ("order_id", "", "is empty"),
        ("new_customer", "yes", "is neither true nor false"),
    ],
)
def test_text_that_is_too_long_or_none(shared: Loader, column: str, text: str, rule: str) -> None:
    reject = only(shared.load_as("csv", [order(**{column: text})]))
    assert (reject.column, reject.rule) == (column, rule)


@pytest.mark.parametrize(
    ("name", "value", "column", "rule"),
    [
        ("customer_id", "a\x00b", "customer_id", "holds a NUL character"),
        ("channel", ["x"], None, "channel: a nested value where one value is expected"),
        ("channel", {"x": 1}, None, "channel: a nested value where one value is expected"),
        ("channel", "\ud800", None, "channel: half of a surrogate pair"),
        ("amount", float("nan"), "amount", PLAIN),
        ("amount", float("inf"), "amount", PLAIN),
        ("amount", 1e300, "amount", PLAIN),
        ("amount", Decimal("NaN"), None, "amount: not a finite number of reasonable size"),
        ("amount", Decimal("1e400"), None, "amount: not a finite number of reasonable size"),
        ("amount", 10**50, None, "amount: a number of more than 40 digits"),
        ("amount", True, "amount", PLAIN),
        ("amount", 1.005, "amount", "has more decimals than its currency has"),
        ("amount", 2**63, "amount", "has more than 14 digits before the point"),
        ("amount", None, "amount", "is empty"),
    ],
    ids=repr,
)
def test_a_json_value_that_is_none(
    shared: Loader, name: str, value: object, column: str | None, rule: str
) -> None:
    reject = only(shared.load_as("rows", [order(**{name: value})]))
    assert (reject.line, reject.column, reject.rule) == (1, column, rule)


def test_an_empty_cell_is_unknown_never_zero(shared: Loader) -> None:
    shared.clear()
    for n, form in enumerate(FORMS):
        rows = [order(f"{form}", tax=None, cogs=None), order(f"{form}{n}", tax="0", cogs="0")]
        assert shared.load_as(form, rows).accepted == 2
    found = shared.rows(
        "SELECT tax, cogs, count(*) FROM orders GROUP BY ALL ORDER BY ALL NULLS LAST"
    )
    assert found == [(Decimal(0), Decimal(0), 5), (None, None, 5)]
