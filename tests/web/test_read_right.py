"""What a reader could take for something else: labels, units, colours, decimals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from serving import Served

from pages import shown as page
from trueline.catalog.formula import formula_text
from trueline.catalog.kpis import KPIS, kpi
from trueline.core import words
from trueline.core.period import Grain, Period
from trueline.facts.tables import COST_TYPES
from trueline.insight.patterns import Wording, pattern
from trueline.web.boards.ground import bucket_label

OURS = """title = "Ours"
[[row]]
[[row.panel]]
kind = "ring"
kpi = "revenue"
by = "currency"
[[row.panel]]
kind = "ranked"
kpi = "revenue"
by = "currency"
[[row]]
[[row.panel]]
kind = "line"
kpis = ["revenue"]
by = "currency"
"""
ORDERS = """order_id,customer_id,ordered_at,amount,currency,channel
{rows}"""


@pytest.fixture(scope="module")
def two_currencies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("read"))
    home: Path = served.tl.home
    (home / "dashboards").mkdir()
    (home / "dashboards" / "ours.toml").write_text(OURS, encoding="utf-8")
    rows = [
        f"z{n},c{n},2026-03-{n:02d}T15:00:00Z,{amount},{currency},{channel}"
        for n, (amount, currency, channel) in enumerate(
            (("12674.25", "USD", "Meta"), ("917.25", "USD", "TikTok"), ("500.00", "CAD", "Other")),
            start=3,
        )
    ]
    path = home / "orders-more.csv"
    path.write_text(ORDERS.format(rows="\n".join(rows)) + "\n", encoding="utf-8")
    assert served.tl.load("orders", path).status == "loaded"
    with served.client:
        yield served
    served.tl.close()


@pytest.mark.parametrize(
    ("grain", "label"),
    [(Grain.MONTH, "Nov 2025"), (Grain.QUARTER, "Nov 2025+"), (Grain.YEAR, "2025")],
)
def test_a_month_is_not_labelled_as_a_day(grain: Grain, label: str) -> None:
    whole = Period(date(2025, 11, 1), date(2025, 12, 1))
    assert bucket_label(whole, grain, "en_US") == label
    assert bucket_label(whole, Grain.DAY, "en_US") == "Nov 1"


def test_an_axis_of_months_names_them_with_their_year(served: Served) -> None:
    def forms(name: str, query: str = "") -> set[str]:
        spec = served.get(f"/d/{name}.json{query}")["spec"]
        layers = [layer["encoding"] for layer in spec["layer"]]
        return {layer["x"]["axis"]["format"] for layer in layers if "x" in layer}

    assert forms("finance/line-gross-margin-ebitda-margin") == {"%b %Y"}
    assert forms("executive/line-revenue") == {"%b %-d"}


def test_a_panel_of_whole_months_names_the_days_it_holds(served: Served) -> None:
    text = page(served, "/finance")
    panel = text.split('id="p-bars-cogs-rate"')[1].split("</section>")[0]
    # A year back from March 15 begins inside a month; the chart shows that month whole.
    assert "Mar 1, 2025" in panel.replace("\u2009", " ")
    assert "Mar 15, 2025" not in panel


def test_the_line_across_a_chart_says_which_target_it_is(served: Served) -> None:
    text = page(served, "/finance")
    panel = text.split('id="p-bars-cogs-rate"')[1].split("</section>")[0]
    assert "Target 35.0%" in panel


def test_a_cost_type_has_one_colour_on_a_page(served: Served) -> None:
    text = page(served, "/finance")
    keys = re.findall(r'class="k k-([a-z0-9]+)">(Marketing|COGS|Sales|Infrastructure)<', text)
    looks: dict[str, set[str]] = {}
    for look, name in keys:
        looks.setdefault(name, set()).add(look)
    assert len(keys) > len(looks)  # some stand in both panels
    assert all(len(found) == 1 for found in looks.values()), looks
    assert len({next(iter(found)) for found in looks.values()}) == len(looks)


def test_amounts_of_a_chart_have_as_many_decimals() -> None:
    given = [Decimal("12674.10"), Decimal("6917.25"), None]
    assert words.alike(given, "USD", "USD", "en_US") == ["$12,674", "$6,917", "–"]
    assert words.alike(given[1:], "USD", "USD", "en_US") == ["$6,917.25", "–"]
    assert words.alike(given[:1], "USD/month", "USD", "en_US") == ["$12,674/month"]


def test_a_ring_writes_its_parts_alike(two_currencies: Served) -> None:
    text = page(two_currencies, "/kpi/revenue/slices/channel?start=2026-03-01&end=2026-03-15")
    assert "$12,674" in text
    assert "$917" in text
    assert "$917.25" not in text


def test_amounts_in_several_currencies_are_not_put_side_by_side(two_currencies: Served) -> None:
    text = page(two_currencies, "/d/ours?start=2026-03-01&end=2026-03-15")
    assert text.count("in several currencies") == 3
    by = page(two_currencies, "/kpi/revenue/slices/currency?start=2026-03-01&end=2026-03-15")
    assert "500.00" in by
    assert '<svg class="bar' not in by


def test_sentences_about_a_series_have_its_unit(served: Served) -> None:
    text = page(served, "/kpi/mrr/outlook?grain=week&range=365d")
    told = text.split('class="plain insights"')[1].split("</ul>")[0]
    assert "$" in told
    assert "a step" not in told
    assert "steps" not in told


def test_a_jump_is_told_with_its_day_where_days_are_known() -> None:
    values = [10.0, 11.0] * 12 + [60.0, 61.0] * 12
    start = date(2026, 1, 1)
    wording = Wording(
        change=lambda value: f"${value:.0f}",
        step="day",
        place=lambda index: f"from {start + timedelta(days=index)} on",
    )
    told = " ".join(pattern(values, wording=wording).insights)
    assert "rose by $50 from 2026-01-25 on" in told
    assert "at value 25" in " ".join(pattern(values).insights)


def test_an_input_of_money_names_its_currency(served: Served) -> None:
    text = page(served, "/kpi/nrr?start=2026-02-01&end=2026-03-01")
    assert re.search(r'<td class="n">200 USD', text)


def test_what_is_not_known_of_nameless_facts_is_said_in_words(served: Served) -> None:
    assert "what names none" not in page(served, "/growth?range=365d")


def test_a_change_too_small_to_be_written_has_no_direction(served: Served) -> None:
    assert words.unmoved("-0.0 pp")
    assert words.unmoved("+0,0%")
    assert not words.unmoved("+0.1%")


def test_a_formula_is_written_in_one_line_a_step() -> None:
    assert formula_text(kpi("cac")) == (
        "(total_marketing_spending + total_sales_spending) / number_of_new_customers"
    )
    assert formula_text(kpi("nrr")).count("\n") == 1
    assert formula_text(kpi("retention_30d")) == "100 * returned / cohort"
    assert "100 * (promoters - detractors) / answers" in formula_text(kpi("nps"))
    assert not [k.key for k in KPIS if "Decimal" in formula_text(k)]


def test_the_days_a_cost_pays_for_end_on_their_last_day(served: Served) -> None:
    from trueline.web.pages.frame import days

    text = days((date(2026, 11, 1), date(2026, 11, 25)), "en_US")
    assert "24" in text
    assert "25" not in text


def test_the_demo_plans_new_customers_as_the_kpi_counts_them() -> None:
    from trueline.demo.subscribers import Ledger

    ledger = Ledger()
    ledger.paid("ordered first", date(2026, 1, 5))
    ledger.paid("ordered first", date(2026, 2, 5))
    ledger.paid("subscribed first", date(2026, 2, 9))
    ledger.paid("subscribed first", date(2026, 2, 1))
    assert ledger.monthly_new() == {date(2026, 1, 1): 1, date(2026, 2, 1): 1}


def test_a_ring_says_which_days_it_adds_up(served: Served) -> None:
    text = page(served, "/executive?start=2026-02-01&end=2026-03-01")
    panel = text.split('id="p-ring-spend"')[1].split("</section>")[0].replace("\u2009", " ")
    assert "By channel, Feb 1" in panel
    ranked = text.split('id="p-ranked-cac"')[1].split("</section>")[0].replace("\u2009", " ")
    assert re.search(r"Feb 1.{1,5}28, 2026; the tick marks the period before", ranked)


def test_what_is_unusual_says_since_when_it_was_looked_for(served: Served) -> None:
    from trueline.web.explore.outlook import Outlook
    from trueline.web.pages.frame import templates

    template = templates().get_template("kpi/outlook.html")
    nothing = Outlook((), (), (), (), (), (), "1.0%", date(2025, 11, 25))

    class Asked:
        grain = Grain.DAY

    text = template.render(
        outlook=nothing, asked=Asked(), partial=True, locale="en_US", title="Outlook"
    )
    assert "Every day since Nov 25, 2025 was within" in text


def test_small_cost_types_are_shown_together_and_not_left_out(own: Served) -> None:
    """A bar is all that was spent: six types in colours of their own, all others in one."""
    rows = [
        f"t{number},2026-01-15,{kind},{100 * (number + 1)}.00,USD"
        for number, kind in enumerate(COST_TYPES)
    ]
    path = own.tl.home / "types.csv"
    path.write_text("\n".join(["cost_id,cost_date,cost_type,amount,currency", *rows]) + "\n")
    assert own.tl.load("costs", path).status == "loaded"
    spend = {"spend_date": "2026-01-15", "channel": "Meta", "campaign": "x", "amount": "50",
             "currency": "USD", "impressions": 1, "clicks": 1, "conversions": 0}  # fmt: skip
    assert not own.tl.load_rows("spend", [spend]).rejected
    spec = own.get("/d/finance/costs-stacked.json")["spec"]
    drawn = spec["datasets"]["rows"]
    january = {row["name"]: row["v"] for row in drawn if row["label"].startswith("Jan")}
    assert len(january) == 7
    # The six dearest cost 400 and more: left are ad spend, marketing, sales and advertising.
    assert january["4 others"] == 50 + 100 + 200 + 300
    assert sum(january.values()) == 50 + sum(100 * (n + 1) for n in range(len(COST_TYPES)))
    colours = spec["layer"][0]["encoding"]["color"]["scale"]["range"]
    assert len(colours) == 7
    assert len(set(colours)) == 7, "each part has a colour of its own"


CHANNELS = """title = "Channels"
[[row]]
[[row.panel]]
kind = "line"
kpis = ["conversions"]
by = "channel"
grain = "month"
[[row.panel]]
kind = "ring"
kpi = "conversions"
by = "channel"
[[row.panel]]
kind = "ranked"
kpi = "conversions"
by = "channel"
[[row.panel]]
kind = "ranked"
kpi = "clicks"
by = "channel"
[[row.panel]]
kind = "table"
kpis = ["clv"]
"""


def test_what_is_recorded_as_0_is_0_and_what_is_not_drawn_is_counted(own: Served) -> None:
    """Conversions of 0 were not known on a chart, and 0 in the table beside it; of more channels
    than a chart holds, those with the most rows stood for those with the most clicks."""
    (own.tl.home / "dashboards").mkdir()
    (own.tl.home / "dashboards" / "channels.toml").write_text(CHANNELS, encoding="utf-8")
    path = own.tl.home / "spend.csv"
    head = "spend_date,channel,campaign,amount,currency,impressions,clicks,conversions\n"
    rows = [f"2026-03-02,ch{n},x,10.00,USD,100,{n},0\n" for n in range(1, 11)]
    path.write_text(head + "".join(rows), encoding="utf-8")
    assert own.tl.load("spend", path).status == "loaded"
    text = page(own, "/d/channels")
    line, ring, none, most, table = text.split('<section class="card')[1:6]
    assert "<strong>Not known" not in line
    assert "more values are not shown." in line
    assert "Every part that is known is 0" in ring
    assert "ch1: 0" in none
    assert "ch10: 10" in most
    assert "2 more values are not shown." in most
    assert '<span class="vh"> Fewer than' in table, "a dash says why"


def test_parts_beyond_those_with_a_colour_of_their_own_are_told_apart(own: Served) -> None:
    """Of more than seven channels the highest were all of one grey in ring and ranking."""
    (own.tl.home / "dashboards").mkdir()
    board = CHANNELS.replace('kpi = "conversions"', 'kpi = "clicks"', 1)
    (own.tl.home / "dashboards" / "channels.toml").write_text(board, encoding="utf-8")
    path = own.tl.home / "spend.csv"
    rows = ["spend_date,channel,campaign,amount,currency,impressions,clicks,conversions"]
    rows += [
        f"2026-03-{day:02d},ch{n},x,10.00,USD,100,{100 * n},0"
        for n in range(1, 13)
        for day in range(1, 14 - n)
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert own.tl.load("spend", path).status == "loaded"
    ring = page(own, "/d/channels").split('id="p-ring-clicks"')[1].split("</section>")[0]
    looks = re.findall(r'<dt class="k k-(\w+)">', ring)
    assert len(looks) == 6
    assert len(set(looks)) == 6
