"""The catalogue: every KPI, by subject (``KPIS``); ``kpi(key)`` finds one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from trueline.core.errors import UnknownKeyError

if TYPE_CHECKING:
    from trueline.catalog.kpi import Kpi
    from trueline.catalog.kpis.every import KPIS as KPIS

SUBJECTS = {
    "recurring": "Recurring revenue",
    "economics": "Unit economics",
    "cash": "Revenue, margins and cash",
    "marketing": "Marketing",
    "customers": "Customers",
    "engagement": "Engagement",
    "satisfaction": "Satisfaction",
    "delivery": "Delivery",
}
"""What KPIs are about, in the catalogue's order."""

MODULES = {
    "recurring": (
        "mrr net_mrr arr committed_mrr trial_mrr at_risk_mrr net_new_mrr mrr_growth_rate "
        "customers new_customers arpu"
    ),
    "movement": (
        "mrr_new mrr_reactivation mrr_expansion mrr_contraction mrr_churn expansion_revenue"
    ),
    "retention": "nrr grr churn_rate revenue_churn_rate retention_rate quick_ratio",
    "economics": ("cac clv cltv clv_cac_ratio cac_payback_months sales_efficiency magic_number"),
    "cash": (
        "revenue net_revenue refund_rate revenue_growth_rate aov gross_margin cogs_rate "
        "ebitda_margin burn_rate net_burn cash_balance runway_months burn_multiple rule_of_40"
    ),
    "marketing": "spend impressions clicks conversions ctr ad_conversion_rate",
    "customers": (
        "new_customer_orders returning_customer_orders retention_30d retention_60d retention_90d"
    ),
    "engagement": (
        "sessions dau wau mau traffic conversion_rate stickiness session_duration bounce_rate "
        "sessions_per_user actions_per_session"
    ),
    "adoption": (
        "activation_rate time_to_value time_to_value_p90 value_never_reached feature_adoption"
    ),
    "satisfaction": "nps csat osat ces egr",
    "delivery": "product_quality escape_rate velocity",
}
"""Where each KPI is declared: one is read without making all the others."""
MODULE_OF = {key: module for module, keys in MODULES.items() for key in keys.split()}


def __getattr__(name: str) -> Any:
    """``KPIS``, made when it is first asked for."""
    if name != "KPIS":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    found = globals()[name] = _every()
    return found


@cache
def kpi(key: str) -> type[Kpi]:
    """The KPI of that key. Raises UnknownKeyError, naming its neighbours."""
    name = MODULE_OF.get(key)
    if name is None:
        raise unknown(key, _every())
    module = import_module(f"{__name__}.{name}")
    declared: tuple[type[Kpi], ...] = getattr(module, name.upper())
    return next(item for item in declared if item.key == key)


def _every() -> tuple[type[Kpi], ...]:
    from trueline.catalog.kpis.every import KPIS

    return KPIS


def unknown(key: str, among: Iterable[type[Kpi]]) -> UnknownKeyError:
    """That there is no such KPI among them; near are keys as well as labels."""
    labels = {item.key: item.label for item in among}
    return UnknownKeyError.among("KPI", key, labels, labels)


@cache
def from_facts() -> tuple[type[Kpi], ...]:
    """The KPIs that facts feed; the others are calculators only."""
    return tuple(item for item in _every() if item.origins())


def stage(name: str) -> tuple[type[Kpi], ...]:
    """The KPIs of a company's stage: ``early_stage`` or ``mid_stage``."""
    return tuple(item for item in _every() if item.stage == name)
