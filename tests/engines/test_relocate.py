"""A company moved to another engine answers as before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from companies import OTHERS, Url, fill

from trueline.cli.app import assembled
from trueline.core.errors import ConflictError, NotFoundError
from trueline.relocate import copy_warehouse


def some(company: Any) -> Any:
    tl = company.tl
    orders = [
        {"order_id": f"o{n}", "customer_id": f"c{n % 3}", "ordered_at": f"2026-0{1 + n % 2}-11",
         "amount": f"{n}.25", "currency": "USD", "channel": 'a "\\N", b\nc'}
        for n in range(20)
    ]  # fmt: skip
    fill(tl, [("orders", orders)])
    fill(tl, [("orders", [orders[3] | {"amount": "7"}, orders[4] | {"channel": None}])])
    tl.close()
    return tl


@pytest.mark.parametrize("engine", OTHERS)
def test_there_and_back_again(company: Any, url_of: Url, tmp_path: Path, engine: str) -> None:
    tl = some(company)
    url = url_of(engine)
    steps: list[str] = []
    words: dict[str, Any] = {"clock": tl.clock}
    there = copy_warehouse(
        tl.home, tl.settings, "duckdb://warehouse.duckdb", url,
        progress=lambda what, *_: steps.append(what), **words,
    )  # fmt: skip
    assert there["tables"] == {"orders": 20, "orders_history": 2, "loads": 2}
    assert there["readings"] > 500
    assert any("comparing" in step for step in steps)
    back = copy_warehouse(tl.home, tl.settings, url, f"duckdb://{tmp_path}/back.duckdb", **words)
    assert back["tables"] == there["tables"]
    with pytest.raises(ConflictError, match="holds facts already"):
        copy_warehouse(tl.home, tl.settings, "duckdb://warehouse.duckdb", url, **words)


def test_a_misspelt_source_is_not_made_and_found_to_agree(company: Any, tmp_path: Path) -> None:
    tl = some(company)
    target = f"duckdb://{tmp_path}/new.duckdb"
    with pytest.raises(NotFoundError, match="There is no file"):
        copy_warehouse(tl.home, tl.settings, "duckdb://warehuose.duckdb", target)
    assert not (tl.home / "warehuose.duckdb").exists()


def test_a_copy_that_differs_is_told(
    company: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trueline import relocate

    tl = some(company)
    answers = relocate._answers
    calls = iter(range(10_000))

    def wrong(*words: Any) -> dict[str, Any]:
        found = answers(*words)
        found["revenue"]["value"] = next(calls)
        return found

    monkeypatch.setattr(relocate, "_answers", wrong)
    with pytest.raises(ConflictError, match=r"revenue from .* differs"):
        copy_warehouse(
            tl.home, tl.settings, "duckdb://warehouse.duckdb", f"duckdb://{tmp_path}/b.duckdb",
            clock=tl.clock,
        )  # fmt: skip


def test_the_commands(company: Any, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    tl = some(company)
    run = CliRunner().invoke
    done = run(assembled(()), ["warehouse", "copy", "duckdb://warehouse.duckdb", f"duckdb://{tmp_path}/c.db",
                     "--home", str(tl.home)])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "24 rows in 3 tables copied" in done.output
    ddl = run(assembled(()), ["warehouse", "ddl", "--cluster", "blue"])
    assert "ENGINE = Distributed" in ddl.output and "ReplicatedMergeTree" in ddl.output
    assert run(assembled(()), ["warehouse", "ddl", "--cluster", "b'; DROP"]).exit_code != 0
