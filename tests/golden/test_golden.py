"""Golden cases: companies small enough to work out by hand, in readable files beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

CASES = sorted(Path(__file__).parent.glob("*.toml"))


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_golden(path: Path, new_company: Callable[..., Any]) -> None:
    case = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    today = case.get("today", "2026-03-15")
    company = new_company(
        now=noon(today),
        **case.get("company", {}),
    )
    if "settings" in case:
        company.settings(case["settings"])
    for facts in case["facts"]:
        company.now = noon(facts.get("recorded", today))
        company.load(facts["table"], facts["csv"], full=facts.get("full", False))
    company.now = noon(today)
    for expected in case["expect"]:
        _check(company.tl, expected)


def noon(day: str) -> datetime:
    """Noon of a day in Toronto: when a case is looked at, or its facts are ``recorded``."""
    return datetime.fromisoformat(f"{day}T16:00:00").replace(tzinfo=UTC)


def _check(tl: Any, expected: dict[str, Any]) -> None:
    if "call" in expected:
        found = getattr(tl, expected["call"])(**expected["with"])
        _agree(found, expected["answer"], expected["call"])
        return
    period = {"start": expected["start"], "end": expected["end"]}
    options = {k: expected[k] for k in ("slice", "allow_estimates") if k in expected}
    if "bridge" in expected:
        bridge = tl.bridge(**period, **options)
        found = {name: getattr(bridge, name) for name in expected["bridge"]}
        wanted = {k: None if v == "null" else v for k, v in expected["bridge"].items()}
        assert found == wanted, (expected, bridge)
        return
    reading = tl.kpi(expected["kpi"], **period, **options)
    about = (expected, reading)
    if expected.get("value") == "null":
        assert reading.value is None, about
        assert reading.quality == "insufficient_data", about
    elif isinstance(reading.value, float):
        assert reading.value == pytest.approx(float(expected["value"]), abs=1e-9), about
    else:
        assert reading.value == Decimal(str(expected["value"])), about
    inputs = {item.name: item.value for item in reading.inputs}
    assert expected.get("inputs", {}).items() <= inputs.items(), about
    if "quality" in expected:
        assert reading.quality == expected["quality"], about
    elif expected.get("value") != "null":
        assert reading.quality == "actual", about
    if "completeness" in expected:
        assert reading.completeness == expected["completeness"], about
    if "reason" in expected:
        assert expected["reason"] in [r.code for r in reading.reasons], about


def _agree(found: Any, expected: Any, where: str) -> None:
    """What is expected is in what was found; "null" in the file is None."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            _agree(found[key], value, f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), (where, found)
        for place, value in enumerate(expected):
            _agree(found[place], value, f"{where}[{place}]")
    elif isinstance(found, float):
        assert found == pytest.approx(float(expected), abs=1e-9), where
    else:
        assert found == (None if expected == "null" else expected), (where, found)
