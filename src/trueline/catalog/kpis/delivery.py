"""How the product is built: defects and velocity."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trueline.catalog.kpi import (
    Charge,
    Count,
    Detail,
    Direction,
    From,
    In,
    Kpi,
    Needs,
    Number,
    Said,
    Unit,
)


class ProductQuality(
    Kpi,
    key="product_quality",
    label="Defects per release",
    unit=Unit.RATIO,
    direction=Direction.DOWN,
    subject="delivery",
    bounds=(0, None),
    example={"number_of_defects": 25, "total_features_or_releases": 100},
    example_value=0.25,
):
    """Defects found for each release (or feature). May exceed 1, and is no escape rate."""

    number_of_defects: Annotated[Count, Field(description="defects found"), From("defects")]
    total_features_or_releases: Annotated[
        Count,
        Field(description="releases, or features released"),
        From("releases"),
        Needs("no_releases", "There is no release in the period."),
    ]

    def formula(self) -> Number:
        return Decimal(self.number_of_defects) / self.total_features_or_releases


class EscapeRate(
    Kpi,
    key="escape_rate",
    label="Defect escape rate",
    unit=Unit.PERCENT,
    direction=Direction.DOWN,
    subject="delivery",
    bounds=(0, 100),
    undefined=Needs("no_defects", "No defect was found in the period."),
    example={"production_defects": 5, "prerelease_defects": 20},
    example_value=20.0,
):
    """Of the defects found, how many percent were found in production."""

    production_defects: Annotated[
        Count, Field(description="found in production"), From("production_defects")
    ]
    prerelease_defects: Annotated[
        Count, Field(description="found before release"), From("prerelease_defects")
    ]

    def formula(self) -> Number:
        found = self.production_defects + self.prerelease_defects
        return 100 * Decimal(self.production_defects) / found


class Velocity(
    Kpi,
    key="velocity",
    label="Development velocity",
    unit=Unit.POINTS,
    direction=Direction.NEUTRAL,
    subject="delivery",
    bounds=(0, None),
    example={"story_points_completed": 85, "sprint_length_days": 14, "team_size": 8},
    example_value=85.0,
):
    """Points accepted a sprint: a team's aid to plan its next one. It compares no teams and no
    people, and there is nothing to compare it with."""

    story_points_completed: Annotated[
        Charge, Field(description="points accepted"), From("points_accepted"), In("points")
    ]
    sprints: Annotated[
        Count,
        Field(description="sprints they were done in"),
        From("sprints"),
        Needs("no_sprints", "No sprint ended."),
    ] = 1
    sprint_length_days: Annotated[
        Charge | None, Field(gt=0, le=366, description="days of a sprint"), In("days"), Said()
    ] = None
    team_size: Annotated[
        Count | None, Field(gt=0, le=10_000, description="people in the team"), Said()
    ] = None

    def formula(self) -> Number:
        return self.story_points_completed / self.sprints

    def details(self) -> dict[str, Detail]:
        if self.sprint_length_days is None:
            return {}
        return {
            "points_per_day": Detail(float(self.formula() / self.sprint_length_days), Unit.POINTS)
        }


DELIVERY: tuple[type[Kpi], ...] = (ProductQuality, EscapeRate, Velocity)
