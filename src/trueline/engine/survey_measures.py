"""Measures of survey answers, and of customers won by referral."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from trueline.core.period import Period
from trueline.core.quality import Quality, Reason
from trueline.engine import knowledge
from trueline.engine.product_measures import Values, asked, counted, within
from trueline.engine.value import MeasureValue

if TYPE_CHECKING:
    from trueline.engine.resolve import Resolver

Answers = dict[tuple[int, Decimal], int]
"""How many answers there are of each scale and score."""


def _answers(resolver: Resolver, survey: str, period: Period) -> tuple[MeasureValue, Answers]:
    """A survey's answers of a period, and what is known of them."""

    def each(days: Period) -> Any:
        t = resolver.view().table("surveys")
        t = t.filter(t.survey == survey, t.answered_on >= days.start, t.answered_on < days.end)
        t = within(t, "answered_on")
        return t.group_by(["number", "scale_max", "score"]).agg(
            n=t.count(), first=t.answered_at.min(), last=t.answered_at.max()
        )

    rows = asked(resolver, f"survey {survey}", each, period)
    total = sum(int(row[2]) for row in rows)
    known = knowledge.flow(resolver.covers, "surveys", period, total, resolver.today, survey)
    base = MeasureValue(
        "",
        Decimal(0) if known.known else None,
        Quality.ACTUAL if known.known else Quality.INSUFFICIENT,
        known.completeness,
        known.reasons,
        "surveys",
        total,
        min((row[3] for row in rows), default=None),
        max((row[4] for row in rows), default=None),
    )
    return base, {(int(row[0]), Decimal(row[1])): int(row[2]) for row in rows}


def _lost(base: MeasureValue, names: tuple[str, ...], reason: Reason) -> Values:
    unknown = base.blocked(reason)
    return {name: replace(unknown, key=name) for name in names}


def _scales(found: Answers) -> list[int]:
    return sorted({scale for scale, _ in found})


def _off_scale(found: Answers) -> Reason | None:
    """Scales of 5, 7 and 10 points begin at 1: what a 0 stands for is not said."""
    below = [(score, scale, n) for (scale, score), n in sorted(found.items()) if score < 1]
    if not below:
        return None
    score, scale, _ = below[0]
    count = sum(n for *_, n in below)
    return Reason(
        "off_scale",
        f"{count} answers lie below the scale (such as {score.normalize():f} on one of 1 to "
        f"{scale}): perhaps the question was skipped.",
        "Correct them, or remove those that are no answers.",
    )


def nps(resolver: Resolver, period: Period) -> Values:
    """Promoters, passives and detractors; asked on 0 to 10, else it is no such score. An answer of
    8.5 is neither passive nor a promoter's."""
    names = ("nps_promoters", "nps_passives", "nps_detractors")
    base, found = _answers(resolver, "nps", period)
    other = [scale for scale in _scales(found) if scale != 10]
    if other:
        reason = Reason(
            "other_scale",
            f"Some answers are on a scale to {other[0]}: this score is asked on 0 to 10.",
            "Correct scale_max, or record them as another survey.",
        )
        return _lost(base, names, reason)
    if between := [score for _, score in sorted(found) if 6 < score < 7 or 8 < score < 9]:
        reason = Reason(
            "off_scale",
            f"Some answers lie between two kinds (such as {between[0].normalize():f}): this score "
            "is asked in whole numbers from 0 to 10.",
            "Correct them, or record them as another survey.",
        )
        return _lost(base, names, reason)
    split = dict.fromkeys(names, 0)
    for (_, score), n in found.items():
        split[names[0] if score >= 9 else names[1] if score >= 7 else names[2]] += n
    return counted(base, **split)


def satisfaction(survey: str, resolver: Resolver, period: Period) -> Values:
    """Satisfied answers (4 and 5 of 5; of 10, from the declared score on) and all of them."""
    names = (f"{survey}_satisfied", f"{survey}_responses")
    base, found = _answers(resolver, survey, period)
    if (off := _off_scale(found)) is not None:
        return _lost(base, names, off)
    least = {5: 4, 10: resolver.settings.product.satisfied_10}
    for scale in _scales(found):
        if least.get(scale) is None:
            fix = (
                "Declare it in trueline.toml: [product] satisfied_10 = ..."
                if scale == 10
                else "Ask on a scale to 5 or 10."
            )
            reason = Reason(
                "threshold_unknown",
                f"From which score of {scale} on an answer counts as satisfied is not said.",
                fix,
            )
            return _lost(base, names, reason)
    satisfied = sum(n for (scale, score), n in found.items() if score >= (least[scale] or 0))
    return counted(base, **{names[0]: satisfied, names[1]: sum(found.values())})


def effort(resolver: Resolver, period: Period) -> Values:
    """Effort answers added up, how many, and their scale: one only, as two mean opposite things."""
    names = ("ces_sum", "ces_responses", "ces_scale")
    base, found = _answers(resolver, "ces", period)
    scales = _scales(found)
    if len(scales) > 1:
        reason = Reason(
            "mixed_scales",
            f"Answers on scales to {' and '.join(map(str, scales))} cannot be added up.",
            "Choose a period in which one scale was used.",
        )
        return _lost(base, names, reason)
    if (off := _off_scale(found)) is not None:
        return _lost(base, names, off)
    total = sum((score * n for (_, score), n in found.items()), Decimal(0))
    scale = scales[0] if scales else 7
    return counted(base, ces_sum=total, ces_responses=sum(found.values()), ces_scale=scale)


def referred(resolver: Resolver, period: Period) -> Values:
    """New MRR of customers who were referred; unknown where it is not recorded who was."""
    from trueline.engine.movements import change_names, compared, movers, until_now

    key = "referred_new_mrr"
    whole = resolver.value("movement_new", period)
    moved = until_now(resolver, period)
    if whole.value is None or moved is None:
        return {key: replace(whole, key=key)}
    codes = tuple(resolver.currencies("mrr"))
    told = compared(codes)

    def won(days: Period) -> Any:
        c = movers(resolver, told, days)
        new = c.filter(~c.paid0 & c.paid1 & ~c.was_before)
        people = resolver.view().table("customers")
        who = people.select(person=people.customer_id, referred=people.referred)
        joined = new.left_join(who, new.customer_id == who.person)
        return joined.group_by("referred").agg(
            n=joined.count(),
            **{name: joined[name].sum().cast("decimal(38, 10)") for name in change_names(told)},
        )

    rows = resolver.ask_over(("referred", told), won, [moved]) if codes else []
    silent = sum(int(n) for flag, n, *_ in rows if flag is None)
    if silent:
        reason = Reason(
            "referral_unknown",
            f"Of {silent} new customers it is not recorded whether they were referred.",
            "Record `referred` of customers.",
        )
        return _lost(replace(whole, by_currency={}), (key,), reason)
    amounts: dict[str, Decimal] = {}
    for flag, _, *each in rows:
        if flag:
            amounts = {code: Decimal(one) for code, one in zip(codes, each, strict=True)}
    base = replace(whole, key=key, by_currency=amounts)
    return {key: resolver.converted(base, amounts, moved.end)}


SURVEY_SOURCES: dict[str, Callable[[Resolver, Period], Values]] = {
    "nps_answers": nps,
    "csat_answers": partial(satisfaction, "csat"),
    "osat_answers": partial(satisfaction, "osat"),
    "ces_answers": effort,
    "referred": referred,
}
