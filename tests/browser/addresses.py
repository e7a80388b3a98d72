"""The pages under test. A new page belongs here: it is then tried like all others."""

from __future__ import annotations

BOARDS = ("/executive", "/finance", "/growth")
PAGES = (
    *BOARDS,
    "/executive?table=line-revenue",
    "/d/executive/line-revenue",
    "/kpi/mrr",
    "/kpi/nrr",
    "/kpi/cltv",
    "/kpi/clv/rows?input=customers_churned",
    "/kpi/revenue/course",
    "/kpis",
    "/cohorts",
    "/product",
    "/product/funnel",
    "/data",
    "/data/upload?table=costs",
    "/data/loads",
    "/data/loads/3",
    "/data/remove",
    "/costs",
    "/calculators",
    "/calculators/mrr",
    "/welcome",
    "/settings",
    "/style-guide",
    "/docs",
    "/redoc",
)
"""Every page."""
NAMING = (*BOARDS, "/kpi/cac", "/kpis", "/cohorts", "/product", "/costs", "/data")
"""Pages that show names which people gave."""
