"""Calculators: right answers on given inputs, and each rule between inputs in words."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline.catalog.alike import alike
from trueline.catalog.benchmark import benchmark, recorded_keys
from trueline.catalog.calculate import calculate, calculator, calculators
from trueline.catalog.interpret import interpretation
from trueline.catalog.kpi import Calculator, Direction, Kpi
from trueline.catalog.kpis import KPIS, kpi
from trueline.catalog.schema import fields
from trueline.core.errors import InputError, UnknownKeyError
from trueline.core.reading import dumps, loads

EACH = pytest.mark.parametrize("definition", calculators().values(), ids=lambda k: k.key)
WAYS = [(d, way) for d in calculators().values() for way in d.calculators()]
EACH_WAY = pytest.mark.parametrize(("definition", "way"), WAYS, ids=lambda x: x.__name__)

SEED = """
    arpu mrr cltv cac retention-rate churn-rate nrr conversion-rate traffic dau-mau
    session-duration bounce-rate sessions-per-user user-actions nps egr csat osat ces
    activation-rate time-to-value feature-adoption product-quality velocity arr
    revenue-churn-rate grr
    """.split()  # noqa: SIM905  a list of words reads best as words


def test_every_path_of_the_product_api_is_there() -> None:
    assert set(calculators()) >= set(SEED)


def test_a_measure_as_it_stands_is_no_calculator() -> None:
    assert "revenue" not in calculators()
    assert "customers" not in calculators()
    assert len(calculators()) > 50


@EACH_WAY
def test_its_example_gives_the_worked_answer(definition: type[Kpi], way: type[Calculator]) -> None:
    found = calculate(definition, way.example)
    assert found.value is not None
    assert float(found.value) == pytest.approx(float(way.example_value), rel=1e-12)


@EACH_WAY
@pytest.mark.parametrize("aims", [True, False])
def test_its_answer_as_text_is_its_answer(
    definition: type[Kpi], way: type[Calculator], aims: bool
) -> None:
    targets = {definition.key: Decimal("12.50")} if aims else {}
    found = calculate(definition, way.example, currency="CAD", locale="fr_CA", targets=targets)
    assert loads(found.to_text()) == loads(dumps(found.to_json()))
    assert json.loads(found.to_text())["benchmark_detail"]["verdict"] == found.verdict


@EACH_WAY
def test_a_required_input_left_out_is_named(definition: type[Kpi], way: type[Calculator]) -> None:
    for field in fields(way):
        data = {k: v for k, v in way.example.items() if k != field["name"]}
        if field["required"]:
            with pytest.raises(InputError, match=field["name"]):
                calculate(definition, data)
        elif definition.key != "churn_rate":  # its two optional amounts go together
            calculate(definition, data)


UNITS = {
    "currency", "currency/month", "count", "%", "months", "days", "hours", "seconds", "points",
    "score",
}  # fmt: skip


@EACH_WAY
def test_its_fields_are_all_that_a_form_needs(definition: type[Kpi], way: type[Calculator]) -> None:
    for field in fields(way):
        assert set(field) == {
            "name", "label", "type", "unit", "required", "description", "constraints", "default",
            "example",
        }  # fmt: skip
        assert field["description"]
        assert field["label"][0].isupper() and "_" not in field["label"]
        numeric = field["type"] in ("number", "integer")
        assert (field["unit"] in UNITS) if numeric else field["unit"] is None, field
        assert field["example"] is not None or not field["required"]
        assert (field["type"] == "enum") == ("enum" in field["constraints"])


def test_inputs_are_told_in_their_own_unit() -> None:
    units = {(d.key, f["name"]): f["unit"] for d, way in WAYS for f in fields(way) if f["unit"]}
    assert units["session_duration", "total_session_duration_seconds"] == "seconds"
    assert units["time_to_value", "total_time_to_value_hours"] == "hours"
    assert units["cltv", "average_customer_lifetime_months"] == "months"
    assert units["velocity", "sprint_length_days"] == "days"
    assert units["clv", "gross_margin"] == "%"
    assert units["mrr", "arpu"] == units["egr", "upsell_revenue"] == "currency"


@EACH_WAY
def test_each_rule_is_told_in_words(definition: type[Kpi], way: type[Calculator]) -> None:
    has_own = way.contradiction is not Calculator.contradiction
    assert bool(way.also) == has_own, "a rule that is not told, or told and not held"
    assert len(way.spoken_rules()) == len(way.rules) + len(way.also)


@pytest.mark.parametrize(
    "day",
    ["2024-13-01", "2024-02-30", "2024-02-01x", "20240201", "2024-W05-4", "", "today"],
)
def test_a_day_that_is_none_is_refused(day: str) -> None:
    example = calculator("dau-mau").example
    with pytest.raises(InputError, match="measurement_date is not a day"):
        calculate(calculator("dau-mau"), example | {"measurement_date": day})


@EACH_WAY
@pytest.mark.parametrize(
    "value", [True, "5", None, float("nan"), float("inf"), Decimal("NaN"), -1, 10**40, [], {}]
)
def test_no_number_passes_for_one(definition: type[Kpi], way: type[Calculator], value: Any) -> None:
    """Every numeric input refuses what is none (or none it could be), and names itself."""
    for field in fields(way):
        signed = field["constraints"].get("minimum", 0) < 0
        if field["type"] not in ("number", "integer") or (value == -1 and signed):
            continue
        if value is None and not field["required"]:
            continue
        with pytest.raises(InputError) as caught:
            calculate(definition, way.example | {field["name"]: value})
        assert field["name"] in str(caught.value) or caught.value.faults


@EACH
def test_an_unknown_input_is_refused(definition: type[Kpi]) -> None:
    with pytest.raises(InputError, match="not known here"):
        calculate(definition, definition.calculators()[0].example | {"colour": 3})


def test_a_misspelt_input_suggests_its_neighbour() -> None:
    with pytest.raises(InputError, match="Did you mean total_users"):
        calculate(kpi("arpu"), {"total_revenue": 5, "total_user": 1})


BROKEN = [
    ("activation-rate", {"activated_users": 900, "total_signups": 850}, "only who signed up"),
    ("feature-adoption", {"users_using_feature": 9, "total_active_users": 8}, "is active"),
    ("churn-rate", {"customers_lost": 11, "total_customers_at_start": 10}, "who was there"),
    (
        "retention-rate",
        {"customers_at_start": 10, "customers_at_end": 5, "new_customers_acquired": 6},
        "one of those at the end",
    ),
    (
        "retention-rate",
        {"customers_at_start": 10, "customers_at_end": 15, "new_customers_acquired": 4},
        "only those can have stayed",
    ),
    ("dau-mau", {"daily_active_users": 6, "monthly_active_users": 5}, "active in its month"),
    (
        "bounce-rate",
        {"number_of_non_engaged_sessions": 6, "total_number_of_sessions": 5},
        "some of the sessions",
    ),
    (
        "csat",
        {"number_of_satisfied_responses": 6, "total_number_of_responses": 5},
        "some of the answers",
    ),
    (
        "csat",
        {
            "number_of_satisfied_responses": 4,
            "total_number_of_responses": 5,
            "scale_type": "10-point",
        },
        "satisfied_from is missing",
    ),
    (
        "conversion-rate",
        {"number_of_conversions": 6, "total_visitors_or_users": 5},
        "counts once",
    ),
    (
        "nrr",
        {
            "mrr_at_beginning": 100,
            "expansion_revenue": 0,
            "contraction_revenue": 60,
            "churned_revenue": 60,
        },
        "no more can be lost",
    ),
    ("user-actions", {"total_actions": 5, "total_sessions": 2, "action_types": {"a": 6}}, "add up"),
    (
        "ces",
        {"sum_of_all_effort_scores": 9, "total_number_of_respondents": 10, "scale_max": 7},
        "at least 1",
    ),
    (
        "ces",
        {"sum_of_all_effort_scores": 71, "total_number_of_respondents": 10, "scale_max": 7},
        "at most 7",
    ),
    (
        "egr",
        {**kpi("egr").example, "new_customer_revenue_from_referrals": 50001},
        "some of the new ones",
    ),
    ("churn-rate", {**kpi("churn_rate").example, "total_revenue_at_start": None}, "go together"),
    ("churn-rate", {**kpi("churn_rate").example, "customers_lost": 0}, "lost with nobody"),
    ("csat", {**kpi("csat").example, "scale_type": None, "satisfied_from": 99}, "10-point scale"),
    ("mrr", {"arpu": 5, "revenue_upgrades": 1}, "not some of both"),
    ("mrr", {}, "Give either"),
    ("nps", {"promoters": 0, "passives": 0, "detractors": 0}, "no response"),
    ("arpu", {"total_revenue": 5, "total_users": 0}, "above 0"),
]


@pytest.mark.parametrize(("name", "data", "rule"), BROKEN)
def test_a_rule_between_inputs_is_told_in_words(name: str, data: dict[str, Any], rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        calculate(calculator(name), data)


def test_a_rule_is_held_to_the_last_digit() -> None:
    """A sum of 29 digits was rounded to 28 before it was compared, and retained less than 0."""
    lost = {"contraction_revenue": 10**24 - Decimal("0.0001"), "churned_revenue": Decimal("0.0002")}
    with pytest.raises(InputError, match="no more can be lost"):
        calculate(kpi("grr"), {"mrr_at_beginning": 10**24, **lost})


def test_egr_is_not_divided_by_new_revenue() -> None:
    """NRR 105 + referred 15,000 of 100,000 (15) - 100 = 20, not 35 (15,000 of 50,000 new)."""
    found = calculate(kpi("egr"), kpi("egr").example)
    assert found.value == 20.0
    assert {k: d.value for k, d in found.details.items()} == {
        "nrr": 105.0,
        "earned_new_customers": 15.0,
    }


def test_nps_says_how_far_chance_reaches() -> None:
    """500/300/200: 30 with a margin of 1.96 x 100 x sqrt((0.5 + 0.2 - 0.09) / 1000) = 4.84."""
    found = calculate(kpi("nps"), kpi("nps").example)
    assert found.interval is not None
    assert found.interval.low == pytest.approx(25.16, abs=0.005)
    assert found.interval.high == pytest.approx(34.84, abs=0.005)


@pytest.mark.parametrize("kind", ["promoters", "passives", "detractors"])
def test_answers_all_of_one_kind_tell_no_margin(kind: str) -> None:
    """The formula's would be 0: one answer would be as sure as can be."""
    answers = {"promoters": 0, "passives": 0, "detractors": 0} | {kind: 1}
    assert calculate(calculator("nps"), answers).interval is None


