"""How each kind of column is read from text, and what is said when it cannot be.

Text is matched against a strict pattern before any cast: the engine itself would take '1_000'
and '1e3' for numbers and round a fifth decimal away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trueline.core.money import exponents
from trueline.facts.contract import SQL_TYPES, Column, Kind

KEY_LENGTH, TEXT_LENGTH, JSON_LENGTH = 500, 10_000, 100_000
FIRST, LAST = "1900-01-01", "2200-01-01"
_DECIMALS = {Kind.MONEY: (14, 4), Kind.PRICE: (14, 4), Kind.NUMBER: (18, 10)}
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6}0*)?)?"
_ZONE = r"(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)"
_DAY = r"\d{4}-\d{2}-\d{2}"
_BLANKS = " \t\r\n\f\v\u00a0\u2003\u200b"
_PLAIN = "Write it as 1234.50: digits and a point, no separators, signs, percent or exponent."


@dataclass(frozen=True)
class Check:
    """A rule on a column: SQL that is false where it is broken, the rule in words, the fix."""

    column: str | None
    test: str
    rule: str
    fix: str


def quoted(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """A text value."""
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def text_of(column: Column) -> str:
    """Name of the column's text."""
    return quoted(f"t_{column.name}")


def value_sql(column: Column) -> str:
    """SQL for the typed value; NULL where the text is malformed (or empty)."""
    text = text_of(column)
    return _VALUES.get(column.kind, lambda _, t: t)(column, text)


def _number_value(column: Column, text: str) -> str:
    whole, decimals = _DECIMALS[column.kind]
    pattern = rf"[+-]?\d{{1,{whole}}}(\.\d{{1,{decimals}}}0*)?"
    return (
        f"CASE WHEN regexp_full_match({text}, '{pattern}') "
        f"THEN CAST({text} AS {SQL_TYPES[column.kind]}) END"
    )


def _count_value(_: Column, text: str) -> str:
    pattern = r"[+-]?\d{1,15}(\.0+)?"
    return f"CASE WHEN regexp_full_match({text}, '{pattern}') THEN CAST({text} AS BIGINT) END"


def _flag_value(_: Column, text: str) -> str:
    return (
        f"CASE WHEN lower({text}) IN ('true', '1') THEN true "
        f"WHEN lower({text}) IN ('false', '0') THEN false END"
    )


def _choice_value(column: Column, text: str) -> str:
    words = {word: word for word in column.choices} | column.spellings
    cases = " ".join(f"WHEN {literal(w)} THEN {literal(to)}" for w, to in words.items())
    return f"CASE lower({text}) {cases} END"


def _currency_value(_: Column, text: str) -> str:
    codes = ", ".join(literal(code) for code in exponents())
    return f"CASE WHEN upper({text}) IN ({codes}) THEN upper({text}) END"


def _json_value(_: Column, text: str) -> str:
    return f"CASE WHEN json_valid({text}) THEN {text} END"


def _day_value(_: Column, text: str) -> str:
    return (
        f"CASE WHEN regexp_full_match({text}, '{_DAY}([T ]00:00:00(\\.0+)?)?') "
        f"THEN TRY_CAST(left({text}, 10) AS DATE) END"
    )


def clock_value(column: Column) -> str:
    """SQL for a moment's clock time as written, whatever its offset."""
    text = text_of(column)
    bare = f"regexp_replace({text}, '(:[^Z+-]*){_ZONE}$', '\\1')"
    return (
        f"CASE WHEN regexp_full_match({text}, '{_DAY}([T ]{_CLOCK}Z?)?') "
        f"THEN TRY_CAST({text} AS TIMESTAMP) "
        f"WHEN regexp_full_match({text}, '{_DAY}[T ]{_CLOCK}{_ZONE}') "
        f"THEN TRY_CAST({bare} AS TIMESTAMP) END"
    )


def offset_value(column: Column) -> str:
    """SQL for the offset, in seconds, that a moment's text carries; NULL where it has none."""
    text = text_of(column)
    zone = f"regexp_extract({text}, ':.*?{_ZONE}$', 1)"
    digits = f"replace(substr({zone}, 2), ':', '')"
    seconds = (
        f"CAST(left({digits}, 2) AS INTEGER) * 3600 + "
        f"CAST('0' || substr({digits}, 3) AS INTEGER) * 60"
    )
    return (
        f"CASE WHEN suffix({text}, 'Z') THEN 0 WHEN length({text}) <= 16 THEN NULL "
        f"WHEN NOT (contains({text}, '+') OR contains(substr({text}, 12), '-')) THEN NULL "
        f"WHEN {zone} = '' THEN NULL WHEN left({zone}, 1) = '-' THEN -({seconds}) "
        f"ELSE {seconds} END"
    )


