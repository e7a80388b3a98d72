"""Every command, on a real home, as a person or a program would run it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from commands import run
from trueline.cli import show
from trueline.core.words import amount, changed, spark
from trueline.settings_file import SettingsFile

ORDERS = """order_id,customer_id,ordered_at,amount,currency
o1,ann,2026-01-01,100.00,USD
o2,bob,2026-01-31,50.50,USD
o3,ann,2026-02-15,20.00,USD
"""
EVENTS = """event_id,subscription_id,customer_id,effective_at,status,\
plan,quantity,unit_amount,currency,interval
e1,s1,ann,2026-01-05T15:00:00Z,active,Pro,1,100,USD,month
e2,s2,bob,2026-01-06T15:00:00Z,active,Pro,1,50,USD,month
e3,s2,bob,2026-02-06T15:00:00Z,canceled,Pro,1,50,USD,month
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    path = folder / "home"
    run("init", "--home", str(path), "--name", "Acme")
    for table, text in (("orders", ORDERS), ("subscription_events", EVENTS)):
        file = folder / f"{table}.csv"
        file.write_text(text)
        out = run("load", str(file), "--table", table, "--full", "--home", str(path))
        assert "3 read = 3 accepted" in out
    return path


JANUARY = ("--start", "2026-01-01", "--end", "2026-02-01")


def test_a_kpi_for_people_and_for_programs(home: Path) -> None:
    shown = run("kpi", "revenue", *JANUARY, "--home", str(home))
    assert "150.50" in shown and "actual" in shown
    found = json.loads(run("kpi", "revenue", *JANUARY, "--home", str(home), "--json"))
    assert found["value"] == 150.5 and found["quality"] == "actual"


def test_several_dimensions_at_once(home: Path) -> None:
    words = ("--currency", "USD", "--plan", "Pro", *JANUARY, "--home", str(home), "--json")
    found = json.loads(run("kpi", "mrr", *words))
    assert (found["value"], found["slice"]) == (150, {"plan": "Pro", "currency": "USD"})
    series = json.loads(run("series", "mrr", *words[:8], "--home", str(home), "--json"))
    assert [r["value"] for r in series] == [150]
    refused = run("kpi", "mrr_new", *words, code=2)
    assert "New MRR cannot be cut by plan or currency." in refused


def test_an_unknown_value_is_an_answer_with_its_reason(home: Path) -> None:
    shown = run("kpi", "cac", *JANUARY, "--home", str(home))
    assert "–" in shown and "No marketing cost" in shown


def test_a_comparison_that_is_refused_says_why(home: Path) -> None:
    """What was asked for was left out without a word."""
    days = ("--start", "2026-01-01", "--end", "2026-02-01")
    shown = run("kpi", "cac", *days, "--compare", "--home", str(home))
    assert "Not compared with the period before. 2026-01-01 to 2026-01-31: No marketing" in shown


def test_all_kpis_and_a_comparison(home: Path) -> None:
    assert len(json.loads(run("kpi", "--days", "30", "--home", str(home), "--json"))) >= 54
    compared = run(
        "kpi",
        "mrr",
        "--start",
        "2026-02-01",
        "--end",
        "2026-03-01",
        "--compare",
        "--home",
        str(home),
    )
    assert "-33.3%" in compared
    # Without a name it is asked of all of them, and says so much of each.
    february = ("--start", "2026-02-01", "--end", "2026-03-01")
    every = json.loads(run("kpi", *february, "--compare", "--json", "--home", str(home)))
    changes = {reading["key"]: reading["change"]["percent"] for reading in every}
    assert len(changes) >= 54
    assert changes["mrr"] == pytest.approx(-100 / 3)