def test_csat_carries_wilsons_interval() -> None:
    """750 of 1000: 72.2% to 77.6%."""
    found = calculate(kpi("csat"), kpi("csat").example)
    assert found.interval is not None
    assert round(found.interval.low, 1) == 72.2
    assert round(found.interval.high, 1) == 77.6


@pytest.mark.parametrize(("satisfied", "total"), [(0, 7), (7, 7), (1, 1), (0, 1)])
def test_an_interval_of_a_share_stays_a_share(satisfied: int, total: int) -> None:
    found = calculate(
        kpi("osat"),
        {"number_of_satisfied_responses": satisfied, "total_number_of_responses": total},
    )
    assert found.interval is not None
    assert 0 <= found.interval.low <= float(found.value or 0) <= found.interval.high <= 100


@pytest.mark.parametrize(("scale", "says"), [(5, "Lower is better"), (7, "Higher is better")])
def test_which_way_an_effort_score_is_good_depends_on_its_scale(scale: int, says: str) -> None:
    data = {"sum_of_all_effort_scores": 25, "total_number_of_respondents": 10, "scale_max": scale}
    assert says in calculate(kpi("ces"), data).interpretation


def test_an_effort_score_without_its_scale_says_nothing_of_good() -> None:
    data = {"sum_of_all_effort_scores": 25, "total_number_of_respondents": 10}
    assert "better" not in calculate(kpi("ces"), data).interpretation


