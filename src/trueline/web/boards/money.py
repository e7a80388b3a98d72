"""Panels of money: the MRR bridge, and expenses by cost type."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from trueline.catalog.kpis import kpi
from trueline.core import words
from trueline.core.period import Period, add_months
from trueline.core.quality import Completeness
from trueline.dashboards.declaration import Bridge as BridgePanel
from trueline.dashboards.declaration import Costs
from trueline.engine.bridge import PARTS, Bridge, bridge
from trueline.engine.value import MeasureValue
from trueline.facts.tables import COST_TYPES
from trueline.web.boards.ground import (
    COLOURS,
    Bucket,
    Ground,
    check_cut,
    days_of,
    missing_of,
)
from trueline.web.boards.over_time import mark_keys
from trueline.web.boards.shown import Cell, Column, Key, Missing, Shown, Table
from trueline.web.charts import bars as charts
from trueline.web.charts.axis import scale_for
from trueline.web.pages.saying import on_page

_TYPES = (*(f"cost_{name}" for name in COST_TYPES), "ad_spend")


# -- the bridge -----------------------------------------------------------------------------------


def waterfall(ground: Ground, panel: BridgePanel) -> Shown:
    """From the opening MRR to the closing; it closes exactly, or is not shown."""
    from trueline.web.pages.frame import span

    period = ground.period(panel.range)
    found = _bridge(ground, period)
    shown = Shown("chart", panel.title or "MRR bridge", link="/kpi/net_new_mrr")
    said = panel.about or "What changed recurring revenue"
    shown.about = f"{said}, {span(period, ground.locale)}"
    if found.closing is None:
        shown.missing = missing_of(found.reasons)
        return shown
    rows, cells = [], []
    level = Decimal(0)
    amounts = [getattr(found, name) for name in PARTS]
    written = words.alike(amounts, found.currency, found.currency, ground.locale)
    for name, value, text in zip(PARTS, amounts, written, strict=True):
        total = name in ("opening", "closing")
        cells.append((Cell(name.capitalize(), name), Cell(text, value, unit=found.currency)))
        if not total and not value:
            continue
        start = Decimal(0) if total else level
        level = value if total else level + value
        kind = "total" if total else "up" if value > 0 else "down"
        label = "FX" if name == "fx" else name.capitalize()
        rows.append(
            {
                "label": label,
                "a": float(start),
                "b": float(level),
                "kind": kind,
                "x": text,
                "short": words.short_money(value, found.currency, ground.locale),
            }
        )
    shown.spec = charts.waterfall(rows, scale_for(found.currency, found.currency, ground.locale))
    shown.table = Table((Column("Step"), Column("Amount", True)), tuple(cells))
    shown.marks = _bridge_marks(found)
    shown.legend = (Key("Gain", "k-ok"), Key("Loss", "k-bad"))
    shown.summary = ", ".join(f"{row['label']} {row['x']}" for row in rows)
    shown.height = "tall"
    if passed := found.customers["customers_passed"]:
        who = f"{passed} customer{'' if passed == 1 else 's'}"
        shown.about += f"; {who} came and left within it, and moved nothing"
    return shown


def _bridge(ground: Ground, period: Period) -> Bridge:
    cut = ground.view.cut
    check_cut("MRR bridge", kpi("mrr_new").slices, cut)
    return bridge(ground.evaluator(cut).resolver, period)


def _bridge_marks(found: Bridge) -> tuple[str, ...]:
    if found.quality.value == "estimated":
        return ("estimated",)
    return ("partial",) if found.completeness.value == "partial" else ()


# -- expenses -------------------------------------------------------------------------------------


Course = tuple[str, str, list[Decimal]]
"""A part of the expenses: its name, its colour, what it cost bucket by bucket."""


def costs(ground: Ground, panel: Costs) -> Shown:
    """What is recorded of each cost type. A type without entries is named, and is not zero."""
    from trueline.web.pages.frame import span

    check_cut("Expenses", (), ground.view.cut)
    period = ground.period(panel.range)
    shown = Shown("chart", panel.title or "Expenses", link=_listed(ground, period))
    shown.about = f"{panel.about or 'By cost type'}, {span(period, ground.locale)}"
    if panel.view == "ring":
        return _costs_ring(ground, shown, period)
    buckets = ground.buckets(period, ground.grain(period, "month", 24))
    series = [(t, [_cost(ground, t, bucket.part) for bucket in buckets]) for t in _TYPES]
    known = [(t, found) for t, found in series if any(v.value for v in found)]
    if buckets:
        shown.about = f"{panel.about or 'By cost type'}, {days_of(buckets, ground.locale)}"
    if not known:
        shown.missing = _no_costs([v for _, found in series for v in found])
        return shown
    known.sort(key=lambda item: -sum((v.value or Decimal(0) for v in item[1]), Decimal(0)))
    parts = _parts(ground, [(t, [v.value or Decimal(0) for v in found]) for t, found in known])
    scale = scale_for(ground.company.currency, ground.company.currency, ground.locale)
    names, tokens = [name for name, _, _ in parts], [look for _, look, _ in parts]
    partial = _partial(buckets, known)
    rows = _stack(ground, buckets, parts, partial)
    shown.spec = charts.stacked(rows, names, scale, tokens=tokens)
    shown.legend = tuple(Key(n, f"k-{look}") for n, look in zip(names, tokens, strict=True))
    if any(partial):
        shown.marks = ("partial",)
        shown.legend += mark_keys(shown.marks)
    shown.table = _costs_table(ground, buckets, known)
    shown.notes = _lacking(known)
    shown.notes += _without_entries(
        [t for t, found in series if all(v.value is None and not v.rows for v in found)]
    )
    shown.summary = f"{len(known)} cost types: {', '.join(_type_name(t) for t, _ in known)}"
    shown.height = "tall"
    return shown


def _parts(ground: Ground, known: list[tuple[str, list[Decimal]]]) -> list[Course]:
    """The types that have a colour, and all others together, so that a bar is all there is."""
    looks = _looks(ground)
    own = [(_type_name(t), looks[t], amounts) for t, amounts in known if t in looks]
    small = [(t, amounts) for t, amounts in known if t not in looks]
    if not small:
        return own
    name = _type_name(small[0][0]) if len(small) == 1 else f"{len(small)} others"
    rest = [sum(amounts, Decimal(0)) for amounts in zip(*(a for _, a in small), strict=True)]
    return [*own, (name, "faint", rest)]


def _listed(ground: Ground, period: Period) -> str:
    """The address of the costs of these days, or of all where they go further back."""
    back = (ground.today - period.start).days
    return f"/costs?days={next((days for days in (30, 90, 365) if back <= days), 0)}"


def _no_costs(found: Sequence[MeasureValue]) -> Missing:
    """Why there is no expense to show: none was, or nothing is known of any."""
    if any(value.value is not None for value in found):
        return Missing("Every cost that is known of these days is 0.", title="All 0")
    reasons = next((value.reasons for value in reversed(found) if value.reasons), ())
    return missing_of(reasons)


def _partial(buckets: list[Bucket], known: list[tuple[str, list[MeasureValue]]]) -> list[bool]:
    """Which buckets are not over, or hold a cost that covers only a part of their days."""
    return [
        bucket.part != bucket.whole
        or any(found[place].completeness is Completeness.PARTIAL for _, found in known)
        for place, bucket in enumerate(buckets)
    ]


def _lacking(known: list[tuple[str, list[MeasureValue]]]) -> tuple[str, ...]:
    """The types that are not known in every bucket: a bar is lower there, and costs were not."""
    names = [_type_name(t) for t, found in known if any(v.value is None for v in found)]
    if not names:
        return ()
    return (f"Not known in some of these months: {', '.join(names)}. The table says why.",)


def _stack(
    ground: Ground, buckets: list[Bucket], parts: list[Course], partial: list[bool]
) -> list[dict[str, Any]]:
    """A row for each bucket's part that is not 0."""
    currency = ground.company.currency
    return [
        {
            "label": bucket.label,
            "when": bucket.when,
            "name": name,
            "order": order,
            "v": float(amounts[place]),
            "x": words.amount(amounts[place], currency, currency, ground.locale),
            "partial": partial[place],
            "note": "partial" if partial[place] else "",
        }
        for place, bucket in enumerate(buckets)
        for order, (name, _, amounts) in enumerate(parts)
        if amounts[place]
    ]


