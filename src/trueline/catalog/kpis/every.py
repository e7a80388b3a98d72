"""The catalogue: every KPI, by subject. A visible tuple."""

from trueline.catalog.kpi import Kpi
from trueline.catalog.kpis.adoption import ADOPTION
from trueline.catalog.kpis.cash import CASH
from trueline.catalog.kpis.customers import CUSTOMERS
from trueline.catalog.kpis.delivery import DELIVERY
from trueline.catalog.kpis.economics import ECONOMICS
from trueline.catalog.kpis.engagement import ENGAGEMENT
from trueline.catalog.kpis.marketing import MARKETING
from trueline.catalog.kpis.movement import MOVEMENT
from trueline.catalog.kpis.recurring import RECURRING
from trueline.catalog.kpis.retention import RETENTION
from trueline.catalog.kpis.satisfaction import SATISFACTION

KPIS: tuple[type[Kpi], ...] = (
    *RECURRING,
    *MOVEMENT,
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
