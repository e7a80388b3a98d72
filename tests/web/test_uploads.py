"""Files over HTTP: each kind, and what must not get in."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from anyio.from_thread import start_blocking_portal
from serving import Served, app_of, refused

from trueline.web import multipart, upload

PATH = "/api/facts/orders/upload"


def rows(prefix: str, count: int = 3) -> list[dict[str, str]]:
    return [
        {
            "order_id": f"{prefix}{n}",
            "customer_id": "c1",
            "ordered_at": "2026-03-05T15:00:00Z",
            "amount": f"{n}.25",
            "currency": "USD",
        }
        for n in range(count)
    ]


def csv(found: list[dict[str, str]]) -> bytes:
    lines = [",".join(found[0]), *(",".join(row.values()) for row in found)]
    return ("\n".join(lines) + "\n").encode()


def ndjson(found: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in found).encode()


def parquet(found: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(found), out)
    return out.getvalue()


def send(served: Served, name: str, content: bytes, **words: Any) -> Any:
    headers = words.pop("headers", None)
    return served.client.post(PATH, files={"file": (name, content)}, data=words, headers=headers)


def left_behind(served: Served) -> list[str]:
    folder = served.tl.home / "uploads"
    return [p.name for p in folder.iterdir()] if folder.is_dir() else []


def orders(served: Served) -> int:
    return int(served.tl.warehouse.rows("SELECT count(*) FROM orders")[0][0])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", csv(rows("a"))),
        ("b.csv.gz", gzip.compress(csv(rows("b")))),
        ("c.ndjson", ndjson(rows("c"))),
        ("d.jsonl", ndjson(rows("d"))),
        ("e.ndjson.gz", gzip.compress(ndjson(rows("e")))),
        ("j.jsonl.gz", gzip.compress(ndjson(rows("j")))),
        ("f.parquet", parquet(rows("f"))),
        ("G.CSV", csv(rows("g"))),
        ("../../h.csv", csv(rows("h"))),
        ("C:\\i\\i.csv", csv(rows("i"))),
    ],
)
def test_each_kind_of_file_is_loaded(served: Served, name: str, content: bytes) -> None:
    before = orders(served)
    answer = send(served, name, content)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert (report["status"], report["read"], report["accepted"]) == ("loaded", 3, 3)
    assert "/" not in report["source"]
    assert "\\" not in report["source"]
    assert orders(served) == before + 3
    assert left_behind(served) == []


BAD_FILES: dict[str, tuple[str, bytes]] = {
    "wrong suffix": ("x.xlsx", csv(rows("x"))),
    "no suffix": ("orders", csv(rows("x"))),
    "suffix in the middle": ("x.csv.exe", csv(rows("x"))),
    "NUL in the name": ("x.csv\x00.png", csv(rows("x"))),
    "empty": ("x.csv", b""),
    "no such columns": ("x.csv", b"a,b\n1,2\n"),
    "latin-1": ("x.csv", csv(rows("x")).replace(b"c1", b"caf\xe9")),
    "truncated Parquet": ("x.parquet", parquet(rows("x"))[:-20]),
    "half a Parquet": ("x.parquet", parquet(rows("x"))[:200]),
    "CSV called Parquet": ("x.parquet", csv(rows("x"))),
    "truncated gzip": ("x.csv.gz", gzip.compress(csv(rows("x", 999)))[:-20]),
    "CSV called gzip": ("x.csv.gz", csv(rows("x"))),
    "truncated NDJSON": ("x.ndjson", ndjson(rows("x"))[:-9]),
}


@pytest.mark.parametrize(("name", "content"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_and_nothing_is_left(
    served: Served, name: str, content: bytes
) -> None:
    before = orders(served)
    answer = send(served, name, content)
    if answer.status_code == 200:
        assert answer.json()["status"] == "refused"
        assert answer.json()["rejects"]
    else:
        found = refused(answer)
        assert str(served.tl.home) not in answer.text
        assert found["detail"]
    assert orders(served) == before
    assert left_behind(served) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.csv.gz", gzip.compress(b"0" * 3_000_000)),
        ("bomb.ndjson.gz", gzip.compress(b"\n" * 3_000_000)),
        ("bomb.parquet", parquet([{"order_id": "x" * 1000}] * 3000)),
    ],
)
def test_a_bomb_is_measured_before_it_is_read(
    served: Served, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    assert len(content) < 50_000
    monkeypatch.setattr(upload, "LARGEST_UNPACKED", 1_000_000)
    found = refused(send(served, name, content), 422)
    assert "unpacks to more than 1,000,000 bytes" in found["detail"]
    assert left_behind(served) == []


def test_measuring_a_file_imports_nothing_of_trueline(tmp_path: Path) -> None:
    """The child imported every page and every KPI: two seconds of each compressed upload."""
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"x"))
    command = [*upload.MEASURE, str(tmp_path / "a.csv.gz"), "10"]
    told = os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "gzip" in done.stderr and "trueline" not in done.stderr


def test_an_upload_over_the_cap_is_a_413_and_leaves_nothing(served: Served) -> None:
    server = served.tl.settings.server
    most = server.max_upload_bytes
    object.__setattr__(server, "max_upload_bytes", 100_000)
    try:
        refused(send(served, "large.csv", b"x" * 300_000), 413)
    finally:
        object.__setattr__(server, "max_upload_bytes", most)
    assert left_behind(served) == []


MAPPING = '[columns]\nBestellung = "order_id"\n'


def test_a_mapping_names_the_columns(served: Served) -> None:
    content = csv(rows("m")).replace(b"order_id", b"Bestellung")
    answer = send(served, "m.csv", content, mapping=MAPPING)
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] == 3
    assert left_behind(served) == []


@pytest.mark.parametrize("mapping", ["[", "x = 1", '[columns]\nnone = "a"\n', "\x00", "[columns]"])
def test_a_bad_mapping_is_refused(served: Served, mapping: str) -> None:
    content = csv(rows("n")).replace(b"order_id", b"Bestellung")
    refused(send(served, "n.csv", content, mapping=mapping), None)
    assert left_behind(served) == []


@pytest.mark.parametrize("words", [{"full": "perhaps"}, {"keep_good": "2"}, {"ful": "true"}])
def test_a_bad_form_field_is_refused(served: Served, words: dict[str, str]) -> None:
    refused(send(served, "o.csv", csv(rows("o")), **words), 422)
    assert left_behind(served) == []


def test_no_form_or_no_file_is_refused(served: Served) -> None:
    refused(served.client.post(PATH, content=b"x", headers={"Content-Type": "text/csv"}), 415)
    refused(served.client.post(PATH), 415)
    refused(served.client.post(PATH, files={"other": ("a.csv", b"x")}), 422)
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        refused(served.client.post(PATH, content=b"x", headers={"Content-Type": kind}))
    refused(served.client.post("/api/facts/odrers/upload", files={"file": ("a.csv", b"x")}), 404)
    assert left_behind(served) == []


def test_a_retried_upload_with_one_key_is_one_load(served: Served) -> None:
    headers = {"Idempotency-Key": "upload-1"}
    first, again = (send(served, "p.csv", csv(rows("p")), headers=headers) for _ in range(2))
    assert first.status_code == 200
    # A client draws a new form boundary for each try: what counts is the file.
    assert again.headers.get("Idempotent-Replay") == "true", again.text
    assert again.json() == first.json()
    refused(send(served, "p.csv", csv(rows("q")), headers=headers), 422)
    refused(send(served, "p.csv", csv(rows("p")), full="true", headers=headers), 422)


def test_rejects_are_paged(served: Served) -> None:
    bad = [row | {"amount": "x"} for row in rows("r", 45)]
    report = send(served, "r.csv", csv([*bad, *rows("s", 2)])).json()
    # All or nothing: the two good rows are not in either.
    assert (report["status"], report["accepted"], report["rejected"]) == ("refused", 0, 47)
    assert len(report["rejects"]) == 20
    seen: list[int] = []
    for offset in range(0, 60, 10):
        page = served.get(f"/api/loads/{report['load_id']}", offset=offset, limit=10)["rejects"]
        assert all(r["column"] == "amount" and r["rule"] for r in page)
        seen += [r["line"] for r in page]
    assert seen == list(range(2, 47))


def test_good_rows_are_kept_on_demand(served: Served) -> None:
    mixed = csv([rows("t", 1)[0] | {"amount": "x"}, *rows("u", 2)])
    report = send(served, "t.csv", mixed, keep_good="true").json()
    assert (report["status"], report["accepted"], report["rejected"]) == ("loaded", 2, 1)


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
START = b'--x\r\nContent-Disposition: form-data; name="file"; filename="v.csv"\r\n\r\n'


def part(name: str, text: str) -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()


WHOLE = START + csv(rows("v")) + b"\r\n"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (WHOLE, "ends before its last boundary"),
        (START + csv(rows("v"))[:-9], "ends before its last boundary"),
        (part("full", "true") + part("full", "false") + WHOLE + b"--x--", "'full' more than once"),
        (WHOLE + WHOLE + b"--x--", "'file' more than once"),
        (part("file", "a,b") + b"--x--", "without a file name"),
        (START.replace(b"v.csv", b"") + b"\r\n--x--", "No file was chosen"),
        (part("ful", "true") + WHOLE + b"--x--", "unknown field 'ful'"),
        (part("mapping", "#" * 200) + WHOLE + b"--x--", "longer than 100 bytes"),
        (START.replace(b"v.csv", b"v.csv\"\r\nContent-Transfer-Encoding: base64\r\nX: \"")
         + b"b3JkZXJfaWQ=\r\n--x--", "encoded as base64"),
    ],
)  # fmt: skip
def test_a_form_that_is_cut_off_or_says_two_things_is_refused_in_words(
    served: Served, monkeypatch: pytest.MonkeyPatch, body: bytes, says: str
) -> None:
    monkeypatch.setattr(multipart, "LONGEST_TEXT", 100)
    answer = served.client.post(PATH, content=body, headers=FORM)
    assert says in refused(answer, 422)["detail"]
    assert left_behind(served) == []


def test_a_mapping_sent_as_a_file_is_not_passed_over(served: Served) -> None:
    content = csv(rows("w")).replace(b"order_id", b"Bestellung")
    files = {"file": ("w.csv", content), "mapping": ("map.toml", MAPPING.encode())}
    assert served.post(PATH, files=files)["accepted"] == 3


def test_a_refused_upload_is_named_as_its_sender_names_it(served: Served) -> None:
    assert refused(send(served, "mine.csv", b""), 422)["detail"] == "mine.csv is empty."
    packed = refused(send(served, "mine.csv.gz", b"\x1f\x8bx"), 422)
    assert packed["detail"].startswith("mine.csv.gz could not be read safely")


def test_others_are_answered_while_an_upload_is_measured(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measuring takes up to a minute: never in the thread that answers everybody."""
    seen = []

    def measured(path: Path, name: str) -> None:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        seen.append((path.is_file(), name))

    monkeypatch.setattr(upload, "examine", measured)
    assert send(served, "y.csv.gz", gzip.compress(csv(rows("y")))).status_code == 200
    assert seen == [(True, "y.csv.gz")]


def test_a_sender_who_goes_away_in_the_middle_leaves_nothing(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """No file on the disk, and no fault of ours in the log."""
    come = iter(
        [
            {"type": "http.request", "body": START + csv(rows("z")), "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    said: list[Any] = []

    async def receive() -> Any:
        return next(come)

    async def answer(message: Any) -> None:
        said.append(message)

    headers = [(b"host", b"testserver"), (b"content-type", FORM["Content-Type"].encode())]
    scope = {
        "type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(),
        "query_string": b"", "headers": headers, "client": ("testclient", 1),
        "server": ("testserver", 80), "scheme": "http", "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    with start_blocking_portal() as elsewhere:  # a browser's tests keep a loop in this thread
        elsewhere.call(app_of(served.client), scope, receive, answer)
    assert said[0]["status"] == 499
    assert left_behind(served) == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
