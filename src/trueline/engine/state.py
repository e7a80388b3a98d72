"""What readings rest on, and all that was worked out from it: one load, one local day.

Nothing kept here can be stale: whoever asks compares the load and the day first, and begins anew
where one of them has moved on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, date, datetime

from trueline.engine.cover import Covers
from trueline.engine.daily import Cut, Dailies
from trueline.engine.from_facts import FromFacts
from trueline.engine.fx import Rates
from trueline.engine.resolve import Resolver
from trueline.settings import Settings
from trueline.warehouse.seam import Warehouse

MOST_RESOLVERS = 12
"""Slices (with and without estimates) whose values are kept; the one unused for longest goes."""


class State:
    """Coverage, rates, daily values and the values resolved from them, as of one load."""

    def __init__(
        self,
        warehouse: Warehouse,
        settings: Settings,
        *,
        load: int,
        today: date,
        as_of: datetime | None = None,
    ) -> None:
        zone = settings.company.zone
        self.load = load
        self.commits: int | None = None
        """The warehouse's commits when this was known to be its last state."""
        self.as_of = as_of
        self.today = today if as_of is None else as_of.replace(tzinfo=UTC).astimezone(zone).date()
        self._warehouse = warehouse
        self._settings = settings
        self._covers = Covers(warehouse, zone, as_of)
        self._rates = Rates(warehouse, settings.company.currency, as_of)
        self._facts = FromFacts(warehouse, settings, as_of)
        self._dailies = Dailies(warehouse, self._facts)
        self._resolvers: OrderedDict[tuple[Cut, bool], Resolver] = OrderedDict()
        self._values: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def is_of(self, commits: int, today: date) -> bool:
        """Whether this is what is known now, as no commit and no day has come since."""
        return self.commits == commits and self.today == today

    def resolver(self, cut: Cut, *, allow_estimates: bool) -> Resolver:
        """The values of a slice; kept, with the readings made of them."""
        place = (cut, allow_estimates)
        with self._lock:
            found = self._resolvers.get(place)
            if found is None:
                found = self._resolvers[place] = Resolver(
                    self._warehouse,
                    self._settings,
                    today=self.today,
                    covers=self._covers,
                    rates=self._rates,
                    dailies=self._dailies,
                    facts=self._facts,
                    cut=cut,
                    allow_estimates=allow_estimates,
                )
                if len(self._resolvers) > MOST_RESOLVERS:
                    self._resolvers.popitem(last=False)
            self._resolvers.move_to_end(place)
            return found

    def slice_values(self, by: str, find: Callable[[], list[str]]) -> list[str]:
        """The recorded values of a dimension; ``find`` is asked once."""
        if by not in self._values:
            self._values[by] = find()
        return list(self._values[by])
