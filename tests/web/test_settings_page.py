"""The settings page: the file keeps its comments, nothing is overwritten, facts forbid changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from serving import Served

from pages import send, shown, value_of, words_of
from trueline.core.errors import ConflictError
from trueline.settings import FILE_NAME, Settings
from trueline.settings_file import ChangedMeanwhileError, SettingsFile

WRITTEN = """# Our settings; ask Ada first.
[company]
name = "Ada & Sons"   # as on the door
timezone = "America/Toronto"
currency = "USD"

[targets]
cac = 100 # too much

[product.features]
Search = "search"
"""


@pytest.fixture
def home(served: Served) -> Iterator[Path]:
    """The settings file, written anew for each test and read by the server."""
    path = served.tl.home / FILE_NAME
    path.write_text(WRITTEN, encoding="utf-8")
    served.tl.use(Settings.parse(WRITTEN))
    yield path
    path.write_text(WRITTEN, encoding="utf-8")
    served.tl.use(Settings.parse(WRITTEN))


def form(served: Served) -> dict[str, str]:
    """Every field of the form as a browser would send it."""
    text = shown(served, "/settings")
    names = set(re.findall(r'<input[^>]*name="([^"]+)"', text)) - {"form_token"}
    fields = {name: value_of(text, name) for name in names}
    for name, inside in re.findall(r'<select[^>]*name="([^"]+)".*?>(.*?)</select>', text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', inside)
        fields[name] = chosen[1] if chosen else ""
    for name, inside in re.findall(
        r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', text, re.S
    ):
        fields[name] = unescape(inside).replace("\n", "\r\n")
    return fields


def save(served: Served, **changes: str) -> Any:
    """Send the form with some fields changed; dots in names are written as two underscores."""
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return send(served, "/settings", form(served) | named, page="/settings")


def test_a_form_sent_unchanged_changes_nothing(served: Served, home: Path) -> None:
    answer = save(served)
    assert answer.headers["location"] == "/settings?said=unchanged"
    assert home.read_text(encoding="utf-8") == WRITTEN


def test_what_is_saved_is_used_at_once_and_comments_stay(served: Served, home: Path) -> None:
    before = served.tl.kpi("gross_margin", start="2026-02-01", end="2026-03-01")
    answer = save(
        served, company__name='Ada "& <Sons>"', company__week_start="sunday",
        assumptions__cogs_share="0.30", product__conversion="bought, paid",
        assumptions__tier_prices="Pro = 100.50\r\nLite: 5", targets__cac="120.5",
        **{"target-0": "nrr", "target-value-0": "105"},
    )  # fmt: skip
    assert answer.status_code == 303, words_of(answer.text)
    text = home.read_text(encoding="utf-8")
    for kept in ("# Our settings; ask Ada first.", "# as on the door", "# too much"):
        assert kept in text
    now = served.tl.settings
    assert now == Settings.parse(text)
    assert (now.company.name, now.company.week_start) == ('Ada "& <Sons>"', "sunday")
    assert str(now.assumptions.cogs_share) == "0.30"
    assert {k: str(v) for k, v in now.assumptions.tier_prices.items()} == {
        "Pro": "100.50", "Lite": "5",
    }  # fmt: skip
    assert {k: str(v) for k, v in now.targets.items()} == {"cac": "120.5", "nrr": "105"}
    assert now.product.conversion == ("bought", "paid")
    assert now.product.features == {"Search": ("search",)}
    page = shown(served, "/settings")
    assert "Ada &#34;&amp; &lt;Sons&gt;&#34;" in page
    after = served.tl.kpi("gross_margin", start="2026-02-01", end="2026-03-01")
    assert after.value == before.value  # an assumption changes no number that is not asked for it


def test_an_emptied_field_goes_back_to_its_default(served: Served, home: Path) -> None:
    save(served, assumptions__cogs_share="0.3")
    assert save(served, assumptions__cogs_share="", targets__cac="").status_code == 303
    assert served.tl.settings.assumptions.cogs_share is None
    assert served.tl.settings.targets == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("company.name", ""),
        ("company.name", "x" * 201),
        ("company.locale", "tlh_QO"),
        ("company.locale", "../../etc"),
        ("company.week_start", "someday"),
        ("company.fiscal_year_start", "13"),
        ("company.timezone", "Mars/Olympus"),
        ("company.currency", "XXZ"),
        ("assumptions.cogs_share", "NaN"),
        ("assumptions.cogs_share", "1.5"),
        ("assumptions.cogs_share", "-0.1"),
        ("assumptions.cost_per_customer", "1,234.50"),
        ("assumptions.tier_prices", "Pro"),
        ("product.activation_days", "0"),
        ("product.activation_days", "1e3"),
        ("product.activation", ", ".join(["x" * 300])),
        ("server.port", "99999999"),
        ("server.refresh_at", "25:00"),
        ("targets.cac", "lots"),
        ("company.name", "a\u202eb\x07"),
    ],
)
def test_a_wrong_setting_is_told_beside_its_field_and_nothing_is_written(
    served: Served, home: Path, field: str, value: str
) -> None:
    answer = save(served, **{field: value, "server.max_upload_bytes": "4096"})
    assert answer.status_code == 422, words_of(answer.text)[:600]
    assert f'id="f-{field.replace(".", "-")}-h"' in answer.text
    assert 'class="error"' in answer.text
    assert value_of(answer.text, "server.max_upload_bytes") == "4096"
    assert home.read_text(encoding="utf-8") == WRITTEN


def test_a_form_that_text_has_to_have_is_told_in_words(served: Served, home: Path) -> None:
    answer = save(served, server__refresh_at="1:10")
    assert "'1:10' is no time of day, such as 01:10" in words_of(answer.text)
    assert "\\d" not in answer.text


def test_a_target_of_no_kpi_is_told(served: Served, home: Path) -> None:
    answer = save(served, **{"target-0": "mrrr", "target-value-0": "1"})
    assert answer.status_code in (404, 422)
    assert "mrr" in words_of(answer.text)
    answer = save(served, **{"target-0": "nrr", "target-value-0": ""})
    assert answer.status_code == 422
    assert home.read_text(encoding="utf-8") == WRITTEN


def test_a_file_changed_by_hand_meanwhile_is_not_overwritten(served: Served, home: Path) -> None:
    mine = form(served) | {"company.name": "Mine"}
    by_hand = WRITTEN.replace("cac = 100", "cac = 90")
    home.write_text(by_hand, encoding="utf-8")
    answer = send(served, "/settings", mine, page="/settings")
    assert answer.status_code == 409
    assert home.read_text(encoding="utf-8") == by_hand
    assert value_of(answer.text, "company.name") == "Mine"
    assert "was changed by somebody else" in words_of(answer.text)
    # All of it that differs is shown, and nothing that does not.
    assert "company.name Ada &amp; Sons Mine" in words_of(answer.text).replace("& ", "&amp; ")
    assert "targets.cac 90 100" in words_of(answer.text)
    assert "tier_prices" not in words_of(answer.text)
    assert "The file was changed by hand" in shown(served, "/settings")
    again = mine | {"seen": value_of(answer.text, "seen"), "targets.cac": "90"}
    assert send(served, "/settings", again, page="/settings").status_code == 303
    assert "cac = 90" in home.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("field", "value"), [("company.timezone", "Europe/Berlin"), ("company.currency", "EUR")]
)
def test_recorded_facts_forbid_another_zone_or_currency(
    served: Served, home: Path, field: str, value: str
) -> None:
    answer = save(served, **{field: value})
    assert answer.status_code == 409
    assert (
        "Facts are recorded already" in answer.text
        or "is America/Toronto" in answer.text
        or ("is USD" in answer.text)
    )
    assert home.read_text(encoding="utf-8") == WRITTEN
    with pytest.raises(ConflictError):
        served.tl.use(Settings.parse(WRITTEN.replace("America/Toronto", "Europe/Berlin")))


def test_what_needs_a_new_start_is_said(served: Served, home: Path) -> None:
    answer = save(served, server__port="8123")
    assert answer.headers["location"] == "/settings?said=restart"


def test_a_file_that_cannot_be_read_is_said_and_left_alone(served: Served, home: Path) -> None:
    home.write_text("[company\n", encoding="utf-8")
    assert "is not valid TOML" in words_of(shown(served, "/settings"))
    answer = save(served, company__name="Mine")
    assert answer.status_code == 422
    assert home.read_text(encoding="utf-8") == "[company\n"


def test_writing_is_all_or_nothing_and_leaves_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(WRITTEN, encoding="utf-8")
    file = SettingsFile.read(tmp_path)
    other = file.edited({("company", "name"): "Other", ("server", "port"): 1})
    with pytest.raises(ChangedMeanwhileError):
        other.write("another digest")
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    other.write(file.digest)
    assert SettingsFile.read(tmp_path).settings().company.name == "Other"
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
