"""What customers say: recommendation, satisfaction, effort, and growth they earn."""

from decimal import Decimal
from math import sqrt
from typing import Annotated, Literal

from pydantic import Field

from trueline.catalog.kpi import (
    NO_OPENING,
    AtMost,
    Charge,
    Count,
    Detail,
    Direction,
    From,
    In,
    Interval,
    Kpi,
    Needs,
    Number,
    Said,
    Unit,
)

Z95 = 1.959963984540054
"""Quantile of the normal distribution: 95% lie within so many standard deviations."""

_NO_ANSWERS = Needs("no_responses", "There is no response in the period.")


def wilson(successes: int, n: int) -> Interval:
    """Wilson's score interval of a share, in percent (Wilson 1927, JASA 22)."""
    share, z2 = successes / n, Z95 * Z95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At 0% and 100% the interval ends at the bound; floats would miss it by a hair.
    low = 0.0 if successes == 0 else 100 * (middle - reach)
    high = 100.0 if successes == n else 100 * (middle + reach)
    return Interval(low, high, "Wilson")


class Nps(
    Kpi,
    key="nps",
    label="Net promoter score",
    unit=Unit.SCORE,
    direction=Direction.UP,
    subject="satisfaction",
    bounds=(-100, 100),
    undefined=_NO_ANSWERS,
    example={"promoters": 500, "passives": 300, "detractors": 200},
    example_value=30.0,
):
    """Promoters (9 and 10 of 10) less detractors (0 to 6), in percent of all who answered: from
    -100 to 100, with the margin that chance leaves. Answers all of one kind tell no margin."""

    promoters: Annotated[Count, Field(description="answers of 9 and 10"), From("nps_promoters")]
    passives: Annotated[Count, Field(description="answers of 7 and 8"), From("nps_passives")]
    detractors: Annotated[Count, Field(description="answers of 0 to 6"), From("nps_detractors")]

    def formula(self) -> Number:
        answers = self.promoters + self.passives + self.detractors
        return 100 * Decimal(self.promoters - self.detractors) / answers

    def interval(self) -> Interval | None:
        n = self.promoters + self.passives + self.detractors
        if n in (self.promoters, self.passives, self.detractors):
            return None  # the margin would be 0, from one answer too: nothing is that sure
        p, d = self.promoters / n, self.detractors / n
        reach = 196 * sqrt(max(0.0, p + d - (p - d) ** 2) / n)
        score = 100 * (p - d)
        return Interval(max(-100.0, score - reach), min(100.0, score + reach), "normal")


class _Satisfied(Kpi):
    """Satisfied answers in percent of all."""

    number_of_satisfied_responses: Annotated[
        Count, Field(description="satisfied answers: 4 and 5 of 5")
    ]
    total_number_of_responses: Annotated[Count, Field(description="all answers"), _NO_ANSWERS]
    scale_type: Annotated[
        Literal["5-point", "10-point"] | None, Field(description="the scale asked on"), Said()
    ] = None
    satisfied_from: Annotated[
        Count | None,
        Field(description="lowest score that counts as satisfied; needed on 10 points"),
        In("score"),
        Said(),
    ] = None

    def contradiction(self) -> str | None:
        most = {"5-point": 5, "10-point": 10}.get(self.scale_type or "")
        if most == 10 and self.satisfied_from is None:
            return (
                "satisfied_from is missing: on a 10-point scale, from which score on an answer "
                "counts as satisfied has to be said."
            )
        if self.satisfied_from is not None and not 1 <= self.satisfied_from <= (most or 10):
            scale = self.scale_type or "10-point"
            return f"satisfied_from {self.satisfied_from} is not on a {scale} scale."
        return None

    def formula(self) -> Number:
        return 100 * Decimal(self.number_of_satisfied_responses) / self.total_number_of_responses

    def interval(self) -> Interval | None:
        return wilson(self.number_of_satisfied_responses, self.total_number_of_responses)


_SOME = AtMost(
    "number_of_satisfied_responses", "total_number_of_responses", "they are some of the answers."
)
_SCALE = (
    "On a 10-point scale satisfied_from has to be given; it lies on the scale (1 to 5 or to 10).",
)
_SATISFIED = {
    "number_of_satisfied_responses": 750,
    "total_number_of_responses": 1000,
    "scale_type": "5-point",
}


class Csat(
    _Satisfied,
    key="csat",
    label="Customer satisfaction (CSAT)",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="satisfaction",
    bounds=(0, 100),
    rules=(_SOME,),
    also=_SCALE,
    example=_SATISFIED,
    example_value=75.0,
):
    """How many percent were satisfied with what they had just bought or used, with Wilson's
    interval."""

    number_of_satisfied_responses: Annotated[
        Count, Field(description="satisfied answers: 4 and 5 of 5"), From("csat_satisfied")
    ]
    total_number_of_responses: Annotated[
        Count, Field(description="all answers"), From("csat_responses"), _NO_ANSWERS
    ]