def _looks(ground: Ground) -> dict[str, str]:
    """The colours of the six types that cost most in the last year: the same in every panel."""
    year = Period(add_months(ground.today, -12), ground.today)
    spent = {t: _cost(ground, t, year).value or Decimal(0) for t in _TYPES}
    order = sorted(_TYPES, key=lambda t: -spent[t])
    return dict(zip(order, COLOURS[:6], strict=False))


def _cost(ground: Ground, key: str, period: Period) -> MeasureValue:
    return ground.evaluator().resolver.value(key, period)


def _type_name(key: str) -> str:
    return {"cost_cogs": "COGS", "ad_spend": "Ad spend"}.get(
        key, key.removeprefix("cost_").capitalize()
    )


def _without_entries(keys: list[str]) -> tuple[str, ...]:
    if not keys:
        return ()
    return (f"No entries, so not known: {', '.join(_type_name(key) for key in keys)}.",)


def _moneys(ground: Ground, values: list[MeasureValue]) -> list[Cell]:
    """Amounts of one column, all with as many decimals."""
    currency = ground.company.currency
    texts = words.alike([v.value for v in values], currency, currency, ground.locale)
    return [_money(text, value, currency) for text, value in zip(texts, values, strict=True)]


def _money(text: str, found: MeasureValue, currency: str) -> Cell:
    if found.value is None:
        why = found.reasons[0].message if found.reasons else ""
        return Cell(text, None, "unknown", why=on_page(why), unit=currency)
    partial = found.completeness is Completeness.PARTIAL
    return Cell(text, found.value, "partial" if partial else "", unit=currency)


