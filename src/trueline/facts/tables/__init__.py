"""Every fact table's contract. A visible tuple: adding one here adds it everywhere."""

from __future__ import annotations

from trueline.core.errors import UnknownKeyError
from trueline.facts.contract import Contract
from trueline.facts.tables.delivery import DEFECTS, RELEASES, SPRINTS, STAGES
from trueline.facts.tables.outlay import CASH_BALANCES, COST_TYPES, COSTS, SPEND
from trueline.facts.tables.people import CUSTOMERS, EVENTS, SURVEY_RESPONSES, SURVEYS
from trueline.facts.tables.planning import COVERAGE, FX_RATES, PLAN
from trueline.facts.tables.recurring import (
    EVIDENCE,
    INTERVALS,
    STATUSES,
    SUBSCRIPTION_EVENTS,
    SUBSCRIPTIONS,
    USAGE,
)
from trueline.facts.tables.sales import ORDERS, REFUNDS, REVENUE, REVENUE_TYPES

__all__ = [
    "CASH_BALANCES",
    "CONTRACTS",
    "COSTS",
    "COST_TYPES",
    "COVERAGE",
    "CUSTOMERS",
    "DEFECTS",
    "EVENTS",
    "EVIDENCE",
    "FX_RATES",
    "INTERVALS",
    "ORDERS",
    "PLAN",
    "REFUNDS",
    "RELEASES",
    "REVENUE",
    "REVENUE_TYPES",
    "SPEND",
    "SPRINTS",
    "STAGES",
    "STATUSES",
    "SUBSCRIPTIONS",
    "SUBSCRIPTION_EVENTS",
    "SURVEYS",
    "SURVEY_RESPONSES",
    "USAGE",
    "contract",
]

CONTRACTS: tuple[Contract, ...] = (
    CUSTOMERS,
    SUBSCRIPTIONS,
    SUBSCRIPTION_EVENTS,
    REVENUE,
    ORDERS,
    REFUNDS,
    USAGE,
    COSTS,
    SPEND,
    CASH_BALANCES,
    EVENTS,
    SURVEY_RESPONSES,
    SPRINTS,
    RELEASES,
    DEFECTS,
    FX_RATES,
    PLAN,
    COVERAGE,
)

_BY_NAME = {name: contract for contract in CONTRACTS for name in (contract.name, *contract.aliases)}


def contract(name: str) -> Contract:
    """The table of that name or alias. Raises UnknownKeyError, naming its neighbours."""
    found = _BY_NAME.get(name)
    if found is None:
        raise UnknownKeyError.among("table", name, _BY_NAME)
    return found