_VALUES = {
    Kind.MONEY: _number_value,
    Kind.PRICE: _number_value,
    Kind.NUMBER: _number_value,
    Kind.COUNT: _count_value,
    Kind.FLAG: _flag_value,
    Kind.CHOICE: _choice_value,
    Kind.CURRENCY: _currency_value,
    Kind.DAY: _day_value,
    Kind.JSON: _json_value,
}


def column_checks(column: Column) -> Iterator[Check]:
    """Every rule of one column, in the order in which they are told."""
    text = text_of(column)
    if column.required or column.kind is Kind.KEY:
        fix = f"Give {column.name}: {column.meaning}."
        yield Check(column.name, _filled_test(text), "is empty", fix)
    yield from _TEXT_CHECKS.get(column.kind, _text_checks)(column, text)
    if column.kind is Kind.KEY and column.choices:
        known = ", ".join(map(literal, column.choices))
        what = {"kpi": "KPI that facts feed"}.get(column.name, column.name)
        fix = f"Known are: {', '.join(column.choices)}."
        yield Check(column.name, f"{text} IN ({known})", f"is no {what}", fix)


def _filled_test(text: str) -> str:
    """SQL: there is more in it than blanks. What begins as most texts do is not looked through."""
    plain = f"{text} >= '!' AND {text} < '{chr(127)}'"
    trimmed = f"coalesce(trim({text}, {literal(_BLANKS)}), '') <> ''"
    return f"CASE WHEN {plain} THEN true ELSE {trimmed} END"


def _text_checks(column: Column, text: str) -> Iterator[Check]:
    most = {Kind.KEY: KEY_LENGTH, Kind.JSON: JSON_LENGTH}.get(column.kind, TEXT_LENGTH)
    long = f"is longer than {most} characters"
    yield Check(column.name, f"length({text}) <= {most}", long, "Shorten it.")
    nul = f"NOT contains({text}, chr(0))"
    yield Check(column.name, nul, "holds a NUL character", "Remove it.")
    if column.kind is Kind.JSON:
        yield from _json_checks(column, text)


def _json_checks(column: Column, text: str) -> Iterator[Check]:
    value = quoted(column.name)
    if column.name == "discount":
        test, rule = discount_test(value), "is not a discount"
        fix = 'Write {"kind":"percent","value":"20","duration":"forever"}.'
    else:
        test, rule = f"json_type({value}) = 'OBJECT'", "is not a JSON object"
        fix = 'Write {"name": "value"}.'
    yield Check(column.name, f"{text} IS NULL OR coalesce({test}, false)", rule, fix)


def discount_test(value: str) -> str:
    """SQL: whether a JSON text is a discount, by its kind, value, duration and months."""

    def part(name: str) -> str:
        return f"json_extract_string({value}, '$.{name}')"

    amount, months = part("value"), part("months")
    return (
        f"json_type({value}) = 'OBJECT' "
        f"AND {part('kind')} IN ('percent', 'amount') "
        f"AND {part('duration')} IN ('forever', 'repeating', 'once') "
        f"AND regexp_full_match({amount}, '\\d{{1,14}}(\\.\\d{{1,4}}0*)?') "
        f"AND ({part('kind')} <> 'percent' OR TRY_CAST({amount} AS DECIMAL(18,4)) <= 100) "
        f"AND ({months} IS NULL OR regexp_full_match({months}, '[1-9]\\d{{0,3}}')) "
        f"AND len(json_keys({value})) = len(list_distinct(json_keys({value}))) "
        f"AND len(list_filter(json_keys({value}), "
        "lambda k: k NOT IN ('kind', 'value', 'duration', 'months'))) = 0"
    )


def _number_checks(column: Column, text: str) -> Iterator[Check]:
    whole, decimals = _DECIMALS[column.kind]
    bad = f"{quoted(column.name)} IS NOT NULL OR {text} IS NULL"
    yield Check(
        column.name,
        f"{bad} OR regexp_full_match({text}, '[+-]?\\d+(\\.\\d+)?')",
        "is not a plain number",
        _PLAIN,
    )
    yield Check(
        column.name,
        f"{bad} OR regexp_full_match({text}, '[+-]?\\d{{1,{whole}}}(\\.\\d+)?')",
        f"has more than {whole} digits before the point",
        "Check it: no such amount is taken.",
    )
    fix = "Round it where it comes from; it is never rounded here."
    yield Check(column.name, bad, f"has more than {decimals} decimals", fix)
    yield from _bounds(column)