def test_series_bridge_cohorts_explain(home: Path) -> None:
    series = run(
        "series", "revenue", "--start", "2026-01-01", "--end", "2026-03-01", "--home", str(home)
    )
    assert "150.50" in series and "20.00" in series
    bridge = run("bridge", "--start", "2026-02-01", "--end", "2026-03-01", "--home", str(home))
    assert "opening" in bridge and "-$50.00" in bridge.replace("US$", "$")
    assert "2026-01" in run("cohorts", "--home", str(home))
    explained = json.loads(
        run(
            "explain",
            "nrr",
            "--start",
            "2026-02-01",
            "--end",
            "2026-03-01",
            "--home",
            str(home),
            "--json",
        )
    )
    assert explained["reading"]["value"] == pytest.approx(200 / 3)
    assert "SELECT" in explained["inputs"][0]["queries"][0]["sql"]


def test_the_amounts_of_a_bridge_are_written_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """Cents below whole dollars cannot be added up by eye."""
    parts = dict.fromkeys(("reactivation", "churn", "fx"), Decimal(0)) | {
        "opening": Decimal("12740.40"),
        "new": Decimal("8.13"),
        "expansion": Decimal("315.87"),
        "contraction": Decimal("-829.80"),
        "closing": Decimal("12234.60"),
    }
    counts = dict.fromkeys(("at_start", "at_end", "lost", "gained", "passed"), 1)
    days = {"start": date(2026, 1, 1), "end": date(2026, 2, 1), "currency": "USD", "reasons": ()}
    show.bridge(SimpleNamespace(**parts, **days, customers=counts), "en_US")
    written = re.findall(r"-?\$[\d,.]+", capsys.readouterr().out)
    assert written == ["$12,740", "$8", "$0", "$316", "-$830", "$0", "$0", "$12,235"]


def test_snapshot_history_facts_doctor_refresh(home: Path) -> None:
    assert "revision 1" in run("snapshot", "--home", str(home))
    assert "revision 1, 0 readings new" in run("snapshot", "--home", str(home))
    assert "revenue" in run("history", "revenue", "--home", str(home))
    assert "orders" in run("facts", "--home", str(home))
    assert "every key is held once" in run("doctor", "--home", str(home))
    assert "0 sources loaded" in run("refresh", "--home", str(home))


def test_a_source_that_cannot_be_loaded_fails_the_daily_job_and_holds_up_none(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    run("init", str(home))
    (home / "good.csv").write_text(ORDERS)
    (home / "bad.csv").write_text(ORDERS.replace("20.00", "$20"))
    with (home / "trueline.toml").open("a") as file:
        for name in ("none", "bad", "good"):
            file.write(f'[[sources]]\ntable = "orders"\npath = "{name}.csv"\n')
    told = run("refresh", "--home", str(home), code=2)
    assert "There is no file" in told and "none.csv" in told
    assert "bad.csv: Nothing was loaded: 1 of 3 rows break a rule" in told
    assert "1 sources loaded" in told and "snapshot revision 1" in told
    facts = json.loads(run("facts", "--home", str(home), "--json"))
    assert {"orders": 3}.items() <= {item["table"]: item["rows"] for item in facts}.items()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'[company]\nname = "caf\xe9"', "is not UTF-8 at byte 21"),
        (b"[server]\nprot = 1", "server.prot: is not known here. Did you mean server.port?"),
        (b"[servr]\nport = 1", "servr: is not known here. Did you mean server?"),
        (b"[targets]\nrevenu = 5", "targets.revenu: There is no KPI 'revenu'"),
        (b'[server]\nport = "x"', "server.port: is not a whole number. Write digits only"),
    ],
)
def test_settings_that_cannot_be_read_say_where_and_what_to_write(
    tmp_path: Path, text: bytes, says: str
) -> None:
    (tmp_path / "trueline.toml").write_bytes(text)
    assert says in run("facts", "--home", str(tmp_path), code=2)


def test_settings_of_an_editor_that_marks_its_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "trueline.toml").write_bytes(b'\xef\xbb\xbf[company]\nname = "A"\n')
    assert "orders" in run("facts", "--home", str(tmp_path))
    assert SettingsFile.read(tmp_path).settings().company.name == "A"


