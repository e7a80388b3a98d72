"""What a new user types and reads: keys, the reason that counts, the next step."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from trueline.cli.app import app
from trueline.core.errors import TruelineError

OCTOBER = ("--start", "2025-10-01", "--end", "2025-11-01")


def run(*words: str, code: int = 0) -> str:
    """Run a command in this process; its output and the error's words."""
    result = CliRunner().invoke(app, list(words))
    error = result.exception
    found = error.exit_code if isinstance(error, TruelineError) else result.exit_code
    assert found == code, (words, result.output, error)
    return result.output + (str(error) if isinstance(error, TruelineError) else "")


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