def test_both_ways_of_mrr() -> None:
    assert calculate(kpi("mrr"), {"arpu": 50, "number_of_accounts": 1000}).value == 50000
    moved = calculate(
        kpi("mrr"),
        {
            "current_monthly_subscriptions": 45000,
            "revenue_new_subscriptions": 5000,
            "revenue_upgrades": 2000,
            "revenue_downgrades": 500,
            "revenue_lost_customers": 1500,
        },
    )
    assert moved.value == 50000
    assert moved.interpretation.startswith("MRR: US$50,000, ARR US$600,000.")


def test_lifetime_revenue_says_that_it_knows_no_margin() -> None:
    assert "no margin" in kpi("cltv").meaning()
    assert kpi("cltv").label == "Customer lifetime revenue"


def test_amounts_are_written_in_the_companys_currency_and_locale() -> None:
    data = {"total_revenue": Decimal("1234.5"), "total_users": 1, "time_frame": "monthly"}
    found = calculate(kpi("arpu"), data, currency="EUR", locale="de_DE")
    assert found.interpretation.startswith("ARPU: 1.234,50\N{NO-BREAK SPACE}€ a month.")
    assert found.to_json()["currency"] == "EUR"


def test_a_target_is_met_or_missed() -> None:
    data = {"clv": 900, "cac": 300}
    met = calculate(kpi("clv_cac_ratio"), data, targets={"clv_cac_ratio": Decimal(3)})
    missed = calculate(kpi("clv_cac_ratio"), data, targets={"clv_cac_ratio": Decimal(5)})
    assert "meets the target of 3.00" in met.interpretation
    assert "misses the target of 5.00" in missed.interpretation
    lost = calculate(kpi("churn_rate"), kpi("churn_rate").example, targets={"churn_rate": 4})
    assert "The target is 4.0% a month: compare a value over one." in lost.interpretation


