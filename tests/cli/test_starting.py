"""What a command imports: only what it needs, for starting is most of what a short one costs."""

from __future__ import annotations

import functools
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commands import run
from trueline.cli import numbers
from trueline.cli.app import COMMANDS, GROUPS, assembled
from trueline.cli.plain import plainly

EVENTS = """event_id,subscription_id,customer_id,effective_at,status,\
plan,quantity,unit_amount,currency,interval
e1,s1,ann,2026-01-05T15:00:00Z,active,Pro,1,100,USD,month
"""
NEEDED_BY_OTHERS = (
    "alembic", "altair", "clickhouse_connect", "duckdb", "fastapi", "fontTools", "httpx2",
    "ibis", "jinja2", "numpy", "pandas", "prometheus_client", "psycopg", "pyarrow",
    "pydantic_settings", "scipy", "simplejson", "sqlalchemy", "sqlglot", "starlette",
    "statsforecast", "structlog", "tomlkit", "uvicorn", "vl_convert",
)  # fmt: skip
"""Of the web, of queries that are not compiled yet, of the store, of charts, of forecasts."""

SCRIPT = """
import os, sys
from trueline.cli import main
os._exit = lambda code: None
try:
    main()
except SystemExit:
    pass
print(*sorted({name.partition(".")[0] for name in sys.modules}))
print(*sorted(name for name in sys.modules if name.startswith("trueline.")))
"""


def ran(*words: str) -> tuple[str, set[str], set[str]]:
    """What a command of a fresh process wrote, and the packages and own modules it imported."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True, check=True
    )
    written, packages, own = done.stdout.rstrip("\n").rsplit("\n", 2)
    return written, set(packages.split()), set(own.split())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starting")
    (folder / "events.csv").write_text(EVENTS)
    ran("init", "--home", str(folder / "home"))
    ran("load", str(folder / "events.csv"), "--table", "subscription_events", "--full",
        "--home", str(folder / "home"))  # fmt: skip
    return folder / "home"


def test_a_fresh_reading_imports_nothing_heavy_that_it_does_not_need(home: Path) -> None:
    period = ("--start", "2026-01-01", "--end", "2026-02-01")
    written, packages, own = ran("kpi", "mrr", *period, "--home", str(home))
    assert "$100.00" in written and "actual" in written
    assert {"_duckdb", "pydantic"} <= packages  # what it does need: the list below is true
    assert packages.isdisjoint({"rich", "typer"})
    assert packages.isdisjoint(NEEDED_BY_OTHERS)
    others = ("trueline.cli.records", "trueline.cli.outlook", "trueline.web", "trueline.insight",
              "trueline.store", "trueline.facts.load",
              "trueline.catalog.calculate")  # fmt: skip
    assert not [name for name in own if name.startswith(others)]


def test_a_table_of_readings_imports_rich(home: Path) -> None:
    period = ("--start", "2026-01-01", "--end", "2026-02-01")
    _, packages, _ = ran("kpi", "mrr", "arr", *period, "--home", str(home))
    assert "rich" in packages


def test_help_opens_nothing() -> None:
    written, packages, own = ran("--help")
    assert "Read KPIs" in written
    assert packages.isdisjoint({"duckdb", "pydantic", "babel", *NEEDED_BY_OTHERS})
    assert own.isdisjoint({"trueline.home", "trueline.catalog.kpis"})


def test_every_command_is_found_alone_as_it_is_listed() -> None:
    words = "The application for one command is that one, with its own help."
    for name in (*COMMANDS, *GROUPS):
        listed = [c.name or c.callback.__name__ for c in assembled([name]).registered_commands]
        assert listed == ([name] if name in COMMANDS else list(COMMANDS)), words
        assert f"Usage: trueline {name}" in run(name, "--help")


def test_the_package_itself_imports_what_is_asked_for() -> None:
    script = (
        "import sys, trueline; print('trueline.home' in sys.modules, trueline.open.__name__,"
        "'trueline.home' in sys.modules, trueline.__version__); trueline.close"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split()[:3] == ["False", "open_home", "True"]
    assert "module 'trueline' has no attribute 'close'" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "kpi", "kpi mrr", "kpi mrr arr --json", "kpi --compare mrr --days 30 --home a/b",
        "series mrr --grain day --start 2026-01-01 --end 2026-02-01 --channel Ads",
        "explain nrr --as-of 2026-01-31T12:00:00Z --allow-estimates", "cohorts --by revenue",
        "history --days 7", "history mrr", "snapshot", "bridge --days 30",
    ],
)  # fmt: skip
def test_a_plain_line_is_read_as_typer_reads_it(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUELINE_HOME", "c/d")
    name, *words = line.split()
    command, asked = getattr(numbers, name), []
    mine = plainly(command, words, os.environ)
    recorder = functools.wraps(command)(lambda **given: asked.append(given))
    monkeypatch.setattr(numbers, name, recorder)
    done = CliRunner().invoke(assembled([name]), [name, *words])
    assert mine is not None
    defaults = {n: p.default for n, p in inspect.signature(command).parameters.items()}
    assert asked == [defaults | mine], done.output


@pytest.mark.parametrize(
    "line",
    [
        "series", "series mrr arr", "kpi --help", "kpi mrr --json=1", "kpi mrr --jso",
        "kpi mrr --days x", "kpi mrr --days -1", "kpi mrr --start", "kpi mrr --json --json",
        "kpi -- mrr", "kpi mrr --start --json", "kpi mrr --start=2026-01-01",
    ],
)  # fmt: skip
def test_whatever_is_not_plain_is_left_to_typer(line: str) -> None:
    name, *words = line.split()
    assert plainly(getattr(numbers, name), words, {}) is None
