"""The benchmark's own arithmetic and comparing: that it cannot call unlike answers alike."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest
from benchmarks import growth
from benchmarks.__main__ import FULL, QUICK
from benchmarks.peers import HERE, QUESTIONS, same, shop
from benchmarks.report import Measurement, tables, write

RIGHT = [["2026-01-01", "10.00"], ["2026-01-02", "0.3333333333"]]


def test_answers_that_are_the_same_pass() -> None:
    same("q", {"SQL": RIGHT, "Trueline": [["2026-01-01", "10"], ["2026-01-02", "0.33333333333"]]})


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ([["2026-01-01", "10.01"], RIGHT[1]], "says 10.01 for 2026-01-01, SQL 10.00"),
        ([["2026-01-02", "10.00"], RIGHT[1]], "for 2026-01-02, SQL 10.00 for 2026-01-01"),
        (RIGHT[:1], "gave 1 rows, SQL 2"),
        ([], "gave 0 rows, SQL 2"),
    ],
)
def test_answers_that_differ_stop_the_benchmark(other: list[list[str]], said: str) -> None:
    with pytest.raises(SystemExit, match=re.escape(said)):
        same("q", {"SQL": RIGHT, "MetricFlow": other})


def test_tables_are_read_from_what_a_measurement_prints() -> None:
    text = (
        "2 cores\n\n| | ratio | ms |\n|---|---:|:-:|\n| a b | 1.50 | 1,234 |\n| c | | -3 |\n\n"
        "| x | x |\n|---|---|\n| 4 ms (5) | 6 |\n"
    )
    first, second = tables(text)
    assert first["columns"] == ["column 1", "ratio", "ms"]
    assert first["rows"] == [
        {"column 1": "a b", "ratio": 1.5, "ms": 1234},
        {"column 1": "c", "ratio": "", "ms": -3},
    ]
    assert second["rows"] == [{"x 1": "4 ms (5)", "x 2": 6}]


def test_a_report_says_what_failed_and_keeps_what_was_found(tmp_path: Path) -> None:
    found = [
        Measurement("one", ["5"], text="| a |\n|---|\n| 1 |\n", tables=tables("| a |\n| 1 |\n")),
        Measurement("two", [], code=1, text="broken"),
    ]
    report, results = write(tmp_path / "to", "quick", "2026-01-01 00:00 UTC", found)
    kept = json.loads(results.read_text())
    assert [m["code"] for m in kept["measurements"]] == [0, 1]
    assert kept["measurements"][0]["tables"][0]["rows"] == [{"a": 1}]
    assert kept["machine"]["cores"] and kept["versions"]["duckdb"] == duckdb.__version__
    assert "failed (1)" in report.read_text() and "broken" in report.read_text()
    summary, its_table = tables(report.read_text())
    assert [row["measurement"] for row in summary["rows"]] == ["one", "two"]
    assert its_table["rows"] == [{"a": 1}]


@pytest.mark.parametrize("plan", [QUICK, FULL], ids=["quick", "full"])
def test_every_measurement_of_a_plan_is_there(plan: dict[str, tuple[str, ...]]) -> None:
    assert all(find_spec(f"benchmarks.{name}") for name in plan)


@pytest.mark.parametrize("name", ["metricflow", "sidemantic"])
def test_peers_are_pinned(name: str) -> None:
    lines = (HERE / f"{name}.txt").read_text().splitlines()
    pins = [line.split(" ; ")[0] for line in lines if not line.lstrip().startswith("#")]
    assert pins and all(re.fullmatch(r"[\w.\[\]-]+==[\w.]+", pin) for pin in pins)
    core = [pin for pin in pins if pin.startswith("dbt-core==")]
    assert all(tuple(map(int, pin[10:].split("."))) < (1, 12) for pin in core)


def test_the_same_questions_are_put_to_all() -> None:
    for asked in ("by_hand", "trueline", "metricflow", "sidemantic"):
        text = (HERE / f"ask_{asked}.py").read_text()
        assert all(f'"{question}":' in text for question in QUESTIONS)


def test_a_contender_answers_with_what_it_took(tmp_path: Path) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "CREATE TABLE orders AS SELECT * FROM (VALUES "
            "('a', DATE '2026-01-05', 10.5), ('a', DATE '2026-02-01', 3), "
            "('b', DATE '2026-02-01', 4), ('c', DATE '2025-12-31', 9)) "
            "t(customer_id, ordered_on, amount)"
        )
    days = ["2026-01-01", "2026-03-01"]
    done = subprocess.run(
        [sys.executable, HERE / "ask_by_hand.py", file, *days],
        input="\n".join(QUESTIONS) + "\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    ready, *answers = done.stdout.splitlines()
    assert ready == "ready"
    revenue, new, aov = map(json.loads, answers)
    assert revenue["rows"] == [["2026-01-05", "10.5"], ["2026-02-01", "7.0"]]
    assert new["rows"] == [["2026-01-01", "1"], ["2026-02-01", "1"]]
    assert aov["rows"] == [["2026-01-01", "10.5"], ["2026-02-01", "3.5"]]
    assert all(answer["wall"] > 0 and answer["peak"] > 0 for answer in (revenue, new, aov))


def _asked(*command: str | Path, questions: Iterable[str]) -> dict[str, list[list[str]]]:
    done = subprocess.run(
        [sys.executable, *command],
        input="".join(f"{question}\n" for question in questions),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = map(json.loads, done.stdout.splitlines()[1:])
    return {question: a["rows"] for question, a in zip(questions, answers, strict=True)}


def test_trueline_answers_the_shop_as_sql_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    shop(str(home), "20000")
    start, end = capsys.readouterr().out.split()
    afresh = [f"{question}, afresh" for question in QUESTIONS]
    ours = _asked(*(HERE / "ask_trueline.py", home, start, end), questions=(*QUESTIONS, *afresh))
    hand = _asked(
        *(HERE / "ask_by_hand.py", home / "warehouse.duckdb", start, end), questions=QUESTIONS
    )
    for question in QUESTIONS:
        assert len(hand[question]) == (366 if question == "revenue by day" else 12)
        answers = {"kept": ours[question], "afresh": ours[f"{question}, afresh"]}
        same(question, {"SQL": hand[question], **answers})


def test_growth_is_measured_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"load the orders": {"cpu": 1, "wall": 2, "peak": 100}, **growth.measured(2000)}
    assert set(found) == set(growth.NAMES)
    assert all(took["peak"] > 50 and took["wall"] > 0 for took in found.values())
    monkeypatch.setattr(growth, "PICTURE", tmp_path / "growth.svg")
    growth.draw({2000: found, 20000: found})
    drawn = (tmp_path / "growth.svg").read_text()
    assert drawn.startswith("<svg") and all(name in drawn for name in growth.NAMES)