def test_a_month_is_not_held_against_a_years_benchmark() -> None:
    found = calculate(kpi("nrr"), kpi("nrr").example)
    assert found.benchmark_detail["verdict"] is None
    assert "over a year" in found.interpretation
    assert benchmark(kpi("nrr")).verdict(104.0, Direction.UP, over="a year") == "better"


@pytest.mark.parametrize(
    ("value", "verdict"), [(44.0, "better"), (45.9, "typical"), (46.0, "worse")]
)
def test_a_verdict_knows_which_way_is_good(value: float, verdict: str) -> None:
    assert benchmark(kpi("bounce_rate")).verdict(value, Direction.DOWN) == verdict


def test_every_benchmark_names_a_kpi_its_source_and_its_date() -> None:
    for key in recorded_keys():
        kpi(key)
    for definition in KPIS:
        found = benchmark(definition)
        if found.known:
            assert found.source and found.population and found.kind and found.dated, definition.key
            assert (found.low, found.high, found.typical) != (None, None, None)
        else:
            assert found.reason and len(found.reason) > 20, definition.key


def test_an_unknown_calculator_suggests_its_neighbours() -> None:
    with pytest.raises(UnknownKeyError, match="nrr"):
        calculator("nrrr")


def test_a_calculator_is_found_by_its_key_too() -> None:
    assert calculator("stickiness") is calculator("dau-mau") is kpi("stickiness")


@given(
    opening=st.integers(1, 10**9),
    parts=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 2)),
)
def test_nrr_and_grr_keep_their_order(opening: int, parts: tuple[float, float, float]) -> None:
    churned, contracted, expanded = (int(opening * part) for part in parts)
    shared = {
        "mrr_at_beginning": opening,
        "contraction_revenue": contracted,
        "churned_revenue": churned,
    }
    grr = calculate(kpi("grr"), shared).value
    nrr = calculate(kpi("nrr"), shared | {"expansion_revenue": expanded}).value
    lost = calculate(kpi("revenue_churn_rate"), shared).value
    assert grr is not None and nrr is not None and lost is not None
    assert 0 <= grr <= 100
    assert grr <= nrr
    assert float(grr) + float(lost) == pytest.approx(100)


def test_the_interpretation_of_an_unbenchmarked_value_claims_nothing() -> None:
    arpu = alike(kpi("arpu"), "USD", "en_US", None)
    said = interpretation(arpu, Decimal(50), arpu.beside.verdict(Decimal(50), arpu.direction))
    assert said == "ARPU: $50.00. Higher is better."


def test_hundreds_of_names_that_are_not_known_are_refused_without_seeking_each() -> None:
    """Seeking the nearest name of thousands held the server for seconds."""
    sought = {f"promoter{number}": 1 for number in range(100)}
    with pytest.raises(InputError) as refused:
        calculate(calculator("nps"), sought)
    fixes = [fault.fix for fault in refused.value.faults if fault.message == "is not known here"]
    assert len(fixes) == 100
    assert fixes[:20] == ["Did you mean promoters?"] * 20
    assert not any(fixes[20:])


def test_what_was_sent_is_shown_as_json_writes_it() -> None:
    """true was shown as Python's True."""
    with pytest.raises(InputError) as refused:
        calculate(calculator("nps"), {"promoters": True, "passives": None, "detractors": 1})
    assert [fault.value for fault in refused.value.faults] == ["true", "null"]