class Osat(
    _Satisfied,
    key="osat",
    label="Overall satisfaction (OSAT)",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="satisfaction",
    bounds=(0, 100),
    rules=(_SOME,),
    also=_SCALE,
    example=_SATISFIED,
    example_value=75.0,
):
    """How many percent were satisfied with the company as a whole, with Wilson's interval."""

    number_of_satisfied_responses: Annotated[
        Count, Field(description="satisfied answers: 4 and 5 of 5"), From("osat_satisfied")
    ]
    total_number_of_responses: Annotated[
        Count, Field(description="all answers"), From("osat_responses"), _NO_ANSWERS
    ]


class Ces(
    Kpi,
    key="ces",
    label="Customer effort score",
    unit=Unit.SCORE,
    direction=Direction.NEUTRAL,
    subject="satisfaction",
    bounds=(1, None),
    example={
        "sum_of_all_effort_scores": 2500,
        "total_number_of_respondents": 1000,
        "scale_max": 7,
    },
    example_value=2.5,
    also=(
        "total_number_of_respondents ≤ sum_of_all_effort_scores ≤ scale_max x "
        "total_number_of_respondents: each answer lies from 1 to scale_max.",
    ),
):
    """The mean answer on effort. Which way is good depends on the question: on 1 to 5 it asks how
    much effort it took (lower is better), on 1 to 7 whether it was made easy (higher is better)."""

    sum_of_all_effort_scores: Annotated[
        Charge, Field(description="all answers added up"), From("ces_sum"), In("score")
    ]
    total_number_of_respondents: Annotated[
        Count, Field(description="how many answered"), From("ces_responses"), _NO_ANSWERS
    ]
    scale_max: Annotated[
        Count | None,
        Field(ge=2, le=100, description="the scale's highest answer"),
        From("ces_scale"),
        In("score"),
        Said(),
    ] = None

    def contradiction(self) -> str | None:
        total, n = self.sum_of_all_effort_scores, self.total_number_of_respondents
        if total < n:
            return f"sum_of_all_effort_scores {total} is less than {n}: each answer is at least 1."
        if self.scale_max is not None and total > self.scale_max * n:
            return (
                f"sum_of_all_effort_scores {total} is more than {self.scale_max * n}: "
                f"{n} answers of at most {self.scale_max}."
            )
        return None

    def formula(self) -> Number:
        return self.sum_of_all_effort_scores / self.total_number_of_respondents

    def leaning(self) -> Direction:
        """Which way is good on the scale given."""
        return {5: Direction.DOWN, 7: Direction.UP}.get(self.scale_max or 0, Direction.NEUTRAL)


class Egr(
    Kpi,
    key="egr",
    label="Earned growth rate",
    unit=Unit.PERCENT,
    direction=Direction.UP,
    subject="satisfaction",
    rules=(
        AtMost(
            ("churn_revenue", "contraction_revenue"),
            "mrr_at_beginning",
            "no more can be lost than there was at the start.",
        ),
        AtMost(
            "new_customer_revenue_from_referrals",
            "total_new_customer_revenue",
            "referred customers are some of the new ones.",
        ),
    ),
    example={
        "mrr_at_beginning": 100000,
        "expansion_revenue": 10000,
        "upsell_revenue": 5000,
        "churn_revenue": 8000,
        "contraction_revenue": 2000,
        "new_customer_revenue_from_referrals": 15000,
        "total_new_customer_revenue": 50000,
    },
    example_value=20.0,
):
    """Growth that customers earn: net revenue retention plus what referred new customers bring in
    percent of the revenue before, less 100. Upsell is what expansion does not already hold."""

    mrr_at_beginning: Annotated[
        Charge, Field(description="MRR at the start"), From("movement_opening"), NO_OPENING
    ]
    expansion_revenue: Annotated[
        Charge, Field(description="MRR added, upsell left out"), From("movement_expansion")
    ]
    upsell_revenue: Annotated[Charge, Field(description="MRR added by upsell"), From("none")]
    churn_revenue: Annotated[
        Charge, Field(description="MRR lost with those who left"), From("movement_churn")
    ]
    contraction_revenue: Annotated[
        Charge, Field(description="MRR given up by those who stayed"), From("movement_contraction")
    ]
    new_customer_revenue_from_referrals: Annotated[
        Charge,
        Field(description="MRR of new customers who were referred"),
        From("referred_new_mrr"),
    ]
    total_new_customer_revenue: Annotated[
        Charge, Field(description="MRR of all new customers"), From("movement_new"), Said()
    ]

    def formula(self) -> Number:
        kept = (
            self.mrr_at_beginning
            + self.expansion_revenue
            + self.upsell_revenue
            - self.churn_revenue
            - self.contraction_revenue
        )
        earned = kept + self.new_customer_revenue_from_referrals
        return 100 * earned / self.mrr_at_beginning - 100

    def details(self) -> dict[str, Detail]:
        opening = self.mrr_at_beginning
        referred = self.new_customer_revenue_from_referrals
        earned = float(100 * referred / opening)
        return {
            "nrr": Detail(float(self.formula()) + 100 - earned, Unit.PERCENT),
            "earned_new_customers": Detail(earned, Unit.PERCENT),
        }


SATISFACTION: tuple[type[Kpi], ...] = (Nps, Csat, Osat, Ces, Egr)