def _costs_table(
    ground: Ground, buckets: list[Bucket], known: list[tuple[str, list[MeasureValue]]]
) -> Table:
    columns = (Column("Period"), *(Column(_type_name(t), True) for t, _ in known))
    cells = [_moneys(ground, found) for _, found in known]
    rows = [
        (Cell(bucket.when, bucket.whole.start), *(column[place] for column in cells))
        for place, bucket in enumerate(buckets)
    ]
    return Table(columns, tuple(reversed(rows)))


def _costs_ring(ground: Ground, shown: Shown, period: Period) -> Shown:
    found = [(t, _cost(ground, t, period)) for t in _TYPES]
    known = sorted(((t, v.value) for t, v in found if v.value and v.value > 0), key=lambda i: -i[1])
    if not known:
        shown.missing = _no_costs([value for _, value in found])
        return shown
    total = sum((value for _, value in known), Decimal(0))
    courses = _parts(ground, [(t, [value]) for t, value in known])
    parts = [(name, amounts[0], look) for name, look, amounts in courses]
    currency = ground.company.currency
    texts = words.alike((part[1] for part in parts), currency, currency, ground.locale)
    rows = [
        {"name": name, "v": float(value), "order": order, "x": texts[order],
         "share": words.share(value, total, ground.locale)}
        for order, (name, value, _) in enumerate(parts)
    ]  # fmt: skip
    tokens = [look for _, _, look in parts]
    shown.body = "ring"
    shown.spec = charts.ring(rows, [str(row["name"]) for row in rows], tokens=tokens)
    shown.legend = tuple(Key(name, f"k-{look}") for name, _, look in parts)
    columns = (Column("Cost type"), Column("Amount", True))
    cells = _moneys(ground, [value for _, value in found])
    shown.table = Table(
        columns,
        tuple(
            (Cell(_type_name(t), _type_name(t)), c) for (t, _), c in zip(found, cells, strict=True)
        ),
    )
    shown.more = {
        "rows": rows,
        "total": words.amount(total, currency, currency, ground.locale),
        "of": "total",
    }
    unknown = [t for t, value in found if value.value is None]
    silent = [t for t, value in found if value.value is None and value.rows]
    shown.notes = (f"Not known: {', '.join(map(_type_name, silent))}.",) if silent else ()
    shown.notes += _without_entries([t for t in unknown if t not in silent])
    if any(value.completeness is Completeness.PARTIAL for _, value in found if value.value):
        shown.marks = ("partial",)
    shown.more["of"] = "recorded" if unknown else "total"
    shown.summary = "; ".join(f"{row['name']}: {row['x']}, {row['share']}" for row in rows)
    return shown
