"""A panel as a picture: what its page says beside the chart is in the picture too."""

from __future__ import annotations

from typing import Any

from trueline.web.boards.shown import Shown
from trueline.web.boards.view import View
from trueline.web.charts.axis import Spec
from trueline.web.charts.legend import Entry, with_centre, with_legend
from trueline.web.charts.locales import localised
from trueline.web.pages.frame import span


def drawing_of(shown: Shown, view: View, company: Any) -> tuple[Spec | None, str, list[str]]:
    """The chart with its legend, its title, and the lines below that."""
    if shown.spec is None:
        return None, shown.title, []
    spec: Spec = localised(shown.spec, company.locale)
    if shown.body == "ring":
        spec = with_centre(spec, shown.more["total"], shown.more["of"])
    spec = with_legend(spec, _entries(shown), beside=shown.body == "ring")
    return spec, _title(shown), _lines(shown, view, company)


def _entries(shown: Shown) -> list[Entry]:
    if shown.body != "ring":
        return [(key.text, key.look) for key in shown.legend]
    return [
        (f"{row['name']}: {row['x']}, {row['share']}", key.look)
        for row, key in zip(shown.more["rows"], shown.legend, strict=True)
    ]


def _title(shown: Shown) -> str:
    """The panel's title; of a tile with its value."""
    value, unit = shown.more.get("value"), shown.more.get("unit")
    if shown.body != "tile" or shown.missing or value is None:
        return shown.title
    about = "~" if "estimated" in shown.marks else ""
    apart = "" if not unit or unit.startswith("/") else " "
    return f"{shown.title}: {about}{value}{apart}{unit or ''}"


def _lines(shown: Shown, view: View, company: Any) -> list[str]:
    """Everything that its reader must know: what, of when, of which part, what it is worth."""
    days = span(view.range.period, company.locale)
    target = shown.more.get("target") if shown.body == "tile" else None
    said = [
        shown.about,
        "" if shown.own_days or days in shown.about else days,
        *view.said,
        f"Target {target['text']}" if target else "",
        *(mark.capitalize() for mark in shown.marks),
        company.name,
    ]
    return [" · ".join(part for part in said if part), *shown.notes]
