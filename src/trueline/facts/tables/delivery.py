"""Sprints, releases and defects."""

from __future__ import annotations

from trueline.facts.contract import Column, Contract, Kind, Rule
from trueline.facts.tables.columns import key, text

STAGES = ("pre", "production")

SPRINTS = Contract(
    "sprints",
    "one sprint",
    ("sprint_id",),
    (
        key("sprint_id", "which"),
        Column("started_on", Kind.DAY, "first day"),
        Column("ended_on", Kind.DAY, "last day"),
        Column("points_accepted", Kind.NUMBER, "accepted story points", least=0),
        Column("team_size", Kind.COUNT, "people", required=False, least=1),
    ),
    day="ended_on",
    rules=(
        Rule(
            "ended_on",
            "ended_on >= started_on",
            "ended_on is before started_on",
            "Correct one of the two.",
        ),
    ),
)
RELEASES = Contract(
    "releases",
    "one release",
    ("release_id",),
    (
        key("release_id", "which"),
        Column("released_at", Kind.MOMENT, "when"),
        Column("features", Kind.COUNT, "features in it", required=False, least=0),
    ),
    day="released_on",
)
DEFECTS = Contract(
    "defects",
    "one defect found",
    ("defect_id",),
    (
        key("defect_id", "which"),
        Column("found_at", Kind.MOMENT, "when"),
        Column("stage", Kind.CHOICE, "found before or in production", choices=STAGES),
        text("release_id", "of which release"),
    ),
    day="found_on",
    category="stage",
)
