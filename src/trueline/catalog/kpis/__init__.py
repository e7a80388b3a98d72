"""The catalogue: every KPI, by subject. A visible tuple; ``kpi(key)`` finds one."""

from collections.abc import Iterable
from functools import cache

from trueline.catalog.kpi import Kpi
from trueline.catalog.kpis.adoption import ADOPTION
from trueline.catalog.kpis.cash import CASH
from trueline.catalog.kpis.customers import CUSTOMERS
from trueline.catalog.kpis.delivery import DELIVERY
from trueline.catalog.kpis.economics import ECONOMICS
from trueline.catalog.kpis.engagement import ENGAGEMENT
from trueline.catalog.kpis.marketing import MARKETING
from trueline.catalog.kpis.movement import MOVEMENTS
from trueline.catalog.kpis.recurring import LEVELS
from trueline.catalog.kpis.retention import RETENTION
from trueline.catalog.kpis.satisfaction import SATISFACTION
from trueline.core.errors import UnknownKeyError

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

KPIS: tuple[type[Kpi], ...] = (
    *LEVELS,
    *MOVEMENTS,
    *RETENTION,
    *ECONOMICS,
    *CASH,
    *MARKETING,
    *CUSTOMERS,
    *ENGAGEMENT,
    *ADOPTION,
    *SATISFACTION,
    *DELIVERY,
)
_BY_KEY = {item.key: item for item in KPIS}


def kpi(key: str) -> type[Kpi]:
    """The KPI of that key. Raises UnknownKeyError, naming its neighbours."""
    found = _BY_KEY.get(key)
    if found is None:
        raise unknown(key, KPIS)
    return found


def unknown(key: str, among: Iterable[type[Kpi]]) -> UnknownKeyError:
    """That there is no such KPI among them; near are keys as well as labels."""
    labels = {item.key: item.label for item in among}
    return UnknownKeyError.among("KPI", key, labels, labels)


@cache
def from_facts() -> tuple[type[Kpi], ...]:
    """The KPIs that facts feed; the others are calculators only."""
    return tuple(item for item in KPIS if item.origins())


def stage(name: str) -> tuple[type[Kpi], ...]:
    """The KPIs of a company's stage: ``early_stage`` or ``mid_stage``."""
    return tuple(item for item in KPIS if item.stage == name)
