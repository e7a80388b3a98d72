"""Files that are none, or not what they seem: refused as a whole, with the place and the fix."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from loader import ORDER, Loader, csv_of, ndjson_of, order, parquet_of

from trueline.core.errors import InputError, TruelineError

GOOD = csv_of([order(f"o{n}") for n in range(3)]).decode()
HEADER = GOOD.splitlines()[0]


def refused(loader: Loader, content: bytes, name: str) -> InputError:
    """The error of a file; it leaves a row among the loads, and nothing else."""
    with pytest.raises(InputError) as caught:
        loader.load(content, name=name)
    assert loader.count() == 0
    last = loader.rows("SELECT status, read, note FROM loads ORDER BY load_id DESC LIMIT 1")[0]
    assert last[:2] == ("refused", 0)
    assert caught.value.message[:200] in last[2]
    return caught.value


def encoded(codec: str) -> bytes:
    return GOOD.replace("c1", "café").encode(codec)


LATIN = encoded("latin-1")
FAR = (GOOD + csv_of([order(f"x{n}", channel="é") for n in range(30_000)]).decode()).encode()
BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "latin-1": ("x.csv", LATIN, f"not UTF-8 at byte {LATIN.index(0xE9)}"),
    "cp1252": ("x.csv", encoded("cp1252"), "not UTF-8 at byte"),
    "UTF-16 LE": ("x.csv", encoded("utf-16"), "not UTF-8 at byte 0"),
    "UTF-16 BE": ("x.csv", b"\xfe\xff" + encoded("utf-16-be"), "not UTF-8 at byte 0"),
    "UTF-16 without a mark": ("x.csv", GOOD.encode("utf-16-le"), "holds a NUL at byte 1"),
    "mixed, far in": ("x.csv", FAR + b"o9,\xff\n", f"not UTF-8 at byte {len(FAR) + 3}"),
    "cut within a letter": (
        "x.csv",
        encoded("utf-8")[: encoded("utf-8").index(b"\xc3") + 1],
        "not UTF-8 at byte",
    ),
    "NUL": ("x.csv", GOOD.replace("c1", "c\x00").encode(), "holds a NUL at byte"),
    "empty": ("x.csv", b"", "is empty"),
    "blank lines only": ("x.csv", b"\n\n\n", "file is empty"),
    "blank lines first": ("x.csv", b"\n\n" + GOOD.encode(), "The first line is empty"),
    "only a mark": ("x.csv", b"\xef\xbb\xbf", "is empty"),
    "semicolons": ("x.csv", GOOD.replace(",", ";").encode(), "separated by semicolons"),
    "tabs": ("x.csv", GOOD.replace(",", "\t").encode(), "separated by tabs"),
    "no header": ("x.csv", b"o1,c1,2026-01-05,25.50,USD\n" * 3, "needs columns"),
    "header twice": ("x.csv", b"order_id,amount,Order_ID\n1,2,3\n", "names a column twice"),
    "nameless column": ("x.csv", b"order_id,,amount\n1,2,3\n", "column 2 without a name"),
    "missing columns": ("x.csv", b"order_id,amount\n1,2\n", "customer_id, ordered_at"),
    "10,000 columns": (
        "x.csv",
        (",".join(f"c{n}" for n in range(10_000)) + "\n").encode(),
        "10000 columns",
    ),
    "endless line": ("x.csv", b"order_id," + b"x" * (3 << 20), "longer than 1 MiB"),
    "endless line, packed": (
        "x.csv.gz",
        gzip.compress(b"order_id," + b"x" * (64 << 20)),
        "longer than 1 MiB",
    ),
    "unclosed quote in the header": ("x.csv", b'order_id,"amount\n1,2\n', "header is not CSV"),
    "wrong ending": ("x.txt", GOOD.encode(), "no known ending"),
    "a spreadsheet": ("x.xlsx", b"PK\x03\x04" + b"\0" * 60, "Save its sheet as CSV UTF-8"),
    "a note for Excel": ("x.csv", b"sep=,\n" + GOOD.encode(), "Delete that line"),
    "a note of semicolons": ("x.csv", b"sep=;\n" + GOOD.encode(), "Delete that line"),
    "an empty last column": (
        "x.csv",
        GOOD.replace("\n", ",,\n").encode(),
        "without a name. Delete the empty columns at the end",
    ),
    "a title above the header": (
        "x.csv",
        b"Costs 2026,,,\n" + GOOD.encode(),
        "It looks like a title: delete the lines above",
    ),
    "spreadsheet called CSV": ("x.csv", b"PK\x03\x04" + b"\0" * 60, "ZIP archive or a spreadsheet"),
    "old spreadsheet": ("x.csv", b"\xd0\xcf\x11\xe0" + b"\0" * 60, "old spreadsheet"),
    "PDF": ("x.csv", b"%PDF-1.7\n", "is a PDF"),
    "gzip called CSV": ("x.csv", gzip.compress(GOOD.encode()), "compressed by gzip"),
    "CSV called gzip": ("x.csv.gz", GOOD.encode(), "not compressed by gzip"),
    "cut gzip": ("x.csv.gz", gzip.compress(GOOD.encode() * 99)[:-12], "could not be read safely"),
    "broken gzip": (
        "x.csv.gz",
        gzip.compress(GOOD.encode() * 99)[:40] + b"\x99" * 40,
        "could not be read safely",
    ),
    "Parquet called CSV": ("x.csv", parquet_of([ORDER]), "a Parquet file"),
    "CSV called Parquet": ("x.parquet", GOOD.encode(), "not a Parquet file"),
    "cut Parquet": ("x.parquet", parquet_of([ORDER])[:-30], "could not be read safely"),
    "half a Parquet": ("x.parquet", parquet_of([ORDER])[:200], "could not be read safely"),
    "Parquet's four letters": ("x.parquet", b"PAR1PAR1", "could not be read safely"),
    "no object": ("x.ndjson", b'"order_id"\n[1, 2]\n', "holds no JSON object"),
    "JSON array": ("x.ndjson", json.dumps([ORDER]).encode(), "holds no JSON object: line 1 is"),
    "key twice in the only line": ("x.ndjson", b'{"a": 1, "a": 1}', "line 1 is not a JSON object"),
}


@pytest.mark.parametrize(("name", "content", "said"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_cannot_be_read(shared: Loader, name: str, content: bytes, said: str) -> None:
    shared.clear()
    assert said in str(refused(shared, content, name))


def test_an_encrypted_zip_is_told_as_an_archive(shared: Loader) -> None:
    shared.clear()
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("orders.csv", GOOD)
    content = bytearray(held.getvalue())
    content[6] |= 1  # the flag that says: encrypted
    assert "ZIP archive" in str(refused(shared, bytes(content), "x.csv"))


def test_a_missing_file_and_a_folder_are_told(shared: Loader, tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError, match="There is no file"):
            shared.load(path)


def test_an_unknown_table_suggests_its_neighbours(shared: Loader) -> None:
    with pytest.raises(TruelineError, match="Did you mean: orders"):
        shared.load(GOOD, "odrers")


NESTED = {
    "list": pa.array([["a"]]),
    "struct": pa.array([{"a": 1}]),
    "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    "binary": pa.array([b"\xff\xfe"]),
    "time": pa.array([1], pa.time64("us")),
}


@pytest.mark.parametrize("column", NESTED.values(), ids=NESTED)
def test_a_parquet_column_that_is_no_text_number_or_moment(
    shared: Loader, column: pa.Array
) -> None:
    shared.clear()
    out = io.BytesIO()
    pq.write_table(pa.table({**{k: [v] for k, v in ORDER.items()}, "extra": column}), out)
    assert "Only flat columns" in str(refused(shared, out.getvalue(), "x.parquet"))


def test_parquet_types_are_read_as_they_are_meant(loader: Loader) -> None:
    table = pa.table(
        {
            "order_id": pa.array([1.0, 2.0]),  # as pandas keeps numbers where some are missing
            "customer_id": pa.array(["a", "b"]).dictionary_encode(),
            "ordered_at": pa.array(
                [datetime(2026, 1, 5, 23, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC")
            ),
            "amount": pa.array([Decimal("1.50"), Decimal("2.25")], pa.decimal128(10, 2)),
            "tax": pa.array([0.5, None]),
            "discount": pa.array([None, None]),  # as pandas writes a column without any value
            "new_customer": pa.array([True, False]),
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out)
    assert loader.load(out.getvalue(), name="x.parquet").accepted == 2
    found = loader.rows(
        "SELECT order_id, ordered_on, amount, tax, new_customer FROM orders ORDER BY 1"
    )
    day = datetime(2026, 1, 5).date()
    assert found == [
        ("1", day, Decimal("1.5"), Decimal("0.5"), True),
        ("2", day, Decimal("2.25"), None, False),
    ]


def test_moments_of_parquet_may_count_nanoseconds(loader: Loader) -> None:
    """As pandas writes them, with a zone."""
    moments = pa.array([1767654000000000000, 1767654000000000001], pa.timestamp("ns", "UTC"))
    columns = {name: [value, value] for name, value in ORDER.items()}
    table = pa.table({**columns, "order_id": ["o1", "o2"], "ordered_at": moments})
    out = io.BytesIO()
    pq.write_table(table, out)
    report = loader.load(out.getvalue(), name="x.parquet", keep_good=True)
    assert (report.accepted, report.rejected) == (1, 1), "what is finer than micro is not rounded"
    assert loader.rows("SELECT ordered_at FROM orders") == [(datetime(2026, 1, 5, 23),)]


def test_half_of_a_surrogate_pair_deep_in_an_object_is_rejected(loader: Loader) -> None:
    event = {"event_id": "e1", "user_id": "u", "occurred_at": "2026-01-05", "name": "n"}
    lines = [event, {**event, "event_id": "e2", "properties": {"a": ["\ud800"]}}]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    report = loader.load(content, "events", name="x.ndjson", keep_good=True)
    assert (report.accepted, report.rejected) == (1, 1)
    assert "half of a surrogate pair" in report.rejects[0].rule


def test_rows_may_hold_days_moments_and_numbers_of_python(loader: Loader) -> None:
    rows = [
        order("o1", ordered_at=date(2026, 1, 5), amount=Decimal("1.10")),
        order("o2", ordered_at=datetime(2026, 1, 5, 23, tzinfo=UTC), amount=np.int64(3)),
        order("o3", ordered_at=datetime(2026, 1, 5, 23), amount=np.float64(1.5)),
    ]
    assert loader.load_as("rows", rows).accepted == 3
    assert loader.rows("SELECT DISTINCT ordered_on FROM orders") == [(date(2026, 1, 5),)]
    report = loader.load_as("rows", [order("o4", amount=b"1")])
    assert "a value of type bytes; write it as text" in report.rejects[0].rule


def test_a_parquet_value_of_a_wrong_type_is_rejected(shared: Loader) -> None:
    shared.clear()
    report = shared.load_as("parquet", [{**ORDER, "amount": float("nan")}])
    assert (report.rejects[0].column, report.rejects[0].rule) == ("amount", "is not a plain number")
    assert shared.load_as("parquet", [{**ORDER, "ordered_at": 46000}]).rejected == 1


@pytest.mark.parametrize(
    ("rows", "size", "said"),
    [(2000, 2 << 20, "the texts of one row"), (8000, 500_000, "over 1,000 times its own size")],
)
def test_a_parquet_bomb_is_refused_before_it_is_unpacked(
    shared: Loader, rows: int, size: int, said: str
) -> None:
    """A few kilobytes that hold 4 GB: its texts are measured, not kept."""
    shared.clear()
    text = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * size])
    table = pa.table({k: pa.array([v] * rows) for k, v in ORDER.items()} | {"customer_id": text})
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    assert len(out.getvalue()) < 20_000
    error = str(refused(shared, out.getvalue(), "bomb.parquet"))
    assert "could not be read safely" in error
    assert said in error


def test_a_parquet_footer_that_lies_is_refused(shared: Loader) -> None:
    shared.clear()
    content = parquet_of([order(f"o{n}") for n in range(100)])
    end = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    footer = content[end:-8]
    lied = footer.replace(b"\x16\xc8\x01", b"\x16\xca\x01", 1)  # num_rows: 100, then 101
    assert lied != footer
    with pytest.raises(InputError, match="could not be read safely"):
        shared.load(content[:end] + lied + content[-8:], name="x.parquet")
    assert shared.count() == 0


CSV_SHAPES = {
    "byte order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "CR LF endings": GOOD.replace("\n", "\r\n").encode(),
    "CR endings": GOOD.replace("\n", "\r").encode(),
    "no last line end": GOOD.rstrip("\n").encode(),
    "CR LF in the header only": GOOD.replace("\n", "\r\n", 1).encode(),
    "CR LF in one row": "\r\n".join(GOOD.rsplit("\n", 2)[:2]).encode() + b"\n",
    "CR in one row": "\r".join(GOOD.rsplit("\n", 2)).encode(),
    "CR CR LF, as written twice over": GOOD.replace("\n", "\r\r\n").encode(),
    "CR LF within quotes": GOOD.replace("o2", "o\r\n2").encode(),
    "blank lines between": GOOD.replace("\n", "\n\n").encode(),
    "unquoted": GOOD.replace('"', "").encode(),
    "columns in another order": "\n".join(
        ",".join(reversed(line.split(","))) for line in GOOD.splitlines()
    ).encode(),
    "names in capitals and spaces": GOOD.replace('"order_id"', '" ORDER_ID "').encode(),
}


@pytest.mark.parametrize("content", CSV_SHAPES.values(), ids=CSV_SHAPES)
def test_a_csv_as_programs_write_it(shared: Loader, content: bytes) -> None:
    shared.clear()
    report = shared.load(content)
    assert (report.status, report.accepted) == ("loaded", 3), report
    assert shared.rows("SELECT DISTINCT customer_id, currency FROM orders") == [("c1", "USD")]


SHAPES = {
    "too few values": ("o9,c1,2026-01-05\n", "has 3 values where the header has 5 columns"),
    "too many values": (
        "o9,c1,2026-01-05,1,USD,x\n",
        "has 6 values where the header has 5 columns",
    ),
    "a footer's total": ("Total,,,76.50,\n", "is empty"),
    "an unclosed quote": ('o9,"c1,2026-01-05,1,USD\n', "opened and not closed"),
    "a stray quote": ('o9,"c1"x,2026-01-05,1,USD\n', "inside a value; write it twice"),
    "spaces only": (" , , , , \n", "is empty"),
    "the header again": (HEADER.replace('"', "") + "\n", "is not a moment"),
}


@pytest.mark.parametrize(("line", "rule"), SHAPES.values(), ids=SHAPES)
def test_a_line_that_is_no_row_is_rejected_with_its_number(
    shared: Loader, line: str, rule: str
) -> None:
    shared.clear()
    report = shared.load(GOOD + line, keep_good=True)
    assert (report.accepted, report.rejected) == (3, 1)
    assert report.rejects[0].line == 5
    assert rule in report.rejects[0].rule
    assert report.rejects[0].fix


@pytest.mark.parametrize(
    "other", ["", "o9,c1,yesterday,1,USD\n"], ids=["alone", "beside a bad one"]
)
def test_empty_values_after_the_last_column_are_no_fault(shared: Loader, other: str) -> None:
    """A good row was rejected only where another row of its file was bad."""
    shared.clear()
    report = shared.load(GOOD + "o8,c1,2026-01-05,1,USD,,\n" + other, keep_good=True)
    assert (report.accepted, report.rejected) == (4, 1 if other else 0), report.rejects


def test_a_header_alone_is_a_file_of_no_rows(loader: Loader) -> None:
    report = loader.load(HEADER + "\n", full=True)
    assert (report.status, report.read) == ("loaded", 0)
    assert any("says nothing of the days it covers" in note for note in report.notes)
    assert loader.count("coverage") == 0


def test_columns_that_are_not_known_are_ignored_and_told(shared: Loader) -> None:
    shared.clear()
    report = shared.load_as("csv", [order(colour="red", size="L")])
    assert report.accepted == 1
    assert "Columns ignored: colour, size." in report.notes


BAD_LINES = {
    "truncated": ('{"order_id": "o1", ', "is not a JSON object"),
    "key twice": ('{"order_id": "a", "order_id": "b"}', "a key comes twice"),
    "NaN": ('{"order_id": "a", "amount": NaN}', "NaN is no number"),
    "array": ('["a"]', "is not a JSON object"),
    "trailing garbage": (json.dumps(ORDER) + " x", "is not a JSON object"),
    "nested deeply": ('{"a":' + "[" * 30_000 + "]" * 30_000 + "}", "nested too deeply"),
    "half of a surrogate pair": (json.dumps(order(channel="\ud800")), "half of a surrogate pair"),
    "endless exponent": ('{"amount": 1e' + "9" * 50 + "}", "a number that is out of range"),
    "half of a surrogate pair as key": (
        json.dumps({**ORDER, "\ud800": 1}),
        "a key holds half of a surrogate pair",
    ),
    "endless number": ('{"amount": ' + "9" * 5000 + "}", "is not a JSON object"),
    "NUL": (json.dumps(order(channel="a\x00")), "NUL"),
}


@pytest.mark.parametrize(("line", "rule"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_line_of_ndjson_that_is_no_object(shared: Loader, line: str, rule: str) -> None:
    shared.clear()
    content = ndjson_of([order("a")]) + b"\n" + line.encode() + b"\n" + ndjson_of([order("b")])
    report = shared.load(content, name="x.ndjson", keep_good=True)
    assert (report.read, report.accepted, report.rejected) == (3, 2, 1)
    assert report.rejects[0].line == 3
    assert rule in report.rejects[0].rule


def test_numbers_in_json_keep_their_digits(loader: Loader) -> None:
    line = json.dumps(ORDER).replace('"25.50"', "12345678901234.07")
    assert loader.load(line + "\n", name="x.ndjson").accepted == 1
    assert loader.rows("SELECT amount FROM orders") == [(Decimal("12345678901234.07"),)]


@pytest.mark.parametrize(
    "name",
    [
        "o'rders.csv",
        "a;DROP TABLE orders.csv",
        "[ab]*.csv",
        "a b.csv",
        "ä€.csv",
        "{x}.csv",
        "-.csv",
    ],
)
def test_a_file_may_have_any_name(shared: Loader, name: str) -> None:
    shared.clear()
    report = shared.load(GOOD, name=name)
    assert (report.accepted, report.source) == (3, name)
    bad = shared.load(GOOD.replace("25.50", "x"), name=name)
    assert bad.rejected == 3


def test_sql_in_a_column_name_is_a_name(shared: Loader) -> None:
    shared.clear()
    evil = 'x"); DROP TABLE orders; --'
    assert shared.load_as("csv", [order(**{evil: "1"})]).accepted == 1
    assert shared.load_as("parquet", [order(**{evil: "1"})]).duplicate == 1
    mapping = {evil: "channel"}
    assert shared.load_as("csv", [order("b", **{evil: "1"})], mapping=mapping).accepted == 1
    assert shared.rows("SELECT channel FROM orders WHERE order_id = 'b'") == [("1",)]


def test_a_rejects_file_runs_no_formula(shared: Loader) -> None:
    shared.clear()
    report = shared.load_as("csv", [order("=cmd()", amount="-5", channel="@x")])
    assert report.rejects_path
    lines = report.rejects_path.read_text(encoding="utf-8").splitlines()
    assert "'=cmd()" in lines[1]
    assert "'@x" in lines[1]
    assert ",-5," in lines[1]  # a number stays one


@pytest.mark.parametrize("form", ["csv", "csv.gz"])
@pytest.mark.parametrize("years", [range(2018, 2026), range(2025, 2017, -1)])
def test_a_good_file_over_years_is_read_once(loader: Loader, form: str, years: range) -> None:
    """Packed files of more than two years were read three times: their end was not looked at."""
    rows = [
        {"order_id": f"o{year}-{n}", "customer_id": "c1", "amount": "1.00", "currency": "USD",
         "ordered_at": f"{year}-06-01T12:00:00Z"}
        for year in years for n in range(2000)
    ]  # fmt: skip
    phases: list[str] = []
    report = loader.load_as(form, rows, progress=lambda told: phases.append(told.phase))
    assert report.accepted == len(rows)
    assert "reading" not in phases
    assert phases.count("loading") == 1
