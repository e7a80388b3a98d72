"""The demo company: 36 months of a coffee shop that sells subscriptions and bags."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from trueline.core.errors import InputError
from trueline.core.period import add_months

COMPANY = "Northwind"
ZONE = ZoneInfo("America/Toronto")
MONTHS = 36
SIZES = {"small": 20_000, "medium": 500_000, "large": 10_000_000}


@dataclass(frozen=True)
class DemoFile:
    """A file of the demo company and how it is loaded."""

    path: Path
    table: str
    rows: int
    full: bool = True
    keep_good: bool = False
    mapping: Path | None = None


Tell = Callable[[str, int, int], None]
"""Is told what is being made, how many of it there are, and how many there will be."""


@dataclass(frozen=True)
class Story:
    """What all parts share: where, when, how much, and their own source of chance."""

    folder: Path
    first: date
    today: date
    orders: int
    seed: int
    tell: Tell = lambda *_: None

    @property
    def scale(self) -> float:
        """1 for a small company."""
        return self.orders / SIZES["small"]

    def chance(self, part: str) -> random.Random:
        """A part's own source of chance, so that changing one leaves the others alone."""
        return random.Random(f"{self.seed} {part}")

    def months(self) -> list[date]:
        """The first day of every month."""
        return [
            add_months(self.first, n)
            for n in range(MONTHS + 1)
            if add_months(self.first, n) < self.today
        ]

    def growth(self, day: date) -> float:
        """From about 0.2 at the beginning to 1 at the end."""
        share = (day - self.first).days / max(1, (self.today - self.first).days)
        return 0.2 * (5**share)


@cache
def _midnight(day: date) -> tuple[str, int, str]:
    """A local day, the UTC second of it at which it begins, and the day after."""
    local = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    offset = local.utcoffset() or timedelta()
    return f"{day}T", -int(offset.total_seconds()), f"{day + timedelta(days=1)}T"


def moment(day: date, seconds: int) -> str:
    """A UTC timestamp of a local day's second; never in an hour the clocks skip."""
    today, begins, tomorrow = _midnight(day)
    at = begins + seconds % 82_800
    if at >= 86_400:
        at -= 86_400
        today = tomorrow
    return f"{today}{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}Z"


def settings_toml() -> str:
    """The demo company's trueline.toml."""
    return f"""[company]
name = "{COMPANY}"
timezone = "America/Toronto"
currency = "USD"
locale = "en_US"

[targets]
gross_margin = 65
refund_rate = 5
ebitda_margin = 30
cogs_rate = 35
runway_months = 12
clv_cac_ratio = 5

[product]
signup = "customers"
activation = ["activated"]
activation_days = 7
conversion = ["purchase"]
key_events = ["purchase", "created_project"]
paid_channels = ["Meta", "TikTok", "Other"]

[product.features]
Reports = "used_reports"
Search = "search"
Team = "invited_teammate"

[product.funnels.Onboarding]
steps = ["signed_up", "activated"]

[product.funnels.Purchase]
steps = ["page_view", ["search", "used_reports"], "purchase"]
window_hours = 24
"""


def generate(
    folder: Path,
    *,
    size: str | int = "small",
    seed: int = 7,
    today: date | None = None,
    progress: Tell | None = None,
) -> list[DemoFile]:
    """Write the company's files, in the order to load them.

    The same size, seed and day give the same bytes. ``size`` is small, medium, large or a number
    of orders. Raises InputError for another size.
    """
    from trueline.demo import business, commerce, product, subscribers

    orders = SIZES.get(size) if isinstance(size, str) else size
    if orders is None or not 100 <= orders <= 50_000_000:
        raise InputError(
            f"'{size}' is no size.", "small, medium, large, or 100 to 50000000 orders."
        )
    day = today or datetime.now(ZONE).date()
    first = add_months(day.replace(day=1), -MONTHS)
    story = Story(folder, first, day, orders, seed, progress or (lambda *_: None))
    made: list[DemoFile] = []
    people = subscribers.customers(story)
    ledger = subscribers.write(story, people, made)
    for write in (commerce.write, business.write, product.write):
        write(story, people, ledger, made)
    return made
