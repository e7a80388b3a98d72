"""Laws that hold for every KPI and measure of the catalogue, whatever is added to it."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest

from trueline.catalog.bases import BASES
from trueline.catalog.describe import describe
from trueline.catalog.kpi import NOT_MEASURED, Kpi
from trueline.catalog.kpis import KPIS, MODULE_OF, SUBJECTS, kpi
from trueline.catalog.measure import PeriodMeasure, Sum
from trueline.catalog.measures import DAILY, MEASURES, measure
from trueline.catalog.target import grows, targets
from trueline.core.errors import UnknownKeyError
from trueline.core.money import EXACT
from trueline.engine.period_measures import SOURCES
from trueline.facts.tables import contract

EACH = pytest.mark.parametrize("definition", KPIS, ids=lambda k: k.key)

PUBLIC = set(
    """
    mrr arr committed_mrr trial_mrr at_risk_mrr mrr_new mrr_expansion mrr_contraction
    mrr_churn mrr_reactivation net_new_mrr mrr_growth_rate nrr grr churn_rate
    revenue_churn_rate retention_rate quick_ratio expansion_revenue customers new_customers
    arpu cac clv clv_cac_ratio cac_payback_months sales_efficiency magic_number revenue
    net_revenue refund_rate revenue_growth_rate aov gross_margin cogs_rate ebitda_margin
    burn_rate net_burn cash_balance runway_months burn_multiple rule_of_40 spend impressions
    clicks conversions ctr ad_conversion_rate new_customer_orders returning_customer_orders
    retention_30d retention_60d retention_90d
    """.split()  # noqa: SIM905  a list of words reads best as words
)


def test_every_kpi_is_found_in_the_module_that_declares_it() -> None:
    assert {key: f"trueline.catalog.kpis.{name}" for key, name in MODULE_OF.items()} == {
        item.key: item.__module__ for item in KPIS
    }
    assert [kpi(key).key for key in MODULE_OF] == [item.key for item in KPIS]


def test_the_public_keys_are_there() -> None:
    assert {definition.key for definition in KPIS} >= PUBLIC


def test_keys_are_unique() -> None:
    assert len({d.key for d in KPIS}) == len(KPIS)
    assert len({m.key for m in MEASURES}) == len(MEASURES)


@EACH
def test_its_example_computes(definition: type[Kpi]) -> None:
    with localcontext(EXACT):
        value = definition(**definition.example).formula()
    assert float(value) == pytest.approx(float(definition.example_value), rel=1e-12)


@EACH
def test_it_says_what_it_means(definition: type[Kpi]) -> None:
    assert len(definition.meaning()) > 20
    assert definition.meaning().endswith(".")
    for name, info in definition.model_fields.items():
        assert info.description, name


@EACH
def test_every_input_has_an_origin(definition: type[Kpi]) -> None:
    """All of them, save what is only said; or none, where the KPI is only a calculator."""
    origins = definition.origins()
    needed = set(definition.model_fields) - definition.said()
    assert not origins or needed <= set(origins) <= set(definition.model_fields)
    for origin in origins.values():
        for source in (origin.source, origin.group, origin.by_channel):
            if source is None or source in NOT_MEASURED:
                continue
            if source.startswith("kpi:"):
                kpi(source.removeprefix("kpi:"))
            else:
                measure(source)


@EACH
def test_its_example_lies_in_its_bounds(definition: type[Kpi]) -> None:
    low, high = definition.bounds
    value = float(definition.example_value)
    assert (low is None or value >= low) and (high is None or value <= high)


@EACH
def test_its_subject_is_one_of_the_catalogues(definition: type[Kpi]) -> None:
    assert definition.subject in SUBJECTS


@EACH
def test_it_can_be_described(definition: type[Kpi]) -> None:
    described = describe(definition, {})
    assert described["key"] == definition.key
    assert described["inputs"]


def test_targets_are_those_of_the_dashboards_specification() -> None:
    wanted = {"clv_cac_ratio": 5, "gross_margin": 65, "ebitda_margin": 30, "cogs_rate": 35,
              "refund_rate": 5, "runway_months": 12}  # fmt: skip
    assert {key: target["value"] for key, target in targets().items()} == wanted


def test_targets_name_kpis_and_their_source() -> None:
    for key, target in targets().items():
        kpi(key)
        assert target["source"] and target["dated"]


def test_an_unknown_key_suggests_its_neighbours() -> None:
    with pytest.raises(UnknownKeyError, match="churn_rate"):
        kpi("churn_rat")


@pytest.mark.parametrize("item", MEASURES, ids=lambda m: m.key)
def test_measures_stand_on_facts(item: object) -> None:
    if isinstance(item, Sum):
        for part in item.parts:
            measure(part)
        assert item.rule in ("kept", "any", "all", "goods")
    elif isinstance(item, PeriodMeasure):
        assert item.source in SOURCES
        for table in item.tables:
            contract(table)


def test_bases_name_their_tables_and_feed_a_measure() -> None:
    for base in BASES:
        for table in base.tables:
            contract(table)
        assert any(m.base == base.key for m in DAILY), base.key


def test_no_formula_rounds_money() -> None:
    """CAC of 100 over 3 customers keeps its digits until it is shown."""
    with localcontext(EXACT):
        value = kpi("cac")(
            total_marketing_spending=Decimal(100),
            total_sales_spending=Decimal(0),
            number_of_new_customers=3,
        ).formula()
    assert str(value).startswith("33.33333333333333333333")


def test_a_months_target_is_that_of_what_grows_with_its_period() -> None:
    growing = {item.key for item in KPIS if grows(item)}
    assert {"revenue", "net_revenue", "spend", "new_customers", "sessions", "traffic"} <= growing
    assert {"nrr", "churn_rate", "net_new_mrr", "revenue_growth_rate"} <= growing
    assert not growing & {"mrr", "arr", "customers", "cash_balance", "arpu", "aov", "cac", "clv"}
    assert not growing & {"dau", "mau", "gross_margin", "burn_rate", "magic_number", "rule_of_40"}
