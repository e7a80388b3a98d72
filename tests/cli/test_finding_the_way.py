"""What a new user types and reads: keys, the reason that counts, the next step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commands import run
from trueline.core.errors import HomeOwnedError
from trueline.home import open_home

OCTOBER = ("--start", "2025-10-01", "--end", "2025-11-01")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A company that records costs and nothing else."""
    folder = tmp_path_factory.mktemp("way")
    path = str(folder / "home")
    run("init", "--home", path)
    costs = folder / "costs.csv"
    costs.write_text("cost_id,cost_date,cost_type,amount\nc1,2025-10-05,personnel,100\n")
    run("load", str(costs), "--table", "costs", "--full", "--home", path)
    return path


def test_a_new_home_names_the_next_step_as_it_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = run("init", "--home", str(tmp_path / "my acme"))
    assert f"--table orders --home '{tmp_path / 'my acme'}'" in shown
    monkeypatch.chdir(tmp_path)
    assert run("init").rstrip().endswith("--table orders")
    monkeypatch.setenv("TRUELINE_HOME", str(tmp_path / "other"))
    assert run("init").rstrip().endswith("--table orders")


def test_a_folder_may_be_named_without_an_option(tmp_path: Path) -> None:
    one, another = str(tmp_path / "one"), str(tmp_path / "another")
    assert f"--home {one}" in run("init", one)
    assert (tmp_path / "one" / "trueline.toml").is_file()
    both = run("init", one, "--home", another, code=2)
    assert f"Two folders are named: {one} and {another}." in both
    assert not (tmp_path / "another").exists()


def test_a_home_that_another_process_has_names_the_ways_that_go_through_it(home: str) -> None:
    code = f"import trueline; tl = trueline.open({home!r}); print(len(tl.facts()), flush=True)"
    held = subprocess.Popen(
        [sys.executable, "-c", f"{code}; input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert held.stdout and int(held.stdout.readline()) > 0
        with pytest.raises(HomeOwnedError, match="its REST API or the `trueline` command"):
            open_home(home)
    finally:
        held.communicate("\n", timeout=60)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("costs", "--category", "personel"), "Did you mean: personnel?"),
        (("costs", "--end", "2199-01-01"), "lies ahead"),
    ],
)
def test_coverage_that_cannot_be_is_refused(home: str, words: tuple[str, ...], says: str) -> None:
    span = ("--start", "2025-01-01", "--end", "2025-02-01")
    assert says in run("coverage", *span, *words, "--home", home, code=2)


def test_the_reason_shown_is_the_one_that_takes_the_value_away(home: str) -> None:
    shown = run("kpi", "net_burn", *OCTOBER, "--home", home)
    assert "No orders are recorded." in shown
    assert "No entries in the period for: advertising" not in shown


def test_a_table_of_kpis_names_the_key_to_type(home: str) -> None:
    shown = run("kpi", "net_burn", "new_arr", "--home", home, code=2)
    assert "There is no KPI" in shown
    shown = run("kpi", "net_burn", "aov", "--home", home)
    assert "Average order value" in shown and "aov" in shown and "net_burn" in shown


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("new_mrr", "mrr_new"), ("Average order value", "aov"), ("MRR", "mrr"), ("chrun", "churn")],
)
def test_an_unknown_key_is_answered_by_key_and_by_label(home: str, asked: str, meant: str) -> None:
    shown = run("kpi", asked, *OCTOBER, "--home", home, code=2)
    assert "Did you mean" in shown and meant in shown
