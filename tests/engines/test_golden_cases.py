"""The cases worked out by hand hold on the other engines."""

from __future__ import annotations

import importlib.util
import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from companies import OTHERS, SOAK, Url, empty

import trueline
from trueline.facts.load import load_file
from trueline.home import Trueline

GOLDEN = Path(__file__).parents[1] / "golden"
_spec = importlib.util.spec_from_file_location("golden_cases", GOLDEN / "test_golden.py")
assert _spec is not None and _spec.loader is not None
golden: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(golden)


TODAY = date.today().toordinal()
ENGINES = (*OTHERS, "clickhouse-server") if SOAK else OTHERS
ASKED = [
    pytest.param(engine, path, id=f"{engine}-{path.stem}")
    for engine in ENGINES
    for number, path in enumerate(golden.CASES)
    if SOAK or (engine == "clickhouse") == ((number + TODAY) % 4 == 0)
]
"""The soak asks every case of every engine, and of ClickHouse behind HTTP as well. Otherwise the
other engines share the cases, which all are asked of the embedded one where they are written:
ClickHouse, which takes seconds for each, has others every day, and all of them within four."""


@pytest.fixture(scope="module")
def url_for(url_of: Url) -> Url:
    """A URL for each engine, the same for all cases."""
    return cache(url_of)


@pytest.mark.parametrize(("engine", "path"), ASKED)
def test_the_case_holds_on_every_engine(
    engine: str, path: Path, url_for: Url, tmp_path: Path
) -> None:
    url = url_for(engine)
    case = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    today = case.get("today", "2026-03-15")
    now = golden.noon(today)
    home = trueline.init(tmp_path / "home", **case.get("company", {}))
    with (home / "trueline.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[warehouse]\nurl = "{url}"\n\n{case.get("settings", "")}')
    with Trueline(home, clock=lambda: now) as tl:
        empty(tl)
        with tl.counting_later():
            for number, facts in enumerate(case["facts"]):
                file_path = tmp_path / f"{number}.csv"
                lines = [line.strip() for line in facts["csv"].strip().splitlines()]
                file_path.write_text("\n".join(lines) + "\n", encoding="utf-8")
                report = load_file(
                    tl.warehouse, tl.settings, facts["table"], file_path,
                    full=facts.get("full", False), rejects_folder=tmp_path,
                    now=golden.noon(facts.get("recorded", today)),
                )  # fmt: skip
                assert report.rejected == 0
        for expected in case["expect"]:
            golden._check(tl, expected)