def test_a_home_that_is_a_file_or_a_folder_of_nobodys_is_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(ORDERS)
    assert "is no Trueline home" in run("facts", "--home", str(file), code=3)
    (tmp_path / "trueline.toml").mkdir()
    assert "cannot be read" in run("facts", "--home", str(tmp_path), code=3)
    done = subprocess.run(
        [sys.executable, "-m", "trueline.cli", "init", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "cannot be used" in done.stderr and "Traceback" not in done.stderr


def test_a_refused_load_exits_with_2_and_keep_good_with_0(home: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(
        "order_id,customer_id,ordered_at,amount,currency\nb1,ann,2026-02-16,$5,USD\nb2,ann,2026-02-16,5,USD\n"
    )
    refused = run("load", str(bad), "--table", "orders", "--home", str(home), code=2)
    assert "Nothing was loaded" in refused and "$5" in refused
    assert "1 x amount" not in refused, "all that is wrong is shown"
    kept = run("load", str(bad), "--table", "orders", "--keep-good", "--home", str(home))
    assert "1 accepted" in kept and "1 rejected" in kept
    # Said of each of several KPIs, too, though they have other things to say before.
    table = run("kpi", "revenue", "aov", "--start", "2026-02-01", "--end", "2026-03-01",
                "--home", str(home))  # fmt: skip
    assert table.count("¹") == 3, "a mark each, and what it stands for"
    assert table.count("was rejected and is in no number") == 1


def test_many_rejects_alike_hide_no_other(home: Path, tmp_path: Path) -> None:
    """Twenty rows are shown; what else is wrong is counted by its rule."""
    rows = [f"x{n},ann,2026-02-16,$5,USD" for n in range(30)] + ["y1,ann,2026-02-16,5,XXQ"]
    bad = tmp_path / "many.csv"
    bad.write_text("order_id,customer_id,ordered_at,amount,currency\n" + "\n".join(rows) + "\n")
    said = run("load", str(bad), "--table", "orders", "--home", str(home), code=2)
    assert "30 x amount " in said and "first on line 2" in said
    assert "1 x currency " in said and "first on line 32" in said


def test_a_load_says_how_many_rows_it_updated_and_rows_are_removed(tmp_path: Path) -> None:
    here = ("--home", str(tmp_path / "home"))
    run("init", *here)
    file = tmp_path / "orders.csv"
    file.write_text(ORDERS)
    assert "updated" not in run("load", str(file), "--table", "orders", *here)
    file.write_text(ORDERS.replace("50.50", "60.50").replace("o3,", "o4,"))
    out = run("load", str(file), "--table", "orders", "--full", *here)
    assert "3 read = 2 accepted (1 of them updated) + 1 duplicate + 0 rejected" in out
    assert "1 recorded row of orders is not in this file" in out
    assert "trueline remove orders o3" in out
    assert "orders: 1 removed, 1 not found" in run("remove", "orders", "o3", "o9", *here)
    found = json.loads(run("remove", "orders", "o3", *here, "--json", code=4))
    assert found == {"table": "orders", "removed": 0, "not_found": 1}
    key = "spend_date=2026-01-01,channel=Meta,campaign=x"
    assert "1 not found" in run("remove", "spend", key, *here, code=4)
    assert "Write it as spend_date=" in run("remove", "spend", "Meta", *here, code=2)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("kpi", "mmr"), 2, "Did you mean"),
        (("kpi", "mrr", "--start", "2026-02-30", "--end", "2026-03-01"), 2, "is not a day"),
        (("kpi", "mrr", "--start", "2026-03-01", "--end", "2026-02-01"), 2, "reversed"),
        (("kpi", "mrr", "--start", "2026-03-01"), 2, "start and end"),
        (("kpi", "mrr", "--plan", "Gold"), 2, "plan"),
        (("kpi", "nrr", "--plan", "Pro", *JANUARY), 2, "cannot be cut"),
        (("kpi", "mrr", "--as-of", "yesterday"), 2, "no moment"),
        (("series", "mrr", "--grain", "fortnight", *JANUARY), 2, "grain"),
        (("cohorts", "--kind", "users"), 2, "cohort"),
        (("load", "no-such-file.csv", "--table", "orders"), 4, "no file"),
        (("coverage", "orders", "--start", "2026-02-01", "--end", "2026-01-01"), 2, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_said_in_words(
    home: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    assert says in run(*words, "--home", str(home), code=code)


def test_a_folder_that_is_no_home(tmp_path: Path) -> None:
    assert "trueline init" in run("kpi", "mrr", "--home", str(tmp_path), code=3)


def test_a_home_is_not_made_twice(home: Path) -> None:
    assert "already" in run("init", "--home", str(home), code=5)


def test_words() -> None:
    assert amount(1234.5, "USD", "USD", "en_US") == "$1,234.50"
    assert amount(1234567, "count", None, "en_US") == "1,234,567"
    assert amount(16000, "USD/month", "USD", "en_US") == "$16,000/month"
    assert changed({"absolute": 1.25, "percent": 50.0}, "%", "en_CA") == "+1.3 pp"
    assert changed({"absolute": None, "percent": None}, "USD", "en_CA") == ""
    assert spark([]) == ""


@pytest.fixture
def served(home: Path) -> Iterator[Path]:
    """The home while a server, another process, owns it."""
    command = [sys.executable, "-m", "trueline.cli", "serve", "--home", str(home), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None and "Serving" in server.stdout.readline()
    for _ in range(100):
        if (home / "server.json").exists():
            break
        time.sleep(0.1)
    yield home
    server.terminate()
    assert server.wait(20) is not None


def outside(*words: str) -> Any:
    """Run a command as its own process."""
    command = [sys.executable, "-m", "trueline.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=60)


def test_commands_go_through_the_server_that_owns_the_home(served: Path, tmp_path: Path) -> None:
    assert (served / "server.json").stat().st_mode & 0o777 == 0o600
    found = outside("kpi", "revenue", *JANUARY, "--home", str(served), "--json")
    assert json.loads(found.stdout)["value"] == 150.5, found.stderr
    more = tmp_path / "more.csv"
    more.write_text("order_id,customer_id,ordered_at,amount,currency\nm1,eve,2026-01-02,9.50,USD\n")
    loaded = outside("load", str(more), "--table", "orders", "--home", str(served))
    assert "1 accepted" in loaded.stdout, loaded.stderr
    gone = outside("remove", "orders", "m1", "m2", "--home", str(served))
    assert "orders: 1 removed, 1 not found" in gone.stdout, gone.stderr
    for words in (("bridge",), ("cohorts",), ("facts",), ("doctor",), ("snapshot",), ("history",),
                  ("refresh",), ("explain", "revenue"), ("kpi", "mrr", "arr"),
                  ("series", "revenue", *JANUARY)):  # fmt: skip
        done = outside(*words, "--home", str(served))
        assert done.returncode == 0, (words, done.stderr)
    for words, said in (
        (("load", "no.csv", "--table", "orders"), "There is no file no.csv."),
        (("load", str(tmp_path), "--table", "orders"), "There is no file"),
        (("load", str(more), "--table", "orders", "--map", "no.toml"), "cannot be read"),
    ):
        refused = outside(*words, "--home", str(served))
        assert refused.returncode in (2, 4) and said in refused.stderr, refused.stderr
        assert "Traceback" not in refused.stderr
    target = tmp_path / "new" / "kept.tar"
    kept = outside("backup", str(target), "--home", str(served))
    assert kept.returncode == 0 and target.is_file(), kept.stderr
    far = outside("serve", "--port", "99999999", "--home", str(served))
    assert far.returncode == 2 and "Traceback" not in far.stderr
    unknown = outside("kpi", "mmr", "--home", str(served))
    assert unknown.returncode == 2 and "Did you mean" in unknown.stderr