def _bounds(column: Column) -> Iterator[Check]:
    least = 0 if column.kind is Kind.COUNT and column.least is None else column.least
    name = quoted(column.name)
    if least is not None:
        fix = f"Give {least} or more."
        yield Check(column.name, f"{name} >= {least}", f"is below {least}", fix)
    if column.most is not None:
        fix = f"Give {column.most} or less."
        yield Check(column.name, f"{name} <= {column.most}", f"is above {column.most}", fix)


def _count_checks(column: Column, text: str) -> Iterator[Check]:
    test = f"{quoted(column.name)} IS NOT NULL OR {text} IS NULL"
    yield Check(column.name, test, "is not a whole number", "Write digits only, such as 12.")
    yield from _bounds(column)


def _typed_checks(rule: str, fix: str) -> Callable[[Column, str], Iterator[Check]]:
    def checks(column: Column, text: str) -> Iterator[Check]:
        test = f"{quoted(column.name)} IS NOT NULL OR {text} IS NULL"
        yield Check(column.name, test, rule, fix)

    return checks


def _choice_checks(column: Column, text: str) -> Iterator[Check]:
    test = f"{quoted(column.name)} IS NOT NULL OR {text} IS NULL"
    known = ", ".join(column.choices)
    more = f" {column.advice}" if column.advice else ""
    yield Check(column.name, test, f"is no known {column.name}", f"Use one of: {known}.{more}")


def _day_checks(column: Column, text: str) -> Iterator[Check]:
    name = quoted(column.name)
    test = f"{name} IS NOT NULL OR {text} IS NULL"
    yield Check(column.name, test, "is not a day", "Write it as YYYY-MM-DD, such as 2026-01-31.")
    yield _in_range(column.name, name)


def _in_range(column: str, value: str) -> Check:
    return Check(
        column,
        f"{value} >= DATE '{FIRST}' AND {value} < DATE '{LAST}'",
        "is out of range",
        "Days from 1900-01-01 to 2200-01-01 are taken.",
    )


def _moment_checks(column: Column, text: str) -> Iterator[Check]:
    clock = quoted(f"s_{column.name}")
    yield Check(
        column.name,
        f"{clock} IS NOT NULL OR {text} IS NULL",
        "is not a moment",
        "Write it as YYYY-MM-DD, or 2026-01-31T14:05:00, with an offset such as -05:00 if known.",
    )
    yield _in_range(column.name, f"CAST({clock} AS DATE)")
    yield Check(
        column.name,
        f"{quoted(column.name)} IS NOT NULL OR {clock} IS NULL",
        "does not exist, or comes twice, on that day: the clocks were changed",
        "Add the offset, such as 2026-11-01T01:30:00-04:00.",
    )


_TEXT_CHECKS = {
    Kind.MONEY: _number_checks,
    Kind.PRICE: _number_checks,
    Kind.NUMBER: _number_checks,
    Kind.COUNT: _count_checks,
    Kind.CHOICE: _choice_checks,
    Kind.DAY: _day_checks,
    Kind.MOMENT: _moment_checks,
    Kind.FLAG: _typed_checks("is neither true nor false", "Write true or false."),
    Kind.CURRENCY: _typed_checks("is no ISO 4217 code", "Write a code such as USD."),
}


def exponent_check(column: Column) -> Check:
    """Whether an amount really charged has no more decimals than its currency."""
    name = quoted(column.name)
    by_digits: dict[int, list[str]] = {}
    for code, digits in exponents().items():
        by_digits.setdefault(min(digits, 4), []).append(literal(code))
    usual = "'USD', 'EUR', 'CAD', 'GBP', 'AUD'"
    others = " ".join(
        f"WHEN currency IN ({', '.join(codes)}) THEN {name} = round({name}, {digits})"
        for digits, codes in by_digits.items()
        if digits != 2
    )
    two = f"{name} = round({name}, 2)"
    test = f"CASE WHEN currency IN ({usual}) THEN {two} {others} ELSE {two} END"
    return Check(
        column.name,
        test,
        "has more decimals than its currency has",
        "Give what was really charged: 2 decimals for USD, none for JPY, 3 for KWD.",
    )
